"""Insights: what can be asked and changed of them."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Annotated

import strawberry

from services.contracts import insights as contracts
from services.contracts.errors import NotFound
from services.contracts.insights import GetInsight, InsightSummary, InsightView, ListInsights
from services.contracts.paging import Page
from services.gateway.conditions import condition, ordering
from services.gateway.lookahead import Selected
from services.gateway.operation import Info
from services.gateway.types.commands import (
    EXPECTED_DESCRIPTION,
    KEY_DESCRIPTION,
    Outcome,
    WrittenPayload,
    commanded,
    plain,
)
from services.gateway.types.fields import viewed
from services.gateway.types.insights import Insight
from services.gateway.types.limits import Size
from services.gateway.types.links import LinkInput, LinksTo
from services.gateway.types.list_filters import InsightFilter
from services.gateway.types.list_orders import InsightOrder
from services.gateway.types.node import reads
from services.gateway.types.paging import After, Before, Connection, First, Last, Sort, Where, paging


async def _insights(
    info: Info,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
    words: Annotated[
        str | None,
        strawberry.argument(
            description='Best fit first: any of the words may occur, a `"phrase"` in quotes must, a `-word` must not.'
        ),
    ] = None,
    about: LinksTo = None,
    author: Annotated[str | None, strawberry.argument(description="Only by this user.")] = None,
    where: Where[InsightFilter] = None,
    sort: Sort[InsightOrder] = None,
) -> Page[InsightSummary]:
    return await info.context.ask(
        ListInsights(
            where=condition(where),
            order=ordering(sort),
            paging=paging(first, after, last, before, Selected.of(info)),
            words=words or "",
            links=plain(about, list[contracts.Link]),
            author=author,
        )
    )


async def _insight(
    info: Info,
    id_: Annotated[str, strawberry.argument(name="id", description="Its `insightId`.")],
    revision_: Annotated[
        int | None, strawberry.argument(name="revision", description="As it was then; as it is now if unsaid.")
    ] = None,
) -> InsightView | None:
    try:
        return await info.context.ask(GetInsight(insight_id=id_, revision=revision_))
    except NotFound:
        return None


@strawberry.type
class InsightQueries:
    """What can be asked."""

    insights: Connection[Insight] | None = viewed(
        resolver=_insights, size=Size(asks=True), description="Insights, newest first; best fit first in a search."
    )
    insight: Insight | None = viewed(resolver=_insight, description="One insight.")


def _changed(parent: strawberry.Parent[Outcome], info: Info) -> Awaitable[InsightView | None] | None:
    if parent.answer is None or isinstance(parent.request, contracts.RemoveInsight):
        return None
    return info.context.relatives.insights.load(getattr(parent.request, "insight_id", None) or parent.answer.id)


@strawberry.type(description="What a change of an insight did.")
class InsightPayload(WrittenPayload):
    is_type_of = reads(Outcome)

    insight: Insight | None = viewed(
        resolver=_changed, description="The insight now; null if there were errors or it was removed."
    )


@strawberry.input(description="An insight as it is to be; a new one without `insightId`.")
class WriteInsightInput:
    insight_id: str | None = strawberry.field(default=None, description="Which one to change; a new one without.")
    title: str = strawberry.field(description="What it says in a line.")
    text: str = strawberry.field(description="Markdown; `@name` tells somebody of it.")
    links: list[LinkInput] | None = strawberry.field(default=None, description="What it is about.")
    expected: int | None = strawberry.field(default=None, description=EXPECTED_DESCRIPTION)
    idempotency_key: str | None = strawberry.field(default=None, description=KEY_DESCRIPTION)


@strawberry.input(description="A comment to an insight.")
class CommentInsightInput:
    insight_id: str = strawberry.field(description="The insight.")
    text: str = strawberry.field(description="Markdown; `@name` tells somebody of it.")
    idempotency_key: str | None = strawberry.field(default=None, description=KEY_DESCRIPTION)


@strawberry.input(description="An insight that no list is to show any more.")
class RemoveInsightInput:
    insight_id: str = strawberry.field(description="The insight.")
    reason: str = strawberry.field(description="Why it is removed.")
    idempotency_key: str | None = strawberry.field(default=None, description=KEY_DESCRIPTION)


@strawberry.type
class InsightMutations:
    """What can be changed."""

    write_insight: InsightPayload = commanded(
        WriteInsightInput, contracts.WriteInsight, "Writes an insight, or changes one's own."
    )
    comment_insight: InsightPayload = commanded(
        CommentInsightInput, contracts.CommentInsight, "Says something to an insight."
    )
    remove_insight: InsightPayload = commanded(
        RemoveInsightInput, contracts.RemoveInsight, "Takes an insight off all lists; the record keeps it."
    )
