"""Alerts on model versions: what the monitor says, answers and shows of them, their rules, silences and webhooks."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from services.contracts.base import Done, Event, LiveUpdate, Message, Request
from services.contracts.paging import Page, Paging
from services.contracts.written import Written

Severity = Literal["info", "warning", "critical"]
AlertState = Literal["open", "acknowledged", "resolved"]
Resolution = Literal["by_itself", "by_hand", "rule_removed"]
RuleMetric = Literal[
    "feature_drift",
    "prediction_drift",
    "performance",
    "estimated_performance",
    "missing",
    "unseen",
    "out_of_range",
    "type_errors",
    "volume",
    "freshness",
]
WebhookState = Literal["waiting", "delivered", "failing"]

MAX_TEXT = 10_000
"""Characters of a comment, note or reason."""
MAX_RULES = 50
"""Rules of one model version."""
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


class AlertRulesSet(Event, frozen=True, kw_only=True):
    """`default`: the built-in rules are in force again."""

    service = "monitor"
    aggregate = "alert_rules"
    name = "set"
    key = ("model_name", "version")

    model_name: str
    version: str
    rules: list[str]
    default: bool
    by: str


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


# ---------------------------------------------------------------- views


class AlertRule(Message, frozen=True, kw_only=True):
    """When something is worth somebody's attention. What is None or empty has a default that suits most models.

    `name` is unique in a version. `features`: only these; `except_features`: not these (feature metrics only).
    `measure`: which figure of performance (`roc_auc`, `accuracy`, `f1`, `mae`, …); None: the task's main one.
    `minimum_effect`: the smallest change that matters, in the metric's own unit (see the guide). Whatever it is, a
    change that chance explains never fires. `open_after`, `resolve_after`: so many windows in a row, 1 to 100.
    `reopen_within`: firing again within so many windows continues the same alert; each time doubles how long it must
    then be quiet to resolve, up to 30 windows. `minimum_rows`: a window with fewer
    says nothing. `seconds`: freshness only, the longest time without rows. `request_retraining`: asks for it when the
    alert opens.
    """

    name: str
    metric: RuleMetric
    severity: Severity = "warning"
    enabled: bool = True
    features: list[str] = []
    except_features: list[str] = []
    measure: str | None = None
    minimum_effect: float | None = None
    open_after: int = 2
    resolve_after: int = 3
    reopen_within: int = 7
    minimum_rows: int = 30
    seconds: float | None = None
    request_retraining: bool = False


class AlertRulesView(Message, frozen=True, kw_only=True):
    """The rules in force. `default`: nobody has set any, these are the built-in ones. `revision` 0: never set."""

    model_name: str
    version: str
    rules: list[AlertRule]
    default: bool
    revision: int
    set_by: str | None = None
    set_at: datetime | None = None


class AlertWindow(Message, frozen=True, kw_only=True):
    """One closed window of the alert's life. `value`: the leading cause's figure there, None when it was quiet."""

    start: datetime
    end: datetime
    firing: bool
    value: float | None = None


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


class WebhookView(Message, frozen=True, kw_only=True):
    """Where alerts are sent. `waiting`: deliveries not yet accepted; `problem`: of the newest attempt that failed."""

    id: str
    revision: int
    url: str
    model_name: str | None
    severities: list[Severity]
    enabled: bool
    created_by: str
    created_at: datetime
    state: WebhookState
    waiting: int = 0
    delivered_at: datetime | None = None
    problem: str | None = None


class WebhookWritten(Message, frozen=True, kw_only=True):
    """`secret` signs what is sent; it is shown this once, when it is new."""

    id: str
    revision: int
    secret: str | None = None


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


class GetAlertRules(Request[AlertRulesView], frozen=True, kw_only=True):
    service = "monitor"
    name = "alert_rules.get"

    model_name: str
    version: str


class SetAlertRules(Request[Written], frozen=True, kw_only=True):
    """Replaces all rules of a version. None: the built-in ones again; []: no alerts. `expected`: the revision seen.

    An open alert whose rule is gone or disabled resolves.
    """

    service = "monitor"
    name = "alert_rules.set"

    model_name: str
    version: str
    rules: list[AlertRule] | None
    expected: int | None = None
    idempotency_key: str | None = None


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


class SetWebhook(Request[WebhookWritten], frozen=True, kw_only=True):
    """A new one without an id. `severities` empty: all; `model_name` None: all models. `new_secret`: replaces the
    secret of an existing one. What is sent and how it is signed stands in the guide."""

    service = "monitor"
    name = "webhook.set"

    url: str
    model_name: str | None = None
    severities: list[Severity] = []
    enabled: bool = True
    webhook_id: str | None = None
    new_secret: bool = False
    idempotency_key: str | None = None


class DeleteWebhook(Request[Done], frozen=True, kw_only=True):
    """What waits for it is dropped."""

    service = "monitor"
    name = "webhook.delete"

    webhook_id: str
    idempotency_key: str | None = None


class ListWebhooks(Request[list[WebhookView]], frozen=True, kw_only=True):
    service = "monitor"
    name = "webhook.list"
