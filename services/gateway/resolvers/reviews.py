"""Reviews: what can be asked and changed of them."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Annotated

import strawberry

from services.contracts import reviews as contracts
from services.contracts.paging import Page
from services.contracts.reviews import GetReview, ListReviews, ReviewView
from services.gateway.conditions import condition, ordering
from services.gateway.lookahead import Selected
from services.gateway.operation import Info
from services.gateway.preload import preload_reviews
from services.gateway.types.arguments import ModelName, SomeModelName, VersionNumber
from services.gateway.types.commands import (
    KEY_DESCRIPTION,
    Outcome,
    WrittenPayload,
    commanded,
    plain,
)
from services.gateway.types.fields import viewed
from services.gateway.types.limits import Size
from services.gateway.types.list_filters import ReviewFilter
from services.gateway.types.list_orders import ReviewOrder
from services.gateway.types.node import reads
from services.gateway.types.paging import After, Before, Connection, First, Last, Sort, Where, items_of, paging
from services.gateway.types.reviews import Decision, Review, ReviewPartKind, ReviewState


async def _reviews(
    info: Info,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
    states: Annotated[list[ReviewState] | None, strawberry.argument(description="Only in one of these states.")] = None,
    model: SomeModelName = None,
    waiting_for: Annotated[
        str | None, strawberry.argument(description="Only open ones that this user may decide.")
    ] = None,
    where: Where[ReviewFilter] = None,
    sort: Sort[ReviewOrder] = None,
) -> Page[ReviewView]:
    selected = Selected.of(info)
    page = await info.context.ask(
        ListReviews(
            where=condition(where),
            order=ordering(sort),
            paging=paging(first, after, last, before, selected),
            states=plain(states, list[contracts.ReviewState]),
            model_name=model,
            waiting_for=waiting_for,
        )
    )
    await preload_reviews(info.context, items_of(page), selected.items())
    return page


async def _review(info: Info, model: ModelName, version: VersionNumber) -> ReviewView | None:
    return await info.context.ask(GetReview(model_name=model, version=version))


@strawberry.type
class ReviewQueries:
    """What can be asked."""

    reviews: Connection[Review] | None = viewed(
        resolver=_reviews, size=Size(asks=True), description="Reviews, the newest request first."
    )
    review: Review | None = viewed(
        resolver=_review, description="The review of one model version; null if none was ever requested."
    )


def _changed(parent: strawberry.Parent[Outcome], info: Info) -> Awaitable[ReviewView | None] | None:
    if parent.answer is None or parent.request is None:
        return None
    return info.context.relatives.reviews.load((parent.request.model_name, parent.request.version))  # type: ignore[attr-defined]  # every request of reviews has them


@strawberry.type(description="What a change of a review did.")
class ReviewPayload(WrittenPayload):
    is_type_of = reads(Outcome)

    review: Review | None = viewed(resolver=_changed, description="The review now; null if there were errors.")


@strawberry.input(description="A version that somebody else is to look at; also again, after changes.")
class RequestReviewInput:
    model_name: str = strawberry.field(name="model", description="The model's name.")
    version: str = strawberry.field(description="The version's number.")
    reviewers: list[str] | None = strawberry.field(
        default=None, description="Who may decide; anybody with the role if unsaid."
    )
    needed: int | None = strawberry.field(default=None, description="How many approvals it needs; 1 if unsaid.")
    note: str | None = strawberry.field(default=None, description="What reviewers should know.")
    idempotency_key: str | None = strawberry.field(default=None, description=KEY_DESCRIPTION)


@strawberry.input(description="A part of the version under review.")
class ReviewPartInput:
    kind: ReviewPartKind = strawberry.field(description="What it is.")
    key: str = strawberry.field(description="Its name; of a slice `feature=value`.")


@strawberry.input(description="A comment in a review.")
class CommentReviewInput:
    model_name: str = strawberry.field(name="model", description="The model's name.")
    version: str = strawberry.field(description="The version's number.")
    text: str = strawberry.field(description="Markdown.")
    reply_to: str | None = strawberry.field(default=None, description="The comment that it answers.")
    about: ReviewPartInput | None = strawberry.field(
        default=None,
        description="The part that it is about; the review as a whole if unsaid. An answer is about what it answers.",
    )
    idempotency_key: str | None = strawberry.field(default=None, description=KEY_DESCRIPTION)


@strawberry.input(description="A thread about a part about which nothing is left to do.")
class ResolveReviewCommentInput:
    model_name: str = strawberry.field(name="model", description="The model's name.")
    version: str = strawberry.field(description="The version's number.")
    comment_id: str = strawberry.field(description="A comment of the thread.")
    idempotency_key: str | None = strawberry.field(default=None, description=KEY_DESCRIPTION)


@strawberry.input(description="A resolved thread about which there is something to do again.")
class ReopenReviewCommentInput:
    model_name: str = strawberry.field(name="model", description="The model's name.")
    version: str = strawberry.field(description="The version's number.")
    comment_id: str = strawberry.field(description="A comment of the thread.")
    idempotency_key: str | None = strawberry.field(default=None, description=KEY_DESCRIPTION)


@strawberry.input(description="A decision about exactly the content that was looked at.")
class DecideReviewInput:
    model_name: str = strawberry.field(name="model", description="The model's name.")
    version: str = strawberry.field(description="The version's number.")
    decision: Decision = strawberry.field(description="What is decided.")
    reason: str = strawberry.field(description="Why.")
    digest: str = strawberry.field(
        description="The review's `digest` as it was looked at; refused if the content is another by now."
    )
    idempotency_key: str | None = strawberry.field(default=None, description=KEY_DESCRIPTION)


@strawberry.input(description="A review that is no longer wanted.")
class WithdrawReviewInput:
    model_name: str = strawberry.field(name="model", description="The model's name.")
    version: str = strawberry.field(description="The version's number.")
    reason: str = strawberry.field(description="Why.")
    idempotency_key: str | None = strawberry.field(default=None, description=KEY_DESCRIPTION)


@strawberry.type
class ReviewMutations:
    """What can be changed."""

    request_review: ReviewPayload = commanded(
        RequestReviewInput, contracts.RequestReview, "Asks for a review of a model version."
    )
    comment_review: ReviewPayload = commanded(
        CommentReviewInput, contracts.CommentReview, "Says something in a review, or about a part of it."
    )
    resolve_review_comment: ReviewPayload = commanded(
        ResolveReviewCommentInput, contracts.ResolveReviewComment, "Resolves a thread about a part of a review."
    )
    reopen_review_comment: ReviewPayload = commanded(
        ReopenReviewCommentInput, contracts.ReopenReviewComment, "Opens a resolved thread of a review again."
    )
    decide_review: ReviewPayload = commanded(
        DecideReviewInput, contracts.DecideReview, "Approves a version, or asks for changes."
    )
    withdraw_review: ReviewPayload = commanded(
        WithdrawReviewInput, contracts.WithdrawReview, "Takes a request for a review back."
    )
