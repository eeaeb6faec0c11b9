"""The gateway's wiring: every route, and what stands behind it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import WebSocketRoute
from starlette.types import ASGIApp

from services.contracts.errors import LifecycleError
from services.gateway.budget import Budget
from services.gateway.clients.asking import Asking
from services.gateway.clients.relatives import Relatives
from services.gateway.engine import Engine
from services.gateway.errors import as_request_error, formatted
from services.gateway.graphiql import pages as graphiql
from services.gateway.http_endpoint import HttpEndpoint
from services.gateway.limits import Limits
from services.gateway.operation import Operation
from services.gateway.routing import NamedRoute
from services.gateway.schema import build_schema
from services.gateway.settings import GatewaySettings
from services.gateway.subscriptions.events import EventSource
from services.gateway.subscriptions.live import LiveTopics
from services.gateway.websocket_endpoint import WebSocketEndpoint
from services.runtime.auth import Authenticator, find_through
from services.runtime.bus import Bus
from services.runtime.context import Context
from services.runtime.health import Health
from services.runtime.http import http_app

MAX_BODY_BYTES = 1024 * 1024


def _error_body(error: LifecycleError) -> bytes:
    return msgspec.json.encode({"errors": [formatted(as_request_error(error))]})


@asynccontextmanager
async def build(settings: GatewaySettings, health: Health) -> AsyncIterator[ASGIApp]:
    """The gateway on a connection to NATS."""
    async with Bus.connect(settings.nats_url.get_secret_value(), "gateway") as bus:
        health.watch("nats", bus.not_ready)
        live = LiveTopics(bus)
        events = EventSource(bus)
        engine = Engine(
            build_schema(),
            Limits(
                depth=settings.max_depth,
                fields=settings.max_fields,
                aliases=settings.max_aliases,
                tokens=settings.max_tokens,
                characters=settings.max_document_characters,
                cost=settings.max_cost,
            ),
            Budget(settings.cost_per_minute),
            cached_documents=settings.cached_documents,
            operation_seconds=settings.operation_seconds,
        )
        authenticator = Authenticator(
            settings.auth, settings.auth_secret.get_secret_value(), find_through(bus, "gateway")
        )

        def operation_for(context: Context) -> Operation:
            ask = Asking(bus, context, settings.request_seconds)
            return Operation(ask, Relatives(ask), events, live)

        app = http_app("Gateway", authenticator, max_body_bytes=MAX_BODY_BYTES, body=_error_body)
        if settings.allowed_origins:
            app.add_middleware(
                CORSMiddleware,
                allow_origins=list(settings.allowed_origins),
                allow_methods=["GET", "POST"],
                expose_headers=["ratelimit-limit", "ratelimit-remaining", "ratelimit-reset", "retry-after"],
                allow_headers=["authorization", "content-type", "idempotency-key", "x-lifecycle-user", "x-request-id"],
            )
        http = HttpEndpoint(engine, operation_for, authenticator, health)
        sockets = WebSocketEndpoint(engine, operation_for, authenticator, settings)
        app.router.routes += [
            NamedRoute("/graphql", http.answer, methods=["GET", "POST"]),
            WebSocketRoute("/graphql", sockets.serve),
            *graphiql.routes(),
        ]
        yield app
