"""Endpoints of runs: their life, what they log, and finding them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from services.contracts.errors import Invalid
from services.registry import limits
from services.registry.datasets.rules import Dataset
from services.registry.mlflow_api import answers, requests
from services.registry.mlflow_api.surface import Surface, creating, page_size, some_of, stages_of
from services.registry.mlflow_api.wire import SEE_DOCS, read
from services.registry.names import invalid_value, missing_value
from services.registry.runs.metrics import Point
from services.registry.runs.rules import STATUSES, Batch, ModelOutput
from services.registry.search.pages import offset_of, token_for
from services.registry.values import KeyValue
from services.runtime.http import context_of

_STATUS_NUMBERS = {"1": "RUNNING", "2": "SCHEDULED", "3": "FINISHED", "4": "FAILED", "5": "KILLED"}
_MODEL_FIELDS = {"artifact_path", "flavors", "utc_time_created", "run_id"}


async def create(surface: Surface, request: Request) -> Response:
    wish = await read(request, requests.CreateRun)
    tags = [_pair(tag, "tags", number) for number, tag in enumerate(wish.tags)]
    return await creating(
        surface,
        request,
        lambda sign: surface.runs.create(
            context_of(request),
            experiment_id=wish.experiment_id or "",
            user=wish.user_id or "",
            name=wish.run_name or "",
            start_time=wish.start_time or 0,
            tags=tags,
            sign=sign,
        ),
        lambda run: {"run": answers.run(run, {}, outputs=False)},
        unnamed=True,
    )


async def get(surface: Surface, request: Request) -> Any:
    wish = await read(request, requests.RunId)
    run = await surface.runs.get(context_of(request), _run_id(wish))
    return {"run": answers.run(run, await surface.run_queries.datasets_of([run]))}


async def update(surface: Surface, request: Request) -> Any:
    wish = await read(request, requests.UpdateRun)
    run = await surface.runs.update(
        context_of(request), _run_id(wish), _status(wish.status), wish.end_time, wish.run_name
    )
    return {"run_info": answers.run_info(run)}


async def delete(surface: Surface, request: Request) -> Any:
    wish = await read(request, requests.RunId)
    await surface.runs.delete(context_of(request), _run_id(wish))
    return {}


async def restore(surface: Surface, request: Request) -> Any:
    wish = await read(request, requests.RunId)
    await surface.runs.restore(context_of(request), _run_id(wish))
    return {}


# ---------------------------------------------------------------- logging


async def log_metric(surface: Surface, request: Request) -> Any:
    wish = await read(request, requests.LogMetric)
    await surface.runs.log(context_of(request), _run_id(wish), Batch(points=[_point(wish)], single=True))
    return {}


async def log_parameter(surface: Surface, request: Request) -> Any:
    wish = await read(request, requests.LogParam)
    batch = Batch(params=[KeyValue(wish.key or "", wish.value or "")], single=True)
    await surface.runs.log(context_of(request), _run_id(wish), batch)
    return {}


async def set_tag(surface: Surface, request: Request) -> Any:
    wish = await read(request, requests.SetTag)
    batch = Batch(tags=[KeyValue(wish.key or "", wish.value or "")], single=True)
    await surface.runs.log(context_of(request), _run_id(wish), batch)
    return {}


async def delete_tag(surface: Surface, request: Request) -> Any:
    wish = await read(request, requests.DeleteTag)
    await surface.runs.delete_tag(context_of(request), wish.run_id or "", wish.key or "")
    return {}


async def log_batch(surface: Surface, request: Request) -> Any:
    wish = await read(request, requests.LogBatch)
    batch = Batch(
        points=_points(wish.metrics),
        params=[_pair(param, "params", number) for number, param in enumerate(wish.params)],
        tags=[_pair(tag, "tags", number) for number, tag in enumerate(wish.tags)],
    )
    await surface.runs.log(context_of(request), wish.run_id or "", batch)
    return {}


async def log_model(surface: Surface, request: Request) -> Any:
    wish = await read(request, requests.LogModel)
    try:
        model = json.loads(wish.model_json or "")
    except (ValueError, RecursionError):
        raise Invalid(
            f"Malformed model info. \n {wish.model_json} \n is not a valid JSON.", field="model_json"
        ) from None
    if not isinstance(model, dict) or _MODEL_FIELDS - model.keys():
        missing = _MODEL_FIELDS - (model.keys() if isinstance(model, dict) else set())
        raise Invalid(f"Model json is missing mandatory fields: {missing}", field="model_json")
    await surface.runs.record_model(context_of(request), wish.run_id or "", model)
    return {}


async def log_inputs(surface: Surface, request: Request) -> Any:
    wish = await read(request, requests.LogInputs)
    if len(wish.datasets) > limits.DATASETS_PER_REQUEST:
        raise Invalid(f"at most {limits.DATASETS_PER_REQUEST} datasets at once", field="datasets")
    datasets = [
        (_dataset(entry.dataset, number), [KeyValue(tag.key or "", tag.value or "") for tag in entry.tags])
        for number, entry in enumerate(wish.datasets)
    ]
    models = [entry.model_id or "" for entry in wish.models]
    await surface.runs.log_inputs(context_of(request), wish.run_id or "", datasets, models)
    return {}


async def log_outputs(surface: Surface, request: Request) -> Any:
    wish = await read(request, requests.LogOutputs)
    outputs = [ModelOutput(entry.model_id or "", entry.step or 0) for entry in wish.models or []]
    await surface.runs.log_outputs(context_of(request), wish.run_id or "", outputs)
    return {}


# ---------------------------------------------------------------- finding


async def search(surface: Surface, request: Request) -> Any:
    wish = await read(request, requests.SearchRuns)
    limit = page_size(wish.max_results, limits.RUNS_DEFAULT, limits.RUNS_MOST)
    offset = offset_of(wish.page_token)
    found = await surface.run_queries.search(
        context_of(request),
        experiment_ids=wish.experiment_ids,
        filter_string=wish.filter or "",
        stages=stages_of(wish.run_view_type),
        order_by=wish.order_by,
        offset=offset,
        limit=limit + 1,
    )
    datasets = await surface.run_queries.datasets_of(found[:limit])
    answer: dict[str, Any] = {}
    if found:
        answer["runs"] = [answers.run(run, datasets) for run in found[:limit]]
    if len(found) > limit:
        answer["next_page_token"] = token_for(offset + limit)
    return answer


async def search_datasets(surface: Surface, request: Request) -> Any:
    wish = await read(request, requests.SearchDatasets)
    some_of("SearchDatasets", "experiment_id", wish.experiment_ids, limits.EXPERIMENTS_IN_DATASET_SEARCH)
    found = await surface.run_queries.dataset_summaries(context_of(request), wish.experiment_ids)
    summaries = [
        {key: value for key, value in zip(_SUMMARY, summary, strict=True) if value is not None} for summary in found
    ]
    return {"dataset_summaries": summaries} if summaries else {}


_SUMMARY = ("experiment_id", "name", "digest", "context")


# ---------------------------------------------------------------- reading


def _run_id(wish: Any) -> str:
    return str(wish.run_id or wish.run_uuid)


def _status(given: str | int | None) -> str | None:
    """None for a word that is no status: protobuf's JSON reader passes over unknown names, and clients rely on it."""
    name = _STATUS_NUMBERS.get(str(given), str(given))
    if name not in STATUSES and isinstance(given, int):
        raise invalid_value("status", given)
    return name if name in STATUSES else None


