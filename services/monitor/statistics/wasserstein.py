"""First Wasserstein (earth mover's) distance from counts between edges, in standard deviations of the reference."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from services.monitor.statistics.shares import Counts, Figures, shares


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
    gap = np.cumsum(shares(reference) - shares(current), axis=-1)[..., :-1]
    left, right = gap[..., :-1], gap[..., 1:]
    crosses = left * right < 0
    span = np.abs(left) + np.abs(right)
    straight = span / 2
    crossed = (left * left + right * right) / (2 * np.where(crosses, span, 1.0))
    with np.errstate(over="ignore", invalid="ignore"):  # edges near float64's limit: no figure
        area = (np.where(crosses, crossed, straight) * np.diff(edges, axis=-1)).sum(axis=-1)
    unit = np.asarray(deviation, dtype=np.float64)
    result: Figures = (area + outside) / np.where(unit > 0, unit, np.nan)
    return result
