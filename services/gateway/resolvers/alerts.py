"""Alerts, rules, silences and webhooks: what can be asked and changed of them."""

from __future__ import annotations

from collections.abc import Awaitable
from datetime import datetime
from typing import Annotated

import strawberry

from services.contracts import alert_rules, alert_webhooks, silences
from services.contracts import alerts as contracts
from services.contracts.errors import NotFound
from services.contracts.paging import Page
from services.gateway.conditions import condition, ordering
from services.gateway.inputs import alerts as inputs
from services.gateway.lookahead import Selected
from services.gateway.operation import Info
from services.gateway.types.alerts import Alert, AlertRules, AlertState, Severity, Silence, Webhook
from services.gateway.types.arguments import End, ModelName, SomeModelName, SomeVersionNumber, Start, VersionNumber
from services.gateway.types.commands import Outcome, Payload, WrittenPayload, commanded, plain
from services.gateway.types.fields import viewed
from services.gateway.types.limits import Size
from services.gateway.types.list_filters import AlertFilter
from services.gateway.types.list_orders import AlertOrder
from services.gateway.types.node import reads
from services.gateway.types.operation_lists import SilenceFilter, SilenceOrder, WebhookFilter, WebhookOrder
from services.gateway.types.paging import After, Before, Connection, First, Last, Sort, Where, paging
from services.gateway.whole import attributes, kept

_OF_WEBHOOKS = attributes(
    "url", "model_name", "severities", "enabled", "state", "waiting", "created_by", "created_at", "delivered_at"
)


async def _alerts(
    info: Info,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
    model: SomeModelName = None,
    version: SomeVersionNumber = None,
    rule: Annotated[str | None, strawberry.argument(description="Only of this rule.")] = None,
    states: Annotated[list[AlertState] | None, strawberry.argument(description="Only in one of these states.")] = None,
    severities: Annotated[list[Severity] | None, strawberry.argument(description="Only of these severities.")] = None,
    start: Start = None,
    end: End = None,
    where: Where[AlertFilter] = None,
    sort: Sort[AlertOrder] = None,
) -> Page[contracts.AlertView]:
    return await info.context.ask(
        contracts.ListAlerts(
            where=condition(where),
            order=ordering(sort),
            paging=paging(first, after, last, before, Selected.of(info)),
            model_name=model,
            version=version,
            rule=rule,
            states=plain(states, list[contracts.AlertState]),
            severities=plain(severities, list[contracts.Severity]),
            start=start,
            end=end,
        )
    )


async def _alert(
    info: Info, id_: Annotated[str, strawberry.argument(name="id", description="Its `alertId`.")]
) -> contracts.AlertView | None:
    try:
        return await info.context.ask(contracts.GetAlert(alert_id=id_))
    except NotFound:
        return None


async def _rules(info: Info, model: ModelName, version: VersionNumber) -> alert_rules.AlertRulesView:
    return await info.context.ask(alert_rules.GetAlertRules(model_name=model, version=version))


async def _silences(
    info: Info,
    model: SomeModelName = None,
    active_at: Annotated[
        datetime | None, strawberry.argument(description="Only those in force at this moment of event time.")
    ] = None,
) -> list[silences.SilenceView]:
    return await info.context.ask(silences.ListSilences(model_name=model, active_at=active_at))


async def _silences_by_page(
    info: Info,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
    model: Annotated[str | None, strawberry.argument(description="Only those that concern this model.")] = None,
    active_at: Annotated[
        datetime | None, strawberry.argument(description="Only those in force at this moment of event time.")
    ] = None,
    where: Where[SilenceFilter] = None,
    sort: Sort[SilenceOrder] = None,
) -> Page[silences.SilenceView]:
    return await info.context.ask(
        silences.ListSilencesByPage(
            paging=paging(first, after, last, before, Selected.of(info)),
            model_name=model,
            active_at=active_at,
            where=condition(where),
            order=ordering(sort),
        )
    )


async def _webhooks(
    info: Info,
    where: Where[WebhookFilter] = None,
    sort: Sort[WebhookOrder] = None,
) -> list[alert_webhooks.WebhookView]:
    found = await info.context.ask(alert_webhooks.ListWebhooks())
    return kept(found, condition(where), ordering(sort), _OF_WEBHOOKS)


