"""Confidence intervals of the figures: how far chance alone could have moved them."""

from __future__ import annotations

from math import exp, log, log1p, sqrt
from typing import NamedTuple

CONFIDENCE_Z = 1.959963984540054
"""Standard normal quantile of a two-sided 95 % interval."""


class Estimate(NamedTuple):
    """A figure with its 95 % interval, in the figure's own unit."""

    value: float
    low: float
    high: float


def wilson(successes: int, rows: int, z: float = CONFIDENCE_Z) -> Estimate | None:
    """A share with Wilson's score interval, in [0, 1]; None without rows.

    Source: Wilson, Probable inference, the law of succession, and statistical inference, JASA 22 (1927).
    """
    if rows <= 0:
        return None
    share = successes / rows
    squared = z * z / rows
    middle = (share + squared / 2) / (1 + squared)
    half = z / (1 + squared) * sqrt(max(share * (1 - share) / rows + squared / (4 * rows), 0.0))
    return Estimate(share, max(0.0, min(middle - half, share)), min(1.0, max(middle + half, share)))


def logit(value: float, variance: float, z: float = CONFIDENCE_Z) -> Estimate:
    """An interval built on the logit scale, so that it stays in [0, 1]; a value of 0 or 1 has no width there.

    Source: delta method; for PR-AUC Boyd, Eng & Page, Area under the precision-recall curve (ECML 2013), section 3.2.
    """
    if not 0.0 < value < 1.0 or variance <= 0.0:
        return Estimate(value, value, value)
    center = log(value) - log1p(-value)
    half = z * sqrt(variance) / (value * (1.0 - value))
    return Estimate(value, _expit(center - half), _expit(center + half))


def normal_mean(total: float, squares: float, rows: int, z: float = CONFIDENCE_Z) -> Estimate | None:
    """A mean with its normal interval, from Σx and Σx²; None without rows, no width with one row."""
    if rows <= 0:
        return None
    mean = total / rows
    if rows == 1:
        return Estimate(mean, mean, mean)
    variance = max(squares / rows - mean * mean, 0.0) * rows / (rows - 1)
    half = z * sqrt(variance / rows)
    return Estimate(mean, mean - half, mean + half)


def hanley_mcneil_variance(auc: float, positives: int, negatives: int) -> float:
    """Variance of ROC-AUC from the AUC alone (exponential approximation), for counts too few for DeLong's.

    Source: Hanley & McNeil, The meaning and use of the area under a ROC curve, Radiology 143 (1982).
    """
    q1 = auc / (2 - auc)
    q2 = 2 * auc * auc / (1 + auc)
    spread = auc * (1 - auc) + (positives - 1) * (q1 - auc * auc) + (negatives - 1) * (q2 - auc * auc)
    return max(spread, 0.0) / (positives * negatives)


def _expit(x: float) -> float:
    if x >= 0:
        return 1.0 / (1.0 + exp(-x))
    e = exp(x)
    return e / (1.0 + e)
