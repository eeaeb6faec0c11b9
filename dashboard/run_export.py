"""`runs.csv`: every run that a view of the grid lets through, in its order and with its columns, as a file.

It is written while it is sent, page by page: nothing of it is kept, whatever its length.
"""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import structlog
from fastapi import FastAPI, Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from dashboard import run_columns as columns
from dashboard.gateway import operations as ask
from dashboard.gateway.views import Connection, RunSummary
from dashboard.links import RUNS_FILE
from dashboard.run_search import asked
from dashboard.site import SESSION_COOKIE, Site
from services.contracts.errors import MANNERS, LifecycleError

_PAGE = 100  # runs a question: the gateway's largest page
_FIXED = ("run_id", "name", "status", "user", "experiment", "start_time", "duration_seconds")
_HEADERS = {"content-disposition": 'attachment; filename="runs.csv"', "cache-control": "no-store"}

log = structlog.get_logger(__name__)


def add_export(app: FastAPI, site: Site) -> None:
    async def runs_csv(request: Request) -> Response:
        state, token = request.query_params, request.cookies.get(SESSION_COOKIE, "")
        try:
            pages = _pages(site, token, state)
            first = await anext(pages)  # what is refused is refused before anything is sent
        except LifecycleError as error:
            status = MANNERS[error.kind].http_status
            return PlainTextResponse(" ".join(part for part in (error.message, error.fix) if part), status)
        shown = [one for one in columns.read(state.get("cols", "")) if one not in columns.ATTRIBUTES]
        return StreamingResponse(_lines(first, pages, shown), media_type="text/csv; charset=utf-8", headers=_HEADERS)

    app.add_api_route(f"/{RUNS_FILE}", runs_csv, methods=["GET"], include_in_schema=False)


async def _pages(site: Site, token: str, state: Mapping[str, str]) -> AsyncIterator[list[RunSummary]]:
    steps = [{"colId": column, "sort": way} for column, way in columns.order(state.get("sort", ""))]
    given: dict[str, Any] = {"orderBy": columns.clauses(steps), **asked(state.get("filter", ""))}
    tagged = any(one.startswith("tags.") for one in columns.read(state.get("cols", "")))
    after: str | None = None
    while True:
        operation = ask.RUNS_TAGGED if tagged else ask.RUNS
        page: Connection[RunSummary] = await site.gateway.ask(operation, token, first=_PAGE, after=after, **given)
        yield page.nodes
        after = page.page_info.end_cursor
        if not (page.page_info.has_next_page and after):
            return


async def _lines(
    first: Sequence[RunSummary], others: AsyncIterator[list[RunSummary]], shown: Sequence[str]
) -> AsyncIterator[str]:
    yield _written([[*_FIXED, *shown]])
    yield _written(line(run, shown) for run in first)
    try:
        async for runs in others:
            yield _written(line(run, shown) for run in runs)
    except LifecycleError as error:
        log.warning("a file of runs ends early", reason=error.message)
        raise  # the browser sees a broken transfer, not a whole file


def line(run: RunSummary, shown: Sequence[str]) -> list[str]:
    """One run: what always stands there, then the chosen metrics, parameters and tags, figures in full."""
    values = {f"metrics.{one.key}": repr(one.value) if one.value is not None else one.text for one in run.metrics}
    values |= {f"params.{one.key}": _harmless(one.value) for one in run.params}
    values |= {f"tags.{one.key}": _harmless(one.value) for one in run.tags}
    fixed = (
        run.run_id,
        _harmless(run.name),
        run.status,
        _harmless(run.user),
        _harmless(run.experiment_name),
        run.start_time.isoformat(),
        "" if run.duration_seconds is None else repr(run.duration_seconds),
    )
    return [*fixed, *(values.get(column, "") for column in shown)]


def _harmless(text: str) -> str:
    """A text that a table program would run as a formula gets an apostrophe before it; numbers stay numbers."""
    if not text.startswith(("=", "+", "-", "@", "\t", "\r")):
        return text
    try:
        float(text)
    except ValueError:
        return f"'{text}"
    return text


def _written(rows: Any) -> str:
    into = io.StringIO()
    csv.writer(into).writerows(rows)
    return into.getvalue()
