"""Alerts on model versions: what the monitor says, answers and shows of them."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from services.contracts.base import Event, LiveUpdate, Message, Request
from services.contracts.conditions import Condition, Ordering
from services.contracts.paging import Page, Paging
from services.contracts.written import Written

Severity = Literal["info", "warning", "critical"]
AlertState = Literal["open", "acknowledged", "resolved"]
Resolution = Literal["by_itself", "by_hand", "rule_removed"]
RuleMetric = Literal[
    "feature_drift",
    "prediction_drift",
    "multivariate_drift",
    "performance",
    "estimated_performance",
    "missing",
    "unseen",
    "out_of_range",
    "type_errors",
    "volume",
    "freshness",
]

MAX_TEXT = 10_000
"""Characters of a comment, note or reason."""
MAX_CAUSES = 5
"""Causes told of an alert, the largest first."""
MAX_WINDOWS_SHOWN = 60
"""Windows an alert shows, the newest last; the first one that fired is known besides."""


class AlertCause(Message, frozen=True, kw_only=True):
    """One reason for an alert, with its figure. `subject`: a feature, `prediction`, a measure such as `roc_auc`, or
    `rows`. `value` is compared with `limit`; `expected` is what the reference, or the usual, has. `text` says it."""

    subject: str
    figure: str
    value: float
    limit: float | None = None
    expected: float | None = None
    text: str = ""


# ---------------------------------------------------------------- events


class AlertOpened(Event, frozen=True, kw_only=True):
    """A rule has fired in enough windows in a row, of which [window_start, window_end) is the newest.

    While it isn't resolved, the same rule opens no other for the version.
    """

    service = "monitor"
    aggregate = "alert"
    name = "opened"
    key = ("alert_id",)

    alert_id: str
    model_name: str
    version: str
    rule: str
    metric: RuleMetric
    severity: Severity
    title: str
    window_start: datetime
    window_end: datetime
    causes: list[AlertCause]
    next_step: str


class AlertReopened(Event, frozen=True, kw_only=True):
    """It fires again soon after it resolved by itself: the same alert goes on instead of a new one."""

    service = "monitor"
    aggregate = "alert"
    name = "reopened"
    key = ("alert_id",)

    alert_id: str
    model_name: str
    version: str
    rule: str
    severity: Severity
    window_start: datetime
    window_end: datetime
    causes: list[AlertCause]
    times: int


class AlertAcknowledged(Event, frozen=True, kw_only=True):
    """Somebody has seen it and takes care. `after_seconds`: since it was opened (or reopened), by the clock."""

    service = "monitor"
    aggregate = "alert"
    name = "acknowledged"
    key = ("alert_id",)

    alert_id: str
    model_name: str
    version: str
    rule: str
    note: str
    by: str
    after_seconds: float


class AlertCommented(Event, frozen=True, kw_only=True):
    service = "monitor"
    aggregate = "alert"
    name = "commented"
    key = ("alert_id",)

    alert_id: str
    model_name: str
    version: str
    comment_id: str
    text: str
    by: str


class AlertResolved(Event, frozen=True, kw_only=True):
    """`resolution`: by itself after enough quiet windows, by hand, or because its rule is no more."""

    service = "monitor"
    aggregate = "alert"
    name = "resolved"
    key = ("alert_id",)

    alert_id: str
    model_name: str
    version: str
    rule: str
    severity: Severity
    resolution: Resolution
    reason: str
    by: str
    after_seconds: float


class RetrainingRequested(Event, frozen=True, kw_only=True):
    """The alert's rule asks for a new version of the model: at most once for an alert, when it opens.

    `causes` are the alert's; `reason` says why in words. A person asks by the registry's `RequestRetraining`.
    """

    service = "monitor"
    aggregate = "alert"
    name = "retraining_requested"
    key = ("alert_id",)

    alert_id: str
    model_name: str
    version: str
    rule: str
    metric: RuleMetric
    severity: Severity
    reason: str
    causes: list[AlertCause]
    window_start: datetime
    window_end: datetime


# ---------------------------------------------------------------- views


class AlertWindow(Message, frozen=True, kw_only=True):
    """One closed window of the alert's life. `value`: the leading cause's figure there, None when it was quiet;
    `figure`, `limit`: which one, and what it is compared with there."""

    start: datetime
    end: datetime
    firing: bool
    value: float | None = None
    figure: str | None = None
    limit: float | None = None


class AlertCommentView(Message, frozen=True, kw_only=True):
    """`text` is Markdown as it was written: whoever shows it makes sure that it stays text."""

    id: str
    by: str
    text: str
    at: datetime


class AlertView(Message, frozen=True, kw_only=True):
    """`opened_at`, `acknowledged_at`, `resolved_at`, `updated_at` are by the clock; windows are in event time.

    `first_window`: start of the first window that fired; `last_window`: of the newest that fired. `causes` are of that
    one, the largest first. `reopened`: how often it came back. `resolved_by` is `monitor` when it resolved by itself.
    """

    id: str
    revision: int
    model_name: str
    version: str
    rule: str
    metric: RuleMetric
    severity: Severity
    state: AlertState
    title: str
    opened_at: datetime
    updated_at: datetime
    first_window: datetime
    last_window: datetime
    windows: list[AlertWindow]
    causes: list[AlertCause]
    next_step: str
    reopened: int = 0
    acknowledged_by: str | None = None
    acknowledged_at: datetime | None = None
    acknowledge_note: str = ""
    resolved_by: str | None = None
    resolved_at: datetime | None = None
    resolution: Resolution | None = None
    resolve_reason: str = ""
    retraining_requested_at: datetime | None = None
    comments: list[AlertCommentView] = []


# ---------------------------------------------------------------- live updates


class AlertMoved(LiveUpdate, frozen=True, kw_only=True):
    """The newest state of an alert; the higher `sequence` wins within one `boot` of the monitor that sends it."""

    service = "monitor"
    name = "alert"
    key = ("model_name", "version")

    model_name: str
    version: str
    boot: str
    sequence: int
    alert: AlertView


# ---------------------------------------------------------------- requests


class ListAlerts(Request[Page[AlertView]], frozen=True, kw_only=True):
    """Newest first, by when they were opened. Empty lists: no filter. `start`, `end`: opened within [start, end)."""

    service = "monitor"
    name = "alert.list"

    paging: Paging = Paging()
    model_name: str | None = None
    version: str | None = None
    rule: str | None = None
    states: list[AlertState] = []
    severities: list[Severity] = []
    start: datetime | None = None
    end: datetime | None = None
    where: Condition | None = None
    order: list[Ordering] = []


class GetAlert(Request[AlertView], frozen=True, kw_only=True):
    service = "monitor"
    name = "alert.get"

    alert_id: str


class AcknowledgeAlert(Request[Written], frozen=True, kw_only=True):
    """Refused for one that is resolved, or acknowledged by somebody already."""

    service = "monitor"
    name = "alert.acknowledge"

    alert_id: str
    note: str = ""
    idempotency_key: str | None = None


class CommentAlert(Request[Written], frozen=True, kw_only=True):
    """Also on a resolved one: what was learned belongs to it."""

    service = "monitor"
    name = "alert.comment"

    alert_id: str
    text: str
    idempotency_key: str | None = None


class ResolveAlert(Request[Written], frozen=True, kw_only=True):
    """By hand, with what was found. If the rule goes on firing, a new alert opens only after it was quiet once."""

    service = "monitor"
    name = "alert.resolve"

    alert_id: str
    reason: str
    idempotency_key: str | None = None
