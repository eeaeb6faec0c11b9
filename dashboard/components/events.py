"""The stream of facts as a list: what happened, to what, by whom, when."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from dash import html

from dashboard.components.basics import clipped, icon, link, moment, wild
from dashboard.components.states import empty
from dashboard.gateway.views import EventView
from dashboard.links import Links
from dashboard.site import Component

_ICONS = {
    "run": "flask",
    "experiment": "flask",
    "registered_model": "cube",
    "model_version": "versions",
    "logged_model": "cube",
    "monitored_version": "activity",
    "artifact": "database",
    "token": "user",
}
_TONES = {"ended": "good", "alias_set": "accent", "registered": "accent", "reference_set": "accent"}


def feed(events: Sequence[EventView], links: Links, now: datetime) -> Component:
    """Newest first."""
    if not events:
        return empty(
            "Nothing has happened yet",
            "Runs, registered versions and monitoring windows show up here the moment they happen.",
            icon_name="bolt",
        )
    return html.Ol([_item(event, links, now) for event in events], className="feed")


def _item(event: EventView, links: Links, now: datetime) -> Component:
    href = address(event, links)
    text = clipped(event.summary or event.type, 160)
    name = event.type.split(".")[-2] if event.type.count(".") >= 2 else event.type
    tone = "bad" if "FAILED" in event.summary else _TONES.get(name, "")
    return html.Li(
        [
            html.Span(icon(_ICONS.get(event.aggregate, "bolt")), className=f"feed-icon {tone}"),
            html.Div(
                [
                    html.Div(link(text, href) if href else text, className="feed-text"),
                    html.Div(
                        [html.Span(clipped(event.actor, 40)), " · ", moment(event.time, now)], className="feed-meta"
                    ),
                ],
                className="feed-body",
            ),
        ],
        key=event.id,
        **wild({"data-event": event.id}),
    )


def address(event: EventView, links: Links) -> str:
    """The page about what the event happened to; empty when there is none."""
    model, _, version = event.aggregate_id.rpartition("/")
    match event.aggregate:
        case "run":
            return links.run(event.aggregate_id)
        case "registered_model":
            return links.model(event.aggregate_id)
        case "model_version" if model:
            return links.model(model)
        case "monitored_version" if model:
            return links.monitored(model, version)
    return ""
