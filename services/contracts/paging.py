"""Keyset pages: a cursor says after which item to go on, so that inserts never shift a page."""

from __future__ import annotations

from typing import Generic, TypeVar

from services.contracts.base import Message

MAX_PAGE = 100

T = TypeVar("T")


class Paging(Message, frozen=True, kw_only=True):
    """`first`/`after` walks forward, `last`/`before` backward; 1 to 100 items a page."""

    first: int | None = None
    after: str | None = None
    last: int | None = None
    before: str | None = None
    with_total: bool = False


class Edge(Message, Generic[T], frozen=True, kw_only=True):
    cursor: str
    node: T


class Page(Message, Generic[T], frozen=True, kw_only=True):
    """`total` is None unless it was asked for."""

    edges: list[Edge[T]]
    has_next: bool
    has_previous: bool
    total: int | None = None
