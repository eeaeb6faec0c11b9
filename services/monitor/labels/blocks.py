"""Packed blocks of prediction rows, sorted by id hash, and beside each the labels that have arrived for its rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from services.monitor.batches.tables import as_arrow
from services.monitor.counts.arrow import columns_from_arrow
from services.monitor.counts.columns import MISSING, Codes, Column, Columns, Numbers, concatenate
from services.monitor.labels.hashing import Hashes
from services.monitor.versions.rules import HIGH, ID, LABEL, LOW, PREDICTION, SCORE, SEGMENT_MARK

Ints = npt.NDArray[np.int64]
Positions = npt.NDArray[np.intp]

_WINDOW, _ORDER = "@window", "@order"
_LZ4 = pa.ipc.IpcWriteOptions(compression="lz4")


@dataclass(frozen=True, slots=True, eq=False)
class PredictionRows:
    """What must be known of a prediction once its label comes. `ids` ascending; `windows`: start in ms since 1970."""

    ids: Hashes
    windows: Ints
    outputs: Columns

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def nbytes(self) -> int:
        """Roughly what it takes in memory."""
        return len(self.ids) * (16 + 8 * len(self.outputs.by_name))


@dataclass(frozen=True, slots=True, eq=False)
class LabelRows:
    """Labels beside a block's rows (or by `ids`, for labels that wait). `order`: received when, µs; 0: no label."""

    labels: Column
    order: Ints


def sorted_rows(ids: Hashes, windows: Ints, outputs: Columns) -> PredictionRows:
    order = np.argsort(ids)
    return PredictionRows(ids[order], windows[order], outputs.pick(order))


def merged_rows(blocks: Sequence[PredictionRows]) -> tuple[PredictionRows, Positions]:
    """All rows as one block, and where each comes from: a position in the blocks laid end to end."""
    ids = np.concatenate([block.ids for block in blocks])
    order = np.argsort(ids, kind="stable")
    windows = np.concatenate([block.windows for block in blocks])
    outputs = concatenate([block.outputs for block in blocks])
    return PredictionRows(ids[order], windows[order], outputs.pick(order)), order


def output_columns(columns: Columns) -> Columns:
    """The model's outputs and the segment columns, without the marks of a batch's own form (so that blocks can be
    merged)."""
    kept: dict[str, Column] = {}
    for name in (SCORE, PREDICTION, LOW, HIGH, *(name for name in columns.by_name if name.startswith(SEGMENT_MARK))):
        column = columns.by_name.get(name)
        if isinstance(column, Numbers):
            kept[name] = Numbers(column.values)
        elif column is not None:
            kept[name] = Codes(column.codes.astype(np.int32, copy=False), list(column.values))
    return Columns(columns.rows, kept)


def pack_rows(rows: PredictionRows) -> bytes:
    """Arrow IPC, LZ4: some 20 bytes a row."""
    arrays = {ID: pa.array(rows.ids), _WINDOW: pa.array(rows.windows)}
    arrays.update({name: as_arrow(column) for name, column in rows.outputs.by_name.items()})
    return _written(arrays)


def unpack_rows(data: bytes) -> PredictionRows:
    table = _read(data)
    outputs = columns_from_arrow(table.drop_columns([ID, _WINDOW]))
    return PredictionRows(
        table.column(ID).to_numpy(),
        table.column(_WINDOW).to_numpy(),
        output_columns(Columns(table.num_rows, outputs.by_name)),
    )


def no_labels(like: Column, rows: int) -> LabelRows:
    """`rows` rows without a label, of the same form as `like`."""
    order = np.zeros(rows, dtype=np.int64)
    if isinstance(like, Numbers):
        return LabelRows(Numbers(np.full(rows, np.nan)), order)
    return LabelRows(Codes(np.full(rows, MISSING, dtype=np.int32), []), order)


def pack_labels(rows: LabelRows, ids: Hashes | None = None) -> bytes:
    """`ids` for labels that stand alone."""
    arrays = {LABEL: as_arrow(rows.labels), _ORDER: pa.array(rows.order)}
    if ids is not None:
        arrays[ID] = pa.array(ids)
    return _written(arrays)


def unpack_labels(data: bytes) -> LabelRows:
    return _labels_in(_read(data))


def unpack_waiting(data: bytes) -> tuple[Hashes, LabelRows]:
    table = _read(data)
    return table.column(ID).to_numpy(), _labels_in(table)


def joined_labels(parts: Sequence[LabelRows]) -> LabelRows:
    """Laid end to end. Raises ValueError for labels of different forms."""
    labels = concatenate([Columns(len(part.order), {LABEL: part.labels}) for part in parts])
    return LabelRows(labels.by_name[LABEL], np.concatenate([part.order for part in parts]))


def picked(rows: LabelRows, which: Positions) -> LabelRows:
    return LabelRows(rows.labels.pick(which), rows.order[which])


def _labels_in(table: pa.Table) -> LabelRows:
    column = columns_from_arrow(table.select([LABEL])).by_name[LABEL]
    plain: Column = (
        Numbers(column.values)
        if isinstance(column, Numbers)
        else Codes(column.codes.astype(np.int32, copy=False), list(column.values))
    )
    return LabelRows(plain, table.column(_ORDER).to_numpy())


def _written(arrays: dict[str, pa.Array]) -> bytes:
    batch = pa.record_batch(list(arrays.values()), names=list(arrays))
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema, options=_LZ4) as writer:
        writer.write_batch(batch)
    return sink.getvalue().to_pybytes()  # type: ignore[no-any-return]  # pyarrow ships no types


def _read(data: bytes) -> pa.Table:
    with pa.ipc.open_stream(pa.py_buffer(data)) as reader:
        return reader.read_all()
