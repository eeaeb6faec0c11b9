"""Logged models in MongoDB."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import nan
from typing import Any

from pymongo import ASCENDING, DESCENDING, IndexModel

from services.contracts.conditions import Ordering
from services.contracts.errors import Invalid
from services.contracts.paging import Page
from services.contracts.registry import ListLoggedModels
from services.registry.documents import from_document
from services.registry.logged_models.rules import DatasetFilter, LoggedModel, ModelOrder
from services.registry.search.entities import LOGGED_MODELS as ENTITY
from services.registry.search.mongo import query
from services.registry.search.syntax import Comparison, Node, Section
from services.registry.values import DELETED
from services.runtime import conditions
from services.runtime.conditions import Field
from services.runtime.paging import page_of_stages
from services.runtime.store import Store, translated

LOGGED_MODELS = "logged_models"
FIELDS: Mapping[str, Field] = {
    "name": Field("name"),
    "status": Field("status"),
    "model_type": Field("model_type"),
    "experiment_id": Field("experiment_id"),
    "source_run_id": Field("source_run_id"),
    "lifecycle_stage": Field("lifecycle_stage"),
    "created_at": Field("created", "milliseconds"),
    "updated_at": Field("updated", "milliseconds"),
    "params": Field("params", "tags"),
    "tags": Field("tags", "tags"),
    "metrics": Field("metrics", "figures"),
}
"""What lists can be asked for."""

INDEXES: Mapping[str, list[IndexModel]] = {
    LOGGED_MODELS: [
        IndexModel([("experiment_id", ASCENDING), ("created", DESCENDING), ("_id", ASCENDING)]),
        IndexModel([("source_run_id", ASCENDING)]),
        IndexModel([("created", DESCENDING), ("_id", ASCENDING)]),
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

    async def many(self, ids: Sequence[str]) -> dict[str, LoggedModel]:
        """By id, those that there are."""
        with translated():
            rows = await self._collection.find({"_id": {"$in": list(ids)}}).to_list(len(ids))
        return {row["_id"]: from_document(row, LoggedModel) for row in rows}

    async def page(self, request: ListLoggedModels) -> Page[LoggedModel]:
        """Newest first, unless another order is asked for."""
        wanted: list[dict[str, Any]] = [conditions.query(request.where, FIELDS)]
        if not request.with_deleted:
            wanted.append({"lifecycle_stage": {"$ne": DELETED}})
        if request.experiment_ids is not None:
            wanted.append({"experiment_id": {"$in": request.experiment_ids}})
        if request.run_id is not None:
            wanted.append({"source_run_id": request.run_id})
        computed, keys = _keys(request.order)
        stages = [{"$match": {"$and": wanted}}, *computed]
        return await page_of_stages(
            self._collection, stages, {}, keys, request.paging, lambda row: from_document(row, LoggedModel)
        )

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


def _keys(orders: Sequence[Ordering]) -> tuple[list[dict[str, Any]], list[tuple[str, int]]]:
    """Stages that compute what a page goes by, and its keys. What has no figure comes last, in either direction."""
    stages: list[dict[str, Any]] = []
    keys: dict[str, int] = {}
    for number, order in enumerate(orders):
        if order.by != "metrics":
            asked = conditions.keys([order], FIELDS, [])
        elif not order.key:
            raise Invalid("an order by metric needs its name", field="order", fix="Give `key`.")
        else:
            figure, rank = f"_o{number}", f"_r{number}"
            newest = _value_of(ModelOrder(f"metrics.{order.key}"))
            shown = {"$let": {"vars": {"it": newest}, "in": {"$cond": [{"$eq": ["$$it", nan]}, None, "$$it"]}}}
            stages.append({"$addFields": {figure: {"$ifNull": [shown, None]}}})
            stages.append({"$addFields": {rank: {"$cond": [{"$eq": [f"${figure}", None]}, 1, 0]}}})
            asked = [(rank, ASCENDING), (figure, DESCENDING if order.descending else ASCENDING)]
        for path, direction in asked:
            keys.setdefault(path, direction)
    for path, direction in (("created", DESCENDING), ("_id", ASCENDING)):
        keys.setdefault(path, direction)
    return stages, list(keys.items())


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
