"""A large batch travels counted: what its rows add to each window, and of the rows only what their labels will need.

The counts and a fifth of the bytes say all that the rows of 20 columns say, so neither the stream nor its consumer
handles the rest. They ride in the metadata of the Arrow stream's schema.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from services.contracts.errors import Invalid
from services.monitor.batches.messages import MAX_MESSAGE_BYTES, encoded, parts_of
from services.monitor.counts.arrow import columns_from_arrow
from services.monitor.counts.columns import Columns
from services.monitor.counts.counting import BatchCounts, merge
from services.monitor.counts.packing import pack, unpack
from services.monitor.counts.service import ServiceCounts, count_duplicates
from services.monitor.labels.hashing import Hashes
from services.monitor.versions.rules import HIGH, ID, LOW, PREDICTION, SCORE, TIME, ActiveReference
from services.monitor.windows.rules import count_batch, split_rows

COUNTED_ROWS: Final = 4_000
"""From so many rows a window a batch is counted at the edge. Smaller ones are counted together by the consumer, which
costs less than counting each; a window's packed counts weigh as much as some hundred rows."""

ROW_BYTES: Final = MAX_MESSAGE_BYTES // 2
"""Of the rows that go along; the rest is room for the counts of all windows."""

KEPT: Final = (ID, TIME, SCORE, PREDICTION, LOW, HIGH)
_COUNTS: Final = b"lifecycle.counts"


@dataclass(frozen=True, slots=True, eq=False)
class WindowShare:
    """What some rows add to one window. `newest`: the largest event time among them; both in ms since 1970."""

    start_ms: int
    newest: int
    counts: BatchCounts


class _Share(msgspec.Struct, frozen=True, array_like=True):
    start_ms: int
    newest: int
    counts: bytes


class _Counted(msgspec.Struct, frozen=True, array_like=True):
    reference_id: str
    shares: list[_Share]


def shares_of(
    active: ActiveReference, ids: Hashes, times_ms: npt.NDArray[np.int64], columns: Columns
) -> list[WindowShare]:
    """The rows counted by window."""
    found = []
    for start, which in split_rows(times_ms, active.window_ms):
        counts = count_batch(active.reference, columns.pick(which))
        counts.service += ServiceCounts(duplicates=count_duplicates(ids[which]))
        found.append(WindowShare(start, int(times_ms[which].max()), counts))
    return found


def merged_shares(shares: Sequence[WindowShare]) -> list[WindowShare]:
    """One a window."""
    by_start: dict[int, list[WindowShare]] = {}
    for share in shares:
        by_start.setdefault(share.start_ms, []).append(share)
    return [
        several[0]
        if len(several) == 1
        else WindowShare(start, max(share.newest for share in several), merge([share.counts for share in several]))
        for start, several in by_start.items()
    ]


def messages_of(rows: pa.RecordBatch, active: ActiveReference) -> Iterator[tuple[bytes, int]]:
    """Normalised rows as (message, its rows), cut at the same rows on every repeat; counted where that is less."""
    if not _worth_counting(rows, active):
        yield from parts_of(rows)
        return
    kept = rows.select([name for name in (*KEPT, *active.segments) if name in rows.schema.names])
    step = max(1, rows.num_rows * ROW_BYTES // max(kept.nbytes, 1))
    for start in range(0, rows.num_rows, step):
        part = rows.slice(start, step)
        shares = shares_of(
            active,
            part.column(ID).to_numpy(),
            part.column(TIME).to_numpy(),
            columns_from_arrow(part.drop_columns([ID, TIME])),
        )
        told = _Counted(active.id, [_Share(share.start_ms, share.newest, pack(share.counts)) for share in shares])
        body = encoded(kept.slice(start, step).replace_schema_metadata({_COUNTS: msgspec.msgpack.encode(told)}))
        if len(body) > MAX_MESSAGE_BYTES:  # texts or counts of an unusual size
            yield from parts_of(part)
        else:
            yield body, part.num_rows


def _worth_counting(rows: pa.RecordBatch, active: ActiveReference) -> bool:
    """Rows of which some are sampled (multivariate drift) go as they are."""
    if active.sample is not None or rows.num_rows < COUNTED_ROWS:
        return False
    starts = rows.column(TIME).to_numpy() // active.window_ms
    most = rows.num_rows // COUNTED_ROWS
    return bool(starts.max() - starts.min() < most or len(np.unique(starts)) <= most)


def shares_in(schema: pa.Schema) -> tuple[str, list[WindowShare]] | None:
    """The id of the reference that a message was counted against, and its counts; None for one that wasn't.

    Raises Invalid.
    """
    data = (schema.metadata or {}).get(_COUNTS)
    if data is None:
        return None
    try:
        told = msgspec.msgpack.decode(data, type=_Counted)
        shares = [WindowShare(share.start_ms, share.newest, unpack(share.counts)) for share in told.shares]
    except (msgspec.MsgspecError, ValueError) as error:
        raise Invalid(f"the message's counts can't be read: {error}", code="NOT_COUNTS", field="body") from error
    return told.reference_id, shares
