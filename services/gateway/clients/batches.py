"""Objects by key, fetched once an operation and many at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Generic, TypeVar

from services.contracts.errors import LifecycleError

K = TypeVar("K")
V = TypeVar("V")

MOST_AT_ONCE = 100
"""Keys the registry takes in one request."""


class Batch(Generic[K, V]):
    """What one operation knows of one kind of object. `load` answers a value or None for each key, in order.

    A connection's resolver primes it with all keys of its page; the children then find their values without
    waiting. Keys that nobody primed are gathered for one turn of the event loop and loaded together.
    A failure to load is the failure of each field that needs the value, not of the page around it.
    """

    def __init__(self, load: Callable[[list[K]], Awaitable[list[V | None]]]) -> None:
        self._load = load
        self._known: dict[K, V | LifecycleError | None] = {}
        self._wanted: list[K] = []
        self._gathering: asyncio.Task[None] | None = None

    async def prime(self, keys: Iterable[K]) -> None:
        """Loads what isn't known yet."""
        missing = [key for key in dict.fromkeys(keys) if key not in self._known]
        groups = [missing[start : start + MOST_AT_ONCE] for start in range(0, len(missing), MOST_AT_ONCE)]
        await asyncio.gather(*(self._fetch(group) for group in groups))

    def loaded(self, key: K) -> list[V]:
        """The value if it was loaded and exists, as a list of none or one; never raises."""
        value = self._known.get(key)
        return [] if value is None or isinstance(value, LifecycleError) else [value]

    def get(self, key: K) -> V | Awaitable[V | None] | None:
        """The value, at once if it is known. Raises what loading it raised."""
        return self._value(key) if key in self._known else self.load(key)

    async def load(self, key: K) -> V | None:
        """The value. Raises what loading it raised."""
        if key not in self._known:
            if self._gathering is None:
                self._gathering = asyncio.create_task(self._gather())
            self._wanted.append(key)
            await asyncio.shield(self._gathering)
        return self._value(key)

    def _value(self, key: K) -> V | None:
        value = self._known[key]
        if isinstance(value, LifecycleError):
            raise value
        return value

    async def _gather(self) -> None:
        await asyncio.sleep(0)
        wanted, self._wanted, self._gathering = self._wanted, [], None
        await self.prime(wanted)

    async def _fetch(self, keys: list[K]) -> None:
        try:
            values: list[V | None] | list[LifecycleError] = await self._load(keys)
        except LifecycleError as error:
            values = [error] * len(keys)
        if len(values) != len(keys):
            raise RuntimeError(f"asked for {len(keys)} objects, got {len(values)}")
        self._known.update(zip(keys, values, strict=True))
