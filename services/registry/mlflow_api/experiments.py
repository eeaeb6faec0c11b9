"""Endpoints of experiments."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from services.registry import limits
from services.registry.mlflow_api import answers, requests
from services.registry.mlflow_api.surface import Surface, creating, page_size, stages_of
from services.registry.mlflow_api.wire import read
from services.registry.search.pages import offset_of, token_for
from services.runtime.http import context_of


async def create(surface: Surface, request: Request) -> Response:
    wish = await read(request, requests.CreateExperiment)
    tags = {tag.key or "": tag.value or "" for tag in wish.tags}
    return await creating(
        surface,
        request,
        lambda sign: surface.experiments.create(
            context_of(request), wish.name or "", wish.artifact_location or "", tags, sign
        ),
        lambda experiment: {"experiment_id": experiment.id},
    )


async def get(surface: Surface, request: Request) -> Any:
    wish = await read(request, requests.ExperimentId)
    found = await surface.experiments.get(context_of(request), wish.experiment_id or "")
    return {"experiment": answers.experiment(found)}


async def get_by_name(surface: Surface, request: Request) -> Any:
    wish = await read(request, requests.ExperimentName)
    found = await surface.experiments.get_by_name(context_of(request), wish.experiment_name or "")
    return {"experiment": answers.experiment(found)}


async def search(surface: Surface, request: Request) -> Any:
    wish = await read(request, requests.SearchExperiments)
    limit = page_size(wish.max_results or 0, 0, limits.EXPERIMENTS_MOST)  # MLflow has no default here
    offset = offset_of(wish.page_token)
    found = await surface.experiments.search(
        context_of(request),
        filter_string=wish.filter or "",
        stages=stages_of(wish.view_type),
        order_by=wish.order_by,
        offset=offset,
        limit=limit + 1,
    )
    answer: dict[str, Any] = {}
    if found:
        answer["experiments"] = [answers.experiment(experiment) for experiment in found[:limit]]
    if len(found) > limit:
        answer["next_page_token"] = token_for(offset + limit)
    return answer


async def update(surface: Surface, request: Request) -> Any:
    wish = await read(request, requests.UpdateExperiment)
    await surface.experiments.rename(context_of(request), wish.experiment_id or "", wish.new_name or "")
    return {}


async def delete(surface: Surface, request: Request) -> Any:
    wish = await read(request, requests.ExperimentId)
    experiment = await surface.experiments.delete(context_of(request), wish.experiment_id or "")
    await surface.runs.sweep(context_of(request), experiment.id)
    return {}


async def restore(surface: Surface, request: Request) -> Any:
    wish = await read(request, requests.ExperimentId)
    experiment = await surface.experiments.restore(context_of(request), wish.experiment_id or "")
    await surface.runs.sweep(context_of(request), experiment.id)
    return {}


async def set_tag(surface: Surface, request: Request) -> Any:
    wish = await read(request, requests.SetExperimentTag)
    await surface.experiments.set_tag(context_of(request), wish.experiment_id or "", wish.key or "", wish.value or "")
    return {}


async def delete_tag(surface: Surface, request: Request) -> Any:
    wish = await read(request, requests.DeleteExperimentTag)
    await surface.experiments.delete_tag(context_of(request), wish.experiment_id or "", wish.key or "")
    return {}
