"""The stream of facts as a list: what happened, to what, by whom, when."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec
from dash import html

from dashboard import formats
from dashboard.components.basics import clipped, icon, link, moment, wild
from dashboard.components.states import empty
from dashboard.components.things import address as address_of
from dashboard.components.things import short_ids
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
    "project": "stack-2",
    "insight": "bulb",
    "review": "message",
    "evaluation": "chart-line",
    "gate_verdict": "circle-check",
    "deployment": "arrow-up-right",
    "alert": "alert-triangle",
    "retraining": "refresh",
    "dataset_version": "database",
    "data_source": "database",
    "token": "user",
}
_TONES = {"ended": "good", "alias_set": "accent", "registered": "accent", "reference_set": "accent"}


FEED_ID = "feed"


class FeedRow(msgspec.Struct, frozen=True):
    """One line of the stream, as the browser paints it: texts and names of looks, never markup.

    `text` goes on after the actor's name: "registered flight-delay version 1".
    """

    id: str
    text: str
    actor: str
    time: str
    icon: str
    tone: str = ""
    href: str = ""


def row(event: EventView, links: Links) -> FeedRow:
    name = event.type.split(".")[-2] if event.type.count(".") >= 2 else event.type
    return FeedRow(
        id=event.id,
        text=clipped(short_ids(event.summary or event.type), 160),
        actor=clipped(formats.who(event.actor), 40),
        time=event.time.isoformat(),
        icon=_ICONS.get(event.aggregate, "bolt"),
        tone="bad" if "FAILED" in event.summary else _TONES.get(name, ""),
        href=address(event, links),
    )


def live_feed(events: Sequence[EventView], links: Links) -> Component:
    """The stream that stays live: painted by `feed.js`, because thirty lines a time cost Dash half a second."""
    rows = msgspec.json.encode([row(event, links) for event in events]).decode()
    return html.Div([html.Ol([], id=FEED_ID, className="feed", **wild({"data-rows": rows})), _quiet()])


def _quiet() -> Component:
    return empty(
        "Nothing has happened yet",
        "Runs, registered versions and monitoring windows show up here the moment they happen.",
        icon_name="bolt",
    )


def timeline(events: Sequence[EventView], links: Links) -> Component:
    """A list of events that is rendered whole, newest first."""
    if not events:
        return _quiet()
    return html.Ol([_item(row(event, links)) for event in events], className="feed")


def _item(line: FeedRow) -> Component:
    return html.Li(
        [
            html.Span(icon(line.icon), className=f"feed-icon {line.tone}"),
            html.Div(
                [
                    html.Div(
                        [
                            html.Span(line.actor, className="feed-actor"),
                            " ",
                            link(line.text, line.href) if line.href else line.text,
                        ],
                        className="feed-text",
                    ),
                    html.Div(moment(datetime.fromisoformat(line.time)), className="feed-meta"),
                ],
                className="feed-body",
            ),
        ],
        key=line.id,
        **wild({"data-event": line.id}),
    )


def address(event: EventView, links: Links) -> str:
    """The page about what the event happened to; empty when there is none."""
    kind = {"registered_model": "model", "model_version": "version", "dataset_version": "dataset"}.get(
        event.aggregate, event.aggregate
    )
    thing = event.aggregate_id
    if kind == "dataset" and "@" not in thing and "/" in thing:
        thing = "@".join(thing.rsplit("/", 1))
    return address_of(links, kind, thing)
