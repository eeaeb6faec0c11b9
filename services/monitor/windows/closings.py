"""Which windows have been closed, for those who look at closed windows only."""

from __future__ import annotations

from collections.abc import Sequence

from services.monitor.windows.store import MongoWindows


class Closings:
    """Reads."""

    def __init__(self, windows: MongoWindows) -> None:
        self._windows = windows

    async def of(self, key: str, starts: Sequence[int]) -> set[int]:
        """Those of `starts` (ms) that are closed."""
        if not starts:
            return set()
        return await self._windows.closed(key, min(starts), max(starts) + 1)
