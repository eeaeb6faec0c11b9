"""A GraphQL subscription that comes back: graphql-transport-ws with capped back-off, for as long as it is wanted."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar

import msgspec
import structlog
import websockets
from websockets.asyncio.client import ClientConnection
from websockets.typing import Subprotocol

from dashboard.gateway.answers import decode, decode_errors
from dashboard.gateway.operations import Operation
from services.contracts.errors import LifecycleError, Unauthenticated, Unavailable

FIRST_PAUSE = 0.2  # seconds
LONGEST_PAUSE = 1.5
HANDSHAKE_SECONDS = 8.0
KEEP_ALIVE_SECONDS = 5.0
_LONG_ENOUGH_TO_TRUST = 10.0  # a connection that held this long starts the back-off anew
_MAX_FRAME = 16 * 1024 * 1024
_UNAUTHORIZED = (4401, 4403)

Data = TypeVar("Data")
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Connected:
    """The subscription runs; what happened before it may have been missed."""


@dataclass(frozen=True, slots=True)
class Lost:
    """The connection is gone; another try follows by itself."""

    error: LifecycleError


@dataclass(frozen=True, slots=True)
class Received(Generic[Data]):
    data: Data


class _Message(msgspec.Struct, frozen=True):
    type: Literal["connection_ack", "ping", "pong", "next", "error", "complete"]
    payload: msgspec.Raw = msgspec.Raw(b"null")


_messages = msgspec.json.Decoder(_Message)


async def follow(
    gateway_url: str,
    operation: Operation[Data],
    token: Callable[[], str],
    variables: Callable[[], dict[str, Any]],
) -> AsyncIterator[Connected | Lost | Received[Data]]:
    """Yields without end; `token` and `variables` are read at each connection, so a cursor in them resumes."""
    url = gateway_url.rstrip("/").replace("http", "ws", 1) + "/graphql"
    loop = asyncio.get_running_loop()
    tries = 0
    while True:
        began = loop.time()
        try:
            async for step in _once(url, operation, token(), variables()):
                yield step
            lost: LifecycleError = Unavailable("The gateway ended the subscription.")
        except LifecycleError as error:
            lost = error
        except websockets.ConnectionClosed as error:
            code = error.rcvd.code if error.rcvd else None
            lost = Unauthenticated("The token is no longer valid.") if code in _UNAUTHORIZED else _unreachable(error)
        except (OSError, TimeoutError, websockets.WebSocketException, msgspec.DecodeError) as error:
            lost = _unreachable(error)
        if loop.time() - began > _LONG_ENOUGH_TO_TRUST:
            tries = 0
        yield Lost(lost)
        pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(tries, 10)) * random.uniform(0.7, 1.0)
        tries += 1
        await asyncio.sleep(pause)


def _unreachable(error: Exception) -> Unavailable:
    log.info("gateway connection lost", reason=str(error) or type(error).__name__)
    return Unavailable("The gateway can't be reached.")


async def _once(
    url: str, operation: Operation[Data], token: str, variables: dict[str, Any]
) -> AsyncIterator[Connected | Received[Data]]:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    async with websockets.connect(
        url,
        subprotocols=[Subprotocol("graphql-transport-ws")],
        additional_headers=headers,
        open_timeout=HANDSHAKE_SECONDS,
        ping_interval=KEEP_ALIVE_SECONDS,
        ping_timeout=KEEP_ALIVE_SECONDS,
        close_timeout=1.0,
        max_size=_MAX_FRAME,
        proxy=None,
    ) as socket:
        await _begin(socket, operation, token, variables)
        yield Connected()
        async for frame in socket:
            message = _messages.decode(frame)
            match message.type:
                case "next":
                    yield Received(decode(operation, message.payload))
                case "ping":
                    await socket.send(b'{"type":"pong"}', text=True)
                case "error":
                    raise decode_errors(message.payload)
                case "complete":
                    return
                case _:
                    pass


async def _begin(socket: ClientConnection, operation: Operation[Data], token: str, variables: dict[str, Any]) -> None:
    opening = {"type": "connection_init", "payload": {"authorization": f"Bearer {token}"} if token else {}}
    await socket.send(msgspec.json.encode(opening), text=True)
    async with asyncio.timeout(HANDSHAKE_SECONDS):
        while _messages.decode(await socket.recv()).type != "connection_ack":
            pass
    start = {"id": "1", "type": "subscribe", "payload": {"query": operation.text, "variables": variables}}
    await socket.send(msgspec.json.encode(start), text=True)
