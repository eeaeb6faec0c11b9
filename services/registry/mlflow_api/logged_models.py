"""Endpoints of logged models."""

from __future__ import annotations

import base64
import binascii
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from services.contracts.errors import Invalid
from services.registry import limits
from services.registry.logged_models.rules import STATUSES, DatasetFilter, ModelOrder
from services.registry.mlflow_api import answers, requests
from services.registry.mlflow_api.surface import Surface, creating
from services.registry.mlflow_api.wire import SEE_DOCS, read
from services.registry.names import invalid_value
from services.runtime.http import context_of


class PageToken(msgspec.Struct):
    """Says where the next page of which search starts: with another search it is refused."""

    experiment_ids: list[str] = []
    filter_string: str | None = None
    order_by: list[dict[str, Any]] | None = None
    offset: Any = 0


async def create(surface: Surface, request: Request) -> Response:
    wish = await read(request, requests.CreateLoggedModel)
    return await creating(
        surface,
        request,
        lambda sign: surface.logged_models.create(
            context_of(request),
            experiment_id=wish.experiment_id or "",
            name=wish.name or "",
            model_type=wish.model_type or "",
            source_run_id=wish.source_run_id or "",
            params={pair.key or "": pair.value or "" for pair in wish.params},
            tags={pair.key or "": pair.value or "" for pair in wish.tags},
            sign=sign,
        ),
        lambda model: {"model": answers.logged_model(model)},
    )


async def get(surface: Surface, request: Request) -> Any:
    allow_deleted = request.query_params.get("allow_deleted", "").lower() == "true"  # any other word is a no
    found = await surface.logged_models.get(
        context_of(request), request.path_params["model_id"], allow_deleted=allow_deleted
    )
    return {"model": answers.logged_model(found)}


async def finalise(surface: Surface, request: Request) -> Any:
    wish = await read(request, requests.FinalizeLoggedModel)  # the body's model, not the address's, as MLflow has it
    found = await surface.logged_models.finalise(context_of(request), wish.model_id or "", _status(wish.status))
    return {"model": answers.logged_model(found)}


def _status(given: str | int | None) -> int:
    if isinstance(given, str) and given in STATUSES:
        return STATUSES.index(given)
    if isinstance(given, int) or (isinstance(given, str) and given.isdigit()):
        return int(given)
    raise invalid_value("status", given)


async def delete(surface: Surface, request: Request) -> Any:
    await surface.logged_models.delete(context_of(request), request.path_params["model_id"])
    return {}


async def set_tags(surface: Surface, request: Request) -> Any:
    wish = await read(request, requests.LoggedModelTags, request.path_params)
    tags = {pair.key or "": pair.value or "" for pair in wish.tags}
    await surface.logged_models.set_tags(context_of(request), wish.model_id or "", tags)
    return {}


async def delete_tag(surface: Surface, request: Request) -> Any:
    await surface.logged_models.delete_tag(
        context_of(request), request.path_params["model_id"], request.path_params["tag_key"]
    )
    return {}


async def log_params(surface: Surface, request: Request) -> Any:
    wish = await read(request, requests.LoggedModelParams)
    params = {pair.key or "": pair.value or "" for pair in wish.params}
    await surface.logged_models.log_params(context_of(request), request.path_params["model_id"], params)
    return {}


async def search(surface: Surface, request: Request) -> Any:
    wish = await read(request, requests.SearchLoggedModels)
    orders = [
        ModelOrder(
            order.field_name or "",
            True if order.ascending is None else order.ascending,
            order.dataset_name or None,
            order.dataset_digest or None,
        )
        for order in wish.order_by
    ]
    datasets = [DatasetFilter(choice.dataset_name or "", choice.dataset_digest or None) for choice in wish.datasets]
    if any(not dataset.name for dataset in datasets):
        raise Invalid("`dataset_name` in the `datasets` clause must be specified.", field="datasets")
    token = PageToken(
        wish.experiment_ids or [],
        wish.filter or None,
        [
            {
                "field_name": order.field,
                "ascending": order.ascending,
                "dataset_name": order.dataset_name,
                "dataset_digest": order.dataset_digest,
            }
            for order in orders
        ]
        or None,
        0,
    )
    if wish.page_token:
        token.offset = _offset(wish.page_token, token)
    given = limits.LOGGED_MODELS_DEFAULT if wish.max_results is None else wish.max_results
    limit = given or limits.LOGGED_MODELS_OF_0
    if limit < 1:
        raise Invalid(f"Invalid value {limit} for parameter 'max_results' supplied.{SEE_DOCS}", field="max_results")
    limit = min(limit, limits.RUNS_MOST)
    found = await surface.logged_models.search(
        context_of(request),
        experiment_ids=token.experiment_ids,
        filter_string=wish.filter or "",
        datasets=datasets,
        orders=orders,
        offset=token.offset,
        limit=limit + 1,
    )
    answer: dict[str, Any] = {}
    if found:
        answer["models"] = [answers.logged_model(model) for model in found[:limit]]
    if len(found) > limit:
        token.offset += limit
        answer["next_page_token"] = base64.b64encode(msgspec.json.encode(token)).decode()
    return answer


def _offset(text: str, search: PageToken) -> int:
    try:
        token = msgspec.json.decode(base64.b64decode(text), type=PageToken)
    except (binascii.Error, ValueError, msgspec.MsgspecError):
        raise Invalid(f"Invalid page token: {text}.", field="page_token") from None
    for name, (words, verb) in _TOKEN_WORDS.items():
        asked, told = getattr(search, name), getattr(token, name)
        if asked != told:
            raise Invalid(
                f"{words[:1].upper()}{words[1:]} in the page token {verb} not match the requested {words}. "
                f"Expected: {asked}. Found: {told}",
                field="page_token",
            )
    if not isinstance(token.offset, int):
        raise Invalid(f"Invalid page token: {text}.", field="page_token")
    return max(token.offset, 0)


_TOKEN_WORDS = {
    "experiment_ids": ("experiment IDs", "do"),
    "filter_string": ("filter string", "does"),
    "order_by": ("order by", "does"),
}
