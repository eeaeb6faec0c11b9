"""What leaves the product and what got stuck: webhooks of alerts and of the lifecycle, and dead letters."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from typing import Any

from dash import html

from dashboard import formats
from dashboard.components.acting import act
from dashboard.components.basics import badge, card, clipped, moment, stacking
from dashboard.components.controls import more_of, part_of
from dashboard.components.states import empty, failed
from dashboard.gateway import operations as ask
from dashboard.gateway.alert_views import DeadLetter, LifecycleWebhook, Webhook
from dashboard.site import Component, Site, Visit
from services.contracts.errors import LifecycleError, Unauthenticated

_EVENTS_SHOWN = 4
_WEBHOOKS = 12  # of each kind, at once
_STATES = {
    "DELIVERED": ("delivered", "good", "circle-check"),
    "WAITING": ("nothing sent yet", "", "clock"),
    "FAILING": ("failing", "warn", "alert-triangle"),
}


async def webhooks(site: Site, visit: Visit) -> Component:
    alerts, lifecycle = await asyncio.gather(
        _or_trouble(visit.ask(ask.WEBHOOKS)), _or_trouble(visit.ask(ask.LIFECYCLE_WEBHOOKS))
    )
    return html.Div([_alert_webhooks(alerts, site, visit), _lifecycle_webhooks(lifecycle, site, visit)])


async def _or_trouble(asked: Awaitable[Any]) -> Any:
    """The answer, or why there is none: one of two services may be away."""
    try:
        return await asked or []
    except Unauthenticated:
        raise
    except LifecycleError as error:
        return error


def _alert_webhooks(found: Sequence[Webhook] | LifecycleError, site: Site, visit: Visit) -> Component:
    title = "Webhooks of alerts"
    if isinstance(found, LifecycleError):
        return card(title, failed(found))
    add = act("webhook.set", "Add…", {}, icon_name="plus", look="small")
    if not found:
        hint = "Alerts can be sent to an address of yours, signed. Its secret is shown once, when it is made."
        return card(title, empty("No webhooks of alerts", hint, icon_name="bell"), aside=add)
    page = part_of(found, visit.state, most=_WEBHOOKS)
    rows = [
        (
            one,
            [clipped(one.model or "every model", 60), _sub(", ".join(one.severities).lower() or "every severity")],
            act("webhook.delete", "Remove…", {"webhookId": one.id}, look="small"),
        )
        for one in page.nodes
    ]
    more = more_of("webhooks", page, site.links.settings, visit.state)
    return card(title, html.Div([_table(rows, title), more]), aside=add, hint="Where alerts are sent, signed.")


def _lifecycle_webhooks(found: Sequence[LifecycleWebhook] | LifecycleError, site: Site, visit: Visit) -> Component:
    title = "Webhooks of the lifecycle"
    if isinstance(found, LifecycleError):
        return card(title, failed(found))
    add = act("lifecycle_webhook.set", "Add…", {"known": {}}, icon_name="plus", look="small")
    hint = "Versions, reviews, gates and deployments can start other machines: events are sent as they happen, signed."
    if not found:
        return card(title, empty("No webhooks of the lifecycle", hint, icon_name="webhook"), aside=add)
    rows = []
    page = part_of(found, visit.state, "after-lifecycle", _WEBHOOKS)
    for one in page.nodes:
        known = {"url": one.url, "events": ", ".join(one.events), "model": one.model, "enabled": one.enabled}
        held = {"webhookId": one.id, "expected": one.revision, "known": known}
        buttons = html.Div(
            [
                act("lifecycle_webhook.set", "Change…", held, look="small"),
                act("lifecycle_webhook.delete", "Remove…", {"webhookId": one.id}, look="small"),
            ],
            className="buttons end-buttons",
        )
        events = [html.Code(clipped(name, 60)) for name in one.events[:_EVENTS_SHOWN]]
        more = len(one.events) - _EVENTS_SHOWN
        what = [
            html.Div([*events, _sub(f"and {more} more") if more > 0 else None], className="badges")
            if events
            else "every event that can be sent",
            _sub(f"of {clipped(one.model, 60)}" if one.model else "of every model"),
        ]
        rows.append((one, what, buttons))
    more = more_of("webhooks", page, site.links.settings, visit.state, "after-lifecycle")
    return card(title, html.Div([_table(rows, title), more]), aside=add, hint=hint)


def _sub(text: str) -> Component:
    return html.Div(text, className="sub")


def _table(rows: Sequence[tuple[Webhook | LifecycleWebhook, Any, Component]], label: str) -> Component:
    head = html.Thead(
        html.Tr([html.Th(text, scope="col") for text in ("Address", "What is sent", "State")] + [html.Td()])
    )
    body = [
        html.Tr(
            [
                html.Td([html.Code(clipped(one.url, 120)), _sub(f"set up by {clipped(one.created_by, 40)}")]),
                html.Td(what),
                html.Td(_state(one)),
                html.Td(buttons, className="end"),
            ]
        )
        for one, what, buttons in rows
    ]
    return stacking(html.Table([head, html.Tbody(body)], className="table"), label, 680)


def _state(one: Webhook | LifecycleWebhook) -> list[Component]:
    look = _STATES.get(one.state, (one.state.lower(),))
    state = badge("off", "", "player-pause") if not one.enabled else badge(*look)
    notes = [
        html.Div(["last accepted ", moment(one.delivered_at)], className="sub") if one.delivered_at else None,
        _sub(clipped(one.problem, 200)) if one.problem else None,
        _sub(f"{formats.count(one.waiting)} waiting") if one.waiting else None,
    ]
    return [state, *(note for note in notes if note is not None)]


_LETTERS_HINT = (
    "Messages that their consumer can't handle. Nothing waits for them; each stays until somebody decides: again, "
    "once the reason is gone, or never."
)


async def letters(site: Site, visit: Visit) -> Component:
    registry, monitor = await asyncio.gather(
        *(_or_trouble(visit.ask(ask.DEAD_LETTERS, service=service)) for service in ("REGISTRY", "MONITOR"))
    )
    found: list[tuple[str, DeadLetter]] = []
    troubles = []
    for service, answer in (("registry", registry), ("monitor", monitor)):
        if isinstance(answer, LifecycleError):
            troubles.append(answer)
        else:
            found += [(service, one) for one in answer]
    if troubles and not found:
        return card("Dead letters", failed(troubles[0]))
    said = html.P(f"Not all of them: {clipped(troubles[0].message, 200)}", className="trouble") if troubles else None
    if not found:
        body: Component = empty("No dead letters", "Every message was handled.", icon_name="circle-check")
        return card("Dead letters", body, hint=_LETTERS_HINT)
    found.sort(key=lambda pair: pair[1].time, reverse=True)
    head = html.Thead(
        html.Tr([html.Th(text, scope="col") for text in ("What is wrong", "Message", "Put aside")] + [html.Td()])
    )
    page = part_of(found, visit.state)
    table = html.Table([head, html.Tbody([_letter(*pair) for pair in page.nodes])], className="table")
    more = more_of("dead letters", page, site.links.settings, visit.state)
    return card("Dead letters", html.Div([said, stacking(table, "Dead letters", 720), more]), hint=_LETTERS_HINT)


def _letter(service: str, one: DeadLetter) -> Component:
    held = {"id": one.id, "error": clipped(one.error, 200), "consumer": one.consumer}
    decided: Component = (
        badge("goes again" if one.decision == "retry" else "is being left out", "accent", "clock")
        if one.decision
        else html.Div(
            [
                act(f"{service}_letter.retry", "Again…", held, look="small"),
                act(f"{service}_letter.skip", "Leave out…", held, look="small"),
            ],
            className="buttons end-buttons",
        )
    )
    return html.Tr(
        [
            html.Td([clipped(one.error, 300), _sub(one.code.lower())]),
            html.Td(
                [
                    html.Code(clipped(one.subject, 120)),
                    _sub(f"for {clipped(one.consumer, 60)}, {formats.size(one.size)}"),
                ]
            ),
            html.Td(moment(one.time), className="nowrap"),
            html.Td(decided, className="end"),
        ]
    )
