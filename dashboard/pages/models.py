"""`/models`: every registered model."""

from __future__ import annotations

import asyncio

from dash import html

from dashboard import formats
from dashboard.components.acting import act
from dashboard.components.basics import card, page_head
from dashboard.components.models import model_table
from dashboard.components.sections import rendered
from dashboard.gateway import operations as ask
from dashboard.live import names
from dashboard.pages.page import Page
from dashboard.recent import windows_of
from dashboard.site import Component, Section, Site, Visit

_MODELS_SHOWN = 100


async def models_section(site: Site, visit: Visit) -> Component:
    page, monitored = await asyncio.gather(visit.ask(ask.MODELS, first=_MODELS_SHOWN), visit.ask(ask.MONITORED))
    watched = monitored[:20]
    recent = await windows_of(visit, watched)
    series = {(one.model, one.version): windows for one, windows in zip(watched, recent, strict=True)}
    return html.Div(
        [
            html.P(formats.plural(page.total_count or len(page.nodes), "model"), className="card-hint"),
            model_table(page, series, site.links, described=True),
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
            card("Registered models", parts["models-table"], body_id="models-table"),
        ]
    )


PAGE = Page("models", lambda parts: "Models", render, topics=lambda parts: [names.MODELS], area="models")
