"""The grid of a reference: per feature the edges or values that every batch is counted over, laid out as arrays."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TypeAlias

import msgspec
import numpy as np
import numpy.typing as npt

from services.monitor.counts.columns import Kind

Floats: TypeAlias = npt.NDArray[np.float64]
Ints: TypeAlias = npt.NDArray[np.int64]
Positions: TypeAlias = npt.NDArray[np.intp]


def after(values: Floats | float) -> Floats:
    """The next larger float64: an edge there puts the value itself below."""
    with np.errstate(over="ignore"):  # after the largest float64 comes infinity: a good edge
        result: Floats = np.nextafter(values, np.inf)
    return result


class NumericFeature(msgspec.Struct, frozen=True, kw_only=True, tag="numeric"):
    """A feature counted between edges.

    `edges`: ascending float64, little-endian bytes; K edges make K + 1 cells: x < e₀, [e₀, e₁), …, x ≥ e_{K−1}. The
    one edge just above `maximum` lets the last cell hold only what lies above it.
    `psi_bins`, `doane_bins`: bins as index pairs into the edges, `[start, stop)`: bin = rows with e_start ≤ x < e_stop,
    where −1 stands for −∞ and K for +∞. What no bin covers makes one more, the last.
    `low`, `high`: the range outside which a value is out of range (stated, else the reference's own minimum and
    maximum). `center`, `deviation`: mean and population standard deviation of the reference; sums of powers are taken
    about `center`. `distinct`: the reference's values where it has few.
    """

    name: str
    kind: Kind
    edges: bytes
    psi_bins: list[tuple[int, int]]
    doane_bins: list[tuple[int, int]]
    low: float
    high: float
    center: float
    deviation: float
    distinct: list[float] = []
    nullable: bool = True


class CategoricalFeature(msgspec.Struct, frozen=True, kw_only=True, tag="categorical"):
    """A feature counted by value: one cell for each of `values`, a last one for every other value.

    `capped`: the reference had more values than are kept, so the last cell isn't empty in the reference and a value in
    it may or may not be new. `allowed`: stated values; others are out of range.
    """

    name: str
    kind: Kind
    values: list[str]
    capped: bool = False
    allowed: list[str] | None = None
    nullable: bool = True


Feature: TypeAlias = NumericFeature | CategoricalFeature


class Grid:
    """The features of a reference as arrays; made once, used for every batch.

    Numeric features share one matrix of edges (Fn, K), short rows padded with their last edge, so that counts of all
    features are one matrix (Fn, K + 1) and every statistic runs over all of them at once.
    """

    def __init__(self, features: Sequence[Feature]) -> None:
        self.features: tuple[Feature, ...] = tuple(features)
        self.numeric = tuple(f for f in self.features if isinstance(f, NumericFeature))
        self.categorical = tuple(f for f in self.features if isinstance(f, CategoricalFeature))
        self.tally_row: Mapping[str, int] = {f.name: i for i, f in enumerate(self.features)}
        self.edge_rows: tuple[Floats, ...] = tuple(np.frombuffer(f.edges, dtype="<f8") for f in self.numeric)
        self.codes: tuple[dict[str, int], ...] = tuple(
            {value: code for code, value in enumerate(f.values)} for f in self.categorical
        )
        self.width = max((len(edges) for edges in self.edge_rows), default=0) + 1
        self.category_width = max((len(f.values) for f in self.categorical), default=0) + 1

    @cached_property
    def kinds(self) -> Mapping[str, Kind]:
        return {feature.name: feature.kind for feature in self.features}

    @cached_property
    def digest(self) -> str:
        """Names the layout: counts merge only with counts over the same grid."""
        return hashlib.blake2b(msgspec.msgpack.encode(self.features), digest_size=8).hexdigest()

    @cached_property
    def edges(self) -> Floats:
        """(Fn, K): the edges of all numeric features, padded with each row's last one."""
        rows = [np.pad(edges, (0, self.width - 1 - len(edges)), mode="edge") for edges in self.edge_rows]
        return np.array(rows).reshape(len(rows), self.width - 1)

    @cached_property
    def widths(self) -> Floats:
        """(Fn, K − 1): distances between edges."""
        with np.errstate(over="ignore", invalid="ignore"):
            return np.diff(self.edges, axis=-1)

    @cached_property
    def deviations(self) -> Floats:
        return np.array([f.deviation for f in self.numeric], dtype=np.float64)

    @cached_property
    def order(self) -> tuple[str, ...]:
        """Feature names in the order of drift figures: numeric ones, then categorical ones."""
        return (*(f.name for f in self.numeric), *(f.name for f in self.categorical))

    @cached_property
    def psi_bins(self) -> Bins:
        return Bins([f.psi_bins for f in self.numeric])

    @cached_property
    def doane_bins(self) -> Bins:
        return Bins([f.doane_bins for f in self.numeric])

    @cached_property
    def range_positions(self) -> tuple[Positions, Positions]:
        """Per numeric feature: cells before the first index lie below `low`, cells from the second on above `high`."""
        below = [np.searchsorted(edges, f.low) + 1 for f, edges in zip(self.numeric, self.edge_rows, strict=True)]
        above = [
            np.searchsorted(edges, after(f.high)) + 1 for f, edges in zip(self.numeric, self.edge_rows, strict=True)
        ]
        return np.array(below, dtype=np.intp), np.array(above, dtype=np.intp)


def cumulated(cells: Ints) -> Ints:
    """(…, C) → (…, C + 1): rows in the cells before each position."""
    before = np.zeros((*cells.shape[:-1], cells.shape[-1] + 1), dtype=np.int64)
    np.cumsum(cells, axis=-1, out=before[..., 1:])
    return before


class Bins:
    """Coarse bins of every numeric feature as positions into cumulated cells; padded with empty bins."""

    def __init__(self, bins: Sequence[Sequence[tuple[int, int]]]) -> None:
        self.width = max((len(row) for row in bins), default=0)
        self.starts = np.zeros((len(bins), self.width), dtype=np.intp)
        self.stops = np.zeros((len(bins), self.width), dtype=np.intp)
        for i, row in enumerate(bins):
            for j, (start, stop) in enumerate(row):
                self.starts[i, j] = start + 1
                self.stops[i, j] = stop + 1

    def gather(self, cells: Ints) -> Ints:
        """(…, Fn, K + 1) cells → (…, Fn, B + 1) bins; the last bin holds what no other covers.

        Rows at or above edge j are those in cells j + 1 onwards, so position p counts the cells before p.
        """
        return self.gather_from(cumulated(cells))

    def gather_from(self, before: Ints) -> Ints:
        """As `gather`, from `cumulated` cells."""
        shape = (*before.shape[:-1], self.width)
        starts = np.take_along_axis(before, np.broadcast_to(self.starts, shape), axis=-1)
        stops = np.take_along_axis(before, np.broadcast_to(self.stops, shape), axis=-1)
        inside = stops - starts
        rest = before[..., -1:] - inside.sum(axis=-1, keepdims=True)
        return np.concatenate((inside, rest), axis=-1)
