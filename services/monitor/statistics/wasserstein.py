"""First Wasserstein (earth mover's) distance from counts between edges, in standard deviations of the reference."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from services.monitor.statistics.shares import Counts, Figures, distribution_function


def wasserstein(
    reference: Counts,
    current: Counts,
    edges: npt.NDArray[np.float64],
    deviation: npt.NDArray[np.float64] | float = 1.0,
    outside: npt.NDArray[np.float64] | float = 0.0,
) -> Figures:
    """∫ |F_r − F_c| dx / σ; 0 … ∞, in units of `deviation` (σ of the reference; NaN where it is 0).

    Shapes: counts (…, K + 1) for edges (…, K) in ascending order: the first bin lies below the first edge, the last at
    or above the last one. Between two edges both distribution functions are taken as straight lines (rows spread
    evenly over a bin), also where they cross. What lies beyond the outer edges comes in as `outside`: the mean
    distance of current rows from the nearer outer edge, over all current rows (units of the feature), which makes that
    part exact when the reference has no rows there.

    Equal to `scipy.stats.wasserstein_distance` (NannyML's `wasserstein`, before norming) where each sample value is an
    edge; with 1,000 quantile edges within about 1e-4 σ. Norming as in Evidently's `wasserstein` (its floor of 0.001
    for σ left out: a constant reference has no unit to measure in).
    """
    gap = distribution_function(reference) - distribution_function(current)
    unit = np.asarray(deviation, dtype=np.float64)
    result: Figures = (area_of_gap(gap, np.diff(edges, axis=-1)) + outside) / np.where(unit > 0, unit, np.nan)
    return result


def area_of_gap(gap: Figures, widths: npt.NDArray[np.float64]) -> Figures:
    """∫ |gap| between the outer edges; gap (…, K + 1) at each bin's upper boundary, widths (…, K − 1) between edges.

    A straight line from l to r over a width w encloses w · (|l| + |r|) / 2, and w · |l · r| / (|l| + |r|) less where
    it crosses zero.
    """
    size = np.abs(gap[..., :-1])
    span = size[..., :-1] + size[..., 1:]
    with np.errstate(over="ignore", invalid="ignore"):  # edges near float64's limit: no figure
        area: Figures = (span * widths).sum(axis=-1) / 2
        product = gap[..., :-2] * gap[..., 1:-1]
        crossing = np.nonzero(product < 0)
        saved = np.broadcast_to(widths, span.shape)[crossing] * -product[crossing] / span[crossing]
    if not len(saved):
        return area
    row = np.ravel_multi_index(crossing[:-1], area.shape) if area.ndim else np.zeros(len(saved), dtype=np.intp)
    return area - np.bincount(row, weights=saved, minlength=area.size).reshape(area.shape)


def area_of_spread(distribution: Figures, widths: npt.NDArray[np.float64]) -> Figures:
    """∫ √(F(1 − F)) dx; distribution (…, K + 1) as from `distribution_function`, widths (…, K − 1)."""
    share = distribution[..., :-1]
    spread = np.sqrt(np.maximum(share * (1 - share), 0.0))
    with np.errstate(over="ignore", invalid="ignore"):
        area: Figures = ((spread[..., :-1] + spread[..., 1:]) / 2 * widths).sum(axis=-1)
    return area


def wasserstein_noise(
    area: Figures,
    deviation: npt.NDArray[np.float64] | float,
    reference_rows: Counts | int,
    current_rows: Counts | int,
) -> Figures:
    """What rows without drift have on average, normed: √(2/π) · ∫ √(F(1 − F)) dx / σ · √(1/n + 1/m).

    `area`: the reference's `area_of_spread`. Source: del Barrio, Giné & Matrán, Central limit theorems for the
    Wasserstein distance (1999); the mean of |Brownian bridge|.
    """
    n, m = np.asarray(reference_rows, dtype=np.float64), np.asarray(current_rows, dtype=np.float64)
    unit = np.asarray(deviation, dtype=np.float64)
    scale = np.sqrt(1 / np.where(n > 0, n, np.nan) + 1 / np.where(m > 0, m, np.nan))
    result: Figures = np.sqrt(2 / np.pi) * area / np.where(unit > 0, unit, np.nan) * scale
    return result
