"""`/runs`: every run of everybody, filtered on the server; rows are fetched as they scroll into view."""

from __future__ import annotations

from typing import Any

import dash_ag_grid as dag
import dash_mantine_components as dmc
from dash import ClientsideFunction, Dash, Input, Output, State, dcc, html, no_update

from dashboard import formats
from dashboard.components.basics import card, clipped, icon, page_head, wild
from dashboard.components.models import chosen_metrics, metric_text
from dashboard.gateway import operations as ask
from dashboard.gateway.views import RunSummary
from dashboard.links import Links, parse, query
from dashboard.pages.compare import MOST_RUNS
from dashboard.pages.page import Page
from dashboard.site import Component, Site, Visit, visitor_token
from services.contracts.errors import Invalid, LifecycleError, Rejected

BLOCK = 100  # rows a request; the gateway's largest page
_PAIRS_SHOWN = 2
_ORDER = {
    "name": "attributes.run_name",
    "started": "attributes.start_time",
    "status": "attributes.status",
    "user": "attributes.user_id",
}

EXAMPLES = "metrics.roc_auc > 0.7 and params.max_depth = '6'"

_UNSORTED = {"sortable": False}
_COLUMNS = (
    {"field": "name", "headerName": "Run", "flex": 2, "minWidth": 200, "cellRenderer": "RunLink"},
    {"field": "status", "headerName": "Status", "width": 118, "cellRenderer": "RunStatus"},
    {"field": "experiment", "headerName": "Experiment", "flex": 1, "minWidth": 130, "sortable": False},
    {"field": "user", "headerName": "User", "width": 104},
    {"field": "started", "headerName": "Started", "width": 158},
    {"field": "duration", "headerName": "Duration", "width": 104, "sortable": False, "type": "rightAligned"},
    {
        "field": "metrics",
        "headerName": "Metrics",
        "flex": 2,
        "minWidth": 220,
        "sortable": False,
        "cellRenderer": "Pairs",
    },
    {
        "field": "params",
        "headerName": "Parameters",
        "flex": 2,
        "minWidth": 220,
        "sortable": False,
        "cellRenderer": "Pairs",
    },
)


# Mantine's variables, so that the grid follows the theme without a word from us.
_THEME = (
    "{backgroundColor: 'var(--panel)', foregroundColor: 'var(--mantine-color-text)', "
    "accentColor: 'var(--accent)', borderColor: 'var(--line)', headerBackgroundColor: 'var(--panel)', "
    "headerTextColor: 'var(--muted)', rowHoverColor: 'var(--hover)', oddRowBackgroundColor: 'var(--panel)', "
    "wrapperBorder: false, headerFontWeight: 550, fontFamily: 'inherit', fontSize: 13, spacing: 7, "
    "columnBorder: false, headerColumnBorder: false}"
)


def row(run: RunSummary, links: Links) -> dict[str, Any]:
    """One line of the grid; texts only."""
    return {
        "id": run.run_id,
        "name": clipped(run.name or run.run_id, 120),
        "href": links.run(run.run_id),
        "status": run.status,
        "experiment": clipped(run.experiment_name, 120),
        "user": clipped(run.user, 60),
        "started": formats.absolute(run.start_time).removesuffix(" UTC"),
        "duration": formats.duration(run.duration_seconds),
        "metrics": [[clipped(m.key, 28), metric_text(m)] for m in chosen_metrics(run.metrics, _PAIRS_SHOWN)],
        "params": [[clipped(p.key, 28), clipped(p.value, 24)] for p in run.params[:_PAIRS_SHOWN]],
    }


async def render(site: Site, visit: Visit) -> Component:
    text = visit.state.get("filter", "")
    return html.Div(
        [
            page_head(
                "Runs",
                hint="Every run of everybody, newest first. Times are UTC.",
                aside=dcc.Link("Compare", id="compare", href=site.links.compare(), className="button"),
            ),
            card(
                "All runs",
                html.Div(
                    [
                        dmc.TextInput(
                            id="filter",
                            value=text,
                            placeholder=EXAMPLES,
                            leftSection=icon("search"),
                            debounce=400,
                            size="sm",
                            mb="sm",
                            **wild({"aria-label": "Filter runs"}),
                        ),
                        html.Div(id="filter-trouble", role="alert", className="trouble"),
                        _grid(),
                        dcc.Store(id="runs-cursors"),
                        html.Div(id="runs-count", className="card-hint", role="status"),
                    ]
                ),
                hint="Filters are written as in MLflow's search: metrics.x, params.x, tags.x, attributes.x.",
            ),
        ]
    )


