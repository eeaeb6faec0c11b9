"""Turns filters into MongoDB queries and orders into pipeline stages.

Documents hold metrics, params and tags as arrays of `{"k": key, "v": value}` (keys contain dots, and an array can be
indexed for every key at once), and a run's datasets as `inputs` with `name`, `digest` and `context`. Every absent
value fails every comparison (`!=` included), as in SQL.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from services.contracts.conditions import like_pattern
from services.registry.search.entities import Attribute, Entity
from services.registry.search.syntax import UNLIKE, And, Comparison, Field, Node, Operator, Or, Order, Section, Value

Query = dict[str, Any]

ARRAYS: Mapping[Section, str] = {Section.METRIC: "metrics", Section.PARAM: "params", Section.TAG: "tags"}
DATASETS = "inputs"

_PLAIN = {
    Operator.EQ: "$eq",
    Operator.LT: "$lt",
    Operator.LE: "$lte",
    Operator.GT: "$gt",
    Operator.GE: "$gte",
    Operator.IN: "$in",
}


def query(node: Node, entity: Entity) -> Query:
    """The MongoDB query that finds what `node` lets pass."""
    if isinstance(node, And):
        return {"$and": [query(part, entity) for part in node.parts]} if node.parts else {}
    if isinstance(node, Or):
        return {"$or": [query(part, entity) for part in node.parts]}
    return _comparison(node, entity)


def _comparison(comparison: Comparison, entity: Entity) -> Query:
    about = comparison.field
    if about.section is Section.DATASET:
        return {DATASETS: {"$elemMatch": {about.key: _condition(comparison)}}}
    if about.section is Section.ATTRIBUTE:
        attribute = entity.attributes[about.key]
        if not attribute.in_tag:
            return {attribute.path: _condition(comparison)}
        about = Field(Section.TAG, attribute.path)
    array = ARRAYS[about.section]
    if comparison.operator is Operator.IS_NOT_NULL:
        return {f"{array}.k": about.key}
    if comparison.operator is Operator.IS_NULL:
        return {f"{array}.k": {"$ne": about.key}}
    return {array: {"$elemMatch": {"k": about.key, "v": _condition(comparison)}}}


def _condition(comparison: Comparison) -> Query:
    operator, value = comparison.operator, _storable(comparison.value)
    if operator is Operator.NE:
        return {"$nin": [value, None]}
    if operator is Operator.NOT_IN:
        assert isinstance(value, tuple)
        return {"$nin": [*value, None]}
    if operator is Operator.IN:
        assert isinstance(value, tuple)
        return {"$in": list(value)}
    if operator in UNLIKE.values():
        flags = re.DOTALL | (re.IGNORECASE if operator is Operator.NOT_ILIKE else re.NOFLAG)
        return {"$not": re.compile(like_pattern(str(value)), flags), "$ne": None}
    if operator in (Operator.LIKE, Operator.ILIKE):
        return {"$regex": like_pattern(str(value)), "$options": "si" if operator is Operator.ILIKE else "s"}
    return {_PLAIN[operator]: value}


def _storable(value: Value) -> Value:
    """MongoDB's whole numbers have 64 bits; a larger one compares as a float."""
    if isinstance(value, tuple):
        return tuple(_storable(entry) for entry in value)  # type: ignore[return-value]  # each stays of its kind
    return float(value) if isinstance(value, int) and not -(2**63) <= value < 2**63 else value


def order_stages(orders: Sequence[Order], entity: Entity, ties: Sequence[tuple[str, int]]) -> list[Query]:
    """Stages that sort: present values first, then NaN, then absent ones, in either direction; then by `ties`."""
    computed: Query = {}
    keys: dict[str, int] = {}
    for number, order in enumerate(orders):
        direction = 1 if order.ascending else -1
        attribute = entity.orders.get(order.field.key) if order.field.section is Section.ATTRIBUTE else None
        if attribute is not None and not attribute.nullable:
            keys.setdefault(attribute.path, direction)
            continue
        value, rank = f"_o{number}", f"_r{number}"
        computed[value] = _value_of(order, attribute)
        keys[rank], keys[value] = 1, direction
    for path, direction in ties:
        keys.setdefault(path, direction)
    stages: list[Query] = []
    if computed:
        stages.append({"$addFields": computed})
        stages.append({"$addFields": {name.replace("_o", "_r"): _rank_of(f"${name}") for name in computed}})
    stages.append({"$sort": keys})
    return stages


def beyond_stages(
    orders: Sequence[Order], entity: Entity, ties: Sequence[tuple[str, int]], place: Sequence[Any], *, backward: bool
) -> list[Query]:
    """As `order_stages`, only what is behind a place: its values for `orders`, then for `ties`. `backward`: what is
    before it, the nearest first."""
    *computing, sorting = order_stages(orders, entity, ties)
    values: dict[str, Any] = {}
    for number, (order, value) in enumerate(zip(orders, place, strict=False)):
        attribute = entity.orders.get(order.field.key) if order.field.section is Section.ATTRIBUTE else None
        if attribute is not None and not attribute.nullable:
            values.setdefault(attribute.path, value)
        else:
            values[f"_r{number}"] = 2 if value is None else 1 if value != value else 0
            values[f"_o{number}"] = value
    for (path, _), value in zip(ties, place[len(orders) :], strict=True):
        values.setdefault(path, value)
    directions = {path: -direction if backward else direction for path, direction in sorting["$sort"].items()}
    cases: list[Query] = []
    level: Query = {}
    for path, direction in directions.items():
        if values[path] is not None and values[path] == values[path]:  # nothing lies beyond a missing value or NaN
            cases.append({**level, path: {"$gt" if direction > 0 else "$lt": values[path]}})
        level = {**level, path: values[path]}
    return [*computing, {"$match": {"$or": cases}}, {"$sort": directions}]


def _value_of(order: Order, attribute: Attribute | None) -> Any:
    if attribute is not None:
        return {"$ifNull": [f"${attribute.path}", None]}
    entries = f"${ARRAYS[order.field.section]}"
    picked = {"$filter": {"input": entries, "cond": {"$eq": ["$$this.k", {"$literal": order.field.key}]}}}
    return {"$ifNull": [{"$let": {"vars": {"found": {"$first": picked}}, "in": "$$found.v"}}, None]}


def _rank_of(value: str) -> Query:
    return {
        "$switch": {
            "branches": [
                {"case": {"$eq": [value, None]}, "then": 2},
                {"case": {"$eq": [value, float("nan")]}, "then": 1},
            ],
            "default": 0,
        }
    }
