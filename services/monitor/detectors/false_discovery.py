"""Many features, many tests: which of them can be believed together?"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from services.monitor.statistics import Figures


def benjamini_hochberg(p_values: Figures, level: float) -> npt.NDArray[np.bool_]:
    """Marks the tests to believe, along the last axis, so that on average at most `level` of them are false.

    Without any true effect the chance of a single mark is `level`. NaN (no test) is never marked. Holds for independent
    and for positively dependent tests (Benjamini & Yekutieli, 2001).

    Source: Benjamini & Hochberg, Controlling the false discovery rate, JRSS B 57 (1995).
    """
    tests = np.count_nonzero(~np.isnan(p_values), axis=-1, keepdims=True)
    ordered = np.sort(p_values, axis=-1)  # NaN last
    ranks = np.arange(1, p_values.shape[-1] + 1)
    passing = ordered * tests <= level * ranks
    limits = np.where(passing, ordered, -1.0).max(axis=-1, keepdims=True, initial=-1.0)
    result: npt.NDArray[np.bool_] = p_values <= limits
    return result