@strawberry.type
class AlertQueries:
    """What can be asked."""

    alerts: Connection[Alert] | None = viewed(
        resolver=_alerts, size=Size(asks=True), description="Alerts, the newest first, by when they were opened."
    )
    alert: Alert | None = viewed(resolver=_alert, description="One alert.")
    alert_rules: AlertRules | None = viewed(resolver=_rules, description="The rules in force for a model version.")
    alert_silences: Connection[Silence] | None = viewed(
        resolver=_silences_by_page, size=Size(asks=True), description="Silences, newest first, those that are over too."
    )
    silences: list[Silence] | None = viewed(
        resolver=_silences,
        size=Size(otherwise=50),
        description="Silences, newest first, at most 200.",
        deprecated="It ends after 200: use `alertSilences`, which has pages, filters and orders.",
    )
    webhooks: list[Webhook] | None = viewed(
        resolver=_webhooks, size=Size(otherwise=20), description="Where alerts are sent."
    )


def _changed_alert(parent: strawberry.Parent[Outcome], info: Info) -> Awaitable[contracts.AlertView | None] | None:
    if parent.answer is None or parent.request is None:
        return None
    return _alert(info, parent.request.alert_id)  # type: ignore[attr-defined]  # every request about an alert has it


@strawberry.type(description="What a change of an alert did.")
class AlertPayload(WrittenPayload):
    is_type_of = reads(Outcome)

    alert: Alert | None = viewed(resolver=_changed_alert, description="The alert now; null if there were errors.")


def _changed_rules(parent: strawberry.Parent[Outcome], info: Info) -> Awaitable[alert_rules.AlertRulesView] | None:
    request = parent.request
    if parent.answer is None or not isinstance(request, alert_rules.SetAlertRules):
        return None
    return _rules(info, request.model_name, request.version)


@strawberry.type(description="What setting rules did.")
class AlertRulesPayload(WrittenPayload):
    is_type_of = reads(Outcome)

    alert_rules: AlertRules | None = viewed(
        resolver=_changed_rules, description="The rules now; null if there were errors."
    )


@strawberry.type(description="What a change of a silence did.")
class SilencePayload(WrittenPayload):
    is_type_of = reads(Outcome)


def _secret(parent: strawberry.Parent[Outcome]) -> str | None:
    return parent.answer.secret if isinstance(parent.answer, alert_webhooks.WebhookWritten) else None


def _webhook_id(parent: strawberry.Parent[Outcome]) -> str | None:
    return parent.answer.id if isinstance(parent.answer, alert_webhooks.WebhookWritten) else None


@strawberry.type(description="What a change of a webhook did.")
class WebhookPayload(Payload):
    is_type_of = reads(Outcome)

    changed_id: str | None = viewed(
        resolver=_webhook_id, description="The webhook's id; null if there were errors or it was deleted."
    )
    secret: str | None = viewed(resolver=_secret, description="Signs what is sent; shown only once, when it is new.")


@strawberry.type
class AlertMutations:
    """What can be changed."""

    acknowledge_alert: AlertPayload = commanded(
        inputs.AcknowledgeAlertInput, contracts.AcknowledgeAlert, "Says that the caller takes care of an alert."
    )
    comment_alert: AlertPayload = commanded(
        inputs.CommentAlertInput, contracts.CommentAlert, "Says something to an alert."
    )
    resolve_alert: AlertPayload = commanded(
        inputs.ResolveAlertInput, contracts.ResolveAlert, "Ends an alert, with what was found."
    )
    set_alert_rules: AlertRulesPayload = commanded(
        inputs.SetAlertRulesInput, alert_rules.SetAlertRules, "Replaces all rules of a model version."
    )
    set_silence: SilencePayload = commanded(
        inputs.SetSilenceInput, silences.SetSilence, "Keeps windows of a time from raising alerts."
    )
    end_silence: SilencePayload = commanded(
        inputs.EndSilenceInput, silences.EndSilence, "Ends a silence before its time."
    )
    set_webhook: WebhookPayload = commanded(
        inputs.SetWebhookInput, alert_webhooks.SetWebhook, "Adds or changes an address that alerts are sent to."
    )
    delete_webhook: WebhookPayload = commanded(
        inputs.DeleteWebhookInput, alert_webhooks.DeleteWebhook, "Removes an address that alerts are sent to."
    )
