"""Counts as bytes and back: how a window's share of counts lies in the database."""

from __future__ import annotations

import zlib

import msgspec
import numpy as np

from services.monitor.counts.counting import BatchCounts
from services.monitor.counts.grid import Ints
from services.monitor.counts.service import ServiceCounts

FORMAT = 1
"""First field of the packed form; a later form reads this one too."""

COMPRESSION_LEVEL = 1
"""zlib level: counts are small repetitive integers; higher levels save a few per cent for several times the time."""


class _Matrix(msgspec.Struct, frozen=True, array_like=True):
    shape: tuple[int, int]
    dtype: str
    data: bytes


class _Segments(msgspec.Struct, frozen=True, array_like=True):
    shape: tuple[int, int, int]
    dtype: str
    data: bytes


class _Service(msgspec.Struct, frozen=True, array_like=True):
    latency: dict[int, int]
    latency_sum: float
    latency_most: float
    duplicates: int


class _Packed(msgspec.Struct, frozen=True, array_like=True):
    format: int
    digest: str
    rows: int
    cells: _Matrix
    categories: _Matrix
    tallies: _Matrix
    moments: _Matrix
    unseen: dict[str, list[str]]
    unknown: dict[str, int]
    service: _Service | None = None
    segments: _Segments | None = None


def pack(counts: BatchCounts) -> bytes:
    """Compressed MessagePack; integers in the narrowest type that holds them. 20 features: 10–40 KB."""
    packed = _Packed(
        FORMAT,
        counts.digest,
        counts.rows,
        _matrix(_narrowed(counts.cells)),
        _matrix(_narrowed(counts.categories)),
        _matrix(_narrowed(counts.tallies)),
        _matrix(counts.moments.astype("<f8", copy=False)),
        counts.unseen,
        counts.unknown,
        _Service(
            dict(counts.service.latency),
            counts.service.latency_sum,
            counts.service.latency_most,
            counts.service.duplicates,
        ),
        None if counts.segments is None else _packed_segments(counts.segments),
    )
    return zlib.compress(msgspec.msgpack.encode(packed), COMPRESSION_LEVEL)


def unpack(data: bytes) -> BatchCounts:
    """The counts that `pack` wrote. Raises ValueError on anything else."""
    try:
        packed = msgspec.msgpack.decode(zlib.decompress(data), type=_Packed)
    except (zlib.error, msgspec.MsgspecError) as error:
        raise ValueError(f"not packed counts: {error}") from error
    if packed.format != FORMAT:
        raise ValueError(f"packed counts of format {packed.format}, this version reads {FORMAT}")
    service = packed.service or _Service({}, 0.0, 0.0, 0)
    return BatchCounts(
        digest=packed.digest,
        rows=packed.rows,
        cells=_array(packed.cells).astype(np.int64),
        categories=_array(packed.categories).astype(np.int64),
        tallies=_array(packed.tallies).astype(np.int64),
        moments=_array(packed.moments).astype(np.float64),
        unseen=packed.unseen,
        unknown=packed.unknown,
        service=ServiceCounts(service.latency, service.latency_sum, service.latency_most, service.duplicates),
        segments=None if packed.segments is None else _unpacked_segments(packed.segments),
    )


def _narrowed(values: Ints) -> np.ndarray[tuple[int, ...], np.dtype[np.signedinteger]]:
    largest = int(np.abs(values).max(initial=0))
    for dtype in (np.int8, np.int16, np.int32):
        if largest <= np.iinfo(dtype).max:
            return values.astype(dtype)
    return values


def _packed_segments(values: Ints) -> _Segments:
    segments, features, width = values.shape
    narrow = _narrowed(values)
    little = narrow.astype(narrow.dtype.newbyteorder("<"), copy=False)
    return _Segments((segments, features, width), little.dtype.str, little.tobytes())


def _unpacked_segments(packed: _Segments) -> Ints:
    return np.frombuffer(packed.data, dtype=np.dtype(packed.dtype)).reshape(packed.shape).astype(np.int64)


def _matrix(values: np.ndarray[tuple[int, ...], np.dtype[np.number]]) -> _Matrix:
    rows, width = values.shape
    little = values.astype(values.dtype.newbyteorder("<"), copy=False)
    return _Matrix((rows, width), little.dtype.str, little.tobytes())


def _array(matrix: _Matrix) -> np.ndarray[tuple[int, ...], np.dtype[np.number]]:
    return np.frombuffer(matrix.data, dtype=np.dtype(matrix.dtype)).reshape(matrix.shape)
