"""Pearson's chi-square test of homogeneity: do two sets of counts come from one distribution?"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import chdtrc

from services.monitor.statistics.shares import Counts, Figures


class ChiSquare(NamedTuple):
    """`statistic` 0 … ∞; `p_value` 0 … 1; `freedom`: occupied bins less one. NaN with fewer than two occupied bins."""

    statistic: Figures
    p_value: Figures
    freedom: Figures


def chi_square(reference: Counts, current: Counts) -> ChiSquare:
    """Σ (observed − expected)² / expected over the 2 × K contingency table, K the bins occupied on either side.

    With two bins (one degree of freedom) Yates's continuity correction is applied, as `scipy.stats.chi2_contingency`
    and hence NannyML's `chi2` do by default. Evidently's chi-square is a goodness-of-fit test: another figure.
    The approximation wants five or more expected rows a bin; rarer ones make it conservative to erratic.

    Source: Pearson (1900), Yates (1934); scipy.stats.contingency.
    """
    reference, current = np.broadcast_arrays(reference, current)
    observed = np.stack((reference, current), axis=-2).astype(np.float64)
    columns = observed.sum(axis=-2, keepdims=True)
    rows = observed.sum(axis=-1, keepdims=True)
    total = rows.sum(axis=-2, keepdims=True)
    expected = columns * rows / np.where(total > 0, total, np.nan)
    freedom = (columns > 0).sum(axis=-1).astype(np.float64)[..., 0] - 1
    distance = np.abs(observed - expected)
    yates = np.where(freedom == 1, 0.5, 0.0)[..., None, None]
    distance = distance - np.minimum(yates, distance)
    terms = np.divide(distance * distance, expected, out=np.zeros_like(observed), where=expected > 0)
    defined = (freedom >= 1) & (rows[..., 0] > 0).all(axis=-1)
    freedom = np.where(defined, freedom, np.nan)
    statistic = np.where(defined, terms.sum(axis=(-2, -1)), np.nan)
    return ChiSquare(statistic, chdtrc(freedom, statistic), freedom)
