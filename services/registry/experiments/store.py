"""Experiments in MongoDB."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from pymongo import ASCENDING, DESCENDING, IndexModel, ReturnDocument

from services.contracts.paging import Page
from services.contracts.registry import ListExperiments
from services.registry.documents import from_document
from services.registry.experiments.rules import Experiment
from services.registry.paging import page_of
from services.registry.search.entities import EXPERIMENTS as ENTITY
from services.registry.search.mongo import order_stages, query
from services.registry.search.syntax import Node, Order
from services.registry.values import DELETED
from services.runtime import conditions
from services.runtime.conditions import Field
from services.runtime.store import Store, translated

EXPERIMENTS = "experiments"
COUNTERS = "counters"
FIELDS: Mapping[str, Field] = {
    "name": Field("name"),
    "lifecycle_stage": Field("lifecycle_stage"),
    "created_at": Field("created", "milliseconds"),
    "updated_at": Field("updated", "milliseconds"),
    "tags": Field("tags", "tags"),
}
"""What lists can be asked for."""

INDEXES: Mapping[str, list[IndexModel]] = {
    EXPERIMENTS: [
        IndexModel([("name", ASCENDING)], unique=True),
        IndexModel([("created", DESCENDING), ("number", ASCENDING)]),
        IndexModel([("sweep", ASCENDING)], partialFilterExpression={"sweep": {"$gt": ""}}),
    ],
}


class MongoExperiments:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._collection = store[EXPERIMENTS]

    async def get(self, experiment_id: str) -> Experiment | None:
        row = await self._store.one(EXPERIMENTS, experiment_id)
        return None if row is None else from_document(row, Experiment)

    async def by_name(self, name: str) -> Experiment | None:
        with translated():
            row = await self._collection.find_one({"name": name})
        return None if row is None else from_document(row, Experiment)

    async def names(self, ids: Sequence[str]) -> dict[str, str]:
        with translated():
            rows = await self._collection.find({"_id": {"$in": list(ids)}}, {"name": 1}).to_list(None)
        return {row["_id"]: row["name"] for row in rows}

    async def deleted_before(self, time: int, skip: int, most: int) -> list[Experiment]:
        """Experiments that were deleted before that time, in milliseconds, and whose runs have followed."""
        wanted = {"lifecycle_stage": DELETED, "updated": {"$lt": time}, "sweep": ""}
        with translated():
            rows = await self._collection.find(wanted).sort("number", ASCENDING).skip(skip).limit(most).to_list(most)
        return [from_document(row, Experiment) for row in rows]

    async def being_swept(self) -> list[str]:
        """Experiments whose runs are being deleted or restored along with them."""
        with translated():
            rows = await self._collection.find({"sweep": {"$gt": ""}}, {"_id": 1}).to_list(None)
        return [row["_id"] for row in rows]

    async def next_number(self) -> int:
        """A number that was never given before; gaps are fine."""
        with translated():
            row = await self._store[COUNTERS].find_one_and_update(
                {"_id": "experiment"}, {"$inc": {"last": 1}}, upsert=True, return_document=ReturnDocument.AFTER
            )
        return int(row["last"])

    async def search(
        self, node: Node, stages: Sequence[str], orders: Sequence[Order], skip: int, limit: int
    ) -> list[Experiment]:
        pipeline: list[dict[str, Any]] = [
            {"$match": {"$and": [{"lifecycle_stage": {"$in": list(stages)}}, query(node, ENTITY)]}},
            *order_stages(orders, ENTITY, [("number", -1)]),
            {"$skip": skip},
            {"$limit": limit},
        ]
        with translated():
            rows = await self._collection.aggregate(pipeline, allowDiskUse=True).to_list(limit)
        return [from_document(row, Experiment) for row in rows]

    async def page(self, request: ListExperiments) -> Page[Experiment]:
        """Newest first, unless another order is asked for."""
        name = request.name_contains
        containing = {"name": {"$regex": re.escape(name), "$options": "i"}} if name else {}
        order = conditions.keys(request.order, FIELDS, [("created", -1), ("number", -1)])
        wanted = {"$and": [containing, conditions.query(request.where, FIELDS)]}
        return await page_of(
            self._collection, wanted, order, request.paging, lambda row: from_document(row, Experiment)
        )
