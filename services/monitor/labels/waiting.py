"""Labels that came before their prediction: looked for again whenever there are new predictions."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Final

import structlog
from pymongo.errors import PyMongoError

from services.contracts.errors import LifecycleError
from services.monitor.labels.handlers import LabelJoin
from services.monitor.labels.store import MongoBlocks, Waiting
from services.monitor.metrics import count_labels
from services.runtime.context import service_context
from services.runtime.outbox import Change, Outbox, Stale

log = structlog.get_logger()

EVERY_SECONDS: Final = 0.5
REST: Final = 5.0
"""The loop rests so many times as long as it works: labels without any prediction cost little, however many blocks."""
MOST_TOGETHER: Final = 32
"""Documents of waiting labels that are looked for, and written back, as one."""


class WaitingLabels:
    """One loop per process; whoever comes first joins."""

    def __init__(
        self, blocks: MongoBlocks, join: LabelJoin, outbox: Outbox, moved: Callable[[str, int, float], None]
    ) -> None:
        self._blocks = blocks
        self._join = join
        self._outbox = outbox
        self._moved = moved

    async def run(self) -> None:
        """Runs until cancelled; waits out whatever is unavailable."""
        took = 0.0
        while True:
            await asyncio.sleep(max(EVERY_SECONDS, REST * took))
            began = time.monotonic()
            try:
                await self.retry_all()
            except Stale:
                continue  # another process was faster
            except (LifecycleError, PyMongoError) as error:
                log.warning("waiting labels can't be joined at the moment", error=str(error))
            finally:
                took = time.monotonic() - began

    async def retry_all(self) -> None:
        by_key: dict[str, list[Waiting]] = {}
        for entry in await self._blocks.waiting():
            by_key.setdefault(entry.key, []).append(entry)
        for key, entries in by_key.items():
            for i in range(0, len(entries), MOST_TOGETHER):
                change = Change(service_context("monitor"), "join_waiting_labels")
                change.unaudited()
                joined = await self._join.retry(change, entries[i : i + MOST_TOGETHER])
                await self._outbox.commit(change)
                count_labels(joined.joined, joined.waiting, joined.dropped)
                if joined.newest is not None:
                    self._moved(key, joined.newest, time.time())
