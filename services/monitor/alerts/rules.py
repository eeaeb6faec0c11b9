"""The life of an alert: opened, seen again, acknowledged, commented, resolved; each step with its event."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

from services.contracts.alert_rules import AlertRule
from services.contracts.alerts import (
    MAX_CAUSES,
    MAX_TEXT,
    MAX_WINDOWS_SHOWN,
    AlertAcknowledged,
    AlertCause,
    AlertCommented,
    AlertCommentView,
    AlertOpened,
    AlertReopened,
    AlertResolved,
    AlertState,
    AlertView,
    AlertWindow,
    Resolution,
    RetrainingRequested,
    RuleMetric,
    Severity,
)
from services.contracts.errors import Invalid, NotAllowedNow

MOST_COMMENTS = 500
BY_ITSELF = "monitor"
"""Who resolved an alert that nobody resolved."""


class Comment(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    by: str
    text: str
    at: datetime


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """A window of the alert's life, in ms. What fired is said of the leading cause; former versions kept its value."""

    start: int
    end: int
    firing: bool
    value: float | None = None
    figure: str | None = None
    limit: float | None = None


class Alert(msgspec.Struct, frozen=True, kw_only=True):
    """A document that changes by compare-and-set on its revision `r`; `v` is the number of its newest event.

    `since`: when it was opened, or reopened last. `opened_ms` is for filtering.
    """

    id: str = msgspec.field(name="_id")
    v: int
    r: int = 1
    model_name: str
    version: str
    rule: str
    metric: RuleMetric
    severity: Severity
    state: AlertState
    title: str
    opened_at: datetime
    opened_ms: int
    since: datetime
    updated_at: datetime
    first_ms: int
    last_ms: int
    windows: list[Shown]
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
    comments: list[Comment] = []


class Span(msgspec.Struct, frozen=True):
    """A window [start, end) in ms."""

    start: int
    end: int


def opened(
    alert_id: str,
    model_name: str,
    version: str,
    rule: AlertRule,
    window: Span,
    first_ms: int,
    title: str,
    causes: Sequence[AlertCause],
    next_step: str,
    now: datetime,
) -> tuple[Alert, list[AlertOpened | RetrainingRequested]]:
    """A new alert, and what is told: at most one request for retraining comes with it."""
    causes = list(causes[:MAX_CAUSES])
    told: list[AlertOpened | RetrainingRequested] = [
        AlertOpened(
            alert_id=alert_id,
            model_name=model_name,
            version=version,
            rule=rule.name,
            metric=rule.metric,
            severity=rule.severity,
            title=title,
            window_start=moment(window.start),
            window_end=moment(window.end),
            causes=causes,
            next_step=next_step,
        )
    ]
    if rule.request_retraining:
        told.append(
            RetrainingRequested(
                alert_id=alert_id,
                model_name=model_name,
                version=version,
                rule=rule.name,
                metric=rule.metric,
                severity=rule.severity,
                reason=title,
                causes=causes,
                window_start=moment(window.start),
                window_end=moment(window.end),
            )
        )
    alert = Alert(
        id=alert_id,
        v=len(told),
        model_name=model_name,
        version=version,
        rule=rule.name,
        metric=rule.metric,
        severity=rule.severity,
        state="open",
        title=title,
        opened_at=now,
        opened_ms=int(now.timestamp() * 1000),
        since=now,
        updated_at=now,
        first_ms=first_ms,
        last_ms=window.start,
        windows=[_shown(window, causes)],
        causes=causes,
        next_step=next_step,
        retraining_requested_at=now if rule.request_retraining else None,
    )
    return alert, told


def seen(alert: Alert, window: Span, title: str, causes: Sequence[AlertCause], next_step: str, now: datetime) -> Alert:
    """It fires in one more window."""
    causes = list(causes[:MAX_CAUSES])
    return msgspec.structs.replace(
        alert,
        title=title,
        causes=causes,
        next_step=next_step,
        last_ms=window.start,
        updated_at=now,
        windows=_with(alert, _shown(window, causes)),
    )


def quiet(alert: Alert, window: Span, now: datetime) -> Alert:
    """One more window, in which it doesn't fire."""
    return msgspec.structs.replace(
        alert, updated_at=now, windows=_with(alert, Shown(start=window.start, end=window.end, firing=False))
    )


def reopened(
    alert: Alert, window: Span, title: str, causes: Sequence[AlertCause], next_step: str, now: datetime
) -> tuple[Alert, AlertReopened]:
    """It comes back: whoever acknowledged it before has to look again."""
    after = msgspec.structs.replace(
        seen(alert, window, title, causes, next_step, now),
        v=alert.v + 1,
        state="open",
        since=now,
        reopened=alert.reopened + 1,
        acknowledged_by=None,
        acknowledged_at=None,
        acknowledge_note="",
        resolved_by=None,
        resolved_at=None,
        resolution=None,
        resolve_reason="",
    )
    return after, AlertReopened(
        alert_id=alert.id,
        model_name=alert.model_name,
        version=alert.version,
        rule=alert.rule,
        severity=alert.severity,
        window_start=moment(window.start),
        window_end=moment(window.end),
        causes=after.causes,
        times=after.reopened,
    )


