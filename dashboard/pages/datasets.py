"""`/datasets`: every dataset that was registered or named by a run, and the sources they come from.

The state of the page is its address: `name` (a part of it), `after` (more of them), `after-sources`.
"""

from __future__ import annotations

import dash_mantine_components as dmc
from dash import html

from dashboard import formats
from dashboard.components.acting import act
from dashboard.components.basics import badge, card, clipped, link, moment, page_head, scrolling
from dashboard.components.controls import more_of, page_of, search_field
from dashboard.components.states import empty, failed
from dashboard.gateway import operations as ask
from dashboard.gateway.data_views import DatasetRow, DataSource
from dashboard.pages.page import Page
from dashboard.site import Component, Site, Visit
from services.contracts.errors import LifecycleError, Unauthenticated

_SOURCES = 12  # at once
_ORIGINS = {"FILE": "read from a file", "UPLOAD": "uploaded", "MLFLOW": "named by a run"}
ADD_CODE = "lifecycle dataset add flights.parquet --name flights"


async def render(site: Site, visit: Visit) -> Component:
    name = visit.state.get("name", "")
    page = await visit.ask(ask.DATASETS, **page_of(visit.state, nameContains=name))
    controls = dmc.Group([search_field("name", "Name", name, "Name")], mb="md") if page.nodes or name else None
    total = formats.plural(page.total_count, "dataset") if page.total_count is not None else ""
    return html.Div(
        [
            page_head("Datasets", hint="Known by their content: the same data, the same digest."),
            card(
                "Registered datasets",
                html.Div(
                    [
                        controls,
                        _table(site, page.nodes, bool(name)),
                        more_of("datasets", page, site.links.datasets, visit.state),
                    ]
                ),
                hint=total,
            ),
            await _sources(site, visit),
        ]
    )


def _table(site: Site, rows: list[DatasetRow], narrowed: bool) -> Component:
    if not rows:
        if narrowed:
            return empty("Nothing fits", "No dataset has this in its name.", icon_name="search")
        hint = "Add a file from the command line, or log an input with mlflow.log_input: it appears here at once."
        return empty("No datasets yet", hint, icon_name="database", code=ADD_CODE)
    head = html.Thead(
        html.Tr(
            [html.Th("Dataset", scope="col")]
            + [html.Th(text, scope="col", className="number") for text in ("Versions", "Rows", "Size")]
            + [html.Th("Profile", scope="col"), html.Th("Changed", scope="col", className="end")]
        )
    )
    return scrolling(
        html.Table([head, html.Tbody([_row(site, one) for one in rows])], className="table"), "Datasets", 640
    )


def _row(site: Site, one: DatasetRow) -> Component:
    return html.Tr(
        [
            html.Td(
                [
                    link(clipped(one.name, 60), site.links.dataset(one.name), className="link strong"),
                    html.Div(_ORIGINS.get(one.origin, one.origin.lower()), className="sub"),
                ]
            ),
            html.Td(formats.count(one.latest_version.number if one.latest_version else None), className="number"),
            html.Td(formats.short_count(one.rows), className="number"),
            html.Td(formats.size(one.size), className="number"),
            html.Td(badge("profiled", "good", "circle-check") if one.profiled else badge("none")),
            html.Td(moment(one.updated_at), className="end"),
        ]
    )


async def _sources(site: Site, visit: Visit) -> Component:
    add = act("source.describe", "Describe a source…", {}, icon_name="plus", look="small")
    try:
        page = await visit.ask(ask.DATA_SOURCES, **page_of(visit.state, key="after-sources", most=_SOURCES))
    except Unauthenticated:
        raise
    except LifecycleError as error:
        return card("Sources", failed(error))
    if not page.nodes:
        hint = "Say where data comes from, who owns it, under which licence and on which legal basis."
        return card("Sources", empty("No sources described", hint, icon_name="database"), aside=add)
    head = html.Thead(
        html.Tr(
            [html.Th(text, scope="col") for text in ("Source", "Owner and licence", "Personal data", "Still missing")]
            + [html.Td()]
        )
    )
    rows = [_source(one) for one in page.nodes]
    table = scrolling(html.Table([head, html.Tbody(rows)], className="table"), "Data sources", 680)
    more = more_of("sources", page, site.links.datasets, visit.state, key="after-sources")
    return card("Sources", html.Div([table, more]), aside=add)


def _source(one: DataSource) -> Component:
    known = {name: getattr(one, attribute) for name, attribute in _SOURCE_FIELDS.items()}
    sensitive = one.personal_data in ("PERSONAL", "SENSITIVE")
    return html.Tr(
        [
            html.Td(
                [
                    html.Div(clipped(one.name, 60), className="strong"),
                    html.Div(clipped(one.description, 120), className="sub"),
                ]
            ),
            html.Td([clipped(one.owner, 60) or "–", html.Div(clipped(one.licence, 60), className="sub")]),
            html.Td(badge(one.personal_data.lower(), "warn" if sensitive else "", "user" if sensitive else "")),
            html.Td(
                badge(", ".join(one.missing), "warn", "alert-triangle")
                if one.missing
                else badge("nothing", "good", "circle-check")
            ),
            html.Td(
                act("source.describe", "Change…", {"expected": one.revision, "known": known}, look="small"),
                className="end",
            ),
        ]
    )


_SOURCE_FIELDS = {
    "source": "name",
    "description": "description",
    "location": "location",
    "owner": "owner",
    "licence": "licence",
    "legalBasis": "legal_basis",
    "personalData": "personal_data",
    "protection": "protection",
    "refresh": "refresh",
    "size": "size",
}

PAGE = Page("datasets", lambda parts: "Datasets", render, area="datasets", by_state=True)
