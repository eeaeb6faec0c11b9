"""Reviews of model versions: what the registry says, answers and shows of them."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from services.contracts.base import Event, Message, Request
from services.contracts.conditions import Condition, Ordering
from services.contracts.evaluations import Disparity, EvaluationSummary
from services.contracts.gates import GateResultView
from services.contracts.paging import Page, Paging
from services.contracts.registry import DatasetRef, VersionView
from services.contracts.written import Written

ReviewState = Literal["open", "changes_asked", "approved", "lapsed", "withdrawn"]
Decision = Literal["approve", "ask_for_changes"]
PartKind = Literal["gate", "metric", "slice", "parameter"]


class ReviewPart(Message, frozen=True, kw_only=True):
    """A part of what is reviewed, by name: of a gate, a metric or a parameter of the version, or `slice_key`'s."""

    kind: PartKind
    key: str


def slice_key(feature: str, value: str) -> str:
    """What names the slice of the rows where `feature` has `value`."""
    return f"{feature}={value}"


class ReviewRequested(Event, frozen=True, kw_only=True):
    """`digest` is of all that the version is made of: a decision counts for this content and no other.

    `round` counts the requests for the same version; `authors` can't decide.
    """

    service = "registry"
    aggregate = "review"
    name = "requested"
    key = ("model_name", "version")

    model_name: str
    version: str
    digest: str
    round: int
    authors: list[str]
    reviewers: list[str] = []
    needed: int = 1
    note: str = ""
    by: str


class ReviewCommented(Event, frozen=True, kw_only=True):
    """`about`: the part that the comment, or what it answers, is about; None: the review as a whole."""

    service = "registry"
    aggregate = "review"
    name = "commented"
    key = ("model_name", "version")

    model_name: str
    version: str
    comment_id: str
    reply_to: str | None = None
    about: ReviewPart | None = None
    text: str
    by: str


class ReviewCommentResolved(Event, frozen=True, kw_only=True):
    """Nothing is left to do about the thread that `comment_id` begins."""

    service = "registry"
    aggregate = "review"
    name = "comment_resolved"
    key = ("model_name", "version")

    model_name: str
    version: str
    comment_id: str
    about: ReviewPart
    by: str


class ReviewCommentReopened(Event, frozen=True, kw_only=True):
    """There is something to do again about the thread that `comment_id` begins."""

    service = "registry"
    aggregate = "review"
    name = "comment_reopened"
    key = ("model_name", "version")

    model_name: str
    version: str
    comment_id: str
    about: ReviewPart
    by: str


class ReviewDecided(Event, frozen=True, kw_only=True):
    """`state` is the review's after this decision."""

    service = "registry"
    aggregate = "review"
    name = "decided"
    key = ("model_name", "version")

    model_name: str
    version: str
    digest: str
    decision: Decision
    reason: str
    by: str
    state: ReviewState


class ReviewLapsed(Event, frozen=True, kw_only=True):
    """Something under the version has changed: no decision counts any more. `now`: the content's digest, `because`: in
    words, what has changed."""

    service = "registry"
    aggregate = "review"
    name = "lapsed"
    key = ("model_name", "version")

    model_name: str
    version: str
    digest: str
    now: str
    because: str = ""


class ReviewWithdrawn(Event, frozen=True, kw_only=True):
    service = "registry"
    aggregate = "review"
    name = "withdrawn"
    key = ("model_name", "version")

    model_name: str
    version: str
    reason: str
    by: str


class ReviewRenamed(Event, frozen=True, kw_only=True):
    """The model has another name; its review, as it stands, came along from `former_name`."""

    service = "registry"
    aggregate = "review"
    name = "renamed"
    key = ("model_name", "version")

    model_name: str
    version: str
    former_name: str
    state: ReviewState


class DecisionView(Message, frozen=True, kw_only=True):
    """`evaluations`: ids of those that stood when it was decided, the newest on each split; `gates`: the number of the
    newest verdict of the gates then, None if there was none."""

    by: str
    decision: Decision
    reason: str
    at: datetime
    evaluations: list[str] = []
    gates: int | None = None


class ReviewCommentView(Message, frozen=True, kw_only=True):
    """`text` is Markdown as it was written: whoever shows it makes sure that it stays text.

    `about`: the part that its thread is about; None: the review as a whole. `resolved_by`, `resolved_at`: of the
    comment that begins a thread about a part, if nothing is left to do about it.
    """

    id: str
    reply_to: str | None
    by: str
    text: str
    at: datetime
    about: ReviewPart | None = None
    resolved_by: str | None = None
    resolved_at: datetime | None = None


