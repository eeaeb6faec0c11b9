"""Keeping prediction rows until their labels come: a block for each group, small blocks merged as they pile up."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

import numpy as np
from bson import Binary

from services.monitor.batches.deliveries import Predictions
from services.monitor.counts.columns import Columns, Numbers, can_concatenate, concatenate
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
from services.monitor.off_loop import off_loop
from services.monitor.slots import Slot
from services.monitor.versions.rules import HIGH, LOW, SEGMENT_MARK, ActiveReference
from services.runtime.ids import new_id
from services.runtime.outbox import Change

FULL_ROWS = 65_536
"""A block of this size isn't merged any more: about 1.3 MB, looked through in half a millisecond."""
TAIL = 24
"""Newest blocks considered for merging."""
GROWTH = 2
"""A block is merged into the new one unless it is more than so many times larger: every row moves O(log) times."""
FEWEST_MERGED = 3
"""Small blocks pile up until there are so many: most groups write one block and touch no other."""
TAILS_KEPT = 256
"""Versions whose newest blocks are known without asking."""
CACHE_BYTES = 16 * 1024 * 1024
"""Rows of this process's newest blocks that are kept, so that merging them needs no reading."""


@dataclass(frozen=True, slots=True)
class _Made:
    rows: PredictionRows
    first: int
    last: int
    packed: bytes
    labels: LabelRows | None


@dataclass(frozen=True, slots=True)
class _Written:
    """A block as this process wrote it: its rows never change, its labels have changed when its token has."""

    token: str
    rows: PredictionRows
    labels: LabelRows | None


class PredictionKeeper:
    """Adds a group's rows to the blocks of this process's slot."""

    def __init__(self, blocks: MongoBlocks, slot: Slot) -> None:
        self._blocks = blocks
        self._slot = slot
        self._written: OrderedDict[str, _Written] = OrderedDict()
        self._bytes = 0
        self._tails: OrderedDict[tuple[str, int], list[Block]] = OrderedDict()
        self._unsure: dict[tuple[str, int], list[Block]] = {}

    def begin(self) -> None:
        """To be called before the first `keep` of a change: what the one before left without a commit isn't known."""
        for place in self._unsure:
            self._tails.pop(place, None)
        self._unsure.clear()

    def committed(self) -> None:
        """To be called once the change that `keep` was last called for is durable."""
        self._tails.update(self._unsure)
        self._unsure.clear()
        while len(self._tails) > TAILS_KEPT:
            self._tails.popitem(last=False)

    async def keep(
        self, change: Change, key: str, active: ActiveReference, batches: list[Predictions], *, earlier: int = 0
    ) -> None:
        """Adds the writes to `change`: a new block, and the removal of those merged into it.

        `earlier`: blocks of this version that the change adds already (rows counted against another reference).
        """
        slot = self._slot.number
        rows = sum(len(batch.ids) for batch in batches)
        tail = self._tails.get((key, slot)) if not earlier else None  # number taken by another: decided anew
        if tail is None or _absorbed(tail, rows, active.id):  # their labels may have changed meanwhile
            tail = await self._blocks.tail(key, slot, TAIL)
        absorbed = _absorbed(tail, rows, active.id) if not earlier else []
        kept, labels = await self._opened(absorbed)
        moved = rows + sum(len(old) for _, old in kept)
        made = await off_loop(moved, _made, batches, active, kept, labels)
        if made is None:  # outputs of different forms: leave the older blocks as they are
            kept, labels = [], {}
            made = await off_loop(rows, _made, batches, active, [], {})
            assert made is not None
        number = (tail[0].number if tail else 0) + 1 + earlier
        block = Block(new_id(), key, slot, number, len(made.rows), made.first, made.last, active.id, new_id())
        change.insert(BLOCKS, block.document())
        change.insert(ROWS, {"_id": block.id, "rows": Binary(made.packed)})
        if made.labels is not None:
            change.insert(LABELS, {"_id": block.id, "rows": Binary(pack_labels(made.labels))})
        for merged, _ in kept:
            change.delete(BLOCKS, {"_id": merged.id, "token": merged.token})
            change.delete(ROWS, {"_id": merged.id})
            if merged.id in labels:
                change.delete(LABELS, {"_id": merged.id})
        self._remember(block, _Written(block.token, made.rows, made.labels))
        gone = {merged.id for merged, _ in kept}
        self._unsure[key, slot] = [block, *(old for old in tail if old.id not in gone)][:TAIL]

    async def _opened(self, absorbed: list[Block]) -> tuple[list[tuple[Block, PredictionRows]], dict[str, LabelRows]]:
        """The blocks' rows, and their labels where they have any; blocks that have gone meanwhile are left out."""
        kept: list[tuple[Block, PredictionRows]] = []
        labels: dict[str, LabelRows] = {}
        asked: list[str] = []
        for block in absorbed:
            written = self._written.get(block.id)
            rows = written.rows if written is not None else await self._blocks.rows(block.id)
            if rows is None:
                continue
            kept.append((block, rows))
            if written is None or written.token != block.token:
                asked.append(block.id)
            elif written.labels is not None:
                labels[block.id] = written.labels
        if asked:
            labels.update(await self._blocks.labels(asked))
        return kept, labels

    def _remember(self, block: Block, written: _Written) -> None:
        self._written[block.id] = written
        self._bytes += written.rows.nbytes
        while self._bytes > CACHE_BYTES and len(self._written) > 1:
            _, oldest = self._written.popitem(last=False)
            self._bytes -= oldest.rows.nbytes


def _absorbed(tail: list[Block], rows: int, reference_id: str) -> list[Block]:
    """The newest blocks that are small beside what is already being written."""
    taken: list[Block] = []
    for block in tail:
        if block.reference_id != reference_id or block.rows > GROWTH * rows or rows + block.rows > FULL_ROWS:
            break
        taken.append(block)
        rows += block.rows
    return taken if len(taken) >= FEWEST_MERGED else []


def _made(
    batches: list[Predictions],
    active: ActiveReference,
    absorbed: list[tuple[Block, PredictionRows]],
    labels: dict[str, LabelRows],
) -> _Made | None:
    outputs = _bounded([output_columns(_with_segments(batch.columns, active)) for batch in batches])
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
        return _Made(fresh, first, last, pack_rows(fresh), None)
    whole, source = merged_rows([fresh, *(rows for _, rows in absorbed)])
    joined: LabelRows | None = None
    if labels:
        like = next(iter(labels.values())).labels
        parts = [no_labels(like, len(fresh))]
        parts.extend(labels.get(block.id) or no_labels(like, len(rows)) for block, rows in absorbed)
        joined = picked(joined_labels(parts), source)
    return _Made(whole, first, last, pack_rows(whole), joined)


def _with_segments(columns: Columns, active: ActiveReference) -> Columns:
    marked = {SEGMENT_MARK + name: columns.by_name[name] for name in active.segments if name in columns.by_name}
    return Columns(columns.rows, {**columns.by_name, **marked}) if marked else columns


def _bounded(outputs: list[Columns]) -> list[Columns]:
    """Predicted intervals are missing where only some batches hold them."""
    marks = [mark for mark in (LOW, HIGH) if any(mark in columns.by_name for columns in outputs)]
    return [
        Columns(columns.rows, {**{mark: Numbers(np.full(columns.rows, np.nan)) for mark in marks}, **columns.by_name})
        for columns in outputs
    ]


def _common(outputs: list[Columns], i: int) -> Columns:
    """Only the outputs that every batch holds (batches sent under two references)."""
    names = set.intersection(*(set(columns.by_name) for columns in outputs))
    return outputs[i].only(lambda name: name in names)
