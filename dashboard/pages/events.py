"""`/events`: everything that happened, newest first, live as long as nothing narrows it.

The state of the page is its address: `about` (a kind of thing), `which` (one of them), `actor`, `after` (older ones).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import dash_mantine_components as dmc
from dash import html

from dashboard.components.basics import card, link, page_head
from dashboard.components.controls import choice, search_field
from dashboard.components.events import live_feed, timeline
from dashboard.components.states import empty
from dashboard.gateway import operations as ask
from dashboard.live import names
from dashboard.pages.page import Page
from dashboard.site import Component, Site, Visit

SHOWN = 60
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


def limits(state: Mapping[str, str]) -> dict[str, Any]:
    """What the address narrows the stream to."""
    kind = state.get("about", "")
    wanted = {
        "aggregate": kind if kind in KINDS else "",
        "aggregateId": state.get("which", ""),
        "actor": state.get("actor", ""),
        "after": state.get("after", ""),
    }
    return {name: value for name, value in wanted.items() if value}


async def render(site: Site, visit: Visit) -> Component:
    narrowed = limits(visit.state)
    page = await visit.ask(ask.EVENTS, first=SHOWN, **narrowed)
    state = visit.state
    controls = dmc.Group(
        [
            choice(
                "about", "About", KINDS, state.get("about", "") if state.get("about", "") in KINDS else "", width=170
            ),
            search_field("which", "Which one", state.get("which", ""), "Which one: a run's id, model/3…"),
            search_field("actor", "By whom", state.get("actor", ""), "By whom"),
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
    cursor = page.page_info.end_cursor
    kept = {name: value for name, value in state.items() if name in ("about", "which", "actor")}
    older = (
        html.P(link("Older events", site.links.events(**kept, after=cursor)), className="table-more")
        if page.page_info.has_next_page and cursor
        else None
    )
    newest = (
        html.P(link("Back to the newest", site.links.events(**kept)), className="table-more")
        if state.get("after")
        else None
    )
    return html.Div(
        [
            page_head(
                "Events",
                hint="Every fact that the services recorded, in order.",
                aside=link("Audit trail", site.links.audit(), className="button"),
            ),
            card("What happened", html.Div([controls, newest, body, older]), look="feed-card long"),
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
