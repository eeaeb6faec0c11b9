"""64-bit digests of values and rows, the same whichever file format they came from. Not cryptographic."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Digests = NDArray[np.uint64]

_MISSING = np.uint64(0x9AE16A3B2F90404F)
_POSITIONS = 1 << 12
"""Distinct weights of positions in a text; beyond, they repeat, mixed with how often."""


def mix(values: Digests) -> Digests:
    """SplitMix64's finaliser: every bit of the input moves every bit of the output (Steele, Lea, Flood 2014)."""
    with np.errstate(over="ignore"):
        mixed = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(mixed ^ (mixed >> np.uint64(31)), dtype=np.uint64)


def _sequence(seed: int, count: int) -> Digests:
    with np.errstate(over="ignore"):
        return mix(np.uint64(seed) + np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15))


_BYTES = _sequence(0x51_7C_C1_B7, 256)
_WEIGHTS = _sequence(0x27_22_0A_95, _POSITIONS) | np.uint64(1)


def digests_of(column: pa.Array) -> Digests:
    """One digest a value; missing ones share one. `1`, `1.0` and a true boolean are the same, a text `"1"` isn't."""
    if is_encoded(column.type):
        return _of_encoded(column)
    missing = np.asarray(column.is_null(nan_is_null=pa.types.is_floating(column.type)))
    kind = column.type
    if pa.types.is_dictionary(kind):
        column = column.cast(kind.value_type)
        kind = column.type
    if pa.types.is_boolean(kind):
        found = _of_integers(np.asarray(column.cast(pa.int8()).fill_null(0)).astype(np.int64))
    elif pa.types.is_integer(kind):
        filled = column.fill_null(0).to_numpy(zero_copy_only=False)
        found = _of_integers(filled.astype(np.int64, copy=False))
    elif pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        found = _of_floats(column.cast(pa.float64()).fill_null(0.0).to_numpy(zero_copy_only=False))
    elif pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        moments = column.cast(pa.timestamp("us"), safe=False).cast(pa.int64()).fill_null(0)
        found = mix(_of_integers(moments.to_numpy(zero_copy_only=False)) ^ np.uint64(0x7E))
    else:
        found = _of_texts(as_text(column))
    if missing.any():
        found = np.where(missing, _MISSING, found)
    return found


ENCODED = pa.dictionary(pa.int32(), pa.large_string())


def is_encoded(kind: pa.DataType) -> bool:
    return bool(kind == ENCODED)


def encoded(column: pa.Array) -> pa.Array:
    """Texts, binary data and whatever else is told apart by its text, each different one once (`ENCODED`); other
    columns as they are."""
    kind = column.type
    value = kind.value_type if pa.types.is_dictionary(kind) else kind
    if (
        pa.types.is_boolean(value)
        or pa.types.is_integer(value)
        or pa.types.is_floating(value)
        or pa.types.is_decimal(value)
        or pa.types.is_timestamp(value)
        or pa.types.is_date(value)
    ):
        return column
    plain = column.cast(value) if pa.types.is_dictionary(kind) else column
    return as_text(plain).dictionary_encode()


def _of_encoded(column: pa.Array) -> Digests:
    if not len(column.dictionary):
        return np.full(len(column), _MISSING)
    found = _of_texts(column.dictionary)[column.indices.fill_null(0).to_numpy(zero_copy_only=False)]
    return np.where(np.asarray(column.is_null()), _MISSING, found) if column.null_count else found


def as_text(column: pa.Array) -> pa.Array:
    """Any column as texts."""
    kind = column.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return column.cast(pa.large_string())
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind):
        return pa.array([None if v is None else v.hex() for v in column.to_pylist()], pa.large_string())
    try:
        return pc.cast(column, pa.large_string())
    except (pa.ArrowNotImplementedError, pa.ArrowInvalid):
        return pa.array([None if v is None else repr(v) for v in column.to_pylist()], pa.large_string())


def _of_integers(values: NDArray[np.int64]) -> Digests:
    return mix(values.view(np.uint64))


def _of_floats(values: NDArray[np.float64]) -> Digests:
    whole = np.isfinite(values) & (np.abs(values) < 2.0**62) & (values == np.floor(values))
    as_integers = np.where(whole, values, 0.0).astype(np.int64)
    bits = np.ascontiguousarray(values, dtype=np.float64).view(np.uint64)
    return np.where(whole, _of_integers(as_integers), mix(bits ^ np.uint64(0xF1)))


def _of_texts(column: pa.Array) -> Digests:
    """A weighted sum over each text's bytes, mixed with its length."""
    count = len(column)
    if count == 0:
        return np.zeros(0, dtype=np.uint64)
    _, offset_buffer, data_buffer = column.buffers()
    offsets = np.frombuffer(offset_buffer, dtype=np.int64, count=column.offset + count + 1)[column.offset :]
    lengths = np.diff(offsets)
    start, end = int(offsets[0]), int(offsets[-1])
    totals = np.zeros(count, dtype=np.uint64)
    if end > start and data_buffer is not None:
        content = np.frombuffer(data_buffer, dtype=np.uint8, count=end)[start:end]
        position = np.arange(end - start, dtype=np.int64) - np.repeat(offsets[:-1] - start, lengths)
        with np.errstate(over="ignore"):
            weights = _WEIGHTS[position % _POSITIONS] + (position // _POSITIONS).astype(np.uint64)
            weighted = _BYTES[content] * weights
            filled = lengths > 0
            totals[filled] = np.add.reduceat(weighted, (offsets[:-1] - start)[filled])
    with np.errstate(over="ignore"):
        return mix(mix(totals) + lengths.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(0xA5))


def text_digests(column: pa.Array) -> Digests:
    """One digest a text (large strings)."""
    return _of_texts(column)


def text_digest(text: str) -> np.uint64:
    return np.uint64(_of_texts(pa.array([text], pa.large_string()))[0])


def row_digests(columns: Sequence[Digests], names: Sequence[str]) -> Digests:
    """One digest a row, whatever the order of the columns; each column counts under its name."""
    total = np.zeros(len(columns[0]) if columns else 0, dtype=np.uint64)
    with np.errstate(over="ignore"):
        for digests, name in zip(columns, names, strict=True):
            total += mix(digests ^ text_digest(name))
    return mix(total)
