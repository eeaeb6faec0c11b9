"""What the endpoints work with: the registry's handlers, and how their answers are sent."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from services.contracts.errors import Invalid, LifecycleError, Unavailable
from services.registry.artifacts.handlers import Artifacts
from services.registry.artifacts.uploads import Uploads
from services.registry.experiments.handlers import Experiments
from services.registry.logged_models.handlers import LoggedModels
from services.registry.mlflow_api import errors
from services.registry.mlflow_api.retries import CREATIONS, Retries, digest_of
from services.registry.models.handlers import Models
from services.registry.models.queries import ModelQueries
from services.registry.models.versions import Versions
from services.registry.names import invalid_value
from services.registry.runs.handlers import Runs
from services.registry.runs.queries import RunQueries
from services.registry.values import ACTIVE, DELETED
from services.runtime.http import as_lifecycle_error, context_of
from services.runtime.outbox import Change, Duplicate

A = TypeVar("A")


@dataclass(frozen=True, slots=True)
class Surface:
    experiments: Experiments
    runs: Runs
    run_queries: RunQueries
    logged_models: LoggedModels
    models: Models
    versions: Versions
    model_queries: ModelQueries
    artifacts: Artifacts
    uploads: Uploads
    retries: Retries


Endpoint = Callable[[Surface, Request], Awaitable[Any]]

_VIEWS = {
    "ACTIVE_ONLY": (ACTIVE,),
    "DELETED_ONLY": (DELETED,),
    "ALL": (ACTIVE, DELETED),
}
_VIEW_NAMES = {"1": "ACTIVE_ONLY", "2": "DELETED_ONLY", "3": "ALL"}


def serving(endpoint: Endpoint, surface: Surface) -> Callable[[Request], Awaitable[Response]]:
    """`endpoint` as an ASGI route: its answer as JSON, its errors in MLflow's shape."""

    async def serve(request: Request) -> Response:
        try:
            answer = await endpoint(surface, request)
        except Exception as error:  # noqa: BLE001  # the HTTP boundary: bugs are logged and show no detail
            return errors.response(as_lifecycle_error(error))
        return answer if isinstance(answer, Response) else respond(answer)

    return serve


def respond(answer: object) -> Response:
    return Response(msgspec.json.encode(answer), media_type="application/json")


async def creating(
    surface: Surface,
    request: Request,
    work: Callable[[Callable[[Change, A], None]], Awaitable[A]],
    told: Callable[[A], object],
    *,
    unnamed: bool = False,
) -> Response:
    """Answers a creation once, however often the client has to ask: see retries.py.

    `work` creates, calling what it is given when its change is built; `told` says what the client is told about it.
    `unnamed`: what is created can't be there already, so that only the record of a lost answer can be in the way;
    then nothing is looked up before.
    """
    digest = digest_of(context_of(request).principal, request.url.path, await request.body())

    async def made(first: bool) -> bytes:
        def sign(change: Change, new: A) -> None:
            surface.retries.record(change, digest, msgspec.json.encode(told(new)), first=first)

        return msgspec.json.encode(told(await work(sign)))

    try:
        answer = await made(first=True) if unnamed else None
    except Duplicate as error:
        if error.collection != CREATIONS:
            raise
        answer = None
    except Unavailable:
        surface.retries.lost(digest)
        raise
    if answer is None:
        answer = await surface.retries.answer_to(digest)
    if answer is None:
        try:
            answer = await made(first=False)
        except Unavailable:
            surface.retries.lost(digest)
            raise
    if await request.is_disconnected():
        surface.retries.lost(digest)
    else:
        surface.retries.answered(digest)
    return Response(answer, media_type="application/json")


def stages_of(view: str | int | None) -> tuple[str, ...]:
    """The lifecycle stages that a view type means: active ones if it isn't given, or by a word MLflow ignores too."""
    name = _VIEW_NAMES.get(str(view), str(view))
    if name not in _VIEWS and isinstance(view, int):
        raise invalid_value("view_type", view)
    return _VIEWS.get(name, _VIEWS["ACTIVE_ONLY"])


def page_size(given: int | None, default: int, most: int) -> int:
    """How many results a page holds. Raises Invalid."""
    if given is None:
        return default
    if not 1 <= given <= most:
        wanted = "a positive integer" if given < 1 else f"at most {most}"
        raise Invalid(
            f"Invalid value {given} for parameter 'max_results' supplied. It must be {wanted}", field="max_results"
        )
    return given


def refused(message: str, field: str) -> LifecycleError:
    return Invalid(message, field=field)