def _grid() -> Component:
    return dag.AgGrid(
        id="runs-grid",
        columnDefs=list(_COLUMNS),
        defaultColDef={"resizable": True, "sortable": True},
        rowModelType="infinite",
        getRowId="params.data.id",
        dashGridOptions={
            "cacheBlockSize": BLOCK,
            "maxBlocksInCache": 20,
            "rowHeight": 40,
            "theme": {"function": f"themeQuartz.withParams({_THEME})"},
            "ensureDomOrder": True,
            "suppressCellFocus": False,
            "selectionColumnDef": {"headerName": "Tick", "width": 64, "resizable": False, "sortable": False},
            "rowSelection": {"mode": "multiRow", "headerCheckbox": False, "enableClickSelection": False},
            "localeText": {"noRowsToShow": "No runs here. Log one with any MLflow client, or clear the filter."},
        },
        style={"height": "min(640px, calc(100vh - 300px))", "minHeight": 320},
        className="grid",
    )


PAGE = Page("runs", lambda parts: "Runs", render, area="runs")


def order_by(sorting: list[dict[str, str]]) -> list[str]:
    """The grid's sorting as MLflow order clauses."""
    return [f"{_ORDER[one['colId']]} {one['sort'].upper()}" for one in sorting if one["colId"] in _ORDER]


def register(app: Dash, site: Site) -> None:
    @app.callback(
        Output("url", "search", allow_duplicate=True),
        Output("filter", "error"),
        Input("filter", "value"),
        State("url", "search"),
        prevent_initial_call=True,
    )
    async def filtered(text: str | None, search: str) -> Any:
        """A filter that the registry refuses stays in the field with its reason, and the rows stay."""
        state = parse(search)
        wanted = (text or "").strip()
        if wanted == state.get("filter", ""):
            return no_update, ""
        try:
            await site.gateway.ask(ask.RUNS, visitor_token(), first=1, filter=wanted)
        except Rejected as error:
            return no_update, " ".join(part for part in (error.message, error.fix) if part)[:300]
        return query({**state, "filter": wanted}), ""

    @app.callback(
        Output("runs-grid", "getRowsResponse"),
        Output("runs-count", "children"),
        Output("runs-cursors", "data"),
        Output("filter-trouble", "children"),
        Input("runs-grid", "getRowsRequest"),
        State("url", "search"),
        State("runs-cursors", "data"),
    )
    async def rows(request: dict[str, Any] | None, search: str, cursors: dict[str, str] | None) -> Any:
        if request is None:
            return no_update
        text = parse(search).get("filter", "")
        order = order_by(request.get("sortModel") or [])
        start = int(request["startRow"])
        known = dict(cursors or {}) if start else {}
        after = known.get(str(start))
        if start and after is None:
            raise Invalid("These rows can't be reached any more; scroll back to the top.")
        try:
            page = await site.gateway.ask(
                ask.RUNS, visitor_token(), first=BLOCK, after=after, filter=text, orderBy=order
            )
        except LifecycleError as error:
            return {"rowData": [], "rowCount": start}, "", known, f"The runs couldn't be loaded: {error.message}"
        end = start + len(page.nodes)
        if page.page_info.has_next_page and page.page_info.end_cursor:
            known[str(end)] = page.page_info.end_cursor
        last = {} if page.page_info.has_next_page else {"rowCount": end}
        total = formats.plural(page.total_count, "run") if page.total_count is not None else ""
        return {"rowData": [row(run, site.links) for run in page.nodes], **last}, total, known, ""

    @app.callback(Output("compare", "href"), Output("compare", "children"), Input("runs-grid", "selectedRows"))
    def chosen(rows: list[dict[str, Any]] | None) -> Any:
        ids = [row["id"] for row in rows or []][:MOST_RUNS]
        return site.links.compare(ids), f"Compare {len(ids)} runs" if ids else "Compare"

    in_browser: Any = app.clientside_callback
    in_browser(
        ClientsideFunction("grid", "refetch"),
        Output("filter", "value"),
        Input("url", "search"),
        prevent_initial_call=True,
    )
