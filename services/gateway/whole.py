"""Filters, orders and pages of lists that their owners answer whole: as the owners of long lists do it in MongoDB.

A comparison, also a negated one, is only about items that have what is compared; so is an order: what lacks it comes
last, in either direction.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from enum import Enum
from typing import Any, TypeVar

from services.contracts.conditions import MOST_CONDITIONS, Condition, Ordering, like_pattern
from services.contracts.errors import Invalid
from services.contracts.paging import Edge, Page, Paging
from services.runtime.paging import cursor_of, values_of, window

T = TypeVar("T")

Read = Mapping[str, Callable[[Any], Any]]
"""How each field of a filter or order is read off an item."""


def attributes(*names: str) -> dict[str, Callable[[Any], Any]]:
    """Fields that are called as the item's attributes."""
    return {name: _attribute(name) for name in names}


def kept(items: Sequence[T], where: Condition | None, order: Sequence[Ordering], read: Read) -> list[T]:
    """Those of which `where` holds, in the order asked for; what is equal in it stays in the list's own. Raises
    Invalid for what can't be compared."""
    if where is not None and _size(where) > MOST_CONDITIONS:
        raise Invalid(f"more than {MOST_CONDITIONS} conditions", field="where", fix="Ask for less at once.")
    found = [item for item in items if where is None or _holds(where, item, read, negated=False)]
    for step in reversed(order):
        of = _reader(step.by, read)
        there = sorted((item for item in found if of(item) is not None), key=of, reverse=step.descending)
        found = there + [item for item in found if of(item) is None]
    return found


def page_of(
    items: Sequence[T],
    where: Condition | None,
    order: Sequence[Ordering],
    read: Read,
    own: Sequence[Ordering],
    paging: Paging,
) -> Page[T]:
    """A page of those of which `where` holds. `own` is the list's order; together its fields tell items apart.

    Cursors hold what the list is ordered by, so items that come or go move no others.
    """
    count, cursor, backward = window(paging)
    steps = [*order, *own]
    found = kept(items, where, steps, read)
    total = len(found) if paging.with_total else None
    keys = [[_plain(_reader(step.by, read)(item)) for step in steps] for item in found]
    there = list(zip(keys, found, strict=True))
    if cursor:
        at = values_of(cursor, len(steps))
        side = -1 if backward else 1
        there = [entry for entry in there if _compare(entry[0], at, steps) == side]
    shown = there[-count:] if backward else there[:count]
    more = len(there) > count
    return Page(
        edges=[Edge(cursor=cursor_of(key), node=item) for key, item in shown],
        has_next=bool(cursor) if backward else more,
        has_previous=more if backward else bool(cursor),
        total=total,
    )


def _attribute(name: str) -> Callable[[Any], Any]:
    return lambda item: getattr(item, name)


def _reader(name: str, read: Read) -> Callable[[Any], Any]:
    if name not in read:
        raise Invalid(f"there is no {name!r} to compare", field="where", fix=f"Use one of {', '.join(sorted(read))}.")
    of = read[name]

    def plain(item: Any) -> Any:
        value = of(item)
        return value.value if isinstance(value, Enum) else value

    return plain


def _size(condition: Condition) -> int:
    return sum(_size(part) for part in (*condition.all, *condition.any)) + bool(condition.field)


def _holds(condition: Condition, item: Any, read: Read, *, negated: bool) -> bool:
    negated = negated != condition.negated
    if condition.field:
        return _compared(condition, _reader(condition.field, read)(item), negated=negated)
    parts = [_holds(part, item, read, negated=negated) for part in condition.all]
    if condition.any:
        some = [_holds(part, item, read, negated=negated) for part in condition.any]
        parts.append(all(some) if negated else any(some))
    if not parts:
        raise Invalid("a filter without any condition", field="where", fix="Leave it out, or say what to compare.")
    return any(parts) if negated else all(parts)


def _compared(condition: Condition, value: Any, *, negated: bool) -> bool:
    if condition.flag is not None:
        there = value if isinstance(value, bool) else value is not None
        return bool(there == condition.flag) != negated
    if value is None:
        return False
    if isinstance(value, list):
        return any(_test(condition, part) for part in value) != negated
    return _test(condition, value) != negated


def _test(condition: Condition, value: Any) -> bool:
    if condition.operator == "in":
        return value in condition.texts
    given: Any = next((one for one in (condition.text, condition.number, condition.time) if one is not None), None)
    if isinstance(given, datetime) and isinstance(value, date) and not isinstance(value, datetime):
        given = given.date()
    try:
        match condition.operator:
            case "eq":
                return bool(value == given)
            case "ne":
                return bool(value != given)
            case "gt":
                return bool(value > given)
            case "ge":
                return bool(value >= given)
            case "lt":
                return bool(value < given)
            case "le":
                return bool(value <= given)
            case "like" | "ilike":
                flags = re.DOTALL | (re.IGNORECASE if condition.operator == "ilike" else re.NOFLAG)
                return re.search(like_pattern(str(given)), value, flags) is not None
    except TypeError:
        raise Invalid(f"{condition.field!r} can't be compared like that", field="where") from None


def _plain(value: Any) -> Any:
    """As a cursor holds it."""
    return value.isoformat() if isinstance(value, date) and not isinstance(value, datetime) else value


def _compare(one: Sequence[Any], other: Sequence[Any], steps: Sequence[Ordering]) -> int:
    """-1 if `one` comes first, 1 if `other` does, 0 if they are the same."""
    for mine, theirs, step in zip(one, other, steps, strict=True):
        if mine == theirs:
            continue
        if mine is None or theirs is None:
            return 1 if mine is None else -1
        try:
            first = mine < theirs
        except TypeError:
            raise Invalid("the cursor isn't one of this list", field="after", fix="Start without a cursor.") from None
        return -1 if first != step.descending else 1
    return 0
