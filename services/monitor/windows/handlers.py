"""Counting prediction rows into their windows, as part of the change that takes them from the stream."""

from __future__ import annotations

from services.monitor.batches.deliveries import Predictions
from services.monitor.counts.counting import BatchCounts
from services.monitor.counts.service import ServiceCounts, count_duplicates
from services.monitor.off_loop import off_loop
from services.monitor.partitions import Part, Partitions
from services.monitor.slots import Slot
from services.monitor.versions.rules import ActiveReference
from services.monitor.windows.rules import count_batch, merge, split_rows
from services.runtime.outbox import Change


class WindowCounts:
    """Adds counts to the windows of this process's slot."""

    def __init__(self, partitions: Partitions[BatchCounts], slot: Slot) -> None:
        self._partitions = partitions
        self._slot = slot

    async def add(self, change: Change, batches: list[tuple[str, ActiveReference, list[Predictions]]]) -> None:
        """`batches`: per model version."""
        rows = sum(len(batch.ids) for _, _, group in batches for batch in group)
        parts = await off_loop(rows, _counted, batches)
        await self._partitions.add(change, self._slot.number, parts)

    def committed(self) -> None:
        """To be called once the change that `add` was last called for is durable."""
        self._partitions.committed()


def _counted(batches: list[tuple[str, ActiveReference, list[Predictions]]]) -> list[Part[BatchCounts]]:
    parts = []
    for key, active, rows in batches:
        counts: dict[int, list[BatchCounts]] = {}
        newest: dict[int, int] = {}
        for batch in rows:
            for start, which in split_rows(batch.times_ms, active.window_ms):
                counted = count_batch(active.reference, batch.columns.pick(which))
                counted.service += ServiceCounts(duplicates=count_duplicates(batch.ids[which]))
                counts.setdefault(start, []).append(counted)
                newest[start] = max(newest.get(start, 0), int(batch.times_ms[which].max()))
        for start, several in counts.items():
            whole = several[0] if len(several) == 1 else merge(several)
            parts.append(Part(key, start, active.id, whole, {"last_at": newest[start]}))
    return parts
