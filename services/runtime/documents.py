"""Structs as MongoDB documents, and compare-and-set updates of the fields that differ."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import cache
from typing import Any, Protocol, TypeVar

import msgspec

from services.contracts.errors import Conflict
from services.runtime.outbox import MAX_TRIES, Change, Duplicate, Outbox

S = TypeVar("S", bound=msgspec.Struct)


class Aggregate(Protocol):
    """A struct whose document changes by compare-and-set on its revision `r`; `id` is stored as `_id`."""

    @property
    def id(self) -> str: ...
    @property
    def r(self) -> int: ...


A = TypeVar("A", bound=Aggregate)


def to_document(struct: object) -> dict[str, Any]:
    document: dict[str, Any] = msgspec.to_builtins(struct, builtin_types=(bytes,))
    return document


def from_document(document: Mapping[str, Any], kind: type[S]) -> S:
    return msgspec.convert(document, kind)


@cache
def _fields(kind: type[Any]) -> Sequence[tuple[str, str]]:
    """Each field's name, and its key in a document."""
    return list(zip(kind.__struct_fields__, kind.__struct_encode_fields__, strict=True))


def insert(change: Change, collection: str, struct: object) -> None:
    change.insert(collection, to_document(struct))


def save(change: Change, collection: str, before: A, after: A) -> None:
    """Sets the fields that differ, if the document is still as `before` says."""
    assert before.id == after.id
    differing: dict[str, Any] = {}
    for name, key in _fields(type(after)):
        old, new = getattr(before, name), getattr(after, name)
        if old is not new and old != new:
            differing[key] = msgspec.to_builtins(new, builtin_types=(bytes,))
    differing["r"] = before.r + 1
    change.update(collection, {"_id": before.id, "r": before.r}, {"$set": differing})


def put(change: Change, collection: str, former: A | None, after: A) -> None:
    """Inserts `after`, or puts it where `former` was, if that is still there."""
    if former is None:
        insert(change, collection, after)
    else:
        document = {**to_document(after), "r": former.r + 1}
        change.replace(collection, {"_id": former.id, "r": former.r}, document)


async def create(outbox: Outbox, decide: Callable[[], Awaitable[Change | None]]) -> None:
    """As `outbox.retrying`, and decides again too when somebody else inserted the same key meanwhile."""
    for _ in range(MAX_TRIES):
        try:
            return await outbox.retrying(decide)
        except Duplicate:
            continue
    raise Conflict("too many others are creating this at the same time", fix="Try again.", code="CHANGED_MEANWHILE")
