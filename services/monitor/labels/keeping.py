"""Keeping prediction rows until their labels come: a block for each group, small blocks merged as they pile up."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import numpy as np
from bson import Binary

from services.monitor.batches.deliveries import Predictions
from services.monitor.counts.columns import Columns, can_concatenate, concatenate
from services.monitor.labels.blocks import (
    LabelRows,
    PredictionRows,
    joined_labels,
    merged_rows,
    no_labels,
    output_columns,
    pack_labels,
    pack_rows,
    picked,
    sorted_rows,
)
from services.monitor.labels.store import BLOCKS, LABELS, ROWS, Block, MongoBlocks
from services.monitor.slots import Slot
from services.monitor.versions.rules import SEGMENT_MARK, ActiveReference
from services.runtime.ids import new_id
from services.runtime.outbox import Change

FULL_ROWS = 65_536
"""A block of this size isn't merged any more: about 1.3 MB, looked through in half a millisecond."""
TAIL = 24
"""Newest blocks considered for merging."""
GROWTH = 2
"""A block is merged into the new one unless it is more than so many times larger: every row moves O(log) times."""


@dataclass(frozen=True, slots=True)
class _Made:
    rows: int
    first: int
    last: int
    packed: bytes
    labels: bytes | None


class PredictionKeeper:
    """Adds a group's rows to the blocks of this process's slot."""

    def __init__(self, blocks: MongoBlocks, slot: Slot) -> None:
        self._blocks = blocks
        self._slot = slot

    async def keep(self, change: Change, key: str, active: ActiveReference, batches: list[Predictions]) -> None:
        """Adds the writes to `change`: a new block, and the removal of those merged into it."""
        slot = self._slot.number
        tail = await self._blocks.tail(key, slot, TAIL)
        rows = sum(len(batch.ids) for batch in batches)
        absorbed = _absorbed(tail, rows, active.id)
        old = [await self._blocks.rows(block.id) for block in absorbed]
        kept = [(block, rows) for block, rows in zip(absorbed, old, strict=True) if rows is not None]
        labels = await self._blocks.labels([block.id for block, _ in kept])
        made = await asyncio.to_thread(_made, batches, active, kept, labels)
        if made is None:  # outputs of different forms: leave the older blocks as they are
            kept, labels = [], {}
            made = await asyncio.to_thread(_made, batches, active, [], {})
            assert made is not None
        number = tail[0].number + 1 if tail else 1
        block = Block(new_id(), key, slot, number, made.rows, made.first, made.last, active.id, new_id())
        change.insert(BLOCKS, block.document())
        change.insert(ROWS, {"_id": block.id, "rows": Binary(made.packed)})
        if made.labels is not None:
            change.insert(LABELS, {"_id": block.id, "rows": Binary(made.labels)})
        for merged, _ in kept:
            change.delete(BLOCKS, {"_id": merged.id, "token": merged.token})
            change.delete(ROWS, {"_id": merged.id})
            if merged.id in labels:
                change.delete(LABELS, {"_id": merged.id})


def _absorbed(tail: list[Block], rows: int, reference_id: str) -> list[Block]:
    """The newest blocks that are small beside what is already being written."""
    taken: list[Block] = []
    for block in tail:
        if block.reference_id != reference_id or block.rows > GROWTH * rows or rows + block.rows > FULL_ROWS:
            break
        taken.append(block)
        rows += block.rows
    return taken


def _made(
    batches: list[Predictions],
    active: ActiveReference,
    absorbed: list[tuple[Block, PredictionRows]],
    labels: dict[str, LabelRows],
) -> _Made | None:
    outputs = [output_columns(_with_segments(batch.columns, active)) for batch in batches]
    if not can_concatenate([*outputs, *(rows.outputs for _, rows in absorbed)]):
        if absorbed:
            return None
        outputs = [_common(outputs, i) for i in range(len(outputs))]
    times = np.concatenate([batch.times_ms for batch in batches])
    fresh = sorted_rows(
        np.concatenate([batch.ids for batch in batches]),
        times // active.window_ms * active.window_ms,
        concatenate(outputs),
    )
    first = min(int(times.min()), *(block.first for block, _ in absorbed)) if absorbed else int(times.min())
    last = max(int(times.max()), *(block.last for block, _ in absorbed)) if absorbed else int(times.max())
    if not absorbed:
        return _Made(len(fresh), first, last, pack_rows(fresh), None)
    whole, source = merged_rows([fresh, *(rows for _, rows in absorbed)])
    packed_labels = None
    if labels:
        like = next(iter(labels.values())).labels
        parts = [no_labels(like, len(fresh))]
        parts.extend(labels.get(block.id) or no_labels(like, len(rows)) for block, rows in absorbed)
        packed_labels = pack_labels(picked(joined_labels(parts), source))
    return _Made(len(whole), first, last, pack_rows(whole), packed_labels)


def _with_segments(columns: Columns, active: ActiveReference) -> Columns:
    marked = {SEGMENT_MARK + name: columns.by_name[name] for name in active.segments if name in columns.by_name}
    return Columns(columns.rows, {**columns.by_name, **marked}) if marked else columns


def _common(outputs: list[Columns], i: int) -> Columns:
    """Only the outputs that every batch holds (batches sent under two references)."""
    names = set.intersection(*(set(columns.by_name) for columns in outputs))
    return outputs[i].only(lambda name: name in names)
