"""What mutations of alerts, rules, silences and webhooks take."""

from __future__ import annotations

from datetime import datetime

import strawberry

from services.gateway.types.alerts import RuleMetric, Severity
from services.gateway.types.commands import EXPECTED_DESCRIPTION, KEY_DESCRIPTION


@strawberry.input(description="An alert that the caller takes care of.")
class AcknowledgeAlertInput:
    alert_id: str = strawberry.field(description="The alert.")
    note: str | None = strawberry.field(default=None, description="What others should know.")
    idempotency_key: str | None = strawberry.field(default=None, description=KEY_DESCRIPTION)


@strawberry.input(description="A comment to an alert, also to a resolved one.")
class CommentAlertInput:
    alert_id: str = strawberry.field(description="The alert.")
    text: str = strawberry.field(description="Markdown.")
    idempotency_key: str | None = strawberry.field(default=None, description=KEY_DESCRIPTION)


@strawberry.input(description="An alert that is over.")
class ResolveAlertInput:
    alert_id: str = strawberry.field(description="The alert.")
    reason: str = strawberry.field(description="What was found.")
    idempotency_key: str | None = strawberry.field(default=None, description=KEY_DESCRIPTION)


@strawberry.input(description="When something is worth attention; what is null has a default that suits most models.")
class AlertRuleInput:
    name: str = strawberry.field(description="Its name, unique in a version.")
    metric: RuleMetric = strawberry.field(description="What it watches.")
    severity: Severity | None = strawberry.field(
        default=None, description="How much its alerts matter; `WARNING` if unsaid."
    )
    enabled: bool | None = strawberry.field(default=None, description="Whether it is on; it is if unsaid.")
    features: list[str] | None = strawberry.field(default=None, description="Only these features.")
    except_features: list[str] | None = strawberry.field(default=None, description="Not these features.")
    measure: str | None = strawberry.field(
        default=None, description="Which figure of performance; the task's main one if unsaid."
    )
    minimum_effect: float | None = strawberry.field(
        default=None, description="The smallest change that matters, in the metric's own unit."
    )
    open_after: int | None = strawberry.field(
        default=None, description="It opens an alert after firing in so many windows in a row, 1 to 100."
    )
    resolve_after: int | None = strawberry.field(
        default=None, description="It resolves after so many quiet windows in a row, 1 to 100."
    )
    reopen_within: int | None = strawberry.field(
        default=None, description="Firing again within so many windows continues the same alert."
    )
    minimum_rows: int | None = strawberry.field(default=None, description="A window with fewer rows says nothing.")
    seconds: float | None = strawberry.field(default=None, description="Freshness: the longest time without rows.")
    windows: int | None = strawberry.field(
        default=None, description="Drift: looks at so many windows together, sliding, 1 to 90; 1 if unsaid."
    )
    request_retraining: bool | None = strawberry.field(
        default=None, description="Whether its alerts ask for a new version of the model."
    )


@strawberry.input(description="All rules of a model version.")
class SetAlertRulesInput:
    model_name: str = strawberry.field(name="model", description="The model's name.")
    version: str = strawberry.field(description="The version's number.")
    rules: list[AlertRuleInput] | None = strawberry.field(
        default=None, description="The rules; null for the built-in ones, an empty list for no alerts at all."
    )
    expected: int | None = strawberry.field(default=None, description=EXPECTED_DESCRIPTION)
    idempotency_key: str | None = strawberry.field(default=None, description=KEY_DESCRIPTION)


@strawberry.input(description="A time in which windows raise no alerts.")
class SetSilenceInput:
    start: datetime = strawberry.field(description="Its first moment, in event time.")
    end: datetime = strawberry.field(description="The first moment after it; at most 90 days later.")
    reason: str = strawberry.field(description="Why.")
    model_name: str | None = strawberry.field(
        name="model", default=None, description="Of which model; of all if unsaid."
    )
    version: str | None = strawberry.field(
        default=None, description="Of which version (needs `model`); of all if unsaid."
    )
    rule: str | None = strawberry.field(default=None, description="Of which rule; of all if unsaid.")
    idempotency_key: str | None = strawberry.field(default=None, description=KEY_DESCRIPTION)


@strawberry.input(description="A silence that is over before its time.")
class EndSilenceInput:
    silence_id: str = strawberry.field(description="The silence.")
    idempotency_key: str | None = strawberry.field(default=None, description=KEY_DESCRIPTION)


@strawberry.input(description="Where alerts are to be sent; a new one without `webhookId`.")
class SetWebhookInput:
    url: str = strawberry.field(description="The address.")
    model_name: str | None = strawberry.field(
        name="model", default=None, description="Only alerts of this model; of all if unsaid."
    )
    severities: list[Severity] | None = strawberry.field(default=None, description="Only these; all if unsaid.")
    enabled: bool | None = strawberry.field(default=None, description="Whether it is on; it is if unsaid.")
    webhook_id: str | None = strawberry.field(default=None, description="Which one to change; a new one without.")
    new_secret: bool | None = strawberry.field(default=None, description="Replaces the secret that signs what is sent.")
    idempotency_key: str | None = strawberry.field(default=None, description=KEY_DESCRIPTION)


@strawberry.input(description="A webhook that is to go, with what waits for it.")
class DeleteWebhookInput:
    webhook_id: str = strawberry.field(description="The webhook.")
    idempotency_key: str | None = strawberry.field(default=None, description=KEY_DESCRIPTION)
