"""A whole gateway in this process, and clients that speak to it as the outside does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import msgspec
import websockets
from websockets.asyncio.client import ClientConnection

from services.gateway.app import build
from services.gateway.settings import GatewaySettings
from services.runtime.run import running

PROTOCOL = "graphql-transport-ws"


@dataclass
class Gateway:
    """A running gateway."""

    url: str
    client: httpx.AsyncClient

    @property
    def socket_url(self) -> str:
        return f"ws{self.url.removeprefix('http')}/graphql"

    async def post(self, query: str, variables: dict[str, Any] | None = None, **headers: str) -> httpx.Response:
        """Sends one operation; names of headers are written with underscores."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.client.post("/graphql", json={"query": query, "variables": variables or {}}, headers=sent)

    async def ask(self, query: str, variables: dict[str, Any] | None = None) -> dict[str, Any]:
        """The whole answer."""
        answer: dict[str, Any] = (await self.post(query, variables)).json()
        return answer

    async def data(self, query: str, variables: dict[str, Any] | None = None) -> dict[str, Any]:
        """The data of an operation that must not fail."""
        answer = await self.ask(query, variables)
        assert "errors" not in answer, answer["errors"]
        found: dict[str, Any] = answer["data"]
        return found

    @asynccontextmanager
    async def socket(
        self, init: dict[str, Any] | None = None, greet: bool = True, **options: Any
    ) -> AsyncIterator[Socket]:
        """A WebSocket that has introduced itself (unless `greet` is off)."""
        async with websockets.connect(self.socket_url, subprotocols=[PROTOCOL], **options) as connection:  # type: ignore[list-item]
            socket = Socket(connection)
            if greet:
                await socket.send(type="connection_init", payload=init or {})
                assert await socket.next() == {"type": "connection_ack"}
            yield socket


@dataclass
class Socket:
    """Speaks the protocol, message by message."""

    connection: ClientConnection

    async def send(self, **message: Any) -> None:
        await self.connection.send(msgspec.json.encode(message).decode())

    async def subscribe(self, id_: str, query: str, variables: dict[str, Any] | None = None) -> None:
        await self.send(type="subscribe", id=id_, payload={"query": query, "variables": variables or {}})

    async def next(self, within: float = 5.0) -> dict[str, Any]:
        """The next message."""
        received = await asyncio.wait_for(self.connection.recv(), within)
        message: dict[str, Any] = msgspec.json.decode(received)
        return message

    async def closed(self, within: float = 5.0) -> tuple[int | None, str | None]:
        """Waits until the server closes the connection; the code and the reason."""
        await asyncio.wait_for(self.connection.wait_closed(), within)
        return self.connection.close_code, self.connection.close_reason


@asynccontextmanager
async def gateway_on(nats_url: str, **settings: Any) -> AsyncIterator[Gateway]:
    """A gateway on a free port of loopback."""
    given = GatewaySettings(**{"port": 0, "nats_url": nats_url, "request_seconds": 1.0, **settings})
    async with running(given, build) as url, httpx.AsyncClient(base_url=url, timeout=10) as client:
        yield Gateway(url, client)
