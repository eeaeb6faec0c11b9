"""`/`: where everything stands, what needs attention, and what is happening right now."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

import structlog
from dash import Dash, Input, Output, html

from dashboard import formats
from dashboard.attention import Concern, concerns, of_alerts, of_gates, of_projects, of_retrainings, of_reviews
from dashboard.components.basics import card, clipped, icon, link, page_head, stat, stats
from dashboard.components.errands import errands_section
from dashboard.components.events import live_feed
from dashboard.components.models import model_table
from dashboard.components.sections import rendered
from dashboard.components.states import empty
from dashboard.gateway import operations as ask
from dashboard.gateway.views import Connection
from dashboard.links import Links
from dashboard.live import names
from dashboard.pages.page import Page
from dashboard.pages.projects import project_table
from dashboard.performing import of_models
from dashboard.recent import windows_of
from dashboard.site import Component, Section, Site, Visit, visitor_token
from services.contracts.errors import LifecycleError, Unauthenticated

log = structlog.get_logger(__name__)
Row = TypeVar("Row")


FEED_LENGTH = 30
_MODELS_SHOWN = 8
_PROJECTS_SHOWN = 8
_ASKED = 20
_JUDGED = 50  # newest results of gates
_CONCERNS = 12
_VERSIONS_WATCHED = 12


async def counts_section(site: Site, visit: Visit) -> Component:
    totals, monitored = await asyncio.gather(visit.ask(ask.COUNTS), visit.ask(ask.MONITORED))
    rows = sum(one.rows for one in monitored)
    labelled = sum(one.labelled for one in monitored)
    return stats(
        [
            stat(
                "Registered models",
                formats.count(totals.models.total_count),
                "across all projects",
                href=site.links.models(),
                icon_name="cube",
            ),
            stat(
                "Runs",
                formats.count(totals.runs.total_count),
                f"in {formats.plural(totals.experiments.total_count or 0, 'experiment')}",
                href=site.links.runs(),
                icon_name="flask",
            ),
            stat(
                "Versions under watch",
                formats.count(len(monitored)),
                "compared with their reference",
                href=site.links.monitoring(),
                icon_name="activity",
            ),
            stat(
                "Predictions seen",
                formats.short_count(rows),
                f"{formats.share(labelled / rows)} with known outcome" if rows else "none yet",
                href=site.links.monitoring(),
                icon_name="database",
            ),
        ]
    )


async def attention_section(site: Site, visit: Visit) -> Component:
    """What a part can't say right now is said by the part's own page; the others still show."""
    watched, *others = await asyncio.gather(
        _watched(site, visit),
        _optional(visit.ask(ask.ALERTS, first=_ASKED, states=["OPEN", "ACKNOWLEDGED"]), of_alerts),
        _optional(visit.ask(ask.GATE_RESULTS, first=_JUDGED), of_gates),
        _optional(visit.ask(ask.REVIEWS, first=_ASKED, states=["OPEN"]), of_reviews),
        _optional(visit.ask(ask.RETRAININGS, first=_ASKED, states=["OPEN"]), of_retrainings),
        _optional(visit.ask(ask.PROJECTS, first=_PROJECTS_SHOWN), of_projects),
    )
    count, quiet = watched
    alerted = {(one.model, one.version) for one in others[0]}
    found = [concern for part in others for concern in part]
    found += [one for one in quiet if one.kind != "drift" or (one.model, one.version) not in alerted]
    if not found:
        hint = (
            f"{formats.plural(count, 'version')} under watch, and nothing waits for anybody."
            if count
            else "Set a reference for a model version and send predictions to have it watched."
        )
        return empty("All quiet" if count else "Nothing is being watched yet", hint, icon_name="circle-check")
    return html.Ul([_concern(concern, site.links) for concern in found[:_CONCERNS]], className="concerns")


async def _watched(site: Site, visit: Visit) -> tuple[int, list[Concern]]:
    monitored = await visit.ask(ask.MONITORED)
    looked_at = monitored[:_VERSIONS_WATCHED]
    windows = await windows_of(visit, looked_at)
    now = site.now()
    found = [concern for one, recent in zip(looked_at, windows, strict=True) for concern in concerns(one, recent, now)]
    return len(monitored), found


async def _optional(
    asked: Awaitable[Connection[Row]], concerned: Callable[[Sequence[Row]], list[Concern]]
) -> list[Concern]:
    try:
        return concerned((await asked).nodes)
    except Unauthenticated:
        raise
    except LifecycleError as error:
        log.info("a part of the overview is missing", reason=error.message)
        return []


_CONCERN_ICONS = {
    "alert": "bell",
    "drift": "alert-triangle",
    "project": "stack-2",
    "late": "flag",
    "gates": "circle-x",
    "review": "message",
    "retraining": "refresh",
}


def _page_of(concern: Concern, links: Links) -> str:
    match concern.kind:
        case "alert":
            return links.alert(concern.thing)
        case "project" | "late":
            return links.project(concern.thing)
        case "review":
            return links.review(concern.model, concern.version)
        case "retraining" | "gates":
            return links.version(concern.model, concern.version)
    return links.monitored(concern.model, concern.version, feature=concern.feature)


def _concern(concern: Concern, links: Links) -> Component:
    return html.Li(
        link(
            [
                html.Span(icon(_CONCERN_ICONS.get(concern.kind, "clock")), className=f"concern-{concern.kind}"),
                html.Span(
                    [
                        html.Span(clipped(concern.title, 160), className="concern-title"),
                        html.Span(clipped(concern.detail, 240), className="concern-detail"),
                    ]
                ),
                icon("chevron-right"),
            ],
            _page_of(concern, links),
            className="concern",
        )
    )


async def models_section(site: Site, visit: Visit) -> Component:
    page, monitored = await asyncio.gather(
        visit.ask(ask.MODELS, first=_MODELS_SHOWN),
        visit.ask(ask.MONITORED),
    )
    watched = await of_models(visit, page.nodes, monitored)
    others = (page.total_count or len(page.nodes)) - len(page.nodes)
    more = html.P(link(f"{others:,} more", site.links.models()), className="table-more") if others > 0 else None
    return model_table(page, watched, site.links, more=more)


async def feed_section(site: Site, visit: Visit) -> Component:
    page = await visit.ask(ask.EVENTS, first=FEED_LENGTH)
    return live_feed(page.nodes, site.links)


async def projects_section(site: Site, visit: Visit) -> Component:
    return project_table(await visit.ask(ask.PROJECTS, first=_PROJECTS_SHOWN), site.links)


FEED_CARD = "overview-feed"
ERRANDS = "overview-errands"
SECTIONS: dict[str, Section] = {
    "overview-counts": counts_section,
    "overview-attention": attention_section,
    "overview-projects": projects_section,
    "overview-models": models_section,
}


async def render(site: Site, visit: Visit) -> Component:
    parts = await rendered({**SECTIONS, FEED_CARD: feed_section, ERRANDS: errands_section}, site, visit)
    return html.Div(
        [
            page_head("Overview", hint="Where every project and model stands, right now."),
            html.Div(parts["overview-counts"], id="overview-counts"),
            html.Div(
                [
                    html.Div(
                        [
                            html.Div(parts[ERRANDS], id=ERRANDS, className="column"),
                            card("Needs attention", parts["overview-attention"], body_id="overview-attention"),
                            card(
                                "Projects",
                                parts["overview-projects"],
                                body_id="overview-projects",
                                aside=link("All projects", site.links.projects()),
                            ),
                            card(
                                "Models",
                                parts["overview-models"],
                                body_id="overview-models",
                                aside=link("All models", site.links.models()),
                            ),
                        ],
                        className="column",
                    ),
                    card("Happening now", parts[FEED_CARD], body_id=FEED_CARD, look="feed-card"),
                ],
                className="split",
            ),
        ]
    )


PAGE = Page(
    "",
    lambda parts: "Overview",
    render,
    topics=lambda parts: [names.OVERVIEW, names.FEED],
    area="overview",
)


def register(app: Dash, site: Site) -> None:
    @app.callback(
        Output(ERRANDS, "children"),
        Input("overview-attention", "children"),
        prevent_initial_call=True,
    )
    async def errands(_: Component) -> Component:
        """With what is pushed to everybody, what waits for this one person is asked for again."""
        return await errands_section(site, site.visit({}, {}, visitor_token()))
