"""Makes figures of what is past, before anybody waits for them: of hours and days, and of windows of many features."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from services.monitor.rollups.rules import DAY, HOUR, widths_of
from services.monitor.versions.rules import ActiveReference, Watched
from services.monitor.windows.buckets import Buckets
from services.monitor.windows.stored import MANY_FEATURES, NEWEST_KEPT, StoredFigures, kept_of
from services.monitor.windows.views import WindowViews

TOGETHER: Final = 8
"""Windows made at the same time: of a thousand features some megabytes each meanwhile."""
SETTLED: Final = timedelta(minutes=1)
"""So long after the last row or label: while they come, figures would be made again and again for nobody."""


class Preparing:
    """A part of the background job; what it makes is stored."""

    def __init__(self, buckets: Buckets, views: WindowViews, stored: StoredFigures) -> None:
        self._buckets = buckets
        self._views = views
        self._stored = stored

    async def day(self, watched: Watched, start_ms: int, past_ms: int, newest_ms: int, now: datetime) -> bool:
        """Of one day, what lies before `past_ms`; whether nothing is left to do. `newest_ms`: newest event time."""
        active = watched.active
        assert active is not None
        buckets = await self._buckets.columns(watched, start_ms, start_ms + DAY, widths_of(active.window_ms))
        if len(active.features) > MANY_FEATURES:
            first = newest_ms - NEWEST_KEPT * active.window_ms
            await self._stored.forget(watched.key, active.window_ms, first)
            if first < start_ms + DAY:
                buckets += await self._buckets.between(watched, max(start_ms, first), start_ms + DAY)
        kept = kept_of(active, buckets)
        past = [one for one in kept if one.start_ms + one.width_ms <= past_ms]
        outdated = await self._stored.outdated(watched.key, past)
        settled = [one for one in outdated if now - one.updated_at >= SETTLED]
        for i in range(0, len(settled), TOGETHER):
            await self._stored.put(watched.key, await self._views.fresh(watched, settled[i : i + TOGETHER]))
        return len(settled) == len(outdated) and len(past) == len(kept)


def of_parts_of_hours(active: ActiveReference) -> bool:
    """Whether something is made of windows in an hour that isn't past yet."""
    return len(active.features) > MANY_FEATURES and active.window_ms % HOUR != 0


def prepares(active: ActiveReference) -> bool:
    """Whether there is anything to make ahead for such a version."""
    return bool(widths_of(active.window_ms)) or len(active.features) > MANY_FEATURES
