"""Letting go of prediction rows and waiting labels that are too old to be joined."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog
from pymongo.errors import PyMongoError

from services.contracts.errors import LifecycleError
from services.monitor.labels.store import BLOCKS, DROPPED, LABELS, ROWS, WAITING, Block, MongoBlocks
from services.runtime.context import service_context
from services.runtime.outbox import Change, Outbox, Stale

log = structlog.get_logger()

EVERY_SECONDS: Final = 300.0
MOST_AT_ONCE: Final = 100


class LabelRetention:
    """One loop per process; whoever comes first removes."""

    def __init__(self, blocks: MongoBlocks, outbox: Outbox, join_days: float) -> None:
        self._blocks = blocks
        self._outbox = outbox
        self._keep = timedelta(days=join_days)

    async def run(self) -> None:
        """Runs until cancelled; waits out whatever is unavailable."""
        while True:
            try:
                await self.remove_old(datetime.now(UTC))
            except Stale:
                pass  # a label came for one of them, or another process was faster: next time
            except (LifecycleError, PyMongoError) as error:
                log.warning("old prediction rows can't be removed at the moment", error=str(error))
            await asyncio.sleep(EVERY_SECONDS)

    async def remove_old(self, now: datetime) -> None:
        """Blocks are as old as their newest row, beside the version's newest row (event time: a replay of a past year
        keeps its rows as long); waiting labels as old as they have waited."""
        for key in await self._blocks.versions():
            old = expired(await self._blocks.directory(key), int(self._keep.total_seconds() * 1000))
            for i in range(0, len(old), MOST_AT_ONCE):
                await self._outbox.commit(self._removal(old[i : i + MOST_AT_ONCE]))
        for entry in await self._blocks.waiting_since_before(now - self._keep):
            change = self._change()
            change.delete(WAITING, {"_id": entry.id, "token": entry.token})
            change.upsert(DROPPED, {"_id": entry.key}, {"$inc": {"rows": entry.rows}})
            await self._outbox.commit(change)

    def _removal(self, blocks: list[Block]) -> Change:
        change = self._change()
        for block in blocks:
            change.delete(BLOCKS, {"_id": block.id, "token": block.token})
            change.delete(ROWS, {"_id": block.id})
            change.delete_many(LABELS, {"_id": block.id})
        return change

    def _change(self) -> Change:
        change = Change(service_context("monitor"), "forget_old_predictions")
        change.unaudited()
        return change


def expired(directory: list[Block], keep_ms: int) -> list[Block]:
    """Blocks that end more than `keep_ms` before the newest row. A slot's newest block always stays: numbers go on from
    it, and searches for waiting labels rely on numbers that only grow."""
    if not directory:
        return []
    line = max(block.last for block in directory) - keep_ms
    newest: dict[int, int] = {}
    for block in directory:
        newest[block.slot] = max(newest.get(block.slot, 0), block.number)
    return [block for block in directory if block.last < line and block.number != newest[block.slot]]
