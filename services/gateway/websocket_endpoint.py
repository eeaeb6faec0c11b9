"""GraphQL over WebSocket: the graphql-transport-ws protocol, nothing older.

https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md. Operations are tasks of their own: an error in one is
told under its id and leaves the others alone.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping
from contextlib import aclosing
from typing import Any

import msgspec
import structlog
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from services.contracts.errors import LifecycleError, Unavailable
from services.contracts.identity import Principal
from services.gateway import metrics
from services.gateway.engine import Engine
from services.gateway.errors import RequestFailed
from services.gateway.http_endpoint import OperationFor
from services.gateway.requests import from_payload
from services.gateway.settings import GatewaySettings
from services.runtime.auth import Authenticator
from services.runtime.context import Context, new_correlation_id, using
from services.runtime.http import headers_of

log = structlog.get_logger()

PROTOCOL = "graphql-transport-ws"

BAD_REQUEST = 4400
UNAUTHORIZED = 4401
FORBIDDEN = 4403
SUBPROTOCOL_NOT_ACCEPTABLE = 4406
CONNECTION_INIT_TIMEOUT = 4408
SUBSCRIBER_EXISTS = 4409
TOO_MANY_INIT = 4429
TRY_AGAIN_LATER = 1013
"""Close codes; the first seven are the protocol's."""

MAX_MESSAGE_BYTES = 256 * 1024
CREDENTIALS = ("authorization", "x-lifecycle-user")
"""What a client may say in `connection_init`, since browsers can't set headers; any case."""
RECHECK_SECONDS = 2.0
"""How often a connection's token is looked at again: a revoked one ends the connection."""


class _Closed(Exception):  # the way out of a connection
    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class WebSocketEndpoint:
    """The handler of the route."""

    def __init__(
        self, engine: Engine, operation_for: OperationFor, authenticator: Authenticator, settings: GatewaySettings
    ) -> None:
        self._engine = engine
        self._operation_for = operation_for
        self._authenticator = authenticator
        self._settings = settings

    async def serve(self, socket: WebSocket) -> None:
        """Serves one connection until either side closes it."""
        headers = headers_of(socket.scope)
        if PROTOCOL not in socket.scope.get("subprotocols", ()):
            await socket.accept()
            await socket.close(SUBPROTOCOL_NOT_ACCEPTABLE, "Subprotocol not acceptable")
            return
        await socket.accept(PROTOCOL)
        with metrics.connections.track_inprogress():
            await _Connection(socket, headers, self._engine, self._operation_for, self._authenticator, self._settings)()


