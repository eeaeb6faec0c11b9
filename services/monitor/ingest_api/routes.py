"""The monitor's HTTP routes, thin: from request to handler to answer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Final, TypeVar

import msgspec
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from services.contracts.errors import Invalid, LifecycleError, TooLarge
from services.monitor.batches.messages import IngestKind
from services.monitor.batches.references import ReferenceOptions
from services.monitor.ingest_api.budget import BodyBudget
from services.monitor.ingest_api.handlers import Ingest, Place
from services.monitor.metrics import refused_total
from services.runtime.http import context_of

Options = TypeVar("Options", bound=msgspec.Struct)

REFERENCES_BYTES: Final = 64 * 1024 * 1024
BATCH_SECONDS: Final = 60.0
REFERENCE_SECONDS: Final = 600.0
"""How long a body may take to come in."""

PREFIX = "/v1/models/{name}/versions/{version}"


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

    app.add_route(f"{PREFIX}/predictions", predictions, methods=["POST"])
    app.add_route(f"{PREFIX}/labels", labels, methods=["POST"])
    app.add_route(f"{PREFIX}/references/{{reference}}", reference, methods=["PUT"])
    app.add_route(f"{PREFIX}/references/{{reference}}/from-artifact", from_artifact, methods=["PUT"])
    app.add_route(f"{PREFIX}/references/{{reference}}/from-windows", from_windows, methods=["PUT"])


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
