"""`/runs`: every run of everybody, filtered on the server; rows are fetched as they scroll into view.

The state of the page is its address: `filter`, `cols` (the columns; chosen by itself if unsaid) and `sort`.
"""

from __future__ import annotations

import asyncio
from typing import Any

from dash import ClientsideFunction, Dash, Input, Output, State, dcc, html, no_update

from dashboard import formats
from dashboard import run_columns as columns
from dashboard.components.basics import card, page_head
from dashboard.components.controls import wish_id, wishes
from dashboard.components.run_grid import BLOCK, grid, toolbar
from dashboard.gateway import operations as ask
from dashboard.gateway.operations import Operation
from dashboard.gateway.views import Connection, RunSummary
from dashboard.links import parse
from dashboard.pages.compare import MOST_RUNS
from dashboard.pages.page import Page
from dashboard.run_search import asked
from dashboard.saved_views import views_of
from dashboard.site import Component, Site, Visit, visitor_token
from services.contracts.errors import Invalid, LifecycleError, Rejected, Unauthenticated

MOST_AHEAD = 20  # blocks that are fetched on the way to one further down

_PAUSES = (0.3, 1.0)  # seconds before rows are asked for once more
_SAMPLE = 50  # newest runs that say which metrics and parameters there are


async def render(site: Site, visit: Visit) -> Component:
    text = visit.state.get("filter", "")
    known, views = await asyncio.gather(sample(visit, text), views_of(visit))
    chosen = columns.read(visit.state.get("cols", "")) or columns.automatic(known)
    return html.Div(
        [
            page_head(
                "Runs",
                hint="Every run of everybody, newest first.",
                aside=html.Div(
                    [
                        dcc.Link("Experiments", href=site.links.experiments(), className="button"),
                        dcc.Link("Compare", id="compare", href=site.links.compare(), className="button"),
                    ],
                    className="buttons",
                ),
            ),
            card(
                "All runs",
                html.Div(
                    [
                        toolbar(text, chosen, columns.suggested(known), site.links),
                        html.Div(id="filter-trouble", role="alert", className="trouble"),
                        grid(columns.definitions(chosen, visit.state.get("sort", ""))),
                        *wishes("filter", "cols"),
                        dcc.Store(id="runs-cursors"),
                        dcc.Store(id="runs-filter", data=text),
                        dcc.Store(id="runs-chosen", data=columns.written(chosen)),
                        dcc.Store(id="runs-automatic", data=columns.written(columns.automatic(known))),
                        dcc.Store(id="runs-views-kept", data=views),
                        dcc.Store(id="runs-views", storage_type="local"),
                        dcc.Store(id="runs-view-new"),
                        html.Div(id="runs-count", className="card-hint", role="status"),
                    ]
                ),
                hint="Words find runs by name, user or data. Comparisons are MLflow's: metrics.x, params.x, tags.x, "
                "attributes.x. Join them with and, or.",
            ),
        ]
    )


async def sample(visit: Visit, text: str) -> list[RunSummary]:
    """Some of the runs that the filter lets through; none when it is refused or nothing can be asked: the grid says."""
    try:
        return (await visit.ask(ask.RUNS, first=_SAMPLE, **asked(text))).nodes
    except Unauthenticated:
        raise
    except LifecycleError:
        return []


PAGE = Page("runs", lambda parts: "Runs", render, area="runs", grid=True)


async def _patiently(
    site: Site, operation: Operation[Connection[RunSummary]], wanted: dict[str, Any]
) -> Connection[RunSummary]:
    """Tries again what only can't be had now: the grid would end where an answer is missing."""
    for pause in _PAUSES:
        try:
            return await site.gateway.ask(operation, visitor_token(), **wanted)
        except LifecycleError as error:
            if not error.retryable:
                raise
        await asyncio.sleep(pause)
    return await site.gateway.ask(operation, visitor_token(), **wanted)


