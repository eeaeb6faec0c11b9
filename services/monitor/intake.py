"""What the monitor does with a group of batches from the streams: one change with counts, kept rows and joins."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence

from services.contracts.errors import NotFound
from services.monitor.batches.deliveries import Predictions, labels_of, predictions_of
from services.monitor.labels.handlers import Joined, LabelJoin
from services.monitor.labels.keeping import PredictionKeeper
from services.monitor.metrics import batches_total, count_labels, rows_total
from services.monitor.off_loop import off_loop
from services.monitor.samples.handlers import Samples
from services.monitor.versions.handlers import Versions
from services.monitor.versions.rules import ActiveReference
from services.monitor.windows.handlers import WindowCounts
from services.monitor.windows.live import LiveWindows
from services.runtime.inbox import Delivery
from services.runtime.outbox import Change


class Intake:
    """Its `take_…` methods are the consumers' decisions, its `…_committed` what follows once they are durable."""

    def __init__(
        self,
        versions: Versions,
        counts: WindowCounts,
        keeper: PredictionKeeper,
        join: LabelJoin,
        samples: Samples,
        live: LiveWindows,
    ) -> None:
        self._versions = versions
        self._counts = counts
        self._keeper = keeper
        self._join = join
        self._samples = samples
        self._live = live
        self._counted: dict[str, int] = {}
        self._joined: dict[str, Joined] = {}

    async def take_predictions(self, deliveries: list[Delivery], change: Change) -> None:
        """Counts the rows and keeps them for their labels."""
        batches = []
        self._counted = {}
        self._keeper.begin()
        for key, (active, group) in (await self._by_version(deliveries)).items():
            sent = sum(delivery.header.rows for delivery in group)
            rows = await off_loop(sent, predictions_of, group, active, time.time_ns() // 1_000_000)
            by_reference: dict[str, list[Predictions]] = {}
            for batch in rows:  # what came counted may have been counted against the reference before
                by_reference.setdefault(batch.reference_id or active.id, []).append(batch)
            for reference_id, some in by_reference.items():
                counted = active if reference_id == active.id else await self._versions.reference(reference_id)
                batches.append((key, counted, some))
        await self._counts.add(change, batches)
        await self._samples.add(change, batches)
        kept: Counter[str] = Counter()
        for key, active, rows in batches:
            await self._keeper.keep(change, key, active, rows, earlier=kept[key])
            kept[key] += 1
            newest = max(int(batch.times_ms.max()) for batch in rows)
            self._counted[key] = max(newest // active.window_ms * active.window_ms, self._counted.get(key, 0))

    def predictions_committed(self, deliveries: list[Delivery]) -> None:
        self._counts.committed()
        self._keeper.committed()
        _count("predictions", deliveries)
        self._announce(self._counted, deliveries)

    async def take_labels(self, deliveries: list[Delivery], change: Change) -> None:
        """Joins the labels with their predictions."""
        self._joined = {}
        for key, (active, group) in (await self._by_version(deliveries)).items():
            sent = sum(delivery.header.rows for delivery in group)
            rows = await off_loop(sent, labels_of, group, active, time.time_ns() // 1_000_000)
            if rows:
                self._joined[key] = await self._join.take(change, key, active, rows)

    def labels_committed(self, deliveries: list[Delivery]) -> None:
        self._join.committed()
        _count("labels", deliveries)
        for joined in self._joined.values():
            count_labels(joined.joined, joined.waiting, joined.dropped)
        moved = {key: joined.newest for key, joined in self._joined.items() if joined.newest is not None}
        self._announce(moved, deliveries)

    async def _by_version(self, deliveries: Sequence[Delivery]) -> dict[str, tuple[ActiveReference, list[Delivery]]]:
        """By key: a version may have been sent to under several names."""
        groups: dict[str, tuple[ActiveReference, list[Delivery]]] = {}
        for delivery in deliveries:
            watched = await self._versions.of_batch(delivery.header)
            if watched.active is None:
                raise NotFound(f"{watched.key} has no reference", code="VERSION_NOT_FOUND")
            groups.setdefault(watched.key, (watched.active, []))[1].append(delivery)
        return groups

    def _announce(self, moved: dict[str, int], deliveries: Sequence[Delivery]) -> None:
        received = min(delivery.header.received_at.timestamp() for delivery in deliveries)
        for key, start in moved.items():
            self._live.moved(key, start, received)


def _count(kind: str, deliveries: Sequence[Delivery]) -> None:
    batches_total.labels(kind).inc(len(deliveries))
    rows_total.labels(kind).inc(sum(delivery.header.rows for delivery in deliveries))
