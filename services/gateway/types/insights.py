"""Insights: what somebody has learned, tied to what it came from."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import strawberry

from services.contracts import insights as contracts
from services.contracts.insights import InsightSummary, InsightView
from services.gateway.ids import global_id
from services.gateway.operation import Info
from services.gateway.types.fields import viewed
from services.gateway.types.limits import Size
from services.gateway.types.links import Link
from services.gateway.types.node import ID_DESCRIPTION, Node, reads

AnyInsight = InsightSummary | InsightView
EXCERPT_LENGTH = 400


@strawberry.type(name="InsightComment", description="What somebody said to an insight.")
class Comment:
    is_type_of = reads(contracts.CommentView)

    id: str = strawberry.field(description="Its id.")
    author: str = strawberry.field(description="Who said it.")
    text: str = strawberry.field(description="Markdown as it was written.")
    at: datetime = strawberry.field(description="When.")


def _id(parent: strawberry.Parent[AnyInsight]) -> strawberry.ID:
    return strawberry.ID(global_id("Insight", parent.id))


def _insight_id(parent: strawberry.Parent[AnyInsight]) -> str:
    return parent.id


def _excerpt(parent: strawberry.Parent[AnyInsight]) -> str:
    return parent.text[:EXCERPT_LENGTH] if isinstance(parent, InsightView) else parent.excerpt


def _count(parent: strawberry.Parent[AnyInsight]) -> int:
    return len(parent.comments) if isinstance(parent, InsightView) else parent.comments


def _score(parent: strawberry.Parent[AnyInsight]) -> float | None:
    return None if isinstance(parent, InsightView) else parent.score


def _whole(parent: Any, info: Info, attribute: str) -> Any:
    if isinstance(parent, InsightView):
        return getattr(parent, attribute)
    return _later(parent.id, info, attribute)


async def _later(id_: str, info: Info, attribute: str) -> Any:
    return getattr(await info.context.relatives.insights.load(id_), attribute, None)


def _text(parent: strawberry.Parent[AnyInsight], info: Info) -> Any:
    return _whole(parent, info, "text")


def _revision(parent: strawberry.Parent[AnyInsight], info: Info) -> Any:
    return _whole(parent, info, "revision")


def _comments(parent: strawberry.Parent[AnyInsight], info: Info) -> Any:
    return _whole(parent, info, "comments")


@strawberry.type(description="A note about what somebody has learned.")
class Insight(Node):
    is_type_of = reads(InsightView, InsightSummary)

    id: strawberry.ID = viewed(resolver=_id, description=ID_DESCRIPTION)
    insight_id: str = viewed(resolver=_insight_id, description="The id that mutations and arguments take.")
    title: str = strawberry.field(description="What it says in a line.")
    excerpt: str = viewed(resolver=_excerpt, description="The text's beginning.")
    text: str | None = viewed(
        resolver=_text,
        size=Size(asks=True),
        description="Markdown as it was written: whoever shows it makes sure that it stays text.",
    )
    revision: int | None = viewed(resolver=_revision, size=Size(asks=True), description="Counts its changes, from 1.")
    author: str = strawberry.field(description="Who wrote it.")
    created_at: datetime = strawberry.field(description="When it was written.")
    updated_at: datetime = strawberry.field(description="When it was last changed.")
    links: list[Link] = strawberry.field(description="What it is about.")
    comment_count: int = viewed(resolver=_count, description="How many comments it has.")
    comments: list[Comment] | None = viewed(
        resolver=_comments, size=Size(asks=True), description="What others said to it, oldest first."
    )
    score: float | None = viewed(
        resolver=_score, description="In a search: how well it fits the words, the greater the better."
    )
