"""Keyset pages over MongoDB: walks a sorted collection from a cursor on, forward or backward."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

import msgspec

from services.contracts.errors import Invalid
from services.contracts.paging import MAX_PAGE, Edge, Page, Paging
from services.runtime.store import Collection, translated

T = TypeVar("T")
Keys = Sequence[tuple[str, int]]
_MOMENT = "at"
"""Marks a moment in a cursor: the database compares it with moments only."""


def cursor_of(values: Sequence[object]) -> str:
    told = [{_MOMENT: value} if isinstance(value, datetime) else value for value in values]
    return base64.urlsafe_b64encode(msgspec.json.encode(told, enc_hook=_plain)).decode().rstrip("=")


def _plain(value: object) -> int:
    """MongoDB's 64-bit integers come as a subclass of int that msgspec doesn't take as one."""
    if isinstance(value, int):
        return int(value)
    raise TypeError(f"a cursor can't hold {type(value).__name__}")


def values_of(cursor: str, count: int) -> list[Any]:
    """Raises Invalid for what is no cursor of ours."""
    try:
        told = msgspec.json.decode(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        values = [_told(value) for value in told] if isinstance(told, list) else None
    except (ValueError, msgspec.MsgspecError):
        values = None
    if not isinstance(values, list) or len(values) != count:
        raise Invalid("the cursor isn't one of this list", field="after", fix="Start without a cursor.")
    return values


def _told(value: object) -> object:
    """Only plain values and moments: a cursor never says more to the database. Raises ValueError, ValidationError."""
    if isinstance(value, dict) and list(value) == [_MOMENT]:
        return msgspec.convert(value[_MOMENT], datetime)
    if isinstance(value, dict | list):
        raise ValueError("not a plain value")
    return value


def window(paging: Paging) -> tuple[int, str | None, bool]:
    """How many, from which cursor, and whether backward. Raises Invalid for contradicting or unbounded wishes."""
    if (paging.first is not None or paging.after) and (paging.last is not None or paging.before):
        raise Invalid("a page goes forward (first, after) or backward (last, before), not both", field="paging")
    backward = paging.last is not None or paging.before is not None
    count = (paging.last if backward else paging.first) or (MAX_PAGE if paging.first is None else 0)
    if not 1 <= count <= MAX_PAGE:
        raise Invalid(f"a page holds 1 to {MAX_PAGE} items", field="last" if backward else "first")
    return count, paging.before if backward else paging.after, backward


async def page_of(
    collection: Collection[dict[str, Any]],
    query: Mapping[str, Any],
    keys: Keys,
    paging: Paging,
    node: Callable[[dict[str, Any]], T],
) -> Page[T]:
    """One page of the documents that match, in the order of `keys` (path and direction; the last one unique)."""
    count, cursor, backward = window(paging)
    directions = [(path, -direction if backward else direction) for path, direction in keys]
    conditions = [dict(query)]
    if cursor:
        conditions.append(_beyond(directions, values_of(cursor, len(keys))))
    with translated():
        found = await collection.find({"$and": conditions}).sort(directions).limit(count + 1).to_list(count + 1)
        total = await collection.count_documents(dict(query)) if paging.with_total else None
    return _page(found, count, cursor, backward, keys, node, total)


async def page_of_stages(
    collection: Collection[dict[str, Any]],
    stages: Sequence[Mapping[str, Any]],
    query: Mapping[str, Any],
    keys: Keys,
    paging: Paging,
    node: Callable[[dict[str, Any]], T],
) -> Page[T]:
    """As `page_of`, of what an aggregation yields: for lists whose items lie in several collections."""
    count, cursor, backward = window(paging)
    directions = [(path, -direction if backward else direction) for path, direction in keys]
    wanted = [*stages, {"$match": dict(query)}]
    beyond = [{"$match": _beyond(directions, values_of(cursor, len(keys)))}] if cursor else []
    with translated():
        some = [*wanted, *beyond, {"$sort": dict(directions)}, {"$limit": count + 1}]
        found = await collection.aggregate(some).to_list(count + 1)
        counted = await collection.aggregate([*wanted, {"$count": "all"}]).to_list(1) if paging.with_total else None
    total = None if counted is None else int(counted[0]["all"]) if counted else 0
    return _page(found, count, cursor, backward, keys, node, total)


def _page(
    found: list[dict[str, Any]],
    count: int,
    cursor: str | None,
    backward: bool,
    keys: Keys,
    node: Callable[[dict[str, Any]], T],
    total: int | None,
) -> Page[T]:
    more = len(found) > count
    found = found[:count]
    if backward:
        found.reverse()
    return Page(
        edges=[Edge(cursor=cursor_of([_at(row, path) for path, _ in keys]), node=node(row)) for row in found],
        has_next=bool(cursor) if backward else more,
        has_previous=more if backward else bool(cursor),
        total=total,
    )


def _beyond(directions: Keys, values: Sequence[Any]) -> dict[str, Any]:
    """What sorts after `values`: greater in the first key, or equal there and greater in the next, and so on."""
    cases = []
    for number, (path, direction) in enumerate(directions):
        equal = {directions[earlier][0]: values[earlier] for earlier in range(number)}
        cases.append({**equal, path: {"$gt" if direction > 0 else "$lt": values[number]}})
    return {"$or": cases}


def _at(row: Mapping[str, Any], path: str) -> Any:
    value: Any = row
    for part in path.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value
