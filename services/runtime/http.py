"""An HTTP surface: who asks, correlation id, body limit, metrics by route, and errors as JSON by kind."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from typing import Any

import msgspec
import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from prometheus_client import Counter, Histogram
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.contracts.errors import (
    Internal,
    Invalid,
    LifecycleError,
    Limited,
    MethodNotAllowed,
    NotFound,
    TooLarge,
    Unavailable,
    manner_of,
)
from services.runtime.auth import Authenticator
from services.runtime.context import MAX_CORRELATION_CHARACTERS, Context, new_correlation_id, using
from services.runtime.telemetry import SECONDS_BUCKETS

log = structlog.get_logger()

RETRY_AFTER_SECONDS = 1
_requests = Counter("lifecycle_http_requests_total", "HTTP requests", ["method", "route", "status"])
_seconds = Histogram("lifecycle_http_request_seconds", "Time to answer", ["method", "route"], buckets=SECONDS_BUCKETS)

ErrorBody = Callable[[LifecycleError], bytes]


@lru_cache(maxsize=2048)
def _series(method: str, route: str, status: int) -> tuple[Counter, Histogram]:
    """Finding a series by its labels costs more than counting."""
    return _requests.labels(method, route, str(status)), _seconds.labels(method, route)


def error_body(error: LifecycleError) -> bytes:
    """`{"error": {"code", "message", "field", "fix", "retryable"}}`"""
    return msgspec.json.encode({"error": error.reply()})


def error_response(error: LifecycleError, body: ErrorBody = error_body) -> Response:
    """The answer that an expected error stands for."""
    headers = {"retry-after": str(RETRY_AFTER_SECONDS)} if isinstance(error, Unavailable | Limited) else {}
    if error.kind == "unauthenticated":
        headers["www-authenticate"] = 'Basic realm="lifecycle", charset="UTF-8"'
    return Response(body(error), manner_of(error).http_status, headers, media_type="application/json")


def as_lifecycle_error(error: Exception) -> LifecycleError:
    """Expected errors as they are; anything else is logged and shows no detail."""
    if isinstance(error, LifecycleError):
        return error
    log.error("a request failed", exc_info=error)
    return Internal("an unexpected error happened; it has been logged")


def http_app(title: str, authenticator: Authenticator, *, max_body_bytes: int, body: ErrorBody = error_body) -> FastAPI:
    """A FastAPI app whose every request has `request.state.context`, with typed errors.

    `max_body_bytes` bounds a body (413); routes that stream larger ones are marked with `unlimited`.
    """
    app = _App(title=title, openapi_url="/openapi.json", docs_url=None, redoc_url=None)

    async def on_error(_: Request, error: Exception) -> Response:
        return error_response(as_lifecycle_error(error), body)

    async def on_http_error(_: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        return error_response(_from_http(error), body)

    async def on_bad_request(_: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        first = error.errors()[0]
        return error_response(Invalid(str(first["msg"]), field=".".join(map(str, first["loc"]))), body)

    app.add_exception_handler(LifecycleError, on_error)
    app.add_exception_handler(HTTPException, on_http_error)
    app.add_exception_handler(RequestValidationError, on_bad_request)
    app.edge = partial(_Edge, authenticator=authenticator, max_body_bytes=max_body_bytes, body=body)
    app.add_middleware(app.edge)
    return app


def _from_http(error: HTTPException) -> LifecycleError:
    if error.status_code == 404:
        return NotFound("there is nothing at this address", code="ENDPOINT_NOT_FOUND")
    if error.status_code == 405:
        return MethodNotAllowed("this address doesn't take that method")
    return Invalid(str(error.detail))


def unlimited(paths: tuple[str, ...], app: FastAPI) -> None:
    """Lets bodies of any size through to paths that start with one of `paths`: their routes stream."""
    app.state.unlimited_paths = paths


def straight(starts: tuple[str, ...], inner: ASGIApp, app: FastAPI) -> None:
    """Lets requests to paths that start so go to `inner` without the framework's layers and routing, which cost as
    much as answering a small one."""
    assert isinstance(app, _App), "made by http_app"
    app.starts, app.inner = starts, app.edge(inner)


class _App(FastAPI):
    edge: Callable[[ASGIApp], ASGIApp]
    inner: ASGIApp
    starts: tuple[str, ...] = ()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith(self.starts):
            scope["app"] = self
            await self.inner(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


def context_of(request: Request) -> Context:
    context: Context = request.state.context
    return context


def headers_of(scope: Scope) -> dict[str, str]:
    """The request's headers in lower case; of a repeated one, the last."""
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}


class _Edge:
    """Plain ASGI, because a BaseHTTPMiddleware costs a task and a queue a request."""

    def __init__(self, app: ASGIApp, authenticator: Authenticator, max_body_bytes: int, body: ErrorBody) -> None:
        self._app = app
        self._authenticator = authenticator
        self._max = max_body_bytes
        self._body = body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        headers = headers_of(scope)
        given = headers.get("x-request-id", "")
        correlation = given if _is_plain(given) else new_correlation_id()
        status = 500
        begun = False

        async def answer(message: Message) -> None:
            nonlocal status, begun
            if message["type"] == "http.response.start":
                status = message["status"]
                begun = True
                if given or status >= 400:  # each header costs who reads it
                    message["headers"] = [*message.get("headers", []), (b"x-request-id", correlation.encode())]
            await send(message)

        try:
            principal = await self._authenticator.resolve(headers)
            remote = scope["client"][0] if scope.get("client") else ""
            context = Context(principal, correlation, None, remote, headers.get("idempotency-key"))
            scope.setdefault("state", {})["context"] = context
            with using(context):
                await self._app(scope, self._limited(scope, headers, receive), answer)
        except Exception as error:  # the HTTP boundary
            if begun:
                raise
            await error_response(as_lifecycle_error(error), self._body)(scope, receive, answer)
        finally:
            route = getattr(scope.get("route"), "path", "unmatched")
            answered, took = _series(scope["method"], route, status)
            answered.inc()
            took.observe(time.perf_counter() - started)

    def _limited(self, scope: Scope, headers: Mapping[str, str], receive: Receive) -> Receive:
        app_state: Any = scope["app"].state if "app" in scope else None
        if scope["path"].startswith(getattr(app_state, "unlimited_paths", ()) or ("\0",)):
            return receive
        stated = headers.get("content-length", "")
        if stated.isdigit() and int(stated) > self._max:
            raise self._too_large()
        received = 0

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self._max:
                raise self._too_large()
            return message

        return counted

    def _too_large(self) -> TooLarge:
        return TooLarge(f"the body is larger than {self._max} bytes", fix="Send smaller batches.")


def _is_plain(text: str) -> bool:
    return 0 < len(text) <= MAX_CORRELATION_CHARACTERS and text.isascii() and text.isprintable()
