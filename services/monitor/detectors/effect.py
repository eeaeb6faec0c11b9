"""Is a feature's drift in one window real, and large enough to matter?"""

from __future__ import annotations

import numpy as np

from services.monitor.statistics import Figures

MINIMUM_EFFECT = 0.005
"""PSI beyond chance below which nobody needs to know: about a shift of 0.07 standard deviations (PSI ≈ shift²)."""

NATURAL_FACTOR = 2.0
"""Drift must exceed the reference's own largest chunk-to-chunk drift so many times: a week is not like the month."""


def drifted(psi: Figures, noise: Figures, threshold: Figures, natural: Figures | float = 0.0) -> np.ndarray:
    """Both at once: above what chance gives once in a thousand windows of this size, and an effect beyond chance of at
    least MINIMUM_EFFECT and NATURAL_FACTOR times the reference's own. All in PSI; NaN (no rows) is no drift.

    `natural`: the reference's largest chunk-to-chunk PSI beyond chance (`Variability.psi_excess_max`).
    """
    least = np.maximum(MINIMUM_EFFECT, NATURAL_FACTOR * np.asarray(natural, dtype=np.float64))
    result: np.ndarray = (psi > threshold) & (psi - noise >= least)
    return result
