"""How many bytes of bodies are in work at once: whoever comes later waits before the body is read."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class BodyBudget:
    """First come, first served. However many producers there are, what they hold of memory stays in proportion to
    `most_bytes`; the senders' sockets hold the rest back."""

    def __init__(self, most_bytes: int) -> None:
        self._most = most_bytes
        self._free = most_bytes
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    @asynccontextmanager
    async def room(self, size: int | None) -> AsyncIterator[None]:
        """Waits for room for a body of `size` bytes (None: unknown, as large as can be)."""
        wanted = self._most if size is None else max(0, min(size, self._most))
        await self._take(wanted)
        try:
            yield
        finally:
            self._give(wanted)

    async def _take(self, wanted: int) -> None:
        if not self._waiting and wanted <= self._free:
            self._free -= wanted
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        entry = (wanted, turn)
        self._waiting.append(entry)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():  # its turn had come just before it went away
                self._give(wanted)
            else:
                self._waiting.remove(entry)
                self._call()
            raise

    def _give(self, wanted: int) -> None:
        self._free += wanted
        self._call()

    def _call(self) -> None:
        while self._waiting and self._waiting[0][0] <= self._free:
            wanted, turn = self._waiting.popleft()
            self._free -= wanted
            turn.set_result(None)
