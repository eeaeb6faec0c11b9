"""Where the numbering of events about a thing stands: consumers wait for gaps."""

from __future__ import annotations

from pymongo import DESCENDING

from services.runtime.change import EVENTS
from services.runtime.store import Store, translated


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