class _Connection:
    def __init__(
        self,
        socket: WebSocket,
        headers: Mapping[str, str],
        engine: Engine,
        operation_for: OperationFor,
        authenticator: Authenticator,
        settings: GatewaySettings,
    ) -> None:
        self._socket = socket
        self._headers = headers
        self._engine = engine
        self._operation_for = operation_for
        self._authenticator = authenticator
        self._settings = settings
        self._principal: Principal | None = None
        self._known = asyncio.Event()
        self._greeted = False
        self._credentials: dict[str, str] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._sending = asyncio.Lock()
        self._handlers: dict[str, Callable[[dict[str, Any]], Awaitable[None]]] = {
            "connection_init": self._on_init,
            "ping": self._on_ping,
            "pong": self._on_pong,
            "subscribe": self._on_subscribe,
            "complete": self._on_complete,
        }

    async def __call__(self) -> None:
        watching: asyncio.Task[None] | None = None
        reading = asyncio.create_task(self._read(), name="ws:read")
        try:
            watching = asyncio.create_task(self._watch(), name="ws:watch")
            done, _ = await asyncio.wait({reading, watching}, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        except _Closed as closed:
            await self._close(closed.code, closed.reason)
        except WebSocketDisconnect:
            pass
        finally:
            tasks = [task for task in (reading, watching, *self._tasks.values()) if task is not None]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    # ------------------------------------------------------------ in

    async def _read(self) -> None:
        while True:
            message = _decoded(await self._socket.receive())
            handler = self._handlers.get(message["type"])
            if handler is None:
                raise _Closed(BAD_REQUEST, f"Unknown message type {message['type'][:40]}")
            await handler(message)

    async def _watch(self) -> None:
        """Closes a connection that doesn't introduce itself, or whose credentials stop being good."""
        try:
            async with asyncio.timeout(self._settings.connection_init_seconds):  # wait_for may swallow a cancellation
                await self._known.wait()
        except TimeoutError:
            raise _Closed(CONNECTION_INIT_TIMEOUT, "Connection initialisation timeout") from None
        while True:
            await asyncio.sleep(RECHECK_SECONDS)
            try:
                self._principal = await self._authenticator.resolve(self._credentials)
            except Unavailable:
                continue  # nobody can say at the moment; what was good stays good until somebody can
            except LifecycleError as error:
                raise _Closed(FORBIDDEN, error.message) from None

    async def _on_init(self, message: dict[str, Any]) -> None:
        if self._greeted:
            raise _Closed(TOO_MANY_INIT, "Too many initialisation requests")
        self._greeted = True
        payload = message.get("payload")
        if not isinstance(payload, dict | None):
            raise _Closed(BAD_REQUEST, "`payload` of connection_init must be an object")
        given = {name.lower(): value for name, value in (payload or {}).items() if isinstance(value, str)}
        self._credentials = {
            **{name: self._headers[name] for name in CREDENTIALS if name in self._headers},
            **{name: given[name] for name in CREDENTIALS if name in given},
        }
        try:
            self._principal = await self._authenticator.resolve(self._credentials)
        except Unavailable as error:
            raise _Closed(TRY_AGAIN_LATER, error.message) from None
        except LifecycleError as error:
            raise _Closed(FORBIDDEN, error.message) from None
        self._known.set()
        await self._send({"type": "connection_ack"})

    async def _on_ping(self, message: dict[str, Any]) -> None:
        payload = message.get("payload")
        await self._send({"type": "pong"} if payload is None else {"type": "pong", "payload": payload})

    async def _on_pong(self, message: dict[str, Any]) -> None:
        del message

    async def _on_complete(self, message: dict[str, Any]) -> None:
        task = self._tasks.pop(_id_of(message), None)
        if task is not None:
            task.cancel()

    async def _on_subscribe(self, message: dict[str, Any]) -> None:
        if self._principal is None:
            raise _Closed(UNAUTHORIZED, "Unauthorized")
        id_ = _id_of(message)
        if id_ in self._tasks:
            raise _Closed(SUBSCRIBER_EXISTS, f"Subscriber for {id_[:40]} already exists")
        if len(self._tasks) >= self._settings.subscriptions_per_connection:
            raise _Closed(BAD_REQUEST, f"More than {self._settings.subscriptions_per_connection} operations at once")
        if not isinstance(message.get("payload"), dict):
            raise _Closed(BAD_REQUEST, "`payload` of subscribe must be an object")
        self._tasks[id_] = asyncio.create_task(self._operate(id_, message["payload"]), name="ws:operation")

    # ------------------------------------------------------------ out

    async def _operate(self, id_: str, payload: dict[str, Any]) -> None:
        assert self._principal is not None
        remote = self._socket.client.host if self._socket.client else ""
        context = Context(self._principal, new_correlation_id(), None, remote)
        last: dict[str, Any] = {"type": "complete", "id": id_}
        with using(context), metrics.subscriptions.labels("websocket").track_inprogress():
            try:
                stream = self._engine.stream(from_payload(payload), self._operation_for(context))
                async with aclosing(stream) as answers:
                    async for answer in answers:
                        await self._send({"type": "next", "id": id_, "payload": answer})
                        metrics.messages.labels("websocket").inc()
            except RequestFailed as failed:
                last = {"type": "error", "id": id_, "payload": failed.errors}
            except (WebSocketDisconnect, RuntimeError):
                if self._socket.application_state is WebSocketState.CONNECTED:
                    raise
                return
        if self._tasks.get(id_) is asyncio.current_task():
            del self._tasks[id_]  # before it is said: the client may use the id again at once
            await self._send(last)

    async def _send(self, message: dict[str, Any]) -> None:
        """One message at a time; a slow client holds back what is sent to it."""
        async with self._sending:
            await self._socket.send_text(msgspec.json.encode(message).decode())

    async def _close(self, code: int, reason: str) -> None:
        with contextlib.suppress(RuntimeError, WebSocketDisconnect):
            await self._socket.close(code, _cut(reason))


def _decoded(received: Mapping[str, Any]) -> dict[str, Any]:
    if received["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(received.get("code", 1005))
    text = received.get("text")
    if text is None:
        raise _Closed(BAD_REQUEST, "Messages must be text")
    if len(text) > MAX_MESSAGE_BYTES:
        raise _Closed(BAD_REQUEST, "The message is too large")
    try:
        message = msgspec.json.decode(text)
    except msgspec.DecodeError:
        raise _Closed(BAD_REQUEST, "Messages must be JSON") from None
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        raise _Closed(BAD_REQUEST, "Messages must be objects with a `type`")
    return message


def _id_of(message: Mapping[str, Any]) -> str:
    id_ = message.get("id")
    if not isinstance(id_, str) or not id_:
        raise _Closed(BAD_REQUEST, "`id` must be a text that isn't empty")
    return id_


def _cut(reason: str) -> str:
    """A close reason holds at most 123 bytes."""
    return reason.encode()[:123].decode(errors="ignore")
