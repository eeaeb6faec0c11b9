"""Asks the gateway: one pooled HTTP client, each question with the credentials of whoever asks."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, TypeVar, cast

import httpx
import msgspec

from dashboard.gateway.answers import decode
from dashboard.gateway.operations import Operation
from services.contracts.errors import Unauthenticated, Unavailable

TIMEOUT_SECONDS = 8.0
LOOK_SECONDS = 2.0
_CONNECTIONS = 50

Data = TypeVar("Data")


class _Unready(msgspec.Struct, frozen=True):
    reasons: dict[str, str] = {}


class _Connections(httpx.AsyncHTTPTransport):
    """Before a kept connection is used again, httpcore asks its socket whether it was closed; of one that was lost a
    moment ago there is none any more (`getpeername` of None, in anyio): an AttributeError where httpx promises its own.
    """

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        try:
            return await super().handle_async_request(request)
        except AttributeError as error:
            raise httpx.ReadError("The connection was lost.", request=request) from error


class GatewayClient:
    """`token` in each call is the caller's own (empty in open mode): the gateway decides what they may see."""

    def __init__(self, http: httpx.AsyncClient, url: str) -> None:
        self._http = http
        self._url = url

    @classmethod
    @asynccontextmanager
    async def open(cls, gateway_url: str) -> AsyncIterator[GatewayClient]:
        limits = httpx.Limits(max_connections=_CONNECTIONS, max_keepalive_connections=_CONNECTIONS)
        # A proxy of the environment must never stand between two of our own processes.
        connections = _Connections(limits=limits, trust_env=False)
        async with httpx.AsyncClient(timeout=TIMEOUT_SECONDS, transport=connections, trust_env=False) as http:
            yield cls(http, gateway_url.rstrip("/") + "/graphql")

    async def not_ready(self) -> str:
        """Why the gateway says that it can't serve everything; empty if it says nothing of that kind.

        A subscription stays open while the gateway hears of no events itself: only this tells.
        """
        try:
            response = await self._http.get(self._url.removesuffix("/graphql") + "/readyz", timeout=LOOK_SECONDS)
            if response.status_code != httpx.codes.SERVICE_UNAVAILABLE:
                return ""
            reasons = msgspec.json.decode(response.content, type=_Unready).reasons
        except (httpx.HTTPError, msgspec.DecodeError):
            return ""  # whoever asks it for something says that
        words = ", ".join(f"{name}: {reason}" for name, reason in reasons.items())
        return f"The gateway isn't whole: {words[:200]}." if words else ""

    async def ask(self, operation: Operation[Data], token: str, **variables: Any) -> Data:
        """Raises LifecycleError: what the gateway said, or Unavailable when it can't be reached."""
        if not operation.whole:
            return await self._answer(operation, token, variables)
        found: list[Any] = []
        after: str | None = None
        while True:
            part: Any = await self._answer(operation, token, {**variables, "after": after})
            found += part.nodes
            after = part.page_info.end_cursor
            if not (part.page_info.has_next_page and after):
                return cast("Data", found)

    async def _answer(self, operation: Operation[Data], token: str, variables: dict[str, Any]) -> Data:
        body = msgspec.json.encode({"query": operation.text, "variables": variables})
        headers = {"content-type": "application/json", "accept": "application/graphql-response+json, application/json"}
        if token:
            headers["authorization"] = f"Bearer {token}"
        try:
            response = await self._http.post(self._url, content=body, headers=headers)
        except httpx.TimeoutException as error:
            raise Unavailable("The gateway didn't answer in time.") from error
        except httpx.HTTPError as error:
            raise Unavailable("The gateway can't be reached.") from error
        if response.status_code == httpx.codes.UNAUTHORIZED:
            raise Unauthenticated("Sign in with an API token to see this.")
        if response.status_code in (502, 503, 504) and not response.content.startswith(b'{"data'):
            raise Unavailable("The gateway isn't ready.")
        return decode(operation, response.content)
