"""Counting prediction rows into their windows, as part of the change that takes them from the stream."""

from __future__ import annotations

from services.contracts.errors import Invalid
from services.monitor.batches.counted import WindowShare, merged_shares, shares_of
from services.monitor.batches.deliveries import Predictions
from services.monitor.counts.counting import BatchCounts
from services.monitor.off_loop import off_loop
from services.monitor.partitions import Part, Partitions
from services.monitor.slots import Slot
from services.monitor.versions.rules import ActiveReference
from services.runtime.outbox import Change


class WindowCounts:
    """Adds counts to the windows of this process's slot."""

    def __init__(self, partitions: Partitions[BatchCounts], slot: Slot) -> None:
        self._partitions = partitions
        self._slot = slot

    async def add(self, change: Change, batches: list[tuple[str, ActiveReference, list[Predictions]]]) -> None:
        """`batches`: per model version."""
        rows = sum(len(batch.ids) for _, _, group in batches for batch in group if batch.shares is None)
        parts = await off_loop(rows, _counted, batches)
        await self._partitions.add(change, self._slot.number, parts)

    def committed(self) -> None:
        """To be called once the change that `add` was last called for is durable."""
        self._partitions.committed()


def _counted(batches: list[tuple[str, ActiveReference, list[Predictions]]]) -> list[Part[BatchCounts]]:
    return [
        Part(key, share.start_ms, active.id, share.counts, {"last_at": share.newest})
        for key, active, rows in batches
        for share in merged_shares([share for batch in rows for share in _shares(active, batch)])
    ]


def _shares(active: ActiveReference, batch: Predictions) -> list[WindowShare]:
    """Raises Invalid for counts over other bins than the reference's."""
    if batch.shares is None:
        return shares_of(active, batch.ids, batch.times_ms, batch.columns)
    for share in batch.shares:
        if share.counts.digest != active.reference.grid.digest:
            raise Invalid("the message was counted over other bins", code="NOT_COUNTS", field="body")
    return batch.shares
