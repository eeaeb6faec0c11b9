"""GraphQL over HTTP: GET and POST as the specification says, and subscriptions as server-sent events."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from graphql import OperationType
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse

from services.gateway import negotiation, sse
from services.gateway.budget import Standing
from services.gateway.engine import Engine
from services.gateway.errors import RequestFailed
from services.gateway.graphiql import pages as graphiql
from services.gateway.operation import Operation
from services.gateway.requests import GraphQLRequest, from_json, from_query_string
from services.runtime.auth import Authenticator
from services.runtime.context import Context
from services.runtime.health import Health
from services.runtime.http import context_of, headers_of

OperationFor = Callable[[Context], Operation]


class HttpEndpoint:
    """The handler of the route. Batches are refused; mutations need POST."""

    def __init__(
        self, engine: Engine, operation_for: OperationFor, authenticator: Authenticator, health: Health
    ) -> None:
        self._engine = engine
        self._operation_for = operation_for
        self._authenticator = authenticator
        self._health = health

    async def answer(self, request: Request) -> Response:
        """Answers one request."""
        if _opened_in_a_browser(request):
            return RedirectResponse(graphiql.PATH, 303)
        media_type = negotiation.chosen(request.headers.get("accept"))
        if media_type is None:
            return _refusal(
                RequestFailed.malformed(f"Answers come as {negotiation.GRAPHQL} or {negotiation.JSON}.", 406),
                negotiation.JSON,
            )
        try:
            graphql = await _read(request)
            kind = self._engine.kind(graphql)
            operation = self._operation_for(context_of(request))
            if request.method == "GET" and kind is OperationType.MUTATION:
                return _refusal(
                    RequestFailed.malformed("Mutations are taken by POST only.", 405), media_type, {"allow": "POST"}
                )
            if media_type == negotiation.EVENT_STREAM:
                return self._events(request, graphql, operation)
            if kind is OperationType.SUBSCRIPTION:
                raise RequestFailed.malformed(
                    "Subscriptions need a WebSocket (graphql-transport-ws), or `Accept: text/event-stream`."
                )
            answer = await self._engine.execute(graphql, operation)
        except RequestFailed as failed:
            return _refusal(failed, media_type)
        cost = answer["extensions"]["cost"]
        standing = Standing(cost["perMinute"], cost["remaining"], cost["resetSeconds"])
        return Response(msgspec.json.encode(answer), 200, standing.headers(), _with_charset(media_type))

    def _events(self, request: Request, graphql: GraphQLRequest, operation: Operation) -> Response:
        answers = self._engine.stream(graphql, operation)
        return StreamingResponse(
            sse.events(
                answers, self._authenticator, headers_of(request.scope), lambda: self._health.phase == "stopping"
            ),
            media_type=negotiation.EVENT_STREAM,
            headers={"cache-control": "no-store", "x-accel-buffering": "no"},
        )


def _opened_in_a_browser(request: Request) -> bool:
    if request.method != "GET" or "query" in request.query_params:
        return False
    return negotiation.chosen(request.headers.get("accept"), (negotiation.HTML, negotiation.JSON)) == negotiation.HTML


async def _read(request: Request) -> GraphQLRequest:
    if request.method == "GET":
        return from_query_string(request.query_params)
    content_type, *parameters = (part.strip().lower() for part in request.headers.get("content-type", "").split(";"))
    if content_type != negotiation.JSON:
        raise RequestFailed.malformed(f"Send the request as `Content-Type: {negotiation.JSON}`.", 415)
    if any(p.startswith("charset=") and p.removeprefix("charset=").strip('"') != "utf-8" for p in parameters):
        raise RequestFailed.malformed("Send the request in UTF-8.", 415)
    return from_json(await request.body())


def _refusal(failed: RequestFailed, media_type: str, headers: dict[str, str] | None = None) -> Response:
    """Without `data`. A document that can't be executed is 200 in plain JSON, as the specification asks for there."""
    status = failed.status
    if media_type == negotiation.EVENT_STREAM:
        media_type = negotiation.JSON
    elif media_type == negotiation.JSON and failed.well_formed and status == 400:
        status = 200
    headers = {**failed.headers, **(headers or {})}
    if status == 503:
        headers["retry-after"] = "1"
    return Response(msgspec.json.encode({"errors": failed.errors}), status, headers, _with_charset(media_type))


def _with_charset(media_type: str) -> str:
    return f"{media_type}; charset=utf-8"
