"""Live updates and gauges: the newest figures of versions whose windows have just moved, a few times a second."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import Final

import structlog
from pymongo.errors import PyMongoError

from services.contracts.errors import LifecycleError
from services.contracts.monitor import WindowMoved
from services.monitor.metrics import WindowGauges, ingest_to_live
from services.monitor.versions.handlers import Versions
from services.monitor.windows.views import WindowViews
from services.runtime.bus import Bus
from services.runtime.ids import new_id

log = structlog.get_logger()

EVERY_SECONDS: Final = 0.25
USUAL_SECONDS: Final = 15.0
"""How old the number of rows that earlier windows had may be."""
IDLE_FACTOR: Final = 3.0
"""The loop rests at least so many times as long as it works, so that many busy versions don't starve the ingest."""


@dataclass(slots=True)
class _Moved:
    """Windows of one version that moved since they were last sent, and when the oldest batch in them came in."""

    starts: set[int] = field(default_factory=set)
    received: float | None = None


class LiveWindows:
    """Sends `WindowMoved`: per version the newest window that got rows and the newest that got labels."""

    def __init__(self, views: WindowViews, versions: Versions, bus: Bus, gauges: WindowGauges) -> None:
        self._views = views
        self._versions = versions
        self._bus = bus
        self._gauges = gauges
        self._boot = new_id()
        self._sequence = 0
        self._moved: dict[str, _Moved] = {}
        self._wake = asyncio.Event()

    def moved(self, key: str, start_ms: int, received: float) -> None:
        """Called after a commit. `received`: Unix time at which the oldest batch in it came in."""
        entry = self._moved.setdefault(key, _Moved())
        entry.starts.add(start_ms)
        entry.received = received if entry.received is None else min(entry.received, received)
        self._wake.set()

    async def run(self) -> None:
        """Runs until cancelled; a figure that can't be read now is sent with the next one."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            began = time.monotonic()
            for key in list(self._moved):
                entry = self._moved.pop(key)
                try:
                    await self._send(key, entry)
                except (LifecycleError, PyMongoError) as error:
                    log.warning("no live figures at the moment", version=key, error=str(error))
            await asyncio.sleep(max(EVERY_SECONDS, IDLE_FACTOR * (time.monotonic() - began)))

    async def _send(self, key: str, entry: _Moved) -> None:
        watched = await self._versions.find(key)
        if watched is None or watched.active is None:
            return
        for start in sorted(entry.starts)[-2:]:
            buckets = await self._views.buckets.fine(watched, [start])
            for view in await self._views.views(watched, buckets, None, usual_age=USUAL_SECONDS):
                self._sequence += 1
                await self._bus.live(
                    WindowMoved(
                        model_name=watched.model_name,
                        version=watched.version,
                        boot=self._boot,
                        sequence=self._sequence,
                        window=view,
                    )
                )
                self._gauges.show(view)
        if entry.received is not None:
            ingest_to_live.observe(max(0.0, time.time() - entry.received))
