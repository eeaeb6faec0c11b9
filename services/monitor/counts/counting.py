"""Counting a batch over a grid: the hot path of the monitor, and the counts it makes, which add up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from services.monitor.counts.columns import Codes, Columns, Numbers, as_codes, as_numbers
from services.monitor.counts.grid import CategoricalFeature, Floats, Grid, Ints
from services.monitor.counts.service import LATENCY, ServiceCounts, count_latency

BLOCK = 32_768
"""Rows sorted at a time: a block of float64 stays in the second-level cache (measured: 16k–64k are alike)."""

EXAMPLES = 10
"""Unseen values kept by name per feature, and unknown columns kept by name per window."""

MISSING, ABSENT, INVALID, INFINITE = range(4)
"""Columns of `tallies`: null or NaN; the whole column not sent; not of the feature's type; ±∞."""

SUM, SQUARES, BELOW, ABOVE, LOWEST, HIGHEST = range(6)
"""Columns of `moments`, over finite values x: Σ(x − center), Σ(x − center)², Σ(e₀ − x)⁺, Σ(x − e_last)⁺, min, max."""

_EMPTY_MOMENTS: Final = (0.0, 0.0, 0.0, 0.0, np.inf, -np.inf)


@dataclass(slots=True, eq=False)
class BatchCounts:
    """What is known of any number of rows after counting: bounded in size, additive (`merge`).

    cells (Fn, K + 1) and categories (Fc, V + 1) int64, tallies (F, 4) int64, moments (Fn, 6) float64; feature orders
    are those of `grid.numeric`, `grid.categorical` and `grid.features`. Infinite values are tallied and in no cell.
    `segments`: (S, F, W) by segment (`counts/segments.py`), None where nothing is counted by segment.
    """

    digest: str
    rows: int
    cells: Ints
    categories: Ints
    tallies: Ints
    moments: Floats
    unseen: dict[str, list[str]] = field(default_factory=dict)
    unknown: dict[str, int] = field(default_factory=dict)
    service: ServiceCounts = field(default_factory=ServiceCounts)
    segments: Ints | None = None


def empty_counts(grid: Grid) -> BatchCounts:
    """No rows: the neutral element of `merge`."""
    return BatchCounts(
        digest=grid.digest,
        rows=0,
        cells=np.zeros((len(grid.numeric), grid.width), dtype=np.int64),
        categories=np.zeros((len(grid.categorical), grid.category_width), dtype=np.int64),
        tallies=np.zeros((len(grid.features), 4), dtype=np.int64),
        moments=np.tile(np.array(_EMPTY_MOMENTS), (len(grid.numeric), 1)),
    )


def count_columns(grid: Grid, columns: Columns) -> BatchCounts:
    """Counts of a batch. Never raises on data: what doesn't fit its feature is tallied.

    A feature whose column isn't there counts all rows as ABSENT; columns that are no feature are listed in `unknown`.
    """
    counts = empty_counts(grid)
    counts.rows = columns.rows
    by_name = columns.by_name
    for i, (feature, edges) in enumerate(zip(grid.numeric, grid.edge_rows, strict=True)):
        tally = counts.tallies[grid.tally_row[feature.name]]
        column = by_name.get(feature.name)
        if column is None:
            tally[ABSENT] = columns.rows
        else:
            with np.errstate(over="ignore", invalid="ignore"):  # sums of values near float64's limit become infinite
                _count_numbers(as_numbers(column), edges, feature.center, counts.cells[i], tally, counts.moments[i])
    for i, (category, codes) in enumerate(zip(grid.categorical, grid.codes, strict=True)):
        tally = counts.tallies[grid.tally_row[category.name]]
        column = by_name.get(category.name)
        if column is None:
            tally[ABSENT] = columns.rows
        else:
            unseen = _count_codes(as_codes(column), category, codes, counts.categories[i], tally)
            if unseen:
                counts.unseen[category.name] = unseen
    latency = by_name.get(LATENCY)
    if isinstance(latency, Numbers):
        counts.service = count_latency(latency.values)
    for name in by_name:
        if name not in grid.tally_row and not name.startswith("@"):  # the monitor's own columns
            counts.unknown[name] = columns.rows
    counts.unknown = _first_keys(counts.unknown)
    return counts


