"""Reviews of model versions."""

from __future__ import annotations

from datetime import datetime
from enum import Enum

import strawberry
from strawberry import enum_value

from services.contracts import reviews as contracts
from services.contracts.reviews import ReviewView
from services.gateway.ids import global_id
from services.gateway.types.about import AboutVersion
from services.gateway.types.fields import viewed
from services.gateway.types.node import ID_DESCRIPTION, Node, reads


@strawberry.enum(description="Where a review stands.")
class ReviewState(Enum):
    OPEN = enum_value("open", description="Approvals are still missing.")
    CHANGES_ASKED = enum_value("changes_asked", description="A reviewer asked for changes.")
    APPROVED = enum_value("approved", description="As many as needed have approved this very content.")
    LAPSED = enum_value("lapsed", description="The version's content has changed: no decision counts any more.")
    WITHDRAWN = enum_value("withdrawn", description="Somebody took the request back.")


@strawberry.enum(description="What a reviewer decides.")
class Decision(Enum):
    APPROVE = enum_value("approve", description="It may go on.")
    ASK_FOR_CHANGES = enum_value("ask_for_changes", description="It may not, for the stated reason.")


@strawberry.enum(description="What kind of part of a version a comment is about.")
class ReviewPartKind(Enum):
    GATE = enum_value("gate", description="A gate, by name.")
    METRIC = enum_value("metric", description="A metric of its run or its evaluation, by name.")
    SLICE = enum_value("slice", description="A slice of its evaluation, as `feature=value`.")
    PARAMETER = enum_value("parameter", description="A parameter of its run, by name.")


@strawberry.type(description="A part of the version under review.")
class ReviewPart:
    is_type_of = reads(contracts.ReviewPart)

    kind: ReviewPartKind = strawberry.field(description="What it is.")
    key: str = strawberry.field(description="Its name; of a slice `feature=value`.")


@strawberry.type(description="What one reviewer decided last.")
class ReviewDecision:
    is_type_of = reads(contracts.DecisionView)

    by: str = strawberry.field(description="Who decided.")
    decision: Decision = strawberry.field(description="What.")
    reason: str = strawberry.field(description="Why.")
    at: datetime = strawberry.field(description="When.")
    evaluations: list[str] = strawberry.field(
        name="evaluationIds", description="What stood then: the newest evaluation on each split."
    )
    gates: int | None = strawberry.field(
        name="gatesNumber", description="The number of the gates' newest verdict then, if there was one."
    )


@strawberry.type(description="What somebody said in a review.")
class ReviewComment:
    is_type_of = reads(contracts.ReviewCommentView)

    id: str = strawberry.field(description="Its id.")
    reply_to: str | None = strawberry.field(description="The comment that it answers.")
    by: str = strawberry.field(description="Who said it.")
    text: str = strawberry.field(description="Markdown as it was written.")
    at: datetime = strawberry.field(description="When.")
    about: ReviewPart | None = strawberry.field(
        description="The part that it, or what it answers, is about; null: the review as a whole."
    )
    resolved_by: str | None = strawberry.field(
        description="Who said that nothing is left to do about the thread that it begins; null if it is open, or isn't "
        "about a part."
    )
    resolved_at: datetime | None = strawberry.field(description="When; null if nobody did.")


def _id(parent: strawberry.Parent[ReviewView]) -> strawberry.ID:
    return strawberry.ID(global_id("Review", parent.model_name, parent.version))


@strawberry.type(description="The review of one model version, with the decisions of its newest round.")
class Review(AboutVersion, Node):
    is_type_of = reads(ReviewView)

    id: strawberry.ID = viewed(resolver=_id, description=ID_DESCRIPTION)
    model_name: str = strawberry.field(name="model", description="The model's name.")
    version: str = strawberry.field(description="The version's number.")
    state: ReviewState = strawberry.field(description="Where it stands.")
    lapsed_because: str = strawberry.field(description="If it has lapsed: what has changed since; empty otherwise.")
    digest: str = strawberry.field(description="Of all that the version is made of: a decision names it.")
    round: int = strawberry.field(description="Counts the requests for the same version, from 1.")
    authors: list[str] = strawberry.field(description="Who made the version: they can't decide.")
    reviewers: list[str] = strawberry.field(description="Who may decide; anybody with the role if empty.")
    needed: int = strawberry.field(description="How many approvals it needs.")
    missing: int = strawberry.field(description="How many are still missing.")
    note: str = strawberry.field(description="What the requester said.")
    requested_by: str = strawberry.field(description="Who asked for it.")
    requested_at: datetime = strawberry.field(description="When.")
    updated_at: datetime = strawberry.field(description="When it last changed.")
    decisions: list[ReviewDecision] = strawberry.field(description="Of this round, each reviewer's newest.")
    comments: list[ReviewComment] = strawberry.field(description="What was said, oldest first.")
    open_remarks: int = strawberry.field(
        description="How many threads about parts nobody has resolved; no decision is refused because of them."
    )
