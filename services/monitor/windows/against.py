"""Windows beside something else than the reference: the time before, the same weekdays or month, another one.

All counts of a version over one grid add up and compare, so any of them can stand in for the reference's own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec

from services.contracts.errors import Conflict, Invalid, NotFound
from services.contracts.monitor import WindowView
from services.monitor.counts.counting import BatchCounts, merge
from services.monitor.counts.packing import pack
from services.monitor.references.rules import Reference
from services.monitor.versions.handlers import Versions
from services.monitor.versions.rules import ActiveReference, Watched
from services.monitor.windows.buckets import Bucket, Buckets, Heads
from services.monitor.windows.rules import added
from services.monitor.windows.views import drift_of

PREVIOUS: Final = "previous"
WEEKDAY: Final = "weekday"
MONTH: Final = "month"
YEAR: Final = "year"
PERIODS: Final = (PREVIOUS, WEEKDAY, MONTH, YEAR)
DAY_MS: Final = 86_400_000
WEEKS: Final = 4
"""Weeks back that `weekday` looks: the same time of the week in each."""
YEAR_DAYS: Final = 364
"""52 weeks, so that weekdays fall on weekdays."""
MOST_COMPARED: Final = 100
"""Windows that can be compared in one request."""

Range = tuple[int, int]


def ranges_of(against: str, start_ms: int, width_ms: int) -> list[Range]:
    """[start, end) in ms of what a window is compared with; empty for the name of a reference."""
    if against == PREVIOUS:
        return [(start_ms - width_ms, start_ms)]
    if against == WEEKDAY:
        starts = [start_ms - 7 * DAY_MS * week for week in range(1, WEEKS + 1)]
    elif against == YEAR:
        starts = [start_ms - YEAR_DAYS * DAY_MS]
    elif against == MONTH:
        return [month_a_year_before(start_ms)]
    else:
        return []
    return [(start, start + width_ms) for start in starts]


def month_a_year_before(time_ms: int) -> Range:
    """The whole calendar month (UTC) of the year before in which the month of `time_ms` lies."""
    moment = datetime.fromtimestamp(time_ms / 1000, UTC)
    first = datetime(moment.year - 1, moment.month, 1, tzinfo=UTC)
    after = (first + timedelta(days=31)).replace(day=1)
    return int(first.timestamp() * 1000), int(after.timestamp() * 1000)


class SideBySide:
    """Compares; one per process."""

    def __init__(self, buckets: Buckets, versions: Versions) -> None:
        self._buckets = buckets
        self._versions = versions

    async def compared(
        self, watched: Watched, buckets: Sequence[Bucket], views: Sequence[WindowView], against: str
    ) -> list[WindowView]:
        """The views with the drift of features and prediction against something else; without any where there is
        nothing to compare with. Raises Invalid for too many windows or too wide ones, NotFound and Conflict for a
        reference by a name that there isn't, or that was cut into other bins.
        """
        if len(buckets) > MOST_COMPARED:
            raise Invalid(
                f"{len(buckets)} windows; at most {MOST_COMPARED} can be compared at once",
                code="TOO_MANY_WINDOWS",
                field="against",
                fix="Narrow the range, ask for the last N, or merge them by a coarser resolution.",
            )
        other = None if against in PERIODS else await self._named(watched, against)
        known: dict[tuple[str, Range], BatchCounts | None] = {}
        found = []
        for bucket, view in zip(buckets, views, strict=True):
            if against == WEEKDAY and bucket.width_ms > 7 * DAY_MS:
                raise Invalid("a window of more than a week has no weekday", code="OUT_OF_RANGE", field="against")
            references = [await self._versions.reference(each) for each in {row["r"] for row in bucket.counts}]
            active = max(references, key=lambda each: each.set_at)
            if other is not None and other.grid.digest != active.reference.grid.digest:
                raise Conflict(
                    f"the reference {against!r} was cut into other bins than these windows",
                    code="OTHER_BINS",
                    field="against",
                    fix="Compare windows with references made from windows (…/from-windows): those keep the bins.",
                )
            then = []
            for span in ranges_of(against, bucket.start_ms, bucket.width_ms):
                if (active.id, span) not in known:  # all windows of a month have one and the same before them
                    known[active.id, span] = await self._counted(watched, active, span)
                then.append(known[active.id, span])
            now = await self._load([row for row in bucket.counts if row["r"] == active.id])
            windows = bucket.windows_of(active.window_ms)
            found.append(await asyncio.to_thread(_compared, view, active, other, now, then, windows))
        return found

    async def _named(self, watched: Watched, name: str) -> Reference:
        active = await self._versions.named(watched.key, name)
        if active is None:
            raise NotFound(
                f"{watched.key} has never had a reference {name!r}",
                code="UNKNOWN_REFERENCE",
                field="against",
                fix=f"The name of one it had, or one of: {', '.join(PERIODS)}.",
            )
        return active.reference

    async def _counted(self, watched: Watched, active: ActiveReference, span: Range) -> BatchCounts | None:
        whole = await self._buckets.whole(watched, *span)
        return await self._load([row for row in whole.counts if row["r"] == active.id]) if whole else None

    async def _load(self, rows: Heads) -> BatchCounts | None:
        """What these documents hold together; None without any."""
        nothing: BatchCounts | None = None
        return await self._buckets.together("rows", rows, nothing, added)


def _compared(
    view: WindowView,
    active: ActiveReference,
    other: Reference | None,
    now: BatchCounts | None,
    then: Sequence[BatchCounts | None],
    windows: int,
) -> WindowView:
    base = other if other is not None else _stands_in(active.reference, then)
    if base is None or now is None:
        return msgspec.structs.replace(view, features=[], prediction=None, worst_drift=None)
    features, prediction, segment = drift_of(msgspec.structs.replace(active, reference=base), now, windows)
    return msgspec.structs.replace(view, features=features, prediction=prediction, worst_drift=segment)


def _stands_in(reference: Reference, then: Sequence[BatchCounts | None]) -> Reference | None:
    """Other rows over the same bins; what the reference does by itself still counts as nothing new."""
    parts = [each for each in then if each is not None]
    if not parts:
        return None
    own = merge(parts)
    return msgspec.structs.replace(reference, rows=own.rows, counts=pack(own)) if own.rows else None
