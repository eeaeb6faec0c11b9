"""Jensen–Shannon distance: a bounded, symmetric distance between two sets of counts."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import xlogy

from services.monitor.statistics.shares import Counts, Figures, shares


def jensen_shannon(reference: Counts, current: Counts) -> Figures:
    """√(½·KL(r‖½(r+c)) + ½·KL(c‖½(r+c))) with logarithms to base 2; 0 … 1, symmetric, a metric.

    Equal to NannyML's `jensen_shannon` over its bins (Doane edges and one bin for everything outside; for a category
    the reference's values and one bin for all others), and to `scipy.spatial.distance.jensenshannon(…, base=2)`.
    Evidently reports base e: this times √ln 2.

    Source: Lin, Divergence measures based on the Shannon entropy (1991); Endres & Schindelin (2003).
    """
    r = shares(reference)
    c = shares(current)
    middle = (r + c) / 2
    divergence = (_relative_entropy(r, middle) + _relative_entropy(c, middle)).sum(axis=-1) / 2
    result: Figures = np.sqrt(np.maximum(divergence, 0.0) / np.log(2.0))
    return result


def _relative_entropy(p: npt.NDArray[np.float64], q: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """p · ln(p / q), 0 where p is 0; q is never 0 where p isn't."""
    result: npt.NDArray[np.float64] = xlogy(p, p) - xlogy(p, np.where(q > 0, q, 1.0))
    return result + 0.0 * q  # an empty side makes q NaN: keep it so
