"""What a long stream of values leaves behind in little memory: distinct values, a sample, a histogram, top values."""

from __future__ import annotations

import math
import sys

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from services.profiling.hashing import Digests

Floats = NDArray[np.float64]
_SPACE = 2.0**64


class Smallest:
    """The `size` smallest distinct digests of a stream: exact up to `size` of them, beyond an estimate.

    Beyer et al., "On synopses for distinct-value estimation under multiset operations", SIGMOD 2007: the estimate
    (k - 1) / U_(k) has the relative standard error 1 / √(k - 2).
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self.kept: Digests = np.zeros(0, dtype=np.uint64)
        self.complete = True

    def add(self, digests: Digests) -> None:
        if len(self.kept) == self.size:
            digests = digests[digests <= self.kept[-1]]
        if not len(digests):
            return
        merged = np.sort(np.concatenate([self.kept, digests]))  # np.unique hashes, which takes five times as long
        merged = merged[np.concatenate([[True], merged[1:] != merged[:-1]])]
        if len(merged) > self.size:
            self.complete = False
            merged = merged[: self.size]
        self.kept = merged

    def estimate(self) -> int:
        """How many distinct digests there were."""
        if self.complete:
            return len(self.kept)
        return round((self.size - 1) / (float(self.kept[-1]) / _SPACE))


class Sample:
    """A uniform sample without replacement of at most `size` values, by the smallest of random keys."""

    def __init__(self, size: int, random: np.random.Generator) -> None:
        self.size = size
        self.seen = 0
        self._random = random
        self._keys: Floats = np.zeros(0)
        self._values: Floats = np.zeros(0)

    def add(self, values: Floats) -> None:
        self.seen += len(values)
        keys = self._random.random(len(values))
        if len(self._keys) >= self.size:
            chosen = keys < self._keys.max()
            keys, values = keys[chosen], values[chosen]
        if not len(values):
            return
        self._keys = np.concatenate([self._keys, keys])
        self._values = np.concatenate([self._values, values])
        if len(self._keys) > self.size:
            smallest = np.argpartition(self._keys, self.size - 1)[: self.size]
            self._keys, self._values = self._keys[smallest], self._values[smallest]

    @property
    def complete(self) -> bool:
        return self.seen <= self.size

    def sorted(self) -> Floats:
        return np.sort(self._values)


FINE_BINS = 2048


class Histogram:
    """Exact counts in bins whose width is a power of two; it doubles whenever the range outgrows `FINE_BINS`."""

    def __init__(self) -> None:
        self._exponent: int | None = None
        self._first = 0
        self._counts: NDArray[np.int64] = np.zeros(0, dtype=np.int64)

    def add(self, values: Floats) -> None:
        """Finite values."""
        if not len(values):
            return
        low, high = float(values.min()), float(values.max())
        exponent = self._exponent
        if exponent is None:
            exponent = _first_exponent(low, high)
        if len(self._counts):
            low = min(low, _edge(self._first, exponent))
            high = max(high, _edge(self._first + len(self._counts) - 1, exponent))
        exponent = max(exponent, _finest(low, high))
        while _index(high, exponent) - _index(low, exponent) >= FINE_BINS:
            exponent += 1
        self._widen(exponent)
        first, last = _index(low, exponent), _index(high, exponent)
        self._stretch(first, last)
        scaled = np.ldexp(values, -exponent)
        indices = np.where((scaled == 0) & (values < 0), -1, np.floor(scaled))  # a tiny negative one underflows
        bins = indices.astype(np.int64) - self._first
        self._counts += np.bincount(bins, minlength=len(self._counts))

    def _widen(self, exponent: int) -> None:
        if self._exponent is not None and exponent > self._exponent and len(self._counts):
            shift = exponent - self._exponent
            indices = (np.arange(len(self._counts)) + self._first) >> min(shift, 62)
            first = int(indices[0])
            self._counts = np.bincount(indices - first, weights=self._counts).astype(np.int64)
            self._first = first
        self._exponent = exponent

    def _stretch(self, first: int, last: int) -> None:
        if not len(self._counts):
            self._first, self._counts = first, np.zeros(last - first + 1, dtype=np.int64)
            return
        start = min(first, self._first)
        end = max(last, self._first + len(self._counts) - 1)
        counts = np.zeros(end - start + 1, dtype=np.int64)
        counts[self._first - start : self._first - start + len(self._counts)] = self._counts
        self._first, self._counts = start, counts

    def bins(self, most: int) -> tuple[list[float], list[int]]:
        """Edges and counts of at most `most` bins; nothing if there was nothing."""
        if self._exponent is None:
            return [], []
        exponent, first, counts = self._exponent, self._first, self._counts
        used = np.flatnonzero(counts)
        first, counts = first + int(used[0]), counts[used[0] : used[-1] + 1]
        while len(counts) > most:
            indices = (np.arange(len(counts)) + first) >> 1
            first = int(indices[0])
            counts = np.bincount(indices - first, weights=counts).astype(np.int64)
            exponent += 1
        edges = [_edge(first + number, exponent) for number in range(len(counts) + 1)]
        return edges, [int(count) for count in counts]


def _first_exponent(low: float, high: float) -> int:
    """A width that gives a first batch about 500 bins."""
    span = high - low
    if math.isinf(span) or span == 0:
        return _finest(low, high)
    return max(math.frexp(span / 512)[1], _finest(low, high))


def _finest(low: float, high: float) -> int:
    """The finest width that floats of this size can tell apart, with room for exact numbers of bins."""
    size = max(abs(low), abs(high))
    return math.frexp(size)[1] - 48 if size else 0


def _index(value: float, exponent: int) -> int:
    scaled = math.ldexp(value, -exponent)
    return -1 if scaled == 0 and value < 0 else math.floor(scaled)


def _edge(index: int, exponent: int) -> float:
    try:
        return math.ldexp(index, exponent)
    except OverflowError:
        return math.copysign(sys.float_info.max, index)


class Frequent:
    """Counts values until there are more than `most` different ones; then the rarest half is forgotten, again and
    again (lossy counting, Manku and Motwani, VLDB 2002): what stays is counted too low by at most `error`."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.error = 0
        self._digests: Digests = np.zeros(0, dtype=np.uint64)
        self._counts: NDArray[np.int64] = np.zeros(0, dtype=np.int64)
        self._values: pa.Array = pa.array([], pa.large_string())

    def add(self, values: pa.Array, digests: Digests, counts: NDArray[np.int64]) -> None:
        """Texts, the digest of each, and how often each came."""
        digests = np.concatenate([self._digests, digests])
        if not len(digests):
            return
        order = np.argsort(digests, kind="stable")
        ordered = digests[order]
        first = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
        counts = np.add.reduceat(np.concatenate([self._counts, counts])[order], first)
        if len(first) > self.most:
            kept = np.sort(np.lexsort((ordered[first], -counts))[: self.most // 2])
            self.error += int(np.delete(counts, kept).max())
            first, counts = first[kept], counts[kept]
        chosen = order[first]
        self._values = pa.concat_arrays([self._values, values]).take(pa.array(chosen))
        self._digests, self._counts = digests[chosen], counts

    @property
    def complete(self) -> bool:
        return self.error == 0

    def top(self, count: int) -> list[tuple[str, int]]:
        """Most frequent first; of equally frequent ones by value."""
        if not len(self._counts):
            return []
        least = np.sort(self._counts)[-min(count, len(self._counts))]
        chosen = np.flatnonzero(self._counts >= least)
        names = self._values.take(pa.array(chosen)).to_pylist()
        found = zip(names, (int(number) for number in self._counts[chosen]), strict=True)
        return sorted(found, key=lambda entry: (-entry[1], entry[0]))[:count]
