"""Joining labels with their predictions, as part of the change that takes them from the stream."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import UTC, datetime

import numpy as np
from bson import Binary

from services.monitor.batches.deliveries import Labels
from services.monitor.counts.columns import Column, as_codes, as_numbers
from services.monitor.labels.blocks import (
    LabelRows,
    PredictionRows,
    joined_labels,
    no_labels,
    pack_labels,
    picked,
    unpack_waiting,
)
from services.monitor.labels.hashing import Hashes
from services.monitor.labels.rules import Scoring, figures_moved, find, newest_first, put
from services.monitor.labels.store import BLOCKS, DROPPED, LABELS, WAITING, Block, MongoBlocks, Waiting
from services.monitor.partitions import Part, Partitions
from services.monitor.performance.rules import PerformanceCounts
from services.monitor.slots import Slot
from services.monitor.versions.handlers import Versions
from services.monitor.versions.rules import LABEL, ActiveReference
from services.runtime.ids import new_id
from services.runtime.outbox import Change

CACHE_BYTES = 32 * 1024 * 1024
"""Blocks kept unpacked per process: as many full ones as are looked into for a fresh label."""
MOST_WAITING = 1_000_000
"""Labels of one version that may wait for their predictions; the oldest give way, and are counted."""

NEAR_BLOCKS = 16
"""Blocks looked into for a fresh label; what isn't there is looked for everywhere beside the stream (waiting.py)."""


@dataclass(frozen=True, slots=True)
class Joined:
    """What a change will have done once it is committed. `newest`: start of the newest window whose figures move."""

    newest: int | None = None
    joined: int = 0
    waiting: int = 0
    dropped: int = 0


@dataclass(slots=True)
class _Join:
    """What a set of labels does: blocks with new labels, figures by window, and what found no prediction."""

    blocks: list[tuple[Block, bool, bytes]] = field(default_factory=list)
    moved: dict[tuple[str, int], PerformanceCounts] = field(default_factory=dict)
    joined: int = 0

    @property
    def newest(self) -> int | None:
        return max((start for _, start in self.moved), default=None)


class LabelJoin:
    """Finds predictions by id; one per process."""

    def __init__(
        self, blocks: MongoBlocks, partitions: Partitions[PerformanceCounts], versions: Versions, slot: Slot
    ) -> None:
        self._blocks = blocks
        self._partitions = partitions
        self._versions = versions
        self._slot = slot
        self._cache: OrderedDict[str, PredictionRows] = OrderedDict()
        self._cached_bytes = 0
        self._found_at: dict[str, int] = {}

    async def take(self, change: Change, key: str, active: ActiveReference, batches: list[Labels]) -> Joined:
        """Joins what can be joined and keeps the rest waiting."""
        ids, rows = await asyncio.to_thread(_gathered, batches, active)
        directory = await self._blocks.directory(key)
        near = _nearest_first(directory, _hint(batches) or self._found_at.get(key))[:NEAR_BLOCKS]
        left, join = await self._join(change, key, ids, rows, near)
        if len(left):
            searched = _searched(directory) if len(near) == len(directory) else {}
            waiting = Waiting(new_id(), key, len(left), searched, new_id(), datetime.now(UTC))
            change.insert(WAITING, waiting.document(pack_labels(picked(rows, left), ids[left])))
        return Joined(join.newest, join.joined, waiting=len(left))

    def committed(self) -> None:
        """To be called once the change that `take` was last called for is durable."""
        self._partitions.committed()

    async def retry(self, change: Change, waiting: list[Waiting]) -> Joined:
        """Looks for one version's waiting labels in blocks that are new since; adds nothing if there is no new one."""
        key = waiting[0].key
        blocks = await self._blocks.newest(key)
        searched = _least([entry.searched for entry in waiting])
        total = sum(entry.rows for entry in waiting)
        if total <= MOST_WAITING and all(number <= searched.get(slot, 0) for slot, number in blocks.items()):
            return Joined()
        directory = await self._blocks.directory(key)
        new = [block for block in directory if block.number > searched.get(block.slot, 0)]
        packed = await self._blocks.waiting_rows([entry.id for entry in waiting])
        ids, rows = await asyncio.to_thread(_unpacked, [packed[entry.id] for entry in waiting if entry.id in packed])
        left, join = await self._join(change, key, ids, rows, _nearest_first(new, self._found_at.get(key)))
        for entry in waiting:
            change.delete(WAITING, {"_id": entry.id, "token": entry.token})
        dropped = max(0, len(left) - MOST_WAITING)
        if dropped:
            left = np.sort(left[np.argsort(rows.order[left], kind="stable")[dropped:]])
            change.upsert(DROPPED, {"_id": key}, {"$inc": {"rows": dropped}})
        if len(left):
            since = min(entry.at for entry in waiting)
            entry = Waiting(new_id(), key, len(left), _searched(directory), new_id(), since)
            change.insert(WAITING, entry.document(pack_labels(picked(rows, left), ids[left])))
        return Joined(join.newest, join.joined, dropped=dropped)

    async def _join(
        self,
        change: Change,
        key: str,
        ids: Hashes,
        rows: LabelRows,
        directory: list[Block],
    ) -> tuple[np.ndarray[tuple[int], np.dtype[np.intp]], _Join]:
        """Adds the writes; returns which of `ids` (ascending) have no prediction in these blocks, and what moved."""
        left = np.arange(len(ids))
        join = _Join()
        for block in directory:
            if not len(left):
                break
            predictions = await self._rows(block)
            if predictions is None:
                continue
            found, at = find(predictions.ids, ids[left])
            if not found.any():
                continue
            before = (await self._blocks.labels([block.id])).get(block.id)
            reference = await self._versions.reference(block.reference_id)
            await asyncio.to_thread(_put, join, block, reference, predictions, before, at, picked(rows, left[found]))
            self._found_at[key] = block.last
            left = left[~found]
        await self._write(change, key, join)
        return left, join

    async def _write(self, change: Change, key: str, join: _Join) -> None:
        for block, existed, packed in join.blocks:
            change.update(BLOCKS, {"_id": block.id, "token": block.token}, {"$set": {"token": new_id()}})
            if existed:
                change.update(LABELS, {"_id": block.id}, {"$set": {"rows": Binary(packed)}})
            else:
                change.insert(LABELS, {"_id": block.id, "rows": Binary(packed)})
        parts = [Part(key, start, reference, counts, {}) for (reference, start), counts in join.moved.items()]
        if parts:
            await self._partitions.add(change, self._slot.number, parts)

    async def _rows(self, block: Block) -> PredictionRows | None:
        rows = self._cache.get(block.id)
        if rows is None:
            rows = await self._blocks.rows(block.id)
            if rows is None:
                return None
            self._cache[block.id] = rows
            self._cached_bytes += rows.nbytes
            while self._cached_bytes > CACHE_BYTES and len(self._cache) > 1:
                _, oldest = self._cache.popitem(last=False)
                self._cached_bytes -= oldest.nbytes
        self._cache.move_to_end(block.id)
        return rows


