"""`/events`: everything that happened, newest first, live as long as nothing narrows it.

The state of the page is its address: `words` (anywhere in it), `about` (a kind of thing), `which` (one of them),
`actor`, `on` (a day: as the stream was at its end), `after` (older ones).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import dash_mantine_components as dmc
from dash import html

from dashboard.components.basics import card, link, page_head
from dashboard.components.controls import choice, day_field, more_of, page_of, past_note, search_field, state_id
from dashboard.components.events import live_feed, timeline
from dashboard.components.states import empty
from dashboard.days import day_in
from dashboard.gateway import operations as ask
from dashboard.live import names
from dashboard.pages.page import Page
from dashboard.site import Component, Site, Visit

SHOWN = 60  # while it is live: painted by `feed.js`, which is quick
STATE = ("words", "about", "which", "actor", "on", "after")
KINDS = {
    "": "Everything",
    "project": "Projects",
    "experiment": "Experiments",
    "run": "Runs",
    "dataset_version": "Datasets",
    "registered_model": "Models",
    "model_version": "Versions",
    "evaluation": "Evaluations",
    "gate_verdict": "Gates",
    "review": "Reviews",
    "deployment": "Deployments",
    "insight": "Insights",
    "monitored_version": "Monitoring",
    "alert": "Alerts",
    "retraining": "Retraining",
    "token": "Tokens",
}


MOST_WORDS = 8


def holding(words: str) -> list[dict[str, Any]]:
    """Conditions: each word stands somewhere in the event, whatever its case."""
    found = []
    for word in words.split()[:MOST_WORDS]:
        pattern = {"ilike": f"%{word}%"}
        found.append({"or": [{name: pattern} for name in ("type", "aggregateId", "actor", "correlationId", "data")]})
    return found


def limits(state: Mapping[str, str]) -> dict[str, Any]:
    """What the address narrows the stream to."""
    conditions = holding(state.get("words", ""))
    day = day_in(state.get("on", ""))
    if day:
        conditions.append({"time": {"before": f"{(day + timedelta(days=1)).isoformat()}T00:00:00Z"}})
    kind = state.get("about", "")
    wanted = {
        "aggregate": kind if kind in KINDS else "",
        "aggregateId": state.get("which", ""),
        "actor": state.get("actor", ""),
        "where": {"and": conditions} if conditions else None,
    }
    return {name: value for name, value in wanted.items() if value}


async def render(site: Site, visit: Visit) -> Component:
    state = visit.state
    wanted = page_of(state, **limits(state))
    narrowed = wanted.keys() > {"first"}
    page = await visit.ask(ask.EVENTS, **(wanted if narrowed else {"first": SHOWN}))
    controls = dmc.Group(
        [
            search_field("words", "Words", state.get("words", ""), "Any words: deployed flight-delay…"),
            choice(
                "about", "About", KINDS, state.get("about", "") if state.get("about", "") in KINDS else "", width=170
            ),
            search_field("which", "Which one", state.get("which", ""), "Which one: a run's id, model/3…"),
            search_field("actor", "By whom", state.get("actor", ""), "By whom"),
            day_field(state_id("on"), "The stream as it was on", state.get("on", ""), site.now().date()),
        ],
        gap="xs",
        mb="md",
    )
    if not narrowed:
        body = live_feed(page.nodes, site.links)
    elif page.nodes:
        body = timeline(page.nodes, site.links)
    else:
        body = empty("Nothing fits", "Take a filter away to see more.", icon_name="search")
    kept = {name: value for name, value in state.items() if name in STATE}
    day = day_in(state.get("on", ""))
    now = site.links.events(**{name: value for name, value in kept.items() if name not in ("on", "after")})
    return html.Div(
        [
            past_note("The stream", day, now) if day else None,
            page_head(
                "Events",
                hint="Every fact that the services recorded, in order.",
                aside=link("Audit trail", site.links.audit(), className="button"),
            ),
            card(
                "What happened",
                html.Div([controls, body, more_of("events", page, site.links.events, kept)]),
                look="feed-card long",
            ),
        ]
    )


PAGE = Page(
    "events",
    lambda parts: "Events",
    render,
    topics=lambda parts: [names.FEED],
    area="events",
    by_state=True,
)
