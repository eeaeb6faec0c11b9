"""Silences: maintenance windows in which no alert opens, continues or resolves."""

from __future__ import annotations

from datetime import datetime

from services.contracts.base import Event, Message, Request
from services.contracts.conditions import Condition, Ordering
from services.contracts.paging import Page, Paging
from services.contracts.written import Written


class SilenceView(Message, frozen=True, kw_only=True):
    """Windows that overlap [start, end) in event time neither open, continue nor resolve an alert of the rule (None:
    any) of the version (None: any) of the model (None: any)."""

    id: str
    revision: int
    model_name: str | None
    version: str | None
    rule: str | None
    start: datetime
    end: datetime
    reason: str
    by: str
    created_at: datetime
    ended_by: str | None = None


class SilenceSet(Event, frozen=True, kw_only=True):
    """Maintenance: see SilenceView."""

    service = "monitor"
    aggregate = "silence"
    name = "set"
    key = ("silence_id",)

    silence_id: str
    model_name: str | None
    version: str | None
    rule: str | None
    start: datetime
    end: datetime
    reason: str
    by: str


class SilenceEnded(Event, frozen=True, kw_only=True):
    """Ended by hand before its time, at `end`."""

    service = "monitor"
    aggregate = "silence"
    name = "ended"
    key = ("silence_id",)

    silence_id: str
    end: datetime
    by: str


class SetSilence(Request[Written], frozen=True, kw_only=True):
    """See SilenceView. A version needs its model. At most 90 days."""

    service = "monitor"
    name = "silence.set"

    start: datetime
    end: datetime
    reason: str
    model_name: str | None = None
    version: str | None = None
    rule: str | None = None
    idempotency_key: str | None = None


class EndSilence(Request[Written], frozen=True, kw_only=True):
    """Now, instead of at its end. Windows that overlapped it until now stay silenced."""

    service = "monitor"
    name = "silence.end"

    silence_id: str
    idempotency_key: str | None = None


class ListSilences(Request[list[SilenceView]], frozen=True, kw_only=True):
    """Newest first, at most 200. `active_at`: only those in force at that time; `model_name`: that concern it."""

    service = "monitor"
    name = "silence.list"

    model_name: str | None = None
    active_at: datetime | None = None


class ListSilencesByPage(Request[Page[SilenceView]], frozen=True, kw_only=True):
    """Newest first, all there ever were. `active_at`, `model_name`: as in `ListSilences`."""

    service = "monitor"
    name = "silence.page"

    paging: Paging = Paging()
    model_name: str | None = None
    active_at: datetime | None = None
    where: Condition | None = None
    order: list[Ordering] = []
