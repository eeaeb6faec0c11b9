"""What is kept under a model's name follows it to a new one, in the transaction that renames it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from pymongo import DESCENDING

from services.runtime.outbox import EVENTS, Change
from services.runtime.store import Store, translated

Follow = Callable[[Change, str, str], Awaitable[None]]
"""Adds to a change what follows from the rename of a model: its former name, and the new one."""


class EventNumbers:
    """Names are used again, and events are numbered by them: whatever comes under a name goes on counting there."""

    def __init__(self, store: Store) -> None:
        self._events = store[EVENTS]

    async def last(self, aggregate: str, aggregate_id: str) -> int:
        """The number of the newest event about it; 0 if there is none."""
        matching = {"aggregate": aggregate, "aggregate_id": aggregate_id}
        with translated():
            row = await self._events.find_one(matching, {"version": 1}, sort=[("version", DESCENDING)])
        return 0 if row is None else int(row["version"])