def _count_numbers(column: Numbers, edges: Floats, center: float, cells: Ints, tally: Ints, moments: Floats) -> None:
    """Sorts block by block, then looks the edges up in each sorted block: nearly flat in the number of edges."""
    values = column.values
    below = np.zeros(len(edges), dtype=np.int64)
    finite = not_numbers = 0
    for start in range(0, len(values), BLOCK):
        block = np.sort(values[start : start + BLOCK])
        if not (np.isfinite(block[0]) and np.isfinite(block[-1])):  # NaN sorts behind +∞
            first = int(block.searchsorted(-np.inf, side="right"))
            last = int(block.searchsorted(np.inf, side="left"))
            gaps = len(block) - int(block.searchsorted(np.nan, side="left"))
            not_numbers += gaps
            tally[INFINITE] += len(block) - gaps - (last - first)
            block = block[first:last]
            if not len(block):
                continue
        finite += len(block)
        if len(block) * 2 < len(edges):
            below += np.bincount(edges.searchsorted(block, side="right"), minlength=len(edges) + 1)[:-1].cumsum()
        else:
            below += block.searchsorted(edges)
        _add_moments(block, edges, center, moments)
    cells[0] = below[0]
    np.subtract(below[1:], below[:-1], out=cells[1 : len(edges)])
    cells[len(edges)] = finite - below[-1]
    wrong = 0 if column.invalid is None else int(np.count_nonzero(column.invalid))
    tally[INVALID] = wrong
    tally[MISSING] = not_numbers - wrong


def _add_moments(block: Floats, edges: Floats, center: float, moments: Floats) -> None:
    """`block` is sorted and finite."""
    low, high = edges[0], edges[-1]
    lowest, highest = block[0], block[-1]
    if lowest < low:
        moments[BELOW] += float((low - block[: block.searchsorted(low)]).sum())
    if highest >= high:
        moments[ABOVE] += float((block[block.searchsorted(high) :] - high).sum())
    deviation = block - center
    moments[SUM] += deviation.sum()
    moments[SQUARES] += np.einsum("i,i->", deviation, deviation)  # BLAS would start threads for it
    moments[LOWEST] = min(moments[LOWEST], lowest)
    moments[HIGHEST] = max(moments[HIGHEST], highest)


def _count_codes(
    column: Codes, feature: CategoricalFeature, codes: Mapping[str, int], cells: Ints, tally: Ints
) -> list[str]:
    """Adds to `cells` and `tally`; returns the names of some unseen values (none can be named for a capped feature)."""
    by_code = np.bincount(column.codes + 1, minlength=len(column.values) + 1)
    other = len(feature.values)
    unseen = []
    for code in np.flatnonzero(by_code[1:]).tolist():
        value = column.values[code]
        cell = codes.get(value, other)
        cells[cell] += by_code[code + 1]
        if cell == other and not feature.capped:
            unseen.append(value)
    wrong = 0 if column.invalid is None else int(np.count_nonzero(column.invalid))
    tally[INVALID] = wrong
    tally[MISSING] = int(by_code[0]) - wrong
    return sorted(unseen)[:EXAMPLES]


def merge(counts: Iterable[BatchCounts]) -> BatchCounts:
    """The counts of all rows together; in any order and grouping the same (float sums to rounding).

    Raises ValueError without any counts or over different grids.
    """
    parts = list(counts)
    if not parts:
        raise ValueError("nothing to merge: start from empty_counts(grid)")
    if len({part.digest for part in parts}) > 1:
        raise ValueError("counts over different references don't add up")
    first = parts[0]
    result = BatchCounts(
        digest=first.digest,
        rows=sum(part.rows for part in parts),
        cells=first.cells.copy(),
        categories=first.categories.copy(),
        tallies=first.tallies.copy(),
        moments=first.moments.copy(),
        unseen=_merged_examples(parts),
        unknown=_merged_unknown(parts),
        service=sum((part.service for part in parts[1:]), start=first.service),
        segments=_merged_segments(parts),
    )
    for part in parts[1:]:
        result.cells += part.cells
        result.categories += part.categories
        result.tallies += part.tallies
        result.moments[:, :LOWEST] += part.moments[:, :LOWEST]
        np.minimum(result.moments[:, LOWEST], part.moments[:, LOWEST], out=result.moments[:, LOWEST])
        np.maximum(result.moments[:, HIGHEST], part.moments[:, HIGHEST], out=result.moments[:, HIGHEST])
    return result


def _merged_segments(parts: list[BatchCounts]) -> Ints | None:
    known = [part.segments for part in parts if part.segments is not None]
    if not known:
        return None
    total = known[0].copy()
    for segments in known[1:]:
        total += segments
    return total


def _merged_examples(parts: list[BatchCounts]) -> dict[str, list[str]]:
    """The first few names in text order, which makes the choice independent of the order of merging."""
    names: dict[str, set[str]] = {}
    for part in parts:
        for feature, values in part.unseen.items():
            names.setdefault(feature, set()).update(values)
    return {feature: sorted(values)[:EXAMPLES] for feature, values in sorted(names.items())}


def _merged_unknown(parts: list[BatchCounts]) -> dict[str, int]:
    rows: dict[str, int] = {}
    for part in parts:
        for name, count in part.unknown.items():
            rows[name] = rows.get(name, 0) + count
    return _first_keys(rows)


def _first_keys(rows: dict[str, int]) -> dict[str, int]:
    return {name: rows[name] for name in sorted(rows)[:EXAMPLES]}
