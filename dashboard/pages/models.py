"""`/models`: every registered model. The state: `name` (a part of it) and `after` (more of them)."""

from __future__ import annotations

import asyncio

import dash_mantine_components as dmc
from dash import html

from dashboard import formats
from dashboard.components.acting import act
from dashboard.components.basics import card, page_head, wild
from dashboard.components.controls import more_of, page_of, search_field
from dashboard.components.models import model_table
from dashboard.components.sections import rendered
from dashboard.components.states import empty
from dashboard.gateway import operations as ask
from dashboard.live import names
from dashboard.pages.page import Page
from dashboard.performing import of_models
from dashboard.site import Component, Section, Site, Visit


async def models_section(site: Site, visit: Visit) -> Component:
    name = visit.state.get("name", "")
    page, monitored = await asyncio.gather(
        visit.ask(ask.MODELS, **page_of(visit.state, nameContains=name)), visit.ask(ask.MONITORED)
    )
    if name and not page.nodes:
        return empty("Nothing fits", "No model has this in its name.", icon_name="search")
    watched = await of_models(visit, page.nodes, monitored)
    return html.Div(
        [
            html.P(formats.plural(page.total_count or len(page.nodes), "model"), className="card-hint"),
            model_table(
                page,
                watched,
                site.links,
                described=True,
                more=more_of("models", page, site.links.models, visit.state),
            ),
        ]
    )


SECTIONS: dict[str, Section] = {"models-table": models_section}


async def render(site: Site, visit: Visit) -> Component:
    parts = await rendered(SECTIONS, site, visit)
    return html.Div(
        [
            page_head(
                "Models",
                hint="Registered models, their champions and how they do in production.",
                aside=act("model.register", "New model…", {}, icon_name="plus"),
            ),
            card(
                "Registered models",
                html.Div(
                    [
                        dmc.Group([search_field("name", "Name", visit.state.get("name", ""), "Name")], mb="md"),
                        # Live as long as it is the first page of all.
                        html.Div(parts["models-table"], **wild({} if visit.state else {"id": "models-table"})),
                    ]
                ),
            ),
        ]
    )


PAGE = Page("models", lambda parts: "Models", render, topics=lambda parts: [names.MODELS], area="models", by_state=True)
