"""Saved views: what somebody has set a page to (filters, columns, an order), kept under a name to come back to."""

from __future__ import annotations

from datetime import datetime

from services.contracts.base import Event, Message, Request
from services.contracts.conditions import Condition, Ordering
from services.contracts.paging import Page, Paging
from services.contracts.written import Written

MAX_STATE_BYTES = 64 * 1024
"""UTF-8 bytes of what a page remembers."""


class SavedViewWritten(Event, frozen=True, kw_only=True):
    """Saved or, from revision 2 on, replaced. What the page remembers isn't told."""

    service = "registry"
    aggregate = "saved_view"
    name = "written"
    key = ("view_id",)

    view_id: str
    revision: int
    owner: str
    title: str
    page: str
    project_id: str | None = None


class SavedViewRemoved(Event, frozen=True, kw_only=True):
    service = "registry"
    aggregate = "saved_view"
    name = "removed"
    key = ("view_id",)

    view_id: str
    owner: str


class SavedViewView(Message, frozen=True, kw_only=True):
    """`state` is text that only its page understands: a query string or JSON."""

    id: str
    revision: int
    owner: str
    title: str
    page: str
    state: str
    project_id: str | None = None
    created_at: datetime
    updated_at: datetime


class SaveView(Request[Written], frozen=True, kw_only=True):
    """A new one without an id. One user's views of one page in one project have different titles.

    `expected`: the revision seen.
    """

    service = "registry"
    name = "saved_view.save"

    title: str
    page: str
    state: str
    project_id: str | None = None
    view_id: str | None = None
    expected: int | None = None
    idempotency_key: str | None = None


class RemoveSavedView(Request[Written], frozen=True, kw_only=True):
    service = "registry"
    name = "saved_view.remove"

    view_id: str
    idempotency_key: str | None = None


class GetSavedView(Request[SavedViewView], frozen=True, kw_only=True):
    """One's own; somebody else's isn't found."""

    service = "registry"
    name = "saved_view.get"

    view_id: str


class ListSavedViews(Request[Page[SavedViewView]], frozen=True, kw_only=True):
    """One's own, by title."""

    service = "registry"
    name = "saved_view.list"

    paging: Paging = Paging()
    page: str | None = None
    project_id: str | None = None
    where: Condition | None = None
    order: list[Ordering] = []
