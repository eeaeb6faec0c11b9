"""What is worth somebody's attention: alerts, their rules, silences and webhooks."""

from __future__ import annotations

from datetime import datetime
from enum import Enum

import strawberry
from strawberry import enum_value

from services.contracts import alert_rules, alert_webhooks, silences
from services.contracts import alerts as contracts
from services.gateway.ids import global_id
from services.gateway.types.about import AboutVersion
from services.gateway.types.fields import viewed
from services.gateway.types.limits import KEY, Size
from services.gateway.types.node import ID_DESCRIPTION, Node, reads
from services.gateway.types.values import same


@strawberry.enum(description="How much an alert matters.")
class Severity(Enum):
    INFO = enum_value("info", description="Worth knowing.")
    WARNING = enum_value("warning", description="Somebody should look soon.")
    CRITICAL = enum_value("critical", description="Somebody should look now.")


@strawberry.enum(description="Where an alert stands.")
class AlertState(Enum):
    OPEN = enum_value("open", description="Nobody has taken it yet.")
    ACKNOWLEDGED = enum_value("acknowledged", description="Somebody takes care.")
    RESOLVED = enum_value("resolved", description="It is over.")


@strawberry.enum(description="How an alert ended.")
class Resolution(Enum):
    BY_ITSELF = enum_value("by_itself", description="After enough quiet windows.")
    BY_HAND = enum_value("by_hand", description="Somebody said so.")
    RULE_REMOVED = enum_value("rule_removed", description="Its rule is no more.")


@strawberry.enum(description="What a rule watches.")
class RuleMetric(Enum):
    FEATURE_DRIFT = enum_value("feature_drift", description="Features against the reference.")
    PREDICTION_DRIFT = enum_value("prediction_drift", description="The model's output against the reference.")
    MULTIVARIATE_DRIFT = enum_value("multivariate_drift", description="How features hang together.")
    PERFORMANCE = enum_value("performance", description="Figures over rows with labels.")
    ESTIMATED_PERFORMANCE = enum_value("estimated_performance", description="Figures estimated without labels.")
    MISSING = enum_value("missing", description="Shares of missing values.")
    UNSEEN = enum_value("unseen", description="Shares of categories that the reference doesn't know.")
    OUT_OF_RANGE = enum_value("out_of_range", description="Shares outside the reference's extremes.")
    TYPE_ERRORS = enum_value("type_errors", description="Values of the wrong type.")
    VOLUME = enum_value("volume", description="How many rows come.")
    FRESHNESS = enum_value("freshness", description="How long no rows have come.")


@strawberry.enum(description="How deliveries to a webhook go.")
class WebhookState(Enum):
    WAITING = enum_value("waiting", description="Nothing has been delivered yet.")
    DELIVERED = enum_value("delivered", description="The newest delivery was accepted.")
    FAILING = enum_value("failing", description="The newest attempt failed; it is tried again.")


@strawberry.type(description="One reason for an alert, with its figure.")
class AlertCause:
    is_type_of = reads(contracts.AlertCause)

    subject: str = strawberry.field(description="A feature, `prediction`, a measure such as `roc_auc`, or `rows`.")
    figure: str = strawberry.field(description="Which figure, such as `psi`.")
    value: float = strawberry.field(description="The figure.")
    limit: float | None = strawberry.field(description="What it is compared with.")
    expected: float | None = strawberry.field(description="What the reference, or the usual, has.")
    text: str = strawberry.field(description="All of that in words.")


@strawberry.type(description="One closed window of an alert's life.")
class AlertWindow:
    is_type_of = reads(contracts.AlertWindow)

    start: datetime = strawberry.field(description="The first moment in it.")
    end: datetime = strawberry.field(description="The first moment after it.")
    firing: bool = strawberry.field(description="Whether the rule fired.")
    value: float | None = strawberry.field(description="The leading cause's figure; null when it was quiet.")
    figure: str | None = strawberry.field(description="Which figure that is, such as `psi`; null when it was quiet.")
    limit: float | None = strawberry.field(description="What it is compared with there.")


@strawberry.type(description="What somebody said to an alert.")
class AlertComment:
    is_type_of = reads(contracts.AlertCommentView)

    id: str = strawberry.field(description="Its id.")
    by: str = strawberry.field(description="Who said it.")
    text: str = strawberry.field(description="Markdown as it was written.")
    at: datetime = strawberry.field(description="When.")


def _alert_id(parent: strawberry.Parent[contracts.AlertView]) -> strawberry.ID:
    return strawberry.ID(global_id("Alert", parent.id))


