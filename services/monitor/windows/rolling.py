"""Makes the roll-ups: hours and days of short windows, once event time has gone past them, and anew after late rows."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import structlog
from pymongo.errors import PyMongoError

from services.contracts.errors import LifecycleError
from services.monitor.counts.counting import merge
from services.monitor.counts.packing import pack, unpack
from services.monitor.performance.rules import merge_performance, pack_performance, unpack_performance
from services.monitor.rollups.handlers import Rollups
from services.monitor.rollups.rules import DAY, Kind, Mark, levels_of
from services.monitor.versions.handlers import Versions
from services.monitor.versions.rules import ActiveReference
from services.monitor.windows.buckets import Buckets, windows_in
from services.monitor.windows.store import ROWS
from services.runtime.lease import Lease

log = structlog.get_logger()

EVERY_SECONDS: Final = 20.0
AT_ONCE: Final = 500
"""Days looked at in one go."""
CHUNK: Final = 64
"""Documents whose counts are in memory at the same time."""
QUIET: Final = timedelta(minutes=10)
"""After so long without a row the newest hours of a version are made, too."""
IDLE_FACTOR: Final = 0.5
"""Between two days the job rests half as long as it worked, so that it leaves room for what comes in."""


class Rolling:
    """The background job; in one of several processes."""

    def __init__(self, buckets: Buckets, versions: Versions, rows: Rollups, labels: Rollups, lease: Lease) -> None:
        self._buckets = buckets
        self._versions = versions
        self._rows = rows
        self._labels = labels
        self._lease = lease

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
        more = False
        for kind in (self._rows, self._labels):
            done = 0
            due = await kind.marks.due(AT_ONCE)
            for row in due:
                if not await self._lease.held():
                    return False
                began = time.monotonic()
                done += await self._day(kind, row, now)
                await asyncio.sleep(IDLE_FACTOR * (time.monotonic() - began))
            more |= done > 0 and len(due) == AT_ONCE
        return more

    async def _day(self, kind: Rollups, row: dict[str, Any], now: datetime) -> bool:
        """Makes the hours and the day of one mark, as far as they are past; whether nothing is left to do."""
        key, start = str(row["k"]), int(row["d"])
        watched = await self._versions.find(key)
        active = watched.active if watched else None
        if active is None or not levels_of(active.window_ms):
            await kind.marks.done(row)
            return True
        past = await self._past(key, active, row, now)
        day = (await kind.marks.between(key, start, start + 1))[0]
        for level in reversed(levels_of(active.window_ms)):
            for first, seal in await kind.missing(key, day, level):
                if first + level <= past:
                    await self._make(kind, key, day, level, first, seal, active)
        if start + DAY > past:
            return False
        await kind.marks.done(row)
        return True

    async def _past(self, key: str, active: ActiveReference, row: dict[str, Any], now: datetime) -> int:
        """Up to when event time has gone past, in ms: what lies before is seldom written to."""
        if now - row["at"] > QUIET:
            return int(row["d"]) + DAY
        newest = (await self._rows.marks.totals([key])).get(key, (0, None))[1]
        return (newest or 0) - active.lateness_ms

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
        packed: list[bytes] = []
        for i in range(0, len(heads), CHUNK):
            loaded = await self._buckets.load(kind, heads[i : i + CHUNK])
            packed = [await asyncio.to_thread(_TOGETHER[kind], [*packed, *loaded.values()])]
        return packed[0]


def _rows_together(packed: Sequence[bytes]) -> bytes:
    return pack(merge([unpack(data) for data in packed]))


def _labels_together(packed: Sequence[bytes]) -> bytes:
    return pack_performance(merge_performance(unpack_performance(data) for data in packed))


def _told(heads: Sequence[dict[str, Any]], kind: Kind) -> dict[str, Any]:
    """What a window's document tells of itself beside its counts."""
    field = ROWS[kind][1]
    told: dict[str, Any] = {
        field: sum(int(head[field]) for head in heads),
        "updated_at": max(head["updated_at"] for head in heads),
    }
    newest = [head["last_at"] for head in heads if "last_at" in head]
    return {**told, "last_at": max(newest)} if newest else told


_TOGETHER: Final[Mapping[Kind, Callable[[Sequence[bytes]], bytes]]] = {
    "rows": _rows_together,
    "labels": _labels_together,
}
