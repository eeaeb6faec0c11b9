"""What the gateway answers about alerts, their rules, silences, webhooks and tokens."""

from __future__ import annotations

from datetime import datetime

from dashboard.gateway.views import View


class AlertCause(View, frozen=True, kw_only=True):
    subject: str
    figure: str
    value: float
    limit: float | None = None
    expected: float | None = None
    text: str


class AlertWindow(View, frozen=True, kw_only=True):
    start: datetime
    end: datetime
    firing: bool
    value: float | None = None
    figure: str | None = None
    limit: float | None = None


class AlertComment(View, frozen=True, kw_only=True):
    id: str
    by: str
    text: str
    at: datetime


class AlertRow(View, frozen=True, kw_only=True):
    alert_id: str
    model: str
    version: str
    rule: str
    metric: str
    severity: str
    state: str
    title: str
    opened_at: datetime
    updated_at: datetime
    first_window: datetime
    last_window: datetime
    causes: list[AlertCause] = []
    acknowledged_by: str | None = None
    resolved_at: datetime | None = None
    reopened: int = 0


class Alert(AlertRow, frozen=True, kw_only=True):
    """One alert with all that is known of it."""

    revision: int
    windows: list[AlertWindow] = []
    next_step: str = ""
    acknowledged_at: datetime | None = None
    acknowledge_note: str = ""
    resolved_by: str | None = None
    resolution: str | None = None
    resolve_reason: str = ""
    retraining_requested_at: datetime | None = None
    comments: list[AlertComment] = []


class AlertRule(View, frozen=True, kw_only=True):
    name: str
    metric: str
    severity: str
    enabled: bool = True
    features: list[str] = []
    except_features: list[str] = []
    measure: str | None = None
    minimum_effect: float | None = None
    open_after: int = 2
    resolve_after: int = 2
    reopen_within: int = 5
    minimum_rows: int = 30
    seconds: float | None = None
    windows: int = 1
    request_retraining: bool = False


class AlertRules(View, frozen=True, kw_only=True):
    rules: list[AlertRule] = []
    default: bool = True
    revision: int = 0
    set_by: str | None = None
    set_at: datetime | None = None


class Silence(View, frozen=True, kw_only=True):
    id: str
    revision: int
    model: str | None = None
    version: str | None = None
    rule: str | None = None
    start: datetime
    end: datetime
    reason: str
    by: str
    created_at: datetime
    ended_by: str | None = None


class Webhook(View, frozen=True, kw_only=True):
    id: str
    url: str
    model: str | None = None
    severities: list[str] = []
    enabled: bool
    created_by: str
    state: str
    waiting: int = 0
    delivered_at: datetime | None = None
    problem: str | None = None


class LifecycleWebhook(View, frozen=True, kw_only=True):
    """`events`: types of events, or beginnings of types; all that can be sent if empty."""

    id: str
    revision: int
    url: str
    events: list[str] = []
    model: str | None = None
    enabled: bool
    created_by: str
    state: str
    waiting: int = 0
    delivered_at: datetime | None = None
    problem: str | None = None


class DeadLetter(View, frozen=True, kw_only=True):
    """`size` in bytes; `decision`: `retry` or `skip` until the consumer has done so."""

    id: str
    consumer: str
    subject: str
    code: str
    error: str
    size: int
    time: datetime
    decision: str | None = None


class Token(View, frozen=True, kw_only=True):
    """Without its secret, which is shown once."""

    id: str
    user: str
    role: str
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    note: str = ""
