"""Datasets in MongoDB: schema and profile are compressed, because an experiment's runs rarely look at them."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping
from typing import Any

from pymongo import ASCENDING, IndexModel

from services.contracts.errors import TooLarge
from services.registry.datasets.rules import Dataset
from services.registry.documents import from_document, to_document
from services.runtime.outbox import Change
from services.runtime.store import Store, translated

DATASETS = "datasets"
INDEXES: Mapping[str, list[IndexModel]] = {DATASETS: [IndexModel([("experiment_id", ASCENDING)])]}

MAX_DOCUMENT = 15 * 1024 * 1024
_TEXTS = ("schema", "profile")


class MongoDatasets:
    def __init__(self, store: Store) -> None:
        self._collection = store[DATASETS]

    async def get_many(self, ids: Iterable[str]) -> dict[str, Dataset]:
        wanted = list(dict.fromkeys(ids))
        if not wanted:
            return {}
        with translated():
            rows = await self._collection.find({"_id": {"$in": wanted}}).to_list(None)
        return {row["_id"]: _unpacked(row) for row in rows}

    async def known(self, ids: Iterable[str]) -> set[str]:
        with translated():
            rows = await self._collection.find({"_id": {"$in": list(ids)}}, {"_id": 1}).to_list(None)
        return {row["_id"] for row in rows}


def add(change: Change, dataset: Dataset) -> None:
    """Raises TooLarge for a description that MongoDB can't hold even compressed."""
    document = to_document(dataset)
    for name in _TEXTS:
        if document[name] is not None:
            document[name] = zlib.compress(document[name].encode(), 3)
    if sum(len(document[name] or b"") for name in _TEXTS) > MAX_DOCUMENT:
        raise TooLarge("the dataset's schema and profile are too large", field="profile")
    change.upsert(DATASETS, {"_id": document.pop("_id")}, {"$setOnInsert": document})


def _unpacked(row: dict[str, Any]) -> Dataset:
    texts = {name: zlib.decompress(row[name]).decode() for name in _TEXTS if row.get(name) is not None}
    return from_document({**row, **dict.fromkeys(_TEXTS), **texts}, Dataset)