class ReviewView(Message, frozen=True, kw_only=True):
    """`decisions` of this round, each reviewer's newest; `missing` approvals are still needed. `lapsed_because`: what
    has changed since, in words, if the state is `lapsed`. `open_remarks` counts the threads about parts that nobody has
    resolved: no decision is refused because of them."""

    model_name: str
    version: str
    state: ReviewState
    digest: str
    round: int
    authors: list[str]
    reviewers: list[str]
    needed: int
    missing: int
    note: str
    requested_by: str
    requested_at: datetime
    updated_at: datetime
    decisions: list[DecisionView] = []
    comments: list[ReviewCommentView] = []
    lapsed_because: str = ""
    open_remarks: int = 0


class RequestReview(Request[Written], frozen=True, kw_only=True):
    """Also again, after changes or when it has lapsed. Without `reviewers`, anybody with the role may decide.

    `needed` approvals: the project's policy says how many at least, and how many without a wish.
    """

    service = "registry"
    name = "review.request"

    model_name: str
    version: str
    reviewers: list[str] = []
    needed: int | None = None
    note: str = ""
    idempotency_key: str | None = None


class CommentReview(Request[Written], frozen=True, kw_only=True):
    """`about` a part that the version has now, or the review as a whole; an answer is about what it answers."""

    service = "registry"
    name = "review.comment"

    model_name: str
    version: str
    text: str
    reply_to: str | None = None
    about: ReviewPart | None = None
    idempotency_key: str | None = None


class ResolveReviewComment(Request[Written], frozen=True, kw_only=True):
    """Nothing is left to do about the thread about a part that this comment belongs to."""

    service = "registry"
    name = "review.resolve_comment"

    model_name: str
    version: str
    comment_id: str
    idempotency_key: str | None = None


class ReopenReviewComment(Request[Written], frozen=True, kw_only=True):
    service = "registry"
    name = "review.reopen_comment"

    model_name: str
    version: str
    comment_id: str
    idempotency_key: str | None = None


class DecideReview(Request[Written], frozen=True, kw_only=True):
    """`digest`: of the content that was looked at; refused if it is another by now."""

    service = "registry"
    name = "review.decide"

    model_name: str
    version: str
    decision: Decision
    reason: str
    digest: str
    idempotency_key: str | None = None


class WithdrawReview(Request[Written], frozen=True, kw_only=True):
    service = "registry"
    name = "review.withdraw"

    model_name: str
    version: str
    reason: str
    idempotency_key: str | None = None


class GetReview(Request[ReviewView | None], frozen=True, kw_only=True):
    """None if none was ever requested, or hadn't been by `as_of`."""

    service = "registry"
    name = "review.get"

    model_name: str
    version: str
    as_of: datetime | None = None


class ListReviews(Request[Page[ReviewView]], frozen=True, kw_only=True):
    """Newest request first. `waiting_for`: open ones that this user may decide."""

    service = "registry"
    name = "review.list"

    paging: Paging = Paging()
    states: list[ReviewState] = []
    model_name: str | None = None
    waiting_for: str | None = None
    where: Condition | None = None
    order: list[Ordering] = []


# ---------------------------------------------------------------- a candidate beside the champion


class SideView(Message, frozen=True, kw_only=True):
    """One of two versions. `evaluation`: the newest on a sealed split, else the newest; `digest` of its content."""

    version: VersionView
    digest: str
    params: dict[str, str]
    datasets: list[DatasetRef]
    evaluation: EvaluationSummary | None
    gates: GateResultView | None
    review: ReviewState | None
    runs_in: list[str]


class FigureRow(Message, frozen=True, kw_only=True):
    """A number of both sides: a metric, or a feature's importance. `better`: the candidate's is; None if neither is,
    or one is missing. `p_value`: how likely chance alone makes such a difference, where rows could be paired."""

    name: str
    candidate: float | None
    champion: float | None
    difference: float | None = None
    better: bool | None = None
    p_value: float | None = None
    test: str = ""


class ParamRow(Message, frozen=True, kw_only=True):
    name: str
    candidate: str | None
    champion: str | None


class SliceRow(Message, frozen=True, kw_only=True):
    feature: str
    value: str
    metric: str
    candidate: float | None
    champion: float | None
    candidate_rows: int | None
    champion_rows: int | None
    better: bool | None = None


class ComparisonView(Message, frozen=True, kw_only=True):
    """`champion` is None if the model has none yet. `params` holds those that differ, `slices` at most 500.

    `same_split`: both were evaluated on the same rows; otherwise metrics say less than they seem to.
    """

    candidate: SideView
    champion: SideView | None
    same_split: bool
    metrics: list[FigureRow]
    params: list[ParamRow]
    slices: list[SliceRow]
    importances: list[FigureRow]
    disparities: list[Disparity]


class CompareVersions(Request[ComparisonView], frozen=True, kw_only=True):
    """`version` beside `with_version`, a number or an alias; `@champion` where it isn't given."""

    service = "registry"
    name = "review.compare"

    model_name: str
    version: str
    with_version: str = "@champion"