def _points(metrics: Sequence[requests.MetricEntry]) -> list[Point]:
    for number, metric in enumerate(metrics):
        if not metric.key or metric.value is None or metric.timestamp is None:
            _point(metric, f"metrics[{number}].")  # says what is missing
    return [_point(metric) for metric in metrics]


def _point(metric: requests.MetricEntry | requests.LogMetric, path: str = "") -> Point:
    if metric.key is None or metric.key == "":
        raise _missing(f"{path}key")
    if metric.value is None:
        raise _missing(f"{path}value")
    if metric.timestamp is None:
        raise _missing(f"{path}timestamp")
    return Point(
        key=metric.key,
        value=metric.value,
        timestamp=metric.timestamp,
        step=metric.step or 0,
        model_id=metric.model_id or None,
        dataset_name=metric.dataset_name or None,
        dataset_digest=metric.dataset_digest or None,
    )


def _missing(path: str) -> Invalid:
    error = missing_value(path)
    return Invalid(error.message + SEE_DOCS, field=path)


def _pair(pair: requests.Pair, what: str, number: int) -> KeyValue:
    if pair.key is None or pair.key == "":
        raise _missing(f"{what}[{number}].key")
    return KeyValue(pair.key, pair.value or "")


def _dataset(entry: requests.DatasetEntry | None, number: int) -> Dataset:
    if entry is None or not entry.name or not entry.digest:
        missing = "name" if entry is None or not entry.name else "digest"
        raise _missing(f"datasets[{number}].dataset.{missing}")
    return Dataset(
        id="",
        experiment_id="",
        name=entry.name,
        digest=entry.digest,
        source_type=entry.source_type or "",
        source=entry.source or "",
        schema=entry.schema,
        profile=entry.profile,
    )


Summary = Sequence[str | None]
