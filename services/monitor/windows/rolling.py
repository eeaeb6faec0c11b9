"""Makes roll-ups and figures: of what event time has gone past, and anew after late rows."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import structlog
from pymongo.errors import PyMongoError

from services.contracts.errors import LifecycleError
from services.monitor.counts.counting import BatchCounts
from services.monitor.counts.packing import pack
from services.monitor.performance.rules import (
    PerformanceCounts,
    merge_performance,
    pack_performance,
    unpack_performance,
)
from services.monitor.rollups.handlers import Rollups
from services.monitor.rollups.rules import DAY, HOUR, Kind, Mark, levels_of
from services.monitor.versions.handlers import Versions
from services.monitor.versions.rules import ActiveReference
from services.monitor.windows.buckets import FOREVER_MS, Buckets, windows_in
from services.monitor.windows.preparing import Preparing, of_parts_of_hours, prepares
from services.monitor.windows.rules import added
from services.monitor.windows.store import ROWS
from services.runtime.lease import Lease

log = structlog.get_logger()

Due = dict[Kind, dict[str, Any]]
"""Of one day of a version: the marks that are due, by kind."""

EVERY_SECONDS: Final = 20.0
AT_ONCE: Final = 500
"""Days looked at in one go."""
QUIET: Final = timedelta(minutes=10)
"""After so long without a row the newest hours of a version are made, too."""
IDLE_FACTOR: Final = 0.5
"""Between two days the job rests half as long as it worked, so that it leaves room for what comes in."""


class Rolling:
    """The background job; in one of several processes."""

    def __init__(
        self, buckets: Buckets, versions: Versions, rows: Rollups, labels: Rollups, preparing: Preparing, lease: Lease
    ) -> None:
        self._buckets = buckets
        self._versions = versions
        self._rows = rows
        self._kinds: Mapping[Kind, Rollups] = {"rows": rows, "labels": labels}
        self._preparing = preparing
        self._lease = lease
        self._made: dict[tuple[str, int], object] = {}  # of days that aren't past: up to where, and for which seals

    async def run(self) -> None:
        """Runs until cancelled; waits out whatever is unavailable."""
        try:
            while True:
                try:
                    again = await self._lease.held() and await self.round(datetime.now(UTC))
                except (LifecycleError, PyMongoError) as error:
                    log.warning("hours and days can't be made at the moment", error=str(error))
                    again = False
                if not again:
                    await asyncio.sleep(EVERY_SECONDS)
        finally:
            await self._lease.release()

    async def round(self, now: datetime) -> bool:
        """Makes what is due; whether there may be more of it."""
        days: dict[tuple[int, str], Due] = {}
        full = False
        for name, kind in self._kinds.items():
            due = await kind.marks.due(AT_ONCE)
            full |= len(due) == AT_ONCE
            for row in due:
                days.setdefault((int(row["d"]), str(row["k"])), {})[name] = row
        self._made = {day: state for day, state in self._made.items() if day[::-1] in days}
        done = 0
        for (start, key), rows in sorted(days.items(), key=lambda day: day[0]):
            if not await self._lease.held():
                return False
            began = time.monotonic()
            if await self._day(key, start, rows, now):
                done += 1
                for name, row in rows.items():
                    await self._kinds[name].marks.done(row)
            await asyncio.sleep(IDLE_FACTOR * (time.monotonic() - began))
        return full and done > 0

    async def _day(self, key: str, start: int, rows: Due, now: datetime) -> bool:
        """Makes hours, day and figures, as far as they are past, of the kinds that are due; whether nothing is left."""
        watched = await self._versions.find(key)
        active = watched.active if watched else None
        if watched is None or active is None or not (levels_of(active.window_ms) or prepares(active)):
            return True
        newest = (await self._rows.marks.totals([key])).get(key, (0, None))[1] or 0
        # Up to when event time has gone past: what lies before is seldom written to.
        quiet = now - max(row["at"] for row in rows.values()) > QUIET
        past = FOREVER_MS if quiet else newest - active.lateness_ms
        marks = {name: (await self._kinds[name].marks.between(key, start, start + 1))[0] for name in rows}
        seals = [(name, span) for name, mark in marks.items() for span in mark.spans() if span[0] + HOUR <= past]
        state = min(past, start + DAY) // HOUR, seals
        if self._made.get((key, start)) == state:
            return False  # nothing is new in the hours that are past
        for name, day in marks.items():
            kind = self._kinds[name]
            for level in reversed(levels_of(active.window_ms)):
                for first, seal in await kind.missing(key, day, level):
                    if first + level <= past:
                        await self._make(kind, key, day, level, first, seal, active)
        prepared = await self._preparing.day(watched, start, past, newest, now)
        if prepared and start + DAY > past and not of_parts_of_hours(active):
            self._made[key, start] = state
        return prepared and start + DAY <= past

    async def _make(
        self, kind: Rollups, key: str, day: Mark, level: int, start: int, seal: str, active: ActiveReference
    ) -> None:
        """`seal` was read before the windows are: whatever comes meanwhile makes the roll-up count as outdated."""
        finer = tuple(each for each in levels_of(active.window_ms) if each < level)
        name = kind.marks.kind
        heads = await self._buckets.heads(name, key, start, start + level, finer, [day])
        by_reference: dict[str, list[dict[str, Any]]] = {}
        for head in heads:
            by_reference.setdefault(head["r"], []).append(head)
        windows = windows_in(heads)
        parts = {
            reference: {**_told(some, name), "windows": windows, "counts": await self._merged(name, some)}
            for reference, some in by_reference.items()
        }
        await kind.stored.put(key, level, start, seal, parts)

    async def _merged(self, kind: Kind, heads: Sequence[dict[str, Any]]) -> bytes:
        if kind == "rows":
            rows: BatchCounts | None = None
            rows = await self._buckets.together(kind, heads, rows, added)
            assert rows is not None  # there is no head without counts
            return await asyncio.to_thread(pack, rows)
        labels: PerformanceCounts | None = None
        labels = await self._buckets.together(kind, heads, labels, _added)
        assert labels is not None
        return await asyncio.to_thread(pack_performance, labels)


def _added(total: PerformanceCounts | None, packed: Iterable[bytes]) -> PerformanceCounts:
    return merge_performance([*([] if total is None else [total]), *(unpack_performance(data) for data in packed)])


def _told(heads: Sequence[dict[str, Any]], kind: Kind) -> dict[str, Any]:
    """What a window's document tells of itself beside its counts."""
    field = ROWS[kind][1]
    told: dict[str, Any] = {
        field: sum(int(head[field]) for head in heads),
        "updated_at": max(head["updated_at"] for head in heads),
    }
    newest = [head["last_at"] for head in heads if "last_at" in head]
    return {**told, "last_at": max(newest)} if newest else told
