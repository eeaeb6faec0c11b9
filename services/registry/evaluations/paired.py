"""Tests whether chance alone explains that one model is better than another on the same rows."""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec
import numpy as np
from scipy.special import bdtr, stdtr

FEWEST_ROWS = 10
"""Fewer pairs than this say nothing worth a number."""


class Paired(msgspec.Struct, frozen=True, kw_only=True):
    """`p_value`: how likely chance alone makes the first at least this much better, one-sided; 1 if it isn't better.

    `better_by`: the mean over rows, positive when the first is better.
    """

    test: str
    rows: int
    better_by: float
    p_value: float


def compared(first: Sequence[float], second: Sequence[float], *, higher_is_better: bool = True) -> Paired | None:
    """Of two models' scores of the same rows, in the same order. None where they can't be compared.

    Scores of 0 and 1 (wrong, right): McNemar's exact test, the binomial test of the rows that only one of the two gets
    right (McNemar 1947, doi:10.1007/BF02295996; exact form: Agresti, Categorical Data Analysis, 10.1). Other scores:
    Student's t test of the differences, whose means are normal enough for the number of rows of a test split.
    """
    a, b = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    if a.shape != b.shape or a.ndim != 1 or len(a) < FEWEST_ROWS or not (np.isfinite(a).all() and np.isfinite(b).all()):
        return None
    difference = a - b if higher_is_better else b - a
    better_by = float(difference.mean())
    if _is_binary(a) and _is_binary(b):
        return Paired(test="mcnemar", rows=len(a), better_by=better_by, p_value=_mcnemar(difference))
    return Paired(test="paired_t", rows=len(a), better_by=better_by, p_value=_paired_t(difference))


def _is_binary(scores: np.ndarray) -> bool:
    return bool(((scores == 0) | (scores == 1)).all())


def _mcnemar(difference: np.ndarray) -> float:
    wins, losses = int((difference > 0).sum()), int((difference < 0).sum())
    if wins + losses == 0:
        return 1.0
    return float(bdtr(losses, wins + losses, 0.5))  # P(at most so many losses | n, 1/2)


def _paired_t(difference: np.ndarray) -> float:
    deviation = float(difference.std(ddof=1))
    mean = float(difference.mean())
    if deviation == 0:
        return 0.0 if mean > 0 else 1.0
    t = mean / (deviation / math.sqrt(len(difference)))
    return float(stdtr(len(difference) - 1, -t))
