"""Coarse counts of every feature by segment: the rows with one value of a chosen column, in bins of each feature."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from services.monitor.counts.columns import Codes, Column, Columns, as_codes, as_numbers
from services.monitor.counts.grid import CategoricalFeature, Feature, Floats, Grid, Ints, NumericFeature

OTHERS: Final = "(others)"
NONE: Final = "(missing)"

VALUES: Final = 20
"""Values of a column that make segments of their own, the most frequent in the reference."""
MOST_FEATURES: Final = 100
"""Features that are counted by segment, the first in the grid's order. With 3 columns of 22 segments and 23 cells each,
a window's counts by segment stay below 1.2 MB, whatever comes."""
CATEGORIES: Final = 10
"""Most frequent values of a feature told apart within a segment; the others count together."""
BLOCK: Final = 16_384
"""Rows at a time: codes of a block stay in the first-level cache."""

Small = npt.NDArray[np.int16]
Binned = Callable[[Column], Small]


class SegmentGrid:
    """Which rows and bins are told apart: S segments, F features, W cells. Follows from the grid and the columns alone.

    `keys`: (column, value) of each segment. Cells of a feature: its bins, one for usable values in none of them (second
    last), one for rows without a usable value (last).
    """

    def __init__(self, grid: Grid, columns: Sequence[str]) -> None:
        by_name = {feature.name: feature for feature in grid.categorical}
        self.columns = tuple(by_name[name] for name in columns)
        self.values = tuple(tuple(feature.values[:VALUES]) for feature in self.columns)
        self.keys: tuple[tuple[str, str], ...] = tuple(
            (feature.name, value)
            for feature, values in zip(self.columns, self.values, strict=True)
            for value in (*values, OTHERS, NONE)
        )
        whole: dict[str, Feature] = {feature.name: feature for feature in grid.features}
        self.names = grid.order[:MOST_FEATURES]
        edges = {feature.name: row for feature, row in zip(grid.numeric, grid.edge_rows, strict=True)}
        self._features = tuple(whole[name] for name in self.names)
        self._edges = edges
        self.width = max((_bins(feature) for feature in self._features), default=0) + 2

    @property
    def shape(self) -> tuple[int, int, int]:
        return len(self.keys), len(self.names), self.width

    @cached_property
    def _binned(self) -> tuple[Binned, ...]:
        return tuple(
            _numeric(feature, self._edges[feature.name], self.width)
            if isinstance(feature, NumericFeature)
            else _categorical(feature, self.width)
            for feature in self._features
        )

    def empty(self) -> Ints:
        return np.zeros(self.shape, dtype=np.int64)

    def count(self, columns: Columns) -> Ints:
        """(S, F, W) rows. A column that isn't there: all rows lack a value. Infinite numbers are not usable."""
        total = self.empty()
        if not columns.rows:
            return total
        segments = self._segments_of(columns)
        for position, name in enumerate(self.names):
            column = columns.by_name.get(name)
            cells = self._binned[position](column) if column is not None else None
            for codes, first, size in segments:
                total[first : first + size, position] += _crossed(codes, cells, size, self.width)
        return total

    def _segments_of(self, columns: Columns) -> list[tuple[Small, int, int]]:
        """Per segment column: each row's segment, the column's first segment, how many it has."""
        found = []
        first = 0
        for feature, values in zip(self.columns, self.values, strict=True):
            size = len(values) + 2
            column = columns.by_name.get(feature.name)
            if column is None:
                codes = np.full(columns.rows, size - 1, dtype=np.int16)
            else:
                codes = _coded(as_codes(column), values, others=size - 2, none=size - 1)
            found.append((codes, first, size))
            first += size
        return found


def _crossed(segments: Small, cells: Small | None, size: int, width: int) -> Ints:
    """(size, width) rows; `cells` None: all in the last cell."""
    if cells is None:
        table = np.zeros((size, width), dtype=np.int64)
        table[:, -1] = np.bincount(segments, minlength=size)
        return table
    total = np.zeros(size * width, dtype=np.int64)
    for start in range(0, len(segments), BLOCK):
        block = segments[start : start + BLOCK] * np.int16(width)
        block += cells[start : start + BLOCK]
        total += np.bincount(block, minlength=size * width)
    return total.reshape(size, width)


def _coded(column: Codes, values: Sequence[str], *, others: int, none: int) -> Small:
    known = {value: code for code, value in enumerate(values)}
    translate = np.array([*(known.get(text, others) for text in column.values), none], dtype=np.int16)
    coded: Small = translate[column.codes]  # code −1 picks the last entry: missing
    return coded


def _bins(feature: Feature) -> int:
    if isinstance(feature, NumericFeature):
        return len(feature.psi_bins)
    return min(len(feature.values), CATEGORIES)


def _categorical(feature: CategoricalFeature, width: int) -> Binned:
    values = feature.values[:CATEGORIES]
    return lambda column: _coded(as_codes(column), values, others=width - 2, none=width - 1)


def _numeric(feature: NumericFeature, edges: Floats, width: int) -> Binned:
    """Counts how many bounds lie at or below each value (faster than a search for so few), then looks the bin up."""
    last = len(edges)
    bounds = sorted({position for bin_ in feature.psi_bins for position in bin_ if 0 <= position < last})
    places = {position: step for step, position in enumerate(bounds, 1)} | {-1: 0, last: len(bounds) + 1}
    lookup = np.full(len(bounds) + 1, width - 2, dtype=np.int16)
    for number, (start, stop) in enumerate(feature.psi_bins):
        lookup[places[start] : places[stop]] = number
    at = edges[bounds]

    def binned(column: Column) -> Small:
        values = as_numbers(column).values
        found = np.empty(len(values), dtype=np.int16)
        for start in range(0, len(values), BLOCK):
            block = values[start : start + BLOCK]
            steps: npt.NDArray[Any] = np.zeros(len(block), dtype=np.int8)
            for bound in at:
                steps += block >= bound
            part = lookup[steps]
            part[~np.isfinite(block)] = width - 1
            found[start : start + BLOCK] = part
        return found

    return binned