def _put(
    join: _Join,
    block: Block,
    reference: ActiveReference,
    predictions: PredictionRows,
    before: LabelRows | None,
    at: np.ndarray[tuple[int], np.dtype[np.intp]],
    labels: LabelRows,
) -> None:
    labels = LabelRows(_in_form(labels.labels, reference), labels.order)
    old = before if before is not None else no_labels(labels.labels, len(predictions))
    new, where, _ = put(old, at, labels)
    if not len(where):
        return
    scoring = Scoring(reference.task, reference.positive, reference.center, reference.segment_values)
    for start, counts in figures_moved(scoring, predictions, old, new, where).items():
        place = (block.reference_id, start)
        earlier = join.moved.get(place)
        join.moved[place] = counts if earlier is None else earlier + counts
    join.blocks.append((block, before is not None, pack_labels(new)))
    join.joined += len(where)


def _in_form(labels: Column, reference: ActiveReference) -> Column:
    return as_numbers(labels) if reference.task == "regression" else as_codes(labels)


def _gathered(batches: list[Labels], active: ActiveReference) -> tuple[Hashes, LabelRows]:
    parts = [LabelRows(_in_form(batch.columns.by_name[LABEL], active), batch.order) for batch in batches]
    return newest_first(np.concatenate([batch.ids for batch in batches]), joined_labels(parts))


def _unpacked(packed: list[bytes]) -> tuple[Hashes, LabelRows]:
    opened = [unpack_waiting(data) for data in packed]
    return newest_first(np.concatenate([ids for ids, _ in opened]), joined_labels([rows for _, rows in opened]))


def _hint(batches: list[Labels]) -> int | None:
    times = [int(np.median(batch.times_ms)) for batch in batches if batch.times_ms is not None]
    return times[len(times) // 2] if times else None


def _nearest_first(directory: list[Block], near: int | None) -> list[Block]:
    """Labels come roughly in the order of their predictions: look where the last ones were found, then around."""
    if near is None:
        return directory[::-1]
    return sorted(directory, key=lambda block: max(block.first - near, near - block.last, 0))


def _searched(directory: list[Block]) -> dict[int, int]:
    newest: dict[int, int] = {}
    for block in directory:
        newest[block.slot] = max(newest.get(block.slot, 0), block.number)
    return newest


def _least(searched: list[dict[int, int]]) -> dict[int, int]:
    slots = set.intersection(*(set(entry) for entry in searched))
    return {slot: min(entry[slot] for entry in searched) for slot in slots}