def register(app: Dash, site: Site) -> None:
    @app.callback(
        Output(wish_id("filter"), "data"),
        Output("filter", "error"),
        Input("filter", "value"),
        State("url", "search"),
        prevent_initial_call=True,
    )
    async def filtered(text: str | None, search: str) -> Any:
        """A filter that the registry refuses stays in the field with its reason, and the rows stay."""
        wanted = (text or "").strip()
        if wanted == parse(search).get("filter", ""):
            return no_update, ""
        try:
            await site.gateway.ask(ask.RUNS, visitor_token(), first=1, **asked(wanted))
        except Rejected as error:
            return no_update, " ".join(part for part in (error.message, error.fix) if part)[:300]
        return {"filter": wanted}, ""

    @app.callback(
        Output(wish_id("cols"), "data"),
        Output("runs-columns", "error"),
        Input("runs-columns", "value"),
        State("runs-chosen", "data"),
        prevent_initial_call=True,
    )
    def chose(wanted: list[str] | None, current: str) -> Any:
        odd = next((one for one in wanted or [] if not columns.known(one)), None)
        if odd is not None:
            return no_update, f"“{odd[:60]}” is no column: write metrics.…, params.… or tags.… before its name."
        if not wanted or columns.written(wanted) == current:
            return no_update, ""
        before = columns.read(current)
        fresh = [one for one in wanted if one not in before]  # where they are seen: beside the names of the runs
        return {"cols": columns.written([*fresh, *(c for c in before if c in wanted)])}, ""

    @app.callback(
        Output(wish_id("cols"), "data", allow_duplicate=True),
        Input("runs-columns-auto", "n_clicks"),
        prevent_initial_call=True,
    )
    def automatic(clicks: int | None) -> Any:
        return {"cols": ""} if clicks else no_update

    @app.callback(
        Output("runs-grid", "columnDefs"),
        Output("runs-columns", "value"),
        Input("runs-chosen", "data"),
        prevent_initial_call=True,
    )
    def columns_moved(chosen: str) -> Any:
        found = columns.read(chosen)
        return columns.definitions(found), found

    @app.callback(
        Output("runs-grid", "getRowsResponse"),
        Output("runs-count", "children"),
        Output("runs-cursors", "data"),
        Output("filter-trouble", "children"),
        Input("runs-grid", "getRowsRequest"),
        State("url", "search"),
        State("runs-cursors", "data"),
        State("runs-automatic", "data"),
    )
    async def rows(request: dict[str, Any] | None, search: str, cursors: dict[str, str] | None, automatic: str) -> Any:
        if request is None:
            return no_update
        state = parse(search)
        text = state.get("filter", "")
        order = columns.clauses(request.get("sortModel") or [])
        start = int(request["startRow"])
        known = dict(cursors or {}) if start else {}
        shown_columns = columns.read(state.get("cols") or automatic)
        operation = ask.RUNS_TAGGED if any(one.startswith("tags.") for one in shown_columns) else ask.RUNS
        at = max((int(place) for place in known if int(place) <= start), default=0)
        if start - at > MOST_AHEAD * BLOCK:
            raise Invalid("These rows can't be reached any more; scroll back to the top.")
        try:
            while True:  # who scrolls fast asks for rows before those above them have come
                wanted = {"first": BLOCK, "after": known.get(str(at)), "orderBy": order, **asked(text)}
                page = await _patiently(site, operation, wanted)
                end = at + len(page.nodes)
                if page.page_info.has_next_page and page.page_info.end_cursor:
                    known[str(end)] = page.page_info.end_cursor
                if at >= start or not page.page_info.has_next_page:
                    break
                at = end
        except LifecycleError as error:
            return {"rowData": [], "rowCount": start}, "", known, f"The runs couldn't be loaded: {error.message}"
        last = {} if page.page_info.has_next_page else {"rowCount": end}
        total = formats.plural(page.total_count, "run") if page.total_count is not None else ""
        shown_runs = page.nodes if at == start else []  # fewer are left than the grid believed
        lines = [columns.row(run, shown_columns, site.links) for run in shown_runs]
        return {"rowData": lines, **last}, total, known, ""

    @app.callback(Output("compare", "href"), Output("compare", "children"), Input("runs-grid", "selectedRows"))
    def compared(rows: list[dict[str, Any]] | None) -> Any:
        ids = [row["id"] for row in rows or []][:MOST_RUNS]
        return site.links.compare(ids), f"Compare {len(ids)} runs" if ids else "Compare"

    in_browser: Any = app.clientside_callback
    in_browser(
        ClientsideFunction("grid", "follow"),
        Output("filter", "value"),
        Output("runs-filter", "data"),
        Output("runs-chosen", "data"),
        Input("url", "search"),
        State("runs-automatic", "data"),
        State("runs-chosen", "data"),
        State("runs-filter", "data"),
        prevent_initial_call=True,
    )
    in_browser(ClientsideFunction("grid", "arrived"), Input("runs-count", "children"))
    in_browser(
        ClientsideFunction("grid", "taken"),
        Output("runs-csv", "href"),
        Output("runs-groups", "href"),
        Input("url", "search"),
        State("runs-automatic", "data"),
        State("runs-csv", "href"),
        State("runs-groups", "href"),
    )
    in_browser(
        ClientsideFunction("grid", "copy"),
        Output("runs-view-copied", "children"),
        Input("runs-view-copy", "n_clicks"),
        prevent_initial_call=True,
    )
