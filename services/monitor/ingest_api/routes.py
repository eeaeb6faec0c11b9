"""The monitor's HTTP routes, thin: from request to handler to answer."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from types import SimpleNamespace
from typing import Final, TypeVar

import msgspec
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from services.contracts.errors import Invalid, LifecycleError, MethodNotAllowed, NotFound, TooLarge
from services.monitor.batches.messages import IngestKind
from services.monitor.batches.references import ReferenceOptions
from services.monitor.ingest_api.budget import BodyBudget
from services.monitor.ingest_api.handlers import Ingest, Place
from services.monitor.metrics import refused_total
from services.runtime.http import context_of, straight

Options = TypeVar("Options", bound=msgspec.Struct)

REFERENCES_BYTES: Final = 64 * 1024 * 1024
BATCH_SECONDS: Final = 60.0
REFERENCE_SECONDS: Final = 600.0
"""How long a body may take to come in."""

START: Final = "/v1/models/"
PREFIX: Final = f"{START}{{name}}/versions/{{version}}"

Endpoint = Callable[[Request], Awaitable[Response]]


def add_routes(app: FastAPI, ingest: Ingest, max_batch_bytes: int) -> None:
    """`max_batch_bytes` bounds a batch; the app's own limit bounds a reference. Batches in work at once are bounded by
    the largest and half as much again, references by one of REFERENCES_BYTES or a larger one alone."""
    bodies = BodyBudget(max_batch_bytes + max_batch_bytes // 2)
    references = BodyBudget(REFERENCES_BYTES)

    async def take(kind: IngestKind, request: Request) -> Response:
        try:
            async with bodies.room(_size(request)):
                accepted = await ingest.batch(
                    kind,
                    request.path_params["name"],
                    request.path_params["version"],
                    await _in_time(_body(request, max_batch_bytes), BATCH_SECONDS),
                    request.headers.get("content-type", ""),
                    request.headers.get("batch-id") or request.query_params.get("batch_id", ""),
                    context_of(request),
                )
        except LifecycleError as error:
            refused_total.labels(kind, error.code).inc()
            raise
        return _json(accepted, 202)

    async def predictions(request: Request) -> Response:
        """A batch of predictions."""
        return await take("predictions", request)

    async def labels(request: Request) -> Response:
        """A batch of labels."""
        return await take("labels", request)

    async def reference(request: Request) -> Response:
        """Rows to compare with."""
        options = _options(request, ReferenceOptions)
        async with references.room(_size(request)):
            made = await ingest.reference(
                request.path_params["name"],
                request.path_params["version"],
                request.path_params["reference"],
                await _in_time(request.body(), REFERENCE_SECONDS),
                request.headers.get("content-type", ""),
                options,
                context_of(request),
            )
        return _json(made, 201 if made.changed else 200)

    async def from_artifact(request: Request) -> Response:
        """A file in the registry to compare with."""
        place, options = _options(request, Place, ReferenceOptions), _options(request, ReferenceOptions, Place)
        async with references.room(None):
            made = await ingest.reference_from_registry(
                request.path_params["name"],
                request.path_params["version"],
                request.path_params["reference"],
                place,
                request.headers.get("authorization"),
                options,
                context_of(request),
            )
        return _json(made, 201 if made.changed else 200)

    async def from_windows(request: Request) -> Response:
        """A past period to compare with."""
        made = await ingest.reference_from_windows(
            request.path_params["name"],
            request.path_params["version"],
            request.path_params["reference"],
            request.query_params.get("start", ""),
            request.query_params.get("end", ""),
            context_of(request),
        )
        return _json(made, 201 if made.changed else 200)

    routes = Routes(
        ("POST", f"{PREFIX}/predictions", predictions),
        ("POST", f"{PREFIX}/labels", labels),
        ("PUT", f"{PREFIX}/references/{{reference}}", reference),
        ("PUT", f"{PREFIX}/references/{{reference}}/from-artifact", from_artifact),
        ("PUT", f"{PREFIX}/references/{{reference}}/from-windows", from_windows),
    )
    straight((START,), routes, app)


class Routes:
    """An ASGI app. Small batches are many: each would spend as long in the framework's layers as in being read."""

    def __init__(self, *routes: tuple[str, str, Endpoint]) -> None:
        """Method, path and endpoint; `{name}` in a path stands for one part of an address."""
        self._routes: Sequence[tuple[re.Pattern[str], str, str, Endpoint]] = [
            (re.compile(re.sub(r"{(\w+)}", r"(?P<\1>[^/]+)", path)), path, method, endpoint)
            for method, path, endpoint in routes
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Raises NotFound or MethodNotAllowed."""
        for pattern, path, method, endpoint in self._routes:
            match = pattern.fullmatch(scope["path"])
            if match is None:
                continue
            scope["route"] = SimpleNamespace(path=path)  # the label of the request metrics
            if scope["method"] != method:
                raise MethodNotAllowed("this address doesn't take that method")
            scope["path_params"] = match.groupdict()
            response = await endpoint(Request(scope, receive, send))
            await response(scope, receive, send)
            return
        raise NotFound("there is nothing at this address", code="ENDPOINT_NOT_FOUND")


def _options(request: Request, wanted: type[Options], *others: type[msgspec.Struct]) -> Options:
    """The query's options as one Struct; raises Invalid for what neither it nor the others know."""
    kinds: list[type[msgspec.Struct]] = [wanted, *others]
    known = [name for kind in kinds for name in kind.__struct_fields__]
    for name in request.query_params:
        if name not in known:
            raise Invalid(
                f"there is no option {name!r}",
                code="UNKNOWN_OPTION",
                field=f"query.{name}",
                fix=f"One of: {', '.join(known)}.",
            )
    stated = {name: text for name, text in request.query_params.items() if name in wanted.__struct_fields__}
    try:
        return msgspec.convert(stated, wanted)
    except msgspec.ValidationError as error:
        raise Invalid(str(error), code="BAD_QUERY", field="query") from error


def _size(request: Request) -> int | None:
    text = request.headers.get("content-length", "")
    return int(text) if text.isdecimal() else None


async def _in_time(body: Awaitable[bytes], seconds: float) -> bytes:
    """A sender that takes longer doesn't keep others waiting for room."""
    try:
        async with asyncio.timeout(seconds):
            return await body
    except TimeoutError as error:
        raise Invalid(
            f"the body didn't come within {seconds:.0f} s", code="TOO_SLOW", field="body", fix="Send smaller batches."
        ) from error


async def _body(request: Request, most: int) -> bytes:
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > most:
            raise TooLarge(
                f"the batch is larger than {most} bytes", field="body", fix="Send smaller batches, each with its id."
            )
        chunks.append(chunk)
    return b"".join(chunks)


def _json(answer: object, status: int) -> Response:
    return Response(msgspec.json.encode(answer), status, media_type="application/json")
