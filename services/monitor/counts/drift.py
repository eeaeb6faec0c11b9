"""All drift statistics of all features at once: reference counts against current counts over one grid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np

from services.monitor.counts.counting import ABOVE, BELOW, BatchCounts
from services.monitor.counts.grid import Floats, Grid, Ints, Positions, cumulated
from services.monitor.counts.pooling import group_bounds, grouped, pool
from services.monitor.statistics import (
    area_of_gap,
    area_of_spread,
    chi_square,
    distribution_function,
    hellinger,
    jensen_shannon,
    kolmogorov_smirnov_p_value,
    l_infinity,
    largest_gap,
    psi,
    psi_noise,
    psi_threshold,
    wasserstein_noise,
)


@dataclass(frozen=True, eq=False)
class Sample:
    """Counts of one or many (leading axes) sets of rows: cells (…, Fn, K + 1), categories (…, Fc, V + 1).

    `beyond` (…, Fn): Σ distance of rows from the nearer outer edge.
    """

    cells: Ints
    categories: Ints
    beyond: Floats

    @cached_property
    def distribution(self) -> Floats:
        """(…, Fn, K + 1): distribution functions at each cell's upper edge."""
        return distribution_function(self.cells)

    @cached_property
    def groups(self) -> Positions:
        """Of a reference (no leading axes): which of its categories are judged together."""
        return group_bounds(self.categories)

    def binned(self, grid: Grid) -> tuple[Ints, Ints]:
        """PSI bins and Doane bins of the numeric features; computed once, as a reference meets one grid."""
        known: tuple[Grid, tuple[Ints, Ints]] | None = self.__dict__.get("_binned")
        if known is None or known[0] is not grid:
            before = cumulated(self.cells)
            known = (grid, (grid.psi_bins.gather_from(before), grid.doane_bins.gather_from(before)))
            self.__dict__["_binned"] = known  # as cached_property does: no field of the frozen value changes
        return known[1]

    def spread(self, grid: Grid) -> Floats:
        """`area_of_spread`, once for each grid."""
        known: tuple[Grid, Floats] | None = self.__dict__.get("_spread")
        if known is None or known[0] is not grid:
            known = (grid, area_of_spread(self.distribution, grid.widths))
            self.__dict__["_spread"] = known
        return known[1]

    @staticmethod
    def of_each(several: Sequence[BatchCounts]) -> Sample:
        """With one leading axis, in this order."""
        each = [Sample.of(counts) for counts in several]
        return Sample(
            np.stack([sample.cells for sample in each]),
            np.stack([sample.categories for sample in each]),
            np.stack([sample.beyond for sample in each]),
        )

    @staticmethod
    def of(counts: BatchCounts) -> Sample:
        with np.errstate(over="ignore"):  # rows at both ends of what a double can hold: infinitely far
            beyond = counts.moments[:, BELOW] + counts.moments[:, ABOVE]
        return Sample(counts.cells, counts.categories, beyond)


@dataclass(frozen=True, slots=True, eq=False)
class DriftFigures:
    """Each array is (…, F) in `grid.order`; NaN where a statistic isn't defined for the feature or a side has no rows.

    `rows`: current rows with a usable value. Numeric features: PSI, chi-square and L-infinity over the PSI bins,
    Jensen–Shannon and Hellinger over Doane bins, Kolmogorov–Smirnov and Wasserstein over all cells. Categorical: all
    over the values and one bin for the others.
    `psi_threshold`: what chance alone exceeds once in a thousand (statistics/psi.py). For verdicts, over rare
    categories grouped and bins pooled so that each expects five rows: `p_value` of the chi-square test, `psi_excess`,
    PSI less what chance gives on average (`psi_noise`, with so many degrees of `freedom`), and `psi_chance`, what
    chance alone adds to that average once in a thousand.
    `wasserstein_noise`: normed distance that chance gives on average.
    """

    rows: Floats
    psi: Floats
    psi_threshold: Floats
    p_value: Floats
    psi_excess: Floats
    psi_chance: Floats
    psi_noise: Floats
    freedom: Floats
    js: Floats
    ks: Floats
    ks_p: Floats
    wasserstein: Floats
    wasserstein_noise: Floats
    hellinger: Floats
    chi2: Floats
    chi2_p: Floats
    l_infinity: Floats

    def at(self, place: int) -> DriftFigures:
        """Those of one set of rows among several, by its place on the first axis."""
        return DriftFigures(*(getattr(self, field.name)[place] for field in fields(self)))


