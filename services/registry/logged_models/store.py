"""Logged models in MongoDB."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pymongo import ASCENDING, DESCENDING, IndexModel

from services.contracts.errors import Invalid
from services.registry.documents import from_document
from services.registry.logged_models.rules import DatasetFilter, LoggedModel, ModelOrder
from services.registry.search.entities import LOGGED_MODELS as ENTITY
from services.registry.search.mongo import query
from services.registry.search.syntax import Comparison, Node, Section
from services.registry.values import DELETED
from services.runtime.store import Store, translated

LOGGED_MODELS = "logged_models"

INDEXES: Mapping[str, list[IndexModel]] = {
    LOGGED_MODELS: [
        IndexModel([("experiment_id", ASCENDING), ("created", DESCENDING), ("_id", ASCENDING)]),
        IndexModel([("source_run_id", ASCENDING)]),
        IndexModel([("updated", ASCENDING)], partialFilterExpression={"lifecycle_stage": DELETED}),
    ],
}


class MongoLoggedModels:
    def __init__(self, store: Store) -> None:
        self._collection = store[LOGGED_MODELS]

    async def get(self, model_id: str) -> LoggedModel | None:
        with translated():
            row = await self._collection.find_one({"_id": model_id})
        return None if row is None else from_document(row, LoggedModel)

    async def deleted_before(self, time: int, skip: int, most: int) -> list[LoggedModel]:
        """Models that were deleted before that time, in milliseconds; oldest deletions first."""
        wanted = {"lifecycle_stage": DELETED, "updated": {"$lt": time}}
        with translated():
            rows = await self._collection.find(wanted).sort("updated", ASCENDING).skip(skip).limit(most).to_list(most)
        return [from_document(row, LoggedModel) for row in rows]

    async def any_in(self, experiment_id: str) -> bool:
        with translated():
            return await self._collection.find_one({"experiment_id": experiment_id}, {"_id": 1}) is not None

    async def search(
        self,
        experiment_ids: Sequence[str],
        node: Node,
        datasets: Sequence[DatasetFilter],
        orders: Sequence[ModelOrder],
        skip: int,
        limit: int,
    ) -> list[LoggedModel]:
        conditions: list[dict[str, Any]] = [
            {"experiment_id": {"$in": list(experiment_ids)}, "lifecycle_stage": {"$ne": DELETED}},
            _narrowed(query(node, ENTITY), datasets),
        ]
        if datasets and not _has_metric(node):
            conditions.append({"$or": [{"metrics": {"$elemMatch": _on(dataset)}} for dataset in datasets]})
        pipeline = [{"$match": {"$and": conditions}}, *_stages(orders), {"$skip": skip}, {"$limit": limit}]
        with translated():
            rows = await self._collection.aggregate(pipeline, allowDiskUse=True).to_list(limit)
        return [from_document(row, LoggedModel) for row in rows]


def _has_metric(node: Node) -> bool:
    if isinstance(node, Comparison):
        return node.field.section is Section.METRIC
    return any(_has_metric(part) for part in node.parts)


def _on(dataset: DatasetFilter) -> dict[str, Any]:
    on: dict[str, Any] = {"dataset_name": dataset.name}
    return on if dataset.digest is None else {**on, "dataset_digest": dataset.digest}


def _narrowed(condition: dict[str, Any], datasets: Sequence[DatasetFilter]) -> dict[str, Any]:
    """`condition` with every comparison of a metric bound to the datasets."""
    if not datasets:
        return condition
    result: dict[str, Any] = {}
    for key, value in condition.items():
        if key in ("$and", "$or"):
            result[key] = [_narrowed(part, datasets) for part in value]
        elif key == "metrics":
            result[key] = {"$elemMatch": {**value["$elemMatch"], "$or": [_on(dataset) for dataset in datasets]}}
        else:
            result[key] = value
    return result


def _stages(orders: Sequence[ModelOrder]) -> list[dict[str, Any]]:
    computed: dict[str, Any] = {}
    keys: dict[str, int] = {}
    for number, order in enumerate(orders):
        value = f"_o{number}"
        computed[value] = _value_of(order)
        keys[f"_r{number}"] = 1
        keys[value] = 1 if order.ascending else -1
    ordered = {ENTITY.order_field(order.field).key for order in orders if "." not in order.field}
    if "creation_timestamp_ms" not in ordered:
        keys["created"] = -1
    if "model_id" not in ordered:
        keys["_id"] = 1
    ranks = {
        name.replace("_o", "_r"): {"$cond": [{"$eq": [{"$ifNull": [f"${name}", None]}, None]}, 1, 0]}
        for name in computed
    }
    added = [{"$addFields": computed}, {"$addFields": ranks}] if computed else []
    return [*added, {"$sort": keys}]


def _value_of(order: ModelOrder) -> Any:
    if "." not in order.field:
        attribute = ENTITY.orders[ENTITY.order_field(order.field).key]
        return {"$ifNull": [f"${attribute.path}", None]}
    section, _, key = order.field.partition(".")
    if section != "metrics":
        raise Invalid(f"Invalid order by field name: {order.field}. Only metrics are supported.", field="order_by")
    same = [{"$eq": ["$$this.k", {"$literal": key}]}]
    if order.dataset_name:
        same.append({"$eq": ["$$this.dataset_name", {"$literal": order.dataset_name}]})
    if order.dataset_digest:
        same.append({"$eq": ["$$this.dataset_digest", {"$literal": order.dataset_digest}]})
    newer = {
        "$or": [
            {"$eq": ["$$value", None]},
            {"$gt": ["$$this.t", "$$value.t"]},
            {"$and": [{"$eq": ["$$this.t", "$$value.t"]}, {"$gt": ["$$this.s", "$$value.s"]}]},
        ]
    }
    newest = {
        "$reduce": {
            "input": {"$filter": {"input": "$metrics", "cond": {"$and": same}}},
            "initialValue": None,
            "in": {"$cond": [newer, "$$this", "$$value"]},
        }
    }
    return {"$let": {"vars": {"newest": newest}, "in": "$$newest.v"}}
