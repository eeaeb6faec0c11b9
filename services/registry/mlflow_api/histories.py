"""Endpoints of metric histories: whole and in pages, of many runs, and sampled."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import StreamingResponse

from services.contracts.errors import Invalid
from services.registry import limits
from services.registry.mlflow_api import answers, requests
from services.registry.mlflow_api.surface import Surface, some_of
from services.registry.mlflow_api.wire import SEE_DOCS, read
from services.registry.runs.metrics import History
from services.registry.search.pages import offset_of, token_for
from services.runtime.http import context_of

PIECE = 10_000
"""Points that are written to the client at once: a million would hold up everybody else, and fill the memory."""


async def history(surface: Surface, request: Request) -> Any:
    wish = await read(request, requests.GetMetricHistory)
    if wish.max_results is not None and wish.max_results <= 0:
        raise Invalid(
            f"Invalid value {wish.max_results} for parameter 'max_results' supplied. It must be a positive integer.",
            field="max_results",
        )
    key = wish.metric_key or ""
    points = await surface.run_queries.history(context_of(request), str(wish.run_id or wish.run_uuid), key)
    offset = offset_of(wish.page_token)
    end = len(points) if wish.max_results is None else offset + wish.max_results
    page = points.take(slice(offset, end))
    answer: dict[str, Any] = {}
    if end < len(points):
        answer["next_page_token"] = token_for(end)
    if len(page) > PIECE:
        return StreamingResponse(_in_pieces(key, page, answer), media_type="application/json")
    return {"metrics": answers.history(key, page), **answer} if len(page) else answer


async def _in_pieces(key: str, points: History, rest: dict[str, Any]) -> AsyncIterator[bytes]:
    """The answer with these points and the `rest`, a piece after the other."""
    for start in range(0, len(points), PIECE):
        piece = msgspec.json.encode(answers.history(key, points.take(slice(start, start + PIECE))))
        yield (b"," if start else b'{"metrics":[') + piece[1:-1]
    yield b"]," + msgspec.json.encode(rest)[1:] if rest else b"]}"


async def of_many(surface: Surface, request: Request) -> Any:
    wish = await read(request, requests.GetMetricHistoryBulk)
    some_of("GetMetricHistoryBulk", "run_id", wish.run_id, limits.HISTORY_RUNS)
    if wish.metric_key is None:
        raise Invalid("GetMetricHistoryBulk request must specify a metric_key.", field="metric_key")
    most = min(limits.HISTORY_POINTS if wish.max_results is None else wish.max_results, limits.HISTORY_POINTS)
    metrics: list[answers.MetricAnswer] = []
    for run_id, points in await surface.run_queries.histories(context_of(request), wish.run_id, wish.metric_key):
        metrics += answers.history(wish.metric_key, points.take(slice(0, max(most - len(metrics), 0))), run_id)
    return {"metrics": metrics}


async def sampled(surface: Surface, request: Request) -> Any:
    wish = await read(request, requests.GetMetricHistoryInterval)
    run_ids = wish.run_ids or []
    if not run_ids:
        raise Invalid(f"Missing value for required parameter 'run_ids'.{SEE_DOCS}", field="run_ids")
    if len(run_ids) > limits.HISTORY_RUNS:
        raise Invalid(
            f"GetMetricHistoryBulkInterval request must specify at most {limits.HISTORY_RUNS} run_ids. "
            f"Received {len(run_ids)} run_ids.{SEE_DOCS}",
            field="run_ids",
        )
    if wish.max_results is not None and not 1 <= wish.max_results <= limits.INTERVAL_POINTS:
        raise Invalid(f"max_results must be between 1 and {limits.INTERVAL_POINTS}.{SEE_DOCS}", field="max_results")
    key = wish.metric_key or ""
    found = await surface.run_queries.interval(
        context_of(request), run_ids, key, _steps(wish), wish.max_results or limits.INTERVAL_POINTS
    )
    metrics = [entry for run_id, points in found for entry in answers.history(key, points, run_id)]
    return {"metrics": metrics} if metrics else {}


def _steps(wish: requests.GetMetricHistoryInterval) -> tuple[int, int] | None:
    if wish.start_step is None and wish.end_step is None:
        return None
    if wish.start_step is None or wish.end_step is None:
        raise Invalid("If either start step or end step are specified, both must be specified.", field="start_step")
    if wish.start_step > wish.end_step:
        raise Invalid(
            "end_step must be greater than start_step. "
            f"Found start_step={wish.start_step} and end_step={wish.end_step}.",
            field="end_step",
        )
    return wish.start_step, wish.end_step
