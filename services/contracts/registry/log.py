"""The searchable copy of every service's events."""

from __future__ import annotations

from datetime import datetime

from services.contracts.base import Message, Request
from services.contracts.conditions import Condition, Ordering
from services.contracts.paging import Page, Paging


class EventView(Message, frozen=True, kw_only=True):
    """A fact of any service; `data` is its JSON."""

    id: str
    type: str
    service: str
    aggregate: str
    aggregate_id: str
    version: int
    time: datetime
    actor: str
    correlation_id: str
    data: str


class ListEvents(Request[Page[EventView]], frozen=True, kw_only=True):
    """Newest first; the registry keeps a searchable copy of every service's events."""

    service = "registry"
    name = "event.list"

    paging: Paging = Paging()
    types: list[str] = []
    aggregate: str | None = None
    aggregate_id: str | None = None
    actor: str | None = None
    where: Condition | None = None
    order: list[Ordering] = []
