"""Endpoints of registered models, versions, aliases and stages."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from services.contracts.errors import Invalid
from services.registry import limits
from services.registry.mlflow_api import answers
from services.registry.mlflow_api import model_requests as requests
from services.registry.mlflow_api.surface import Surface, creating
from services.registry.mlflow_api.wire import SEE_DOCS, read
from services.registry.models.rules import Version
from services.registry.models.versions import Stated
from services.registry.names import invalid_value
from services.registry.search.pages import offset_of, token_for
from services.runtime.http import context_of


async def create(surface: Surface, request: Request) -> Response:
    wish = await read(request, requests.CreateRegisteredModel)
    tags = {tag.key or "": tag.value or "" for tag in wish.tags}
    return await creating(
        surface,
        request,
        lambda sign: surface.models.register(context_of(request), wish.name or "", wish.description or "", tags, sign),
        lambda model: {"registered_model": answers.model(model)},
    )


async def get(surface: Surface, request: Request) -> Any:
    wish = await read(request, requests.ModelName)
    model = await surface.models.get(context_of(request), wish.name or "")
    latest = await surface.model_queries.latest_versions([model.name])
    return {"registered_model": answers.model(model, latest.get(model.name, ()))}


async def update(surface: Surface, request: Request) -> Any:
    wish = await read(request, requests.UpdateRegisteredModel)
    model = await surface.models.describe(context_of(request), wish.name or "", wish.description or "")
    latest = await surface.model_queries.latest_versions([model.name])
    return {"registered_model": answers.model(model, latest.get(model.name, ()))}


async def rename(surface: Surface, request: Request) -> Any:
    wish = await read(request, requests.RenameRegisteredModel)
    model = await surface.models.rename(context_of(request), wish.name or "", wish.new_name or "")
    latest = await surface.model_queries.latest_versions([model.name])
    return {"registered_model": answers.model(model, latest.get(model.name, ()))}


async def delete(surface: Surface, request: Request) -> Any:
    wish = await read(request, requests.ModelName)
    await surface.models.delete(context_of(request), wish.name or "")
    return {}


async def search(surface: Surface, request: Request) -> Any:
    wish = await read(request, requests.Search)
    limit = _page_size(wish.max_results, limits.MODELS_DEFAULT, limits.MODELS_MOST)
    offset = offset_of(wish.page_token)
    found = await surface.model_queries.search(context_of(request), wish.filter or "", wish.order_by, offset, limit + 1)
    latest = await surface.model_queries.latest_versions([model.name for model in found[:limit]])
    answer: dict[str, Any] = {}
    if found:
        answer["registered_models"] = [answers.model(model, latest.get(model.name, ())) for model in found[:limit]]
    if len(found) > limit:
        answer["next_page_token"] = token_for(offset + limit)
    return answer


async def latest_versions(surface: Surface, request: Request) -> Any:
    wish = await read(request, requests.GetLatestVersions)
    model, versions = await surface.model_queries.latest_in(context_of(request), wish.name or "", wish.stages)
    return {"model_versions": [answers.version(version, model) for version in versions]} if versions else {}


async def set_tag(surface: Surface, request: Request) -> Any:
    wish = await read(request, requests.SetModelTag)
    await surface.models.set_tag(context_of(request), wish.name or "", wish.key or "", wish.value or "")
    return {}


async def delete_tag(surface: Surface, request: Request) -> Any:
    wish = await read(request, requests.DeleteModelTag)
    await surface.models.delete_tag(context_of(request), wish.name or "", wish.key or "")
    return {}


# ---------------------------------------------------------------- aliases


async def set_alias(surface: Surface, request: Request) -> Any:
    wish = await read(request, requests.SetAlias)
    await surface.models.set_alias(context_of(request), wish.name or "", wish.alias or "", wish.version or "")
    return {}


async def delete_alias(surface: Surface, request: Request) -> Any:
    wish = await read(request, requests.AliasName)
    await surface.models.delete_alias(context_of(request), wish.name or "", wish.alias or "")
    return {}


async def get_by_alias(surface: Surface, request: Request) -> Any:
    wish = await read(request, requests.AliasName)
    found = await surface.versions.by_alias(context_of(request), wish.name or "", wish.alias or "")
    return await _told(surface, request, found)


# ---------------------------------------------------------------- versions


async def create_version(surface: Surface, request: Request) -> Response:
    wish = await read(request, requests.CreateModelVersion)
    stated = Stated(
        name=wish.name or "",
        source=wish.source or "",
        run_id=wish.run_id,
        model_id=wish.model_id,
        run_link=wish.run_link or "",
        description=wish.description or "",
        tags={tag.key or "": tag.value or "" for tag in wish.tags},
    )
    return await creating(
        surface,
        request,
        lambda sign: surface.versions.register(context_of(request), stated, sign),
        lambda version: {"model_version": answers.version(version, None)},
    )


async def get_version(surface: Surface, request: Request) -> Any:
    wish = await read(request, requests.VersionName)
    found = await surface.versions.get(context_of(request), wish.name or "", wish.version or "")
    return await _told(surface, request, found)


async def update_version(surface: Surface, request: Request) -> Any:
    wish = await read(request, requests.UpdateModelVersion)
    found = await surface.versions.describe(context_of(request), wish.name or "", wish.version or "", wish.description)
    return await _told(surface, request, found)


async def transition_stage(surface: Surface, request: Request) -> Any:
    wish = await read(request, requests.TransitionStage)
    found = await surface.versions.move(
        context_of(request),
        wish.name or "",
        wish.version or "",
        wish.stage or "",
        archive_others=bool(wish.archive_existing_versions),
    )
    return await _told(surface, request, found)


async def delete_version(surface: Surface, request: Request) -> Any:
    wish = await read(request, requests.VersionName)
    await surface.versions.delete(context_of(request), wish.name or "", wish.version or "")
    return {}


async def search_versions(surface: Surface, request: Request) -> Any:
    wish = await read(request, requests.Search)
    limit = _page_size(wish.max_results, limits.VERSIONS_DEFAULT, limits.VERSIONS_MOST)
    offset = offset_of(wish.page_token)
    found = await surface.model_queries.search_versions(
        context_of(request), wish.filter or "", wish.order_by, offset, limit + 1
    )
    answer: dict[str, Any] = {}
    if found:
        answer["model_versions"] = [answers.version(version, None) for version in found[:limit]]
    if len(found) > limit:
        answer["next_page_token"] = token_for(offset + limit)
    return answer


async def download_uri(surface: Surface, request: Request) -> Any:
    wish = await read(request, requests.VersionName)
    found = await surface.versions.get(context_of(request), wish.name or "", wish.version or "")
    return {"artifact_uri": found.storage_location}


async def set_version_tag(surface: Surface, request: Request) -> Any:
    wish = await read(request, requests.SetVersionTag)
    await surface.versions.set_tag(
        context_of(request), wish.name or "", wish.version or "", wish.key or "", wish.value or ""
    )
    return {}


async def delete_version_tag(surface: Surface, request: Request) -> Any:
    wish = await read(request, requests.DeleteVersionTag)
    await surface.versions.delete_tag(context_of(request), wish.name or "", wish.version or "", wish.key or "")
    return {}


async def _told(surface: Surface, request: Request, version: Version) -> Any:
    model = await surface.models.get(context_of(request), version.name)
    return {"model_version": answers.version(version, model)}


def _page_size(given: int | None, default: int, most: int) -> int:
    """How many results a page holds. Raises Invalid, for too many as MLflow does for numbers in an address."""
    if given is None:
        return default
    if given > most:
        error = invalid_value("max_results", str(given), " Hint: Value was of type 'str'.")
        raise Invalid(error.message + SEE_DOCS, field="max_results")
    if given < 1:
        message = f"Invalid value for max_results. It must be a positive integer, but got {given}"
        raise Invalid(message, field="max_results")
    return given
