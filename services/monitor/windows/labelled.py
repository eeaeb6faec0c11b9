"""Windows whose labels have come: which of them have settled, and their counts."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from services.monitor.performance.rules import PerformanceCounts, merge_performance, unpack_performance
from services.monitor.versions.rules import Watched
from services.monitor.windows.store import PERFORMANCES, MongoWindows
from services.runtime.outbox import Change

LATER_LABELS: Final = 30
"""A later window with so many labels shows that labels have gone on: whatever comes for the earlier one is a rest."""
MOST_AT_ONCE: Final = 50


@dataclass(frozen=True, slots=True)
class Labelled:
    """`counts` of all writers, None where none can be compared. `documents`: as they were when it was read."""

    start_ms: int
    counts: PerformanceCounts | None
    documents: tuple[str, ...]


class LabelledWindows:
    """Reads for the rules that judge performance and freshness."""

    def __init__(self, windows: MongoWindows) -> None:
        self._windows = windows

    async def versions(self) -> list[str]:
        """Versions with labelled windows that no rule has looked at."""
        return await self._windows.unjudged_versions()

    async def last_arrival(self, key: str) -> datetime | None:
        """When a row of this version came last, by the clock."""
        return await self._windows.last_arrival(key)

    async def settled(self, watched: Watched, now: datetime, idle: timedelta) -> list[Labelled]:
        """Closed windows, in order of time, whose labels have gone on to a later window or stopped for `idle`."""
        rows = await self._windows.unjudged(watched.key)
        if not rows or watched.active is None:
            return []
        first, last = int(rows[0]["w"]), int(rows[-1]["w"])
        closed = await self._windows.closed(watched.key, first, last + 1)
        newest = await self._windows.newest_labelled(watched.key, LATER_LABELS)
        by_start: dict[int, list[dict[str, object]]] = {}
        for row in rows:
            by_start.setdefault(int(row["w"]), []).append(row)
        chosen: list[tuple[int, list[dict[str, object]]]] = []
        for start, documents in sorted(by_start.items()):
            touched = max(row["updated_at"] for row in documents)  # type: ignore[type-var]  # all are datetimes
            gone_on = newest is not None and newest > start
            if start in closed and (gone_on or now - touched >= idle):  # type: ignore[operator]
                chosen.append((start, documents))
            else:
                break  # in order: a later window isn't judged before an earlier one
        return await self._with_counts(watched, chosen[:MOST_AT_ONCE])

    def mark(self, change: Change, judged: Sequence[Labelled]) -> None:
        """Adds the writes that take these off the list."""
        for window in judged:
            for document in window.documents:
                change.update(PERFORMANCES, {"_id": document, "unjudged": True}, {"$unset": {"unjudged": ""}})

    async def _with_counts(
        self, watched: Watched, chosen: Sequence[tuple[int, list[dict[str, object]]]]
    ) -> list[Labelled]:
        if not chosen or watched.active is None:
            return []
        heads = await self._windows.performance_heads(watched.key, chosen[0][0], chosen[-1][0] + 1)
        active = watched.active
        packed = await self._windows.load_performances([row["_id"] for row in heads if row["r"] == active.id])
        by_start: dict[int, list[bytes]] = {}
        for row in heads:
            if row["_id"] in packed:
                by_start.setdefault(int(row["w"]), []).append(packed[row["_id"]])
        return await asyncio.to_thread(
            lambda: [
                Labelled(start, _merged(by_start.get(start, [])), tuple(str(row["_id"]) for row in documents))
                for start, documents in chosen
            ]
        )


def _merged(packed: Sequence[bytes]) -> PerformanceCounts | None:
    return merge_performance(unpack_performance(data) for data in packed) if packed else None
