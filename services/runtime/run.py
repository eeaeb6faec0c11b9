"""The life of a process: listen, build, be ready, stop in order. Health and metrics answer from the first moment."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import signal
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TypeVar

import msgspec
import structlog
import uvicorn
import uvloop
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, generate_latest
from pydantic import ValidationError
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from services.contracts.errors import Unavailable
from services.runtime.health import Health
from services.runtime.http import ErrorBody, error_body, error_response
from services.runtime.pages import Pages
from services.runtime.settings import ProcessSettings
from services.runtime.telemetry import configure_logging

log = structlog.get_logger()

S = TypeVar("S", bound=ProcessSettings)
Build = Callable[[S, Health], AbstractAsyncContextManager[ASGIApp]]

STOP_SECONDS = 10
SWITCH_SECONDS = 0.0005
"""Python's default, 5 ms, is how long a busy event loop keeps a thread waiting that heard from the database: several
times a transaction."""
BACKLOG = 2048
COLLECT_AFTER = (20_000, 20, 20)
"""Objects made, less those gone, between two looks for cycles: at Python's 700 each request pays for one."""


class Shell:
    """Answers /healthz, /readyz and /metrics itself, and pages that may not come; the app, once built, all else."""

    def __init__(self, health: Health, pages: Pages, words: ErrorBody) -> None:
        self._health = health
        self._pages = pages
        self._words = words
        self.app: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
            return
        path = scope["path"]
        if scope["type"] == "http" and path == "/healthz":
            await _json({"status": "alive"}, 200)(scope, receive, send)
        elif scope["type"] == "http" and path == "/readyz":
            reasons = self._health.reasons()
            body = {"status": "unready", "reasons": reasons} if reasons else {"status": "ready"}
            await _json(body, 503 if reasons else 200)(scope, receive, send)
        elif scope["type"] == "http" and path == "/metrics":
            await Response(generate_latest(REGISTRY), media_type=CONTENT_TYPE_LATEST)(scope, receive, send)
        elif (refusal := self._pages.refusal(scope)) is not None:
            if scope["type"] == "http":
                await error_response(refusal, self._words)(scope, receive, send)
            else:
                await send({"type": "websocket.close", "code": 1008})  # before the handshake is answered: 403
        elif self.app is not None:
            await self.app(scope, receive, send)
        elif scope["type"] == "http":
            error = Unavailable(f"the service is {self._health.phase}")
            await error_response(error, self._words)(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1013})


def _json(body: object, status: int) -> Response:
    return Response(msgspec.json.encode(body), status, media_type="application/json")


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self):  # type: ignore[no-untyped-def]  # signals are the run loop's business
        yield


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; accepted connections send small answers at once (TCP_NODELAY is set by asyncio).

    Raises OSError when the port is taken.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except OSError:
        listener.close()
        raise
    listener.setblocking(False)
    return listener


@asynccontextmanager
async def running(settings: S, build: Build[S], words: ErrorBody = error_body) -> AsyncIterator[str]:
    """The process's inside, as tests and `run` use it: yields the base URL once it is ready, stops in order.

    `words`: what is said of a request that never reaches the app.
    """
    health = Health()
    shell = Shell(health, Pages(settings), words)
    listener = listen(settings.host, settings.port)
    host, port = listener.getsockname()[:2]
    server = _Server(
        uvicorn.Config(
            shell,
            log_config=None,
            access_log=False,
            lifespan="off",
            ws="websockets-sansio",
            timeout_graceful_shutdown=STOP_SECONDS,
            timeout_keep_alive=75,
            server_header=False,
        )
    )
    serving = asyncio.create_task(server.serve(sockets=[listener]), name="http")
    try:
        async with build(settings, health) as app:
            shell.app = app
            health.started()
            try:
                yield f"http://{f'[{host}]' if ':' in host else host}:{port}"
            finally:
                health.stopping()
                server.should_exit = True
                await asyncio.wait({serving}, timeout=STOP_SECONDS + 1)
    finally:
        server.should_exit = True
        if not serving.done():
            server.force_exit = True
            await asyncio.wait({serving}, timeout=STOP_SECONDS)
        listener.close()


async def _until_told(settings: S, build: Build[S], words: ErrorBody) -> None:
    """Works until SIGTERM or SIGINT; one that comes before the process is ready ends the start."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    ready = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    working = asyncio.create_task(_work(settings, build, words, ready, stop))
    told = asyncio.create_task(stop.wait())
    await asyncio.wait({working, told}, return_when=asyncio.FIRST_COMPLETED)
    told.cancel()
    if not working.done() and not ready.is_set():
        working.cancel()
    await asyncio.wait({working}, timeout=STOP_SECONDS * 2)
    if not working.done():
        log.error("stopping took too long")
        working.cancel()
        await asyncio.wait({working}, timeout=2)
    if working.done() and not working.cancelled():
        working.result()


async def _work(settings: S, build: Build[S], words: ErrorBody, ready: asyncio.Event, stop: asyncio.Event) -> None:
    async with running(settings, build, words) as url:
        log.info("ready", url=url)
        gc.collect()
        gc.freeze()
        gc.set_threshold(*COLLECT_AFTER)
        ready.set()
        await stop.wait()
        log.info("stopping")


def run(name: str, settings_of: Callable[[], S], build: Build[S], words: ErrorBody = error_body) -> None:
    """The whole of a service's `__main__`: exits with 2 and words when a setting is wrong, 1 when the port is taken.

    `words`: as in `running`.
    """
    try:
        settings = settings_of()
        configure_logging(name, settings.log_level, settings.log_format)
    except (ValidationError, ValueError) as error:
        sys.stderr.write(f"{name}: the settings don't fit.\n{error}\n")
        raise SystemExit(2) from None
    sys.setswitchinterval(SWITCH_SECONDS)
    try:
        uvloop.run(_until_told(settings, build, words))
    except OSError as error:
        log.error("can't listen", host=settings.host, port=settings.port, error=str(error))
        raise SystemExit(1) from None


@asynccontextmanager
async def background(health: Health, **tasks: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
    """Runs endless tasks beside the body. One that ends by itself makes the process unready: it gets restarted."""

    async def watched(name: str, task: Callable[[], Awaitable[None]]) -> None:
        reason = "ended"
        try:
            await task()
        except Exception as error:  # logged, and shown in /readyz
            log.error("a background task ended", task=name, exc_info=error)
            reason = f"ended: {error}"
        health.watch(name, lambda: reason)

    started = [asyncio.create_task(watched(name, task), name=name) for name, task in tasks.items()]
    try:
        yield
    finally:
        for task in started:
            task.cancel()
        await asyncio.gather(*started, return_exceptions=True)
