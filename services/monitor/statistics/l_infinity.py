"""L-infinity distance: the largest change of any single share."""

from __future__ import annotations

import numpy as np

from services.monitor.statistics.shares import Counts, Figures, shares


def l_infinity(reference: Counts, current: Counts) -> Figures:
    """max |r − c| over the bins; 0 … 1, symmetric, a metric.

    Equal to NannyML's `l_infinity` where every value has its own bin; values the reference never saw share one bin
    here, so that many new rare values together count as one large change.
    """
    result: Figures = np.abs(shares(reference) - shares(current)).max(axis=-1)
    return result
