"""Insights: notes in Markdown about what somebody has learned, tied to what they came from."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from services.contracts.base import Event, Message, Request
from services.contracts.conditions import Condition, Ordering
from services.contracts.paging import Page, Paging
from services.contracts.written import Written

LinkKind = Literal[
    "project", "experiment", "run", "dataset", "feature", "figure", "model", "version", "window", "alert", "insight"
]
MAX_TEXT_BYTES = 500_000
"""UTF-8 bytes of a note; NATS carries at most 1 MB in one message."""


class Link(Message, frozen=True, kw_only=True):
    """What a note is about. A version is `model/3`, a feature `dataset/column`, a window `model/3/start`."""

    kind: LinkKind
    id: str


class InsightWritten(Event, frozen=True, kw_only=True):
    """Written or, from revision 2 on, changed. `excerpt` is the text's beginning; `mentions` are `@names` in it."""

    service = "registry"
    aggregate = "insight"
    name = "written"
    key = ("insight_id",)

    insight_id: str
    revision: int
    title: str
    excerpt: str
    author: str
    links: list[Link] = []
    mentions: list[str] = []


class InsightCommented(Event, frozen=True, kw_only=True):
    service = "registry"
    aggregate = "insight"
    name = "commented"
    key = ("insight_id",)

    insight_id: str
    comment_id: str
    author: str
    text: str
    mentions: list[str] = []


class InsightRemoved(Event, frozen=True, kw_only=True):
    service = "registry"
    aggregate = "insight"
    name = "removed"
    key = ("insight_id",)

    insight_id: str
    reason: str
    by: str


class CommentView(Message, frozen=True, kw_only=True):
    id: str
    author: str
    text: str
    at: datetime


class InsightView(Message, frozen=True, kw_only=True):
    """`text` is Markdown as it was written: whoever shows it makes sure that it stays text."""

    id: str
    revision: int
    title: str
    text: str
    author: str
    created_at: datetime
    updated_at: datetime
    links: list[Link] = []
    comments: list[CommentView] = []


class InsightSummary(Message, frozen=True, kw_only=True):
    """`score` is how well the text fits what was searched for."""

    id: str
    title: str
    excerpt: str
    author: str
    created_at: datetime
    updated_at: datetime
    links: list[Link] = []
    comments: int = 0
    score: float | None = None


class WriteInsight(Request[Written], frozen=True, kw_only=True):
    """A new one without an id. Only its author, or an administrator, changes one. `expected`: the revision seen."""

    service = "registry"
    name = "insight.write"

    title: str
    text: str
    links: list[Link] = []
    insight_id: str | None = None
    expected: int | None = None
    idempotency_key: str | None = None


class CommentInsight(Request[Written], frozen=True, kw_only=True):
    service = "registry"
    name = "insight.comment"

    insight_id: str
    text: str
    idempotency_key: str | None = None


class RemoveInsight(Request[Written], frozen=True, kw_only=True):
    """No list shows it any more; what it said stays in the database for the record."""

    service = "registry"
    name = "insight.remove"

    insight_id: str
    reason: str
    idempotency_key: str | None = None


class GetInsight(Request[InsightView], frozen=True, kw_only=True):
    """`revision`: as it was then, instead of the newest."""

    service = "registry"
    name = "insight.get"

    insight_id: str
    revision: int | None = None


class ListInsights(Request[Page[InsightSummary]], frozen=True, kw_only=True):
    """Newest first, or, with words to search for in titles and texts, best first.

    `words`: any of them may occur; `"a phrase"` in quotes must, `-word` must not. `links`: about any of these.
    `project_id`: about that project, or anything that it owns.
    """

    service = "registry"
    name = "insight.list"

    paging: Paging = Paging()
    words: str = ""
    links: list[Link] = []
    author: str | None = None
    project_id: str | None = None
    where: Condition | None = None
    order: list[Ordering] = []
