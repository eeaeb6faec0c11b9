"""Regression: sums of errors, and every figure that follows from them."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np
import numpy.typing as npt

from services.monitor.performance.intervals import Estimate, normal_mean

ERROR, ABSOLUTE, SQUARES, FOURTH, LABEL, LABEL_SQUARES, RELATIVE, RELATIVE_SQUARES = range(8)
"""Fields of `sums`, e = prediction − label: Σe, Σ|e|, Σe², Σe⁴, Σ(y − center), Σ(y − center)², Σ|e/y|, Σ(e/y)²."""


@dataclass(slots=True, eq=False)
class RegressionCounts:
    """Labelled rows with a finite prediction. Additive and signed (a corrected label leaves rounding only).

    `center`: labels are summed about it (a typical label: keeps R² exact for large offsets); equal in what is added.
    `nonzero`: rows whose label isn't 0, the only ones with a relative error. `covered` of `interval_rows`: label within
    the predicted interval. `invalid`: rows with a prediction or label that isn't finite.
    """

    center: float
    rows: int
    nonzero: int
    covered: int
    interval_rows: int
    sums: npt.NDArray[np.float64]
    invalid: int = 0

    def __add__(self, other: RegressionCounts) -> RegressionCounts:
        return self._combined(other, 1)

    def __sub__(self, other: RegressionCounts) -> RegressionCounts:
        return self._combined(other, -1)

    def _combined(self, other: RegressionCounts, sign: int) -> RegressionCounts:
        if self.center != other.center:
            raise ValueError(f"sums about {self.center} and about {other.center} don't add up")
        return RegressionCounts(
            self.center,
            self.rows + sign * other.rows,
            self.nonzero + sign * other.nonzero,
            self.covered + sign * other.covered,
            self.interval_rows + sign * other.interval_rows,
            self.sums + sign * other.sums,
            self.invalid + sign * other.invalid,
        )


def no_regression(center: float = 0.0) -> RegressionCounts:
    return RegressionCounts(center, 0, 0, 0, 0, np.zeros(8))


def count_regression(
    predictions: npt.NDArray[np.float64],
    labels: npt.NDArray[np.float64],
    center: float = 0.0,
    low: npt.NDArray[np.float64] | None = None,
    high: npt.NDArray[np.float64] | None = None,
) -> RegressionCounts:
    """Counts of (n,) float64 predictions against labels; `low`, `high`: predicted interval bounds, NaN where none."""
    good = np.isfinite(predictions) & np.isfinite(labels)
    invalid = len(labels) - int(np.count_nonzero(good))
    covered = interval_rows = 0
    if low is not None and high is not None:
        bounded = good & ~np.isnan(low) & ~np.isnan(high)
        interval_rows = int(np.count_nonzero(bounded))
        covered = int(np.count_nonzero(bounded & (low <= labels) & (labels <= high)))
    p, y = predictions[good], labels[good]
    error = p - y
    nonzero = y != 0
    relative = np.abs(error[nonzero] / y[nonzero])
    squared = error * error
    offset = y - center
    sums = np.array(
        [
            error.sum(),
            np.abs(error).sum(),
            squared.sum(),
            (squared * squared).sum(),
            offset.sum(),
            (offset * offset).sum(),
            relative.sum(),
            (relative * relative).sum(),
        ]
    )
    return RegressionCounts(center, len(y), int(np.count_nonzero(nonzero)), covered, interval_rows, sums, invalid)


def mae(counts: RegressionCounts) -> Estimate | None:
    """Mean absolute error, in the label's unit."""
    return normal_mean(float(counts.sums[ABSOLUTE]), float(counts.sums[SQUARES]), counts.rows)


def rmse(counts: RegressionCounts) -> Estimate | None:
    """Root mean squared error, in the label's unit; interval: the root of the mean squared error's."""
    estimate = normal_mean(float(counts.sums[SQUARES]), float(counts.sums[FOURTH]), counts.rows)
    return Estimate(*(sqrt(max(bound, 0.0)) for bound in estimate)) if estimate else None


def bias(counts: RegressionCounts) -> Estimate | None:
    """Mean of prediction − label, in the label's unit."""
    return normal_mean(float(counts.sums[ERROR]), float(counts.sums[SQUARES]), counts.rows)


def mape(counts: RegressionCounts) -> Estimate | None:
    """Mean |prediction − label| / |label| over the rows whose label isn't 0 (`counts.nonzero` says how many)."""
    return normal_mean(float(counts.sums[RELATIVE]), float(counts.sums[RELATIVE_SQUARES]), counts.nonzero)


def r2(counts: RegressionCounts) -> float | None:
    """1 − Σe² / Σ(y − mean)², −∞ … 1; None with fewer than two rows or a constant label."""
    if counts.rows < 2:
        return None
    spread = float(counts.sums[LABEL_SQUARES]) - float(counts.sums[LABEL]) ** 2 / counts.rows
    scale = float(counts.sums[LABEL_SQUARES])
    return 1.0 - float(counts.sums[SQUARES]) / spread if spread > 1e-12 * scale else None


def interval_coverage(counts: RegressionCounts) -> float | None:
    """Share of labels within their predicted interval."""
    return counts.covered / counts.interval_rows if counts.interval_rows else None
