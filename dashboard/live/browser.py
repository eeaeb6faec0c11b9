"""One open browser: what it watches, and the frames on their way. A slow one gets merged frames, never a backlog."""

from __future__ import annotations

import asyncio

import msgspec
from starlette.websockets import WebSocket, WebSocketDisconnect

from dashboard.live.frames import Frame

MOST_PENDING = 8  # frames; beyond, what waits is merged by topic
SEND_SECONDS = 10.0


class Browser:
    """`token` is the session's (empty in open mode)."""

    def __init__(self, socket: WebSocket, token: str) -> None:
        self.token = token
        self.topics: set[str] = set()
        self._socket = socket
        self._pending: list[tuple[str, Frame]] = []
        self._beat: dict[str, object] | None = None
        self._wake = asyncio.Event()
        self._closing: int | None = None

    def offer(self, topic: str, frame: Frame) -> None:
        """Queues a frame of a topic that this browser watches."""
        if not frame:
            return
        self._pending.append((topic, frame))
        if len(self._pending) > MOST_PENDING:
            merged: dict[str, Frame] = {}
            for name, one in self._pending:
                merged[name] = merged[name].merged(one) if name in merged else one
            self._pending = list(merged.items())
        self._wake.set()

    def beat(self, state: dict[str, object]) -> None:
        """Queues a sign of life with the state of what it watches."""
        self._beat = state
        self._wake.set()

    def close(self, code: int) -> None:
        self._closing = code
        self._wake.set()

    async def send(self) -> None:
        """Sends until the browser is gone or was closed."""
        try:
            while True:
                await self._wake.wait()
                self._wake.clear()
                if self._closing is not None:
                    await self._socket.close(self._closing)
                    return
                if self._beat is not None:
                    beat, self._beat = self._beat, None
                    await self._text(msgspec.json.encode({"beat": beat}).decode())
                pending, self._pending = self._pending, []
                for _, frame in pending:
                    await self._text(frame.text)
        except (WebSocketDisconnect, RuntimeError, TimeoutError):
            return  # gone, or too slow to be told

    async def _text(self, text: str) -> None:
        async with asyncio.timeout(SEND_SECONDS):
            await self._socket.send_text(text)
