"""Keeps and finds datasets, for the runs that name them."""

from __future__ import annotations

from collections.abc import Iterable

from services.registry.datasets.rules import Dataset
from services.registry.datasets.store import MongoDatasets, add
from services.runtime.outbox import Change


class Datasets:
    def __init__(self, store: MongoDatasets) -> None:
        self._store = store

    def add(self, change: Change, dataset: Dataset) -> None:
        """Adds to `change` what keeps the dataset; one that is known stays as it is. Raises TooLarge."""
        add(change, dataset)

    async def among(self, ids: Iterable[str]) -> dict[str, Dataset]:
        """Those of `ids` that are known, by id."""
        return await self._store.get_many(ids)
