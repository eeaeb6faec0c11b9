"""What the gateway answers about projects, insights, similar runs, reviews and the audit trail."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from dashboard.gateway.views import KeyValue, Metric, View


class Thing(View, frozen=True, kw_only=True):
    """Something that is pointed at: its kind, and its name or id."""

    kind: str
    id: str


class Pattern(View, frozen=True, kw_only=True):
    kind: str
    glob: str


class AnswerField(View, frozen=True, kw_only=True):
    key: str
    title: str
    number: bool = False
    required: bool = False
    choices: list[str] = []


class Evidence(View, frozen=True, kw_only=True):
    about: str
    verdict: str
    proof: Thing
    note: str
    at: datetime
    cause: str = ""


class Item(View, frozen=True, kw_only=True):
    key: str
    title: str
    kind: str
    state: str
    revision: int
    optional: bool = False
    fields: list[AnswerField] = []
    answer: str = ""
    values: list[KeyValue] = []
    answered_by: str = ""
    answered_at: datetime | None = None
    waived_because: str = ""
    waived_by: str = ""
    waived_at: datetime | None = None
    evidence: list[Evidence] = []


class Stage(View, frozen=True, kw_only=True):
    key: str
    number: int
    title: str
    phase: str
    state: str
    done: int
    open: int
    again: str = ""
    attention: list[str] = []
    items: list[Item] = []


class Milestone(View, frozen=True, kw_only=True):
    id: str
    title: str
    owner: str
    due: date
    done: bool
    overdue: bool
    revision: int


class Assumption(View, frozen=True, kw_only=True):
    id: str
    text: str
    status: str
    note: str = ""
    consequence: str = ""
    revision: int
    proofs: list[Thing] = []


class Move(View, frozen=True, kw_only=True):
    stage: str
    to: str
    reason: str
    by: str
    at: datetime


class ProjectRow(View, frozen=True, kw_only=True):
    project_id: str
    name: str
    description: str = ""
    archived: bool = False
    created_at: datetime
    updated_at: datetime
    stage_states: list[str] = []
    attention: list[str] = []
    overdue: int = 0
    revision: int = 0


class Board(View, frozen=True, kw_only=True):
    project_id: str
    name: str
    description: str = ""
    archived: bool = False
    created_at: datetime
    updated_at: datetime
    revision: int = 0
    created_by: str | None = None
    as_of: datetime | None = None
    template: str | None = None
    template_version: int | None = None
    patterns: list[Pattern] = []
    assigned: list[Thing] = []
    stages: list[Stage] = []
    milestones: list[Milestone] = []
    assumptions: list[Assumption] = []
    moves: list[Move] = []


class InsightComment(View, frozen=True, kw_only=True):
    id: str
    author: str
    text: str
    at: datetime


class Insight(View, frozen=True, kw_only=True):
    insight_id: str
    title: str
    excerpt: str = ""
    text: str | None = None
    revision: int | None = None
    author: str
    created_at: datetime
    updated_at: datetime
    links: list[Thing] = []
    comment_count: int = 0
    comments: list[InsightComment] | None = None


class Difference(View, frozen=True, kw_only=True):
    key: str
    asked: str | None = None
    found: str | None = None


class MetricLevel(View, frozen=True, kw_only=True):
    """What experts reach (EXPERT), or the least worth shipping (MINIMUM)."""

    metric: str
    kind: str
    value: float


class SimilarRun(View, frozen=True, kw_only=True):
    run_id: str
    run_name: str
    experiment_name: str = ""
    user: str
    status: str
    start_time: datetime
    exact: bool
    differences: list[Difference] = []
    metrics: list[Metric] = []
    effect: list[Metric] = []


class ReviewDecision(View, frozen=True, kw_only=True):
    by: str
    decision: str
    reason: str
    at: datetime


class ReviewPart(View, frozen=True, kw_only=True):
    kind: str
    key: str


class ReviewComment(View, frozen=True, kw_only=True):
    id: str
    reply_to: str | None = None
    by: str
    text: str
    at: datetime
    about: ReviewPart | None = None
    resolved_by: str | None = None
    resolved_at: datetime | None = None


class Review(View, frozen=True, kw_only=True):
    model: str
    version: str
    state: str
    lapsed_because: str = ""
    digest: str
    round: int
    authors: list[str] = []
    reviewers: list[str] = []
    needed: int = 1
    missing: int = 0
    note: str = ""
    requested_by: str
    requested_at: datetime
    updated_at: datetime
    decisions: list[ReviewDecision] = []
    comments: list[ReviewComment] = []
    open_remarks: int = 0


class AuditEntry(View, frozen=True, kw_only=True):
    id: str
    time: datetime
    action: str
    user: str
    role: str
    via: str
    remote: str = ""
    correlation_id: str = ""
    events: list[str] = []
    before: Any = None
    after: Any = None
    number: int | None = None
    hash: str | None = None


class AuditHead(View, frozen=True, kw_only=True):
    number: int
    hash: str


class AuditVerdict(View, frozen=True, kw_only=True):
    upto: AuditHead
    done: bool
    bad_number: int | None = None
    bad_id: str | None = None
    problem: str | None = None
    unsealed: int = 0
