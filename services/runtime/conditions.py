"""Turns the conditions and orders of a list's request into MongoDB's."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

from services.contracts.conditions import MOST_CONDITIONS, Condition, Operator, Ordering, like_pattern
from services.contracts.errors import Invalid
from services.runtime.paging import Keys

Kind = Literal["text", "texts", "number", "time", "milliseconds", "flag", "tags", "figures", "presence"]


class Field(NamedTuple):
    """Where documents hold it, and as what: `texts` is an array of them, `tags` one of `{"k": key, "v": text}`,
    `figures` one of `{"k": key, "v": number}` in which a key may stand many times, `milliseconds` a time since 1970,
    `presence` whether there is anything but null. `orders`: no document lacks it."""

    path: str
    kind: Kind = "text"
    orders: bool = True


Fields = Mapping[str, Field]

_NEGATED: Mapping[Operator, Operator] = {"eq": "ne", "ne": "eq", "gt": "le", "le": "gt", "lt": "ge", "ge": "lt"}
_PLAIN: Mapping[Operator, str] = {"eq": "$eq", "gt": "$gt", "ge": "$gte", "lt": "$lt", "le": "$lte"}
_ORDERED: tuple[Kind, ...] = ("text", "number", "time", "milliseconds", "flag")


def query(condition: Condition | None, fields: Fields) -> dict[str, Any]:
    """The MongoDB query for what `condition` lets pass. Raises Invalid for what the list doesn't have."""
    if condition is None:
        return {}
    if _size(condition) > MOST_CONDITIONS:
        raise Invalid(f"more than {MOST_CONDITIONS} conditions", field="where", fix="Ask for less at once.")
    return _query(condition, fields, negated=False)


def keys(orders: Sequence[Ordering], fields: Fields, own: Keys) -> list[tuple[str, int]]:
    """The keys of a page in this order; what is equal comes in the list's `own`. Raises Invalid."""
    asked: dict[str, int] = {}
    for order in orders:
        field = fields.get(order.by)
        if field is None or not field.orders or field.kind not in _ORDERED:
            known = sorted(name for name, entry in fields.items() if entry.orders and entry.kind in _ORDERED)
            raise Invalid(f"there is no order by {order.by!r}", field="order", fix=f"Use one of {', '.join(known)}.")
        asked.setdefault(field.path, -1 if order.descending else 1)
    for path, direction in own:
        asked.setdefault(path, direction)
    return list(asked.items())


def _size(condition: Condition) -> int:
    inner = sum(_size(part) for part in (*condition.all, *condition.any))
    return inner + bool(condition.field)


def _query(condition: Condition, fields: Fields, *, negated: bool) -> dict[str, Any]:
    negated = negated != condition.negated
    if condition.field:
        return _compared(condition, fields, negated=negated)
    parts = [_query(part, fields, negated=negated) for part in condition.all]
    if condition.any:
        some = [_query(part, fields, negated=negated) for part in condition.any]
        parts.append({"$and" if negated else "$or": some})
    if not parts:
        raise Invalid("a filter without any condition", field="where", fix="Leave it out, or say what to compare.")
    return {"$or" if negated else "$and": parts}


def _compared(condition: Condition, fields: Fields, *, negated: bool) -> dict[str, Any]:
    field = fields.get(condition.field)
    if field is None:
        raise Invalid(
            f"there is no {condition.field!r} to compare", field="where", fix=f"Use one of {', '.join(sorted(fields))}."
        )
    if field.kind == "presence":
        there = bool(condition.flag) != negated
        return {field.path: {"$ne": None} if there else None}
    test = _test(condition, field, negated=negated)
    if field.kind in ("tags", "figures"):
        return {field.path: {"$elemMatch": {"k": condition.key, "v": test}}}
    if field.kind == "texts":
        return {field.path: {"$elemMatch": test}} if not negated else {field.path: test}
    return {field.path: test}


def _test(condition: Condition, field: Field, *, negated: bool) -> dict[str, Any]:
    operator = condition.operator
    if operator == "in":
        if not condition.texts or field.kind not in ("text", "texts", "tags"):
            raise _misfit(condition)
        return {"$nin": [*condition.texts, None]} if negated else {"$in": list(condition.texts)}
    value = _value(condition, field)
    if operator in ("like", "ilike"):
        if not isinstance(value, str):
            raise _misfit(condition)
        flags = re.DOTALL | (re.IGNORECASE if operator == "ilike" else re.NOFLAG)
        pattern = re.compile(like_pattern(value), flags)
        return {"$not": pattern, "$ne": None} if negated else {"$regex": pattern}
    operator = _NEGATED[operator] if negated else operator
    return {"$nin": [value, None]} if operator == "ne" else {_PLAIN[operator]: value}


def _value(condition: Condition, field: Field) -> Any:
    given: Any
    if field.kind in ("text", "texts", "tags"):
        given = condition.text
    elif field.kind in ("number", "figures"):
        given = condition.number
    elif field.kind == "flag":
        given = condition.flag
    else:
        given = condition.time
        if given is not None and given.tzinfo is None:
            raise Invalid("the moment needs a time zone", field="where", fix="Such as 2026-11-22T10:00:00Z.")
        if given is not None and field.kind == "milliseconds":
            given = int(given.timestamp() * 1000)
    if given is None:
        raise _misfit(condition)
    return given


def _misfit(condition: Condition) -> Invalid:
    return Invalid(f"{condition.field!r} can't be compared like that: {condition.operator}", field="where")
