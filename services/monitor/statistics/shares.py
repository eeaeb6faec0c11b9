"""From counts to shares: what every statistic starts with."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Counts = npt.NDArray[np.int64] | npt.NDArray[np.float64]
"""Non-negative counts; the last axis runs over the bins."""

Figures = npt.NDArray[np.float64]
"""One figure for each leading index of the counts (zero-dimensional for a single pair of vectors)."""


def shares(counts: Counts) -> npt.NDArray[np.float64]:
    """Each bin's share of its total along the last axis, in [0, 1]; NaN where the total is 0."""
    totals = counts.sum(axis=-1, keepdims=True).astype(np.float64)
    result: npt.NDArray[np.float64] = counts / np.where(totals > 0, totals, np.nan)
    return result


def distribution_function(counts: Counts) -> npt.NDArray[np.float64]:
    """Share of rows in a bin or any before it, along the last axis: the distribution function at each upper boundary
    (1 at the last); NaN where the total is 0."""
    before = np.cumsum(counts, axis=-1, dtype=np.float64)
    totals = before[..., -1:]
    result: npt.NDArray[np.float64] = before / np.where(totals > 0, totals, np.nan)
    return result
