"""`/monitoring`: every model version under watch, with its newest figures.

The state of the page is its address: `model` (a part of its name), `after` (more of them).
"""

from __future__ import annotations

import dash_mantine_components as dmc
from dash import html

from dashboard import formats
from dashboard.attention import last_heard, newest_telling
from dashboard.components.basics import badge, card, clipped, link, moment, page_head, stacking, wild
from dashboard.components.controls import containing, more_of, page_of, search_field
from dashboard.components.sections import rendered
from dashboard.components.states import empty
from dashboard.gateway import operations as ask
from dashboard.live import names
from dashboard.pages.page import Page
from dashboard.performing import Performing, performing
from dashboard.site import Component, Section, Site, Visit

REFERENCE_HINT = "Set a reference for a registered version, then send its predictions to the monitor's ingest address."


async def list_section(site: Site, visit: Visit) -> Component:
    model = visit.state.get("model", "")
    page = await visit.ask(ask.MONITORED_VERSIONS, **page_of(visit.state, where=containing(model=model)))
    monitored = page.nodes
    if model and not monitored:
        return empty("Nothing fits", "No version under watch is of a model with this in its name.", icon_name="search")
    if not monitored:
        return empty("No version is being watched yet", REFERENCE_HINT, icon_name="activity")
    watched = await performing(visit, monitored)
    head = html.Thead(
        html.Tr(
            [
                html.Th("Version", scope="col"),
                html.Th("Performance", scope="col", className="number"),
                html.Th("Drift", scope="col"),
                html.Th("Rows", scope="col", className="number"),
                html.Th("Labelled", scope="col", className="number"),
                html.Th("Last data", scope="col", className="end"),
            ]
        )
    )
    rows = [_row(site, one) for one in watched]
    table = stacking(html.Table([head, html.Tbody(rows)], className="table"), "Versions under watch", 680)
    return html.Div([table, more_of("versions", page, site.links.monitoring, visit.state)])


def _row(site: Site, watched: Performing) -> Component:
    one, windows, known = watched.monitored, watched.windows, watched.points
    newest = newest_telling(windows)
    drifted = sorted(f.feature for f in newest.features if f.drifted) if newest else []
    return html.Tr(
        [
            html.Td(
                [
                    link(
                        f"{clipped(one.model, 60)} v{one.version}",
                        site.links.monitored(one.model, one.version),
                        className="link strong",
                    ),
                    html.Div(f"against {clipped(one.reference, 60)}", className="sub"),
                ]
            ),
            html.Td(
                [html.Span(watched.measure.label, className="metric-name"), " ", formats.score(known[-1][1])]
                if known
                else html.Span("waiting for labels", className="sub"),
                className="number",
            ),
            html.Td(
                badge(formats.plural(len(drifted), "feature"), "warn", "alert-triangle")
                if drifted
                else badge("none", "good", "circle-check")
            ),
            html.Td(formats.count(one.rows), className="number"),
            html.Td(formats.share(one.labelled / one.rows) if one.rows else formats.NOTHING, className="number"),
            html.Td(moment(last_heard(windows), "never"), className="end"),
        ]
    )


SECTIONS: dict[str, Section] = {"monitoring-list": list_section}


async def render(site: Site, visit: Visit) -> Component:
    parts = await rendered(SECTIONS, site, visit)
    return html.Div(
        [
            page_head("Monitoring", hint="Versions compared with their reference, window by window."),
            card(
                "Under watch",
                html.Div(
                    [
                        dmc.Group([search_field("model", "Model", visit.state.get("model", ""), "Model")], mb="md"),
                        # Live as long as it is the first page of all.
                        html.Div(parts["monitoring-list"], **wild({} if visit.state else {"id": "monitoring-list"})),
                    ]
                ),
            ),
        ]
    )


PAGE = Page(
    "monitoring",
    lambda parts: "Monitoring",
    render,
    topics=lambda parts: [names.MONITORING],
    area="monitoring",
    by_state=True,
)