def acknowledged(alert: Alert, note: str, by: str, now: datetime) -> tuple[Alert, AlertAcknowledged]:
    """Raises NotAllowedNow unless it is open."""
    _check_text(note, "note")
    if alert.state == "acknowledged":
        raise NotAllowedNow(
            f"{alert.acknowledged_by} has acknowledged this alert already",
            code="ALREADY_ACKNOWLEDGED",
            fix="Comment on it, or resolve it.",
        )
    _check_unresolved(alert)
    after = msgspec.structs.replace(
        alert,
        v=alert.v + 1,
        state="acknowledged",
        acknowledged_by=by,
        acknowledged_at=now,
        acknowledge_note=note,
        updated_at=now,
    )
    return after, AlertAcknowledged(
        alert_id=alert.id,
        model_name=alert.model_name,
        version=alert.version,
        rule=alert.rule,
        note=note,
        by=by,
        after_seconds=_seconds(alert.since, now),
    )


def commented(alert: Alert, comment_id: str, text: str, by: str, now: datetime) -> tuple[Alert, AlertCommented]:
    if not text.strip():
        raise Invalid("a comment needs a text", field="text")
    _check_text(text, "text")
    if len(alert.comments) >= MOST_COMMENTS:
        raise Invalid(f"an alert takes {MOST_COMMENTS} comments", code="TOO_MANY_COMMENTS", field="text")
    comment = Comment(id=comment_id, by=by, text=text, at=now)
    after = msgspec.structs.replace(alert, v=alert.v + 1, comments=[*alert.comments, comment], updated_at=now)
    return after, AlertCommented(
        alert_id=alert.id,
        model_name=alert.model_name,
        version=alert.version,
        comment_id=comment_id,
        text=text,
        by=by,
    )


def resolved(
    alert: Alert, resolution: Resolution, reason: str, by: str, now: datetime, window: Span | None = None
) -> tuple[Alert, AlertResolved]:
    """`window`: the quiet one that ended it. Raises NotAllowedNow when it is resolved already."""
    _check_unresolved(alert)
    if resolution == "by_hand":
        if not reason.strip():
            raise Invalid("say what was found, or what was done", field="reason")
        _check_text(reason, "reason")
    before = alert if window is None else quiet(alert, window, now)
    after = msgspec.structs.replace(
        before,
        v=alert.v + 1,
        state="resolved",
        resolved_by=by,
        resolved_at=now,
        resolution=resolution,
        resolve_reason=reason,
        updated_at=now,
    )
    return after, AlertResolved(
        alert_id=alert.id,
        model_name=alert.model_name,
        version=alert.version,
        rule=alert.rule,
        severity=alert.severity,
        resolution=resolution,
        reason=reason,
        by=by,
        after_seconds=_seconds(alert.since, now),
    )


def view(alert: Alert) -> AlertView:
    return AlertView(
        id=alert.id,
        revision=alert.r,
        model_name=alert.model_name,
        version=alert.version,
        rule=alert.rule,
        metric=alert.metric,
        severity=alert.severity,
        state=alert.state,
        title=alert.title,
        opened_at=alert.opened_at,
        updated_at=alert.updated_at,
        first_window=moment(alert.first_ms),
        last_window=moment(alert.last_ms),
        windows=[
            AlertWindow(
                start=moment(w.start), end=moment(w.end), firing=w.firing, value=w.value, figure=w.figure, limit=w.limit
            )
            for w in alert.windows
        ],
        causes=alert.causes,
        next_step=alert.next_step,
        reopened=alert.reopened,
        acknowledged_by=alert.acknowledged_by,
        acknowledged_at=alert.acknowledged_at,
        acknowledge_note=alert.acknowledge_note,
        resolved_by=alert.resolved_by,
        resolved_at=alert.resolved_at,
        resolution=alert.resolution,
        resolve_reason=alert.resolve_reason,
        retraining_requested_at=alert.retraining_requested_at,
        comments=[AlertCommentView(id=c.id, by=c.by, text=c.text, at=c.at) for c in alert.comments],
    )


def moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def _shown(window: Span, causes: Sequence[AlertCause]) -> Shown:
    shown = Shown(start=window.start, end=window.end, firing=True)
    if not causes:
        return shown
    leading = causes[0]
    return msgspec.structs.replace(shown, value=leading.value, figure=leading.figure, limit=leading.limit)


def _with(alert: Alert, window: Shown) -> list[Shown]:
    return [*alert.windows, window][-MAX_WINDOWS_SHOWN:]


def _check_unresolved(alert: Alert) -> None:
    if alert.state == "resolved":
        raise NotAllowedNow("this alert is resolved", code="ALREADY_RESOLVED", fix="Comment on it instead.")


def _check_text(text: str, field: str) -> None:
    if len(text) > MAX_TEXT:
        raise Invalid(f"at most {MAX_TEXT} characters", code="TOO_LONG", field=field)


def _seconds(start: datetime, now: datetime) -> float:
    return max(0.0, (now - start).total_seconds())
