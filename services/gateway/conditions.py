"""Typed filters and orders of lists as the contracts' conditions and orderings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from enum import Enum
from typing import Any

from services.contracts.conditions import Condition, Operator, Ordering
from services.contracts.errors import Invalid
from services.gateway.types.filters import FigureFilter, KeyedFilter, NumberFilter, TextFilter, TimeFilter

_JOINS = ("and_", "or_", "not_")
_TEXTS: tuple[Operator, ...] = ("eq", "ne", "like", "ilike")
_NUMBERS: tuple[Operator, ...] = ("eq", "ne", "gt", "ge", "lt", "le")


def condition(where: Any) -> Condition | None:
    """What a filter input says: its attributes are the list's fields. Raises `Invalid` for one that says nothing."""
    if where is None:
        return None
    parts = list(_parts(where))
    if not parts:
        raise Invalid("a filter without any condition", field="where", fix="Leave it out, or say what to compare.")
    return parts[0] if len(parts) == 1 else Condition(all=parts)


def ordering(sort: Sequence[Any] | None) -> list[Ordering]:
    """The order, the most important first."""
    return [
        Ordering(by=entry.by.value, key=getattr(entry, "key", None) or "", descending=entry.descending)
        for entry in sort or []
    ]


def _parts(where: Any) -> Iterator[Condition]:
    yield from (_inner(part) for part in where.and_ or [])
    if where.or_:
        yield Condition(any=[_inner(part) for part in where.or_])
    if where.not_ is not None:
        yield Condition(all=[_inner(where.not_)], negated=True)
    for name, value in vars(where).items():
        if name not in _JOINS and value is not None:
            found = list(_compared(name, value))
            if not found:
                raise Invalid(f"nothing is compared with {name}", field="where", fix="Give `eq` or another comparison.")
            yield from found


def _inner(where: Any) -> Condition:
    found = condition(where)
    assert found is not None  # a list of inputs holds no null
    return found


def _compared(name: str, value: Any) -> Iterator[Condition]:
    if isinstance(value, TimeFilter):
        yield from _times(name, value.from_, value.before)
    elif isinstance(value, NumberFilter):
        yield from _numbers(name, value)
    elif isinstance(value, TextFilter):
        yield from _texts(name, value)
    elif isinstance(value, bool):
        yield Condition(field=name, flag=value)
    elif value and isinstance(value[0], KeyedFilter):
        for entry in value:
            yield from _texts(name, entry, entry.key)
    elif value and isinstance(value[0], FigureFilter):
        for entry in value:
            yield from _numbers(name, entry, entry.key)
    elif value and isinstance(value[0], Enum):
        yield Condition(field=name, operator="in", texts=[entry.value for entry in value])


def _numbers(name: str, asked: NumberFilter | FigureFilter, key: str = "") -> Iterator[Condition]:
    for operator in _NUMBERS:
        if (number := getattr(asked, operator)) is not None:
            yield Condition(field=name, key=key, operator=operator, number=number)


def _times(name: str, start: datetime | None, end: datetime | None) -> Iterator[Condition]:
    if start is not None:
        yield Condition(field=name, operator="ge", time=start)
    if end is not None:
        yield Condition(field=name, operator="lt", time=end)


def _texts(name: str, asked: TextFilter, key: str = "") -> Iterator[Condition]:
    for operator in _TEXTS:
        if (text := getattr(asked, operator)) is not None:
            yield Condition(field=name, key=key, operator=operator, text=text)
    if asked.in_:
        yield Condition(field=name, key=key, operator="in", texts=list(asked.in_))
