"""Live figures: one upstream NATS subscription a topic, however many watch it, and the newest figure wins."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Hashable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from services.contracts.base import LiveUpdate
from services.runtime.bus import Bus

U = TypeVar("U", bound=LiveUpdate)

MOST_WAITING = 256
"""Different things (windows, runs) whose newest figure waits for one slow watcher; the longest waiting gives way."""


@dataclass(frozen=True)
class Conflation(Generic[U]):
    """Two updates with the same `key` are about the same thing; `merge(older, newer)` is what is left of both."""

    key: Callable[[U], Hashable]
    merge: Callable[[U, U], U]


class Watcher(Generic[U]):
    """What waits for one watcher: of each thing the newest figure, in the order in which the things first moved."""

    def __init__(self, conflation: Conflation[U]) -> None:
        self._conflation = conflation
        self._waiting: dict[Hashable, U] = {}
        self._arrived = asyncio.Event()

    def offer(self, update: U) -> None:
        key = self._conflation.key(update)
        older = self._waiting.get(key)
        if older is not None:
            update = self._conflation.merge(older, update)
        elif len(self._waiting) >= MOST_WAITING:
            del self._waiting[next(iter(self._waiting))]
        self._waiting[key] = update
        self._arrived.set()

    async def take(self) -> U:
        """Waits for a figure."""
        while not self._waiting:
            self._arrived.clear()
            await self._arrived.wait()
        return self._waiting.pop(next(iter(self._waiting)))


@dataclass(slots=True)
class _Topic:
    """An upstream subscription and who watches it. `closing` is called when nobody does any more."""

    watchers: set[Watcher[Any]] = field(default_factory=set)
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    stack: AsyncExitStack = field(default_factory=AsyncExitStack)


class LiveTopics:
    """The topics that are being watched through this process."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._topics: dict[tuple[type[LiveUpdate], tuple[str, ...]], _Topic] = {}

    @property
    def upstream(self) -> int:
        """How many NATS subscriptions are open."""
        return len(self._topics)

    async def watch(self, update: type[U], key: tuple[str, ...], conflation: Conflation[U]) -> AsyncGenerator[U, None]:
        """The newest figures of `update` whose key starts with `key`, as fast as they are taken, for ever."""
        watcher = Watcher(conflation)
        async with self._joined(update, key, watcher):
            while True:
                yield await watcher.take()

    @asynccontextmanager
    async def _joined(self, update: type[U], key: tuple[str, ...], watcher: Watcher[U]) -> AsyncIterator[None]:
        name = (update, key)
        topic = self._topics.get(name)
        if topic is None:
            topic = self._topics[name] = _Topic()
            topic.watchers.add(watcher)
            try:
                queue = await topic.stack.enter_async_context(self._bus.hear(update, *key))
            except BaseException:
                self._topics.pop(name, None)
                raise
            pumping = asyncio.create_task(_pump(queue, topic), name=f"live:{update.name}")
            topic.stack.callback(pumping.cancel)
        else:
            topic.watchers.add(watcher)
        try:
            yield
        finally:
            topic.watchers.discard(watcher)
            if not topic.watchers and self._topics.get(name) is topic:
                del self._topics[name]
                await topic.stack.aclose()


async def _pump(queue: asyncio.Queue[Any], topic: _Topic) -> None:
    while True:
        update = await queue.get()
        for watcher in topic.watchers:
            watcher.offer(update)
