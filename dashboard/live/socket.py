"""`/live/ws`: lets a browser of ours in, and takes what it wants to watch."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

import msgspec
from starlette.websockets import WebSocket, WebSocketDisconnect

from dashboard.live.browser import Browser
from dashboard.live.hub import Hub
from dashboard.site import SESSION_COOKIE

MOST_TOPICS = 16
LONGEST_MESSAGE = 20_000  # characters
UNAUTHENTICATED = 4401
UNREADABLE = 4400
ELSEWHERE = 4403


class _Wish(msgspec.Struct, frozen=True):
    watch: list[str]


_wishes = msgspec.json.Decoder(_Wish)


def same_origin(origin: str | None, host: str | None, allowed: tuple[str, ...]) -> bool:
    """Whether a browser's page came from this very address (or one that the operator allowed)."""
    if not origin:
        return False
    return origin in allowed or (bool(host) and urlsplit(origin).netloc == host)


def live_socket(hub: Hub, open_mode: bool, allowed_origins: tuple[str, ...]) -> Callable[[WebSocket], Awaitable[None]]:
    async def connect(socket: WebSocket) -> None:
        if not same_origin(socket.headers.get("origin"), socket.headers.get("host"), allowed_origins):
            await socket.close(ELSEWHERE)  # before accepting: the handshake fails with 403
            return
        token = "" if open_mode else socket.cookies.get(SESSION_COOKIE, "")
        await socket.accept()
        if not open_mode and not (token and await hub.valid(token)):
            await socket.close(UNAUTHENTICATED)
            return
        browser = Browser(socket, token)
        async with hub.admitted(browser):
            sending = asyncio.create_task(browser.send())
            listening = asyncio.create_task(_listen(socket, hub, browser))
            try:
                await asyncio.wait({sending, listening}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in (sending, listening):
                    task.cancel()
                await asyncio.gather(sending, listening, return_exceptions=True)

    return connect


async def _listen(socket: WebSocket, hub: Hub, browser: Browser) -> None:
    with contextlib.suppress(WebSocketDisconnect):
        while True:
            text = await socket.receive_text()
            try:
                topics = _wishes.decode(text).watch if len(text) <= LONGEST_MESSAGE else None
            except msgspec.DecodeError:
                topics = None
            if topics is None or len(topics) > MOST_TOPICS:
                await socket.close(UNREADABLE)
                return
            hub.watch(browser, topics)
