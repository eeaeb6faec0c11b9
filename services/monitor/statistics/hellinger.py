"""Hellinger distance: the Euclidean distance of the square roots of two sets of shares."""

from __future__ import annotations

import numpy as np

from services.monitor.statistics.shares import Counts, Figures, shares


def hellinger(reference: Counts, current: Counts) -> Figures:
    """‖√r − √c‖₂ / √2; 0 … 1, symmetric, a metric.

    Equal to NannyML's `hellinger` over the same bins as its Jensen–Shannon distance.
    Source: Hellinger (1909); as in NannyML 0.13.1, `drift/univariate/methods.py`.
    """
    difference = np.sqrt(shares(reference)) - np.sqrt(shares(current))
    result: Figures = np.sqrt((difference * difference).sum(axis=-1)) / np.sqrt(2.0)
    return result