@strawberry.type(description="A rule that fired in enough windows in a row, until it is resolved.")
class Alert(AboutVersion, Node):
    is_type_of = reads(contracts.AlertView)

    id: strawberry.ID = viewed(resolver=_alert_id, description=ID_DESCRIPTION)
    alert_id: str = viewed(resolver=same("id"), description="The id that mutations and arguments take.")
    revision: int = strawberry.field(description="Counts its changes.")
    model_name: str = strawberry.field(name="model", description="The model's name.")
    version: str = strawberry.field(description="The version's number.")
    rule: str = strawberry.field(description="Name of the rule that fired.")
    metric: RuleMetric = strawberry.field(description="What the rule watches.")
    severity: Severity = strawberry.field(description="How much it matters.")
    state: AlertState = strawberry.field(description="Where it stands.")
    title: str = strawberry.field(description="What it is, in a line.")
    opened_at: datetime = strawberry.field(description="When it was opened, by the clock.")
    updated_at: datetime = strawberry.field(description="When it last changed, by the clock.")
    first_window: datetime = strawberry.field(description="Start of the first window that fired, in event time.")
    last_window: datetime = strawberry.field(description="Start of the newest window that fired, in event time.")
    windows: list[AlertWindow] = strawberry.field(
        metadata={KEY: Size(otherwise=30)}, description="Windows of its life, the newest last."
    )
    causes: list[AlertCause] = strawberry.field(
        metadata={KEY: Size(otherwise=5)}, description="Why, the largest first, in the newest window that fired."
    )
    next_step: str = strawberry.field(description="What to do next.")
    reopened: int = strawberry.field(description="How often it came back.")
    acknowledged_by: str | None = strawberry.field(description="Who takes care.")
    acknowledged_at: datetime | None = strawberry.field(description="Since when.")
    acknowledge_note: str = strawberry.field(description="What they said.")
    resolved_by: str | None = strawberry.field(description="Who resolved it; `monitor` when it resolved by itself.")
    resolved_at: datetime | None = strawberry.field(description="When.")
    resolution: Resolution | None = strawberry.field(description="How it ended.")
    resolve_reason: str = strawberry.field(description="What was found.")
    retraining_requested_at: datetime | None = strawberry.field(
        description="When it asked for a new version of the model."
    )
    comments: list[AlertComment] = strawberry.field(
        metadata={KEY: Size(otherwise=10)}, description="What was said, oldest first."
    )


@strawberry.type(description="When something is worth attention. A change that chance explains never fires.")
class AlertRule:
    is_type_of = reads(alert_rules.AlertRule)

    name: str = strawberry.field(description="Its name, unique in a version.")
    metric: RuleMetric = strawberry.field(description="What it watches.")
    severity: Severity = strawberry.field(description="How much its alerts matter.")
    enabled: bool = strawberry.field(description="Whether it is on.")
    features: list[str] = strawberry.field(description="Only these features; all if empty.")
    except_features: list[str] = strawberry.field(description="Not these features.")
    measure: str | None = strawberry.field(description="Which figure of performance; null for the task's main one.")
    minimum_effect: float | None = strawberry.field(
        description="The smallest change that matters, in the metric's own unit; null for a sensible one."
    )
    open_after: int = strawberry.field(description="It opens an alert after firing in so many windows in a row.")
    resolve_after: int = strawberry.field(description="It resolves after so many quiet windows in a row.")
    reopen_within: int = strawberry.field(description="Firing again within so many windows continues the same alert.")
    minimum_rows: int = strawberry.field(description="A window with fewer rows says nothing.")
    seconds: float | None = strawberry.field(description="Freshness: the longest time without rows.")
    windows: int = strawberry.field(description="So many windows are looked at together, sliding; 1: each by itself.")
    request_retraining: bool = strawberry.field(description="Whether its alerts ask for a new version of the model.")


@strawberry.type(description="The rules in force for a model version.")
class AlertRules:
    is_type_of = reads(alert_rules.AlertRulesView)

    model_name: str = strawberry.field(name="model", description="The model's name.")
    version: str = strawberry.field(description="The version's number.")
    rules: list[AlertRule] = strawberry.field(metadata={KEY: Size(otherwise=10)}, description="The rules.")
    default: bool = strawberry.field(description="Whether these are the built-in ones: nobody has set any.")
    revision: int = strawberry.field(
        description="Counts their changes: the one to name as `expected` when setting them; 0 if never set."
    )
    set_by: str | None = strawberry.field(description="Who set them.")
    set_at: datetime | None = strawberry.field(description="When.")


@strawberry.type(description="Maintenance: windows that overlap it neither open, continue nor resolve alerts.")
class Silence:
    is_type_of = reads(silences.SilenceView)

    id: str = strawberry.field(description="Its id.")
    revision: int = strawberry.field(description="Counts its changes.")
    model_name: str | None = strawberry.field(name="model", description="Of which model; null for all.")
    version: str | None = strawberry.field(description="Of which version; null for all.")
    rule: str | None = strawberry.field(description="Of which rule; null for all.")
    start: datetime = strawberry.field(description="Its first moment, in event time.")
    end: datetime = strawberry.field(description="The first moment after it.")
    reason: str = strawberry.field(description="Why.")
    by: str = strawberry.field(description="Who set it.")
    created_at: datetime = strawberry.field(description="When it was set.")
    ended_by: str | None = strawberry.field(description="Who ended it before its time.")


@strawberry.type(description="Where alerts are sent.")
class Webhook:
    is_type_of = reads(alert_webhooks.WebhookView)

    id: str = strawberry.field(description="Its id.")
    revision: int = strawberry.field(description="Counts its changes.")
    url: str = strawberry.field(description="The address.")
    model_name: str | None = strawberry.field(name="model", description="Only alerts of this model; null for all.")
    severities: list[Severity] = strawberry.field(description="Only these; all if empty.")
    enabled: bool = strawberry.field(description="Whether it is on.")
    created_by: str = strawberry.field(description="Who set it up.")
    created_at: datetime = strawberry.field(description="When.")
    state: WebhookState = strawberry.field(description="How deliveries go.")
    waiting: int = strawberry.field(description="Deliveries that aren't accepted yet.")
    delivered_at: datetime | None = strawberry.field(description="When one was last accepted.")
    problem: str | None = strawberry.field(description="Why the newest attempt failed.")


@strawberry.type(description="The newest state of an alert.")
class AlertMoved:
    is_type_of = reads(contracts.AlertMoved)

    model_name: str = strawberry.field(name="model", description="The model's name.")
    version: str = strawberry.field(description="The version's number.")
    boot: str = strawberry.field(description="The life of the monitor process that says so.")
    sequence: int = strawberry.field(description="Grows within one `boot`: a smaller one is older.")
    alert: Alert = strawberry.field(description="The alert.")
