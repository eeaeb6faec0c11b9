"""The newest events of the stream, read once for all subscribers of this process."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass

from services.gateway.types.events import Followed

MOST_EVENTS = 1024
MOST_BYTES = 8 * 1024 * 1024
"""What is kept for subscribers that lag; one that lags further reads the stream by itself until it has caught up."""


@dataclass(frozen=True, slots=True)
class Kept:
    """An event in the tail. `number` counts what this tail has read, from 0; `sequence` is the stream's."""

    number: int
    sequence: int
    followed: Followed


class Tail:
    """Complete from behind the stream sequence `floor` on, as far as it reaches back."""

    def __init__(self, floor: int) -> None:
        self.floor = floor
        self.newest = floor
        self.broken = False
        self._kept: deque[Kept] = deque()
        self._numbers: dict[int, int] = {}
        self._bytes = 0
        self._next = 0
        self._moved = asyncio.Event()

    def append(self, sequence: int, followed: Followed) -> None:
        """Adds the next event of the stream; the oldest give way."""
        self._kept.append(Kept(self._next, sequence, followed))
        self._numbers[sequence] = self._next
        self._next += 1
        self._bytes += len(followed.event.data)
        self.newest = sequence
        while len(self._kept) > MOST_EVENTS or (self._bytes > MOST_BYTES and len(self._kept) > 1):
            oldest = self._kept.popleft()
            self._bytes -= len(oldest.followed.event.data)
            self.floor = oldest.sequence
            if self._numbers.get(oldest.sequence) == oldest.number:
                del self._numbers[oldest.sequence]
        self._wake()

    def end(self) -> None:
        """Nothing more will come: whoever follows has to read on by itself."""
        self.broken = True
        self._wake()

    def behind(self, sequence: int) -> int | None:
        """The number of the first event after the stream's `sequence`; None if this tail can't tell."""
        if sequence in self._numbers:
            return self._numbers[sequence] + 1
        return (self._kept[0].number if self._kept else self._next) if sequence == self.floor else None

    async def follow(self, number: int) -> AsyncIterator[Kept]:
        """Events from `number` on; ends when they are no longer here, or never will be."""
        while True:
            moved = self._moved
            while number < self._next:
                place = number - self._kept[0].number
                if place < 0:
                    return
                kept = self._kept[place]
                number += 1
                yield kept
            if self.broken:
                return
            await moved.wait()

    def _wake(self) -> None:
        self._moved.set()
        self._moved = asyncio.Event()
