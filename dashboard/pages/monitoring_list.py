"""`/monitoring`: every model version under watch, with its newest figures. The state: `after` (more of them)."""

from __future__ import annotations

from dash import html

from dashboard import formats
from dashboard.attention import last_heard, newest_telling
from dashboard.components.basics import badge, card, clipped, link, moment, page_head, stacking
from dashboard.components.sections import rendered
from dashboard.components.states import empty
from dashboard.gateway import operations as ask
from dashboard.gateway.views import Connection, Monitored, Window
from dashboard.live import names
from dashboard.pages.page import Page
from dashboard.recent import windows_of
from dashboard.site import Component, Section, Site, Visit

_VERSIONS_SHOWN = 40

REFERENCE_HINT = "Set a reference for a registered version, then send its predictions to the monitor's ingest address."


async def list_section(site: Site, visit: Visit) -> Component:
    after = {"after": visit.state["after"]} if visit.state.get("after") else {}
    page = await visit.ask(ask.MONITORED_VERSIONS, first=_VERSIONS_SHOWN, **after)
    monitored = page.nodes
    if not monitored:
        return empty("No version is being watched yet", REFERENCE_HINT, icon_name="activity")
    recent = await windows_of(visit, monitored)
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
    rows = [_row(site, one, windows) for one, windows in zip(monitored, recent, strict=True)]
    table = stacking(html.Table([head, html.Tbody(rows)], className="table"), "Versions under watch", 680)
    return html.Div([table, _more(site, page)])


def _more(site: Site, page: Connection[Monitored]) -> Component:
    cursor = page.page_info.end_cursor
    if not page.page_info.has_next_page or not cursor:
        return None
    return html.P(link("More versions", site.links.monitoring(after=cursor)), className="table-more")


def _row(site: Site, one: Monitored, windows: list[Window]) -> Component:
    newest = newest_telling(windows)
    labelled = next((w.performance for w in reversed(windows) if w.performance and w.performance.labelled), None)
    value = labelled and (labelled.roc_auc if labelled.roc_auc is not None else labelled.rmse)
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
            html.Td(formats.score(value) if isinstance(value, float) else formats.NOTHING, className="number"),
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
            # Live as long as it is the first page.
            card("Under watch", parts["monitoring-list"], **({} if visit.state else {"body_id": "monitoring-list"})),
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