def drift_figures(grid: Grid, reference: Sample, current: Sample, groups: Positions | None = None) -> DriftFigures:
    """Both samples over `grid`; their leading axes broadcast (one reference against many windows).

    `groups`: which categories are judged together; None: as the reference has them.
    """
    numeric = _numeric(grid, reference, current)
    categorical = _categorical(reference, current, reference.groups if groups is None else groups)
    return DriftFigures(*(np.concatenate(pair, axis=-1) for pair in zip(numeric, categorical, strict=True)))


def _numeric(grid: Grid, reference: Sample, current: Sample) -> tuple[Floats, ...]:
    (r_bins, r_doane), (c_bins, c_doane) = reference.binned(grid), current.binned(grid)
    r_rows, c_rows = r_bins.sum(axis=-1), c_bins.sum(axis=-1)
    gap = reference.distribution - current.distribution
    ks = largest_gap(gap)
    unit = np.where(grid.deviations > 0, grid.deviations, np.nan)
    with np.errstate(over="ignore"):  # a reference with next to no spread, rows far off: infinitely far
        distance = (area_of_gap(gap, grid.widths) + current.beyond / np.where(c_rows > 0, c_rows, 1)) / unit
    return (
        *_over_bins(r_bins, c_bins),
        *_judged(r_bins, c_bins),
        jensen_shannon(r_doane, c_doane),
        ks,
        kolmogorov_smirnov_p_value(ks, r_rows, c_rows),
        distance,
        wasserstein_noise(reference.spread(grid), grid.deviations, r_rows, c_rows),
        hellinger(r_doane, c_doane),
        *_tests(r_bins, c_bins),
    )


def _categorical(reference: Sample, current: Sample, groups: Positions) -> tuple[Floats, ...]:
    r, c = reference.categories, current.categories
    distance = jensen_shannon(r, c)
    undefined = np.full(distance.shape, np.nan)
    judged = _judged(grouped(r, groups), grouped(c, groups))
    return (*_over_bins(r, c), *judged, distance, *[undefined] * 4, hellinger(r, c), *_tests(r, c))


def _over_bins(reference: Ints, current: Ints) -> tuple[Floats, ...]:
    """Rows, PSI and its threshold."""
    r_rows, c_rows = reference.sum(axis=-1), current.sum(axis=-1)
    value = psi(reference, current)
    threshold = psi_threshold(r_rows, c_rows, _occupied(reference))
    return (np.broadcast_to(c_rows, value.shape).astype(np.float64), value, threshold)


def _judged(reference: Ints, current: Ints) -> tuple[Floats, ...]:
    """The verdict's p-value, PSI beyond chance, and how far beyond chance goes by itself."""
    r_rows, c_rows = reference.sum(axis=-1), current.sum(axis=-1)
    r, c = pool(reference, current)
    bins = _occupied(r)
    noise = psi_noise(r_rows, c_rows, bins)
    freedom = np.broadcast_to(bins - 1.0, noise.shape)
    return (
        chi_square(r, c).p_value,
        psi(r, c) - noise,
        psi_threshold(r_rows, c_rows, bins) - noise,
        noise,
        freedom,
    )


def _occupied(reference: Ints) -> Ints:
    bins: Ints = (reference > 0).sum(axis=-1)
    return bins


def _tests(reference: Ints, current: Ints) -> tuple[Floats, ...]:
    test = chi_square(reference, current)
    return test.statistic, test.p_value, l_infinity(reference, current)
