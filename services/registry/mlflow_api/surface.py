"""What the endpoints work with: the registry's handlers, and how their answers are sent."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
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

    again = surface.retries.known(digest)
    surface.retries.begun(digest)
    try:
        answer = await _made(surface.retries, digest, made, first=unnamed and not again, look=not again)
    except BaseException as error:
        if isinstance(error, Unavailable):
            surface.retries.lost(digest)
        surface.retries.ended(digest)
        raise
    if _gone(request):
        surface.retries.lost(digest)
        surface.retries.ended(digest)
    else:
        surface.retries.answered(digest)
    return Response(answer, media_type="application/json")


def _gone(request: Request) -> bool:
    """Whether the connection has been closed meanwhile: the framework's own way cancels a wait, which costs more than
    all the rest of an answer. Here the wait is begun and given up."""
    receiving = request.receive()
    try:
        receiving.send(None)  # type: ignore[attr-defined]  # servers' are coroutines
    except StopIteration as told:
        return bool(told.value["type"] == "http.disconnect")
    receiving.close()  # type: ignore[attr-defined]
    return False


async def _made(
    retries: Retries, digest: str, made: Callable[[bool], Awaitable[bytes]], *, first: bool, look: bool
) -> bytes:
    """`first`: without looking whether the answer is recorded already, unless its record is in the way."""
    if first:
        try:
            return await made(True)
        except Duplicate as error:
            if error.collection != CREATIONS:
                raise
    answer = await retries.answer_to(digest) if look else None
    return await made(False) if answer is None else answer


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


def some_of(request: str, what: str, given: Sequence[str], most: int) -> None:
    """That a `request` names at least one `what` and at most so many. Raises Invalid."""
    if not given:
        raise Invalid(f"{request} request must specify at least one {what}.", field=what)
    if len(given) > most:
        message = f"{request} request cannot specify more than {most} {what}s. Received {len(given)} {what}s."
        raise Invalid(message, field=what)


def refused(message: str, field: str) -> LifecycleError:
    return Invalid(message, field=field)
