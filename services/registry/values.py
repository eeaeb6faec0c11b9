"""Small values that several kinds of entity are made of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec


class KeyValue(msgspec.Struct, frozen=True):
    """A parameter or tag as documents hold it: in an array, so that one index covers every key."""

    k: str
    v: str


def pairs(values: Mapping[str, str]) -> list[KeyValue]:
    return [KeyValue(key, value) for key, value in values.items()]


def mapping(values: Iterable[KeyValue]) -> dict[str, str]:
    return {pair.k: pair.v for pair in values}


ACTIVE = "active"
DELETED = "deleted"


class Aggregate(msgspec.Struct, frozen=True, kw_only=True):
    """A document that changes by compare-and-set on its revision `r`; `v` is the number of its newest event."""

    id: str = msgspec.field(name="_id")
    v: int
    r: int = 1
