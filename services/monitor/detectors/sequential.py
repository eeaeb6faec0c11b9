"""Fast detection over a stream: alarms as soon as evidence suffices, with a stated rate of false alarms.

An e-detector (Shin, Ramdas & Rinaldo, arXiv 2203.03532): a sum of nonnegative processes, one started at each step, each
of which is a supermartingale while nothing has changed. The Shiryaev-Roberts form `M = e (M + 1)` grows by at most
one a step on average under no change, so that M less the steps is a supermartingale, and the mean number of steps to an
alarm at M ≥ A is at least A (optional stopping). Unlike a test repeated at every step, it may be looked at as often as
one likes.
"""

from __future__ import annotations

from math import exp, inf, log, log1p
from typing import Final

import msgspec
import numpy as np
from scipy.special import chndtr, ndtr

from services.monitor.statistics import Figures

STEPS_TO_A_FALSE_ALARM: Final = 10_000.0
"""Mean number of steps (windows or batches) until an alarm, over all subjects together, while nothing has changed."""

P_EXPONENT: Final = 0.5
"""κ of the calibrator e = κ p^(κ−1), which makes an e-value of any p-value (Vovk & Wang, E-values, Annals of Statistics
49, 2021, section 2.1)."""

SMALLEST_P: Final = 1e-5
"""A p-value counts as no smaller: one window multiplies the evidence by 158 at most, so it needs others before it."""

SPARE: Final = 1.5
"""How far (natural logarithm) beyond the alarm its value may grow, so that it ends soon after the change does."""

LARGE_NONCENTRALITY: Final = 1e4
"""From here on the noncentral chi-square is taken as normal (its series gets slow)."""


class Detector(msgspec.Struct, frozen=True, kw_only=True):
    """Natural logarithm of the e-detector's value; −∞ before the first step."""

    log_value: float = -inf

    def bounded(self, subjects: int = 1, steps: float = STEPS_TO_A_FALSE_ALARM) -> Detector:
        """No higher than SPARE above the alarm: lowering it can only make alarms rarer."""
        return Detector(log_value=min(self.log_value, log(steps * max(subjects, 1)) + SPARE))

    def alarms(self, subjects: int = 1, steps: float = STEPS_TO_A_FALSE_ALARM) -> bool:
        """Whether its value has reached `steps` times the number of detectors that run side by side."""
        return self.log_value >= log(steps * max(subjects, 1))


def step(detector: Detector, p_value: float) -> Detector:
    """One more step whose p-value under no change is `p_value` (NaN: nothing was seen, nothing changes).

    The p-value must be valid given all before it: from rows that no earlier step has used.
    """
    if p_value != p_value:  # NaN
        return detector
    p = min(max(p_value, SMALLEST_P), 1.0)
    log_e = log(P_EXPONENT) + (P_EXPONENT - 1.0) * log(p)
    value = detector.log_value
    grown = log1p(exp(value)) if value < 30.0 else value
    return Detector(log_value=log_e + grown)


def limit_p_values(psi_excess: Figures, noise: Figures, freedom: Figures, limit: Figures) -> Figures:
    """Chance of so large a PSI if the true one were just `limit` (all as in `DriftFigures`); NaN where not defined.

    PSI over its scale 1/n + 1/m is noncentral chi-square with noncentrality limit over scale (Yurdakul, 2018, section
    4; second-order expansion of PSI).
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        scale = noise / freedom
        value = np.maximum((psi_excess + noise) / scale, 0.0)
        moved = limit / scale
        small = 1.0 - chndtr(value, freedom, np.minimum(moved, LARGE_NONCENTRALITY))
        large = ndtr(-(value - freedom - moved) / np.sqrt(2 * (freedom + 2 * moved)))
        result: Figures = np.where(moved <= LARGE_NONCENTRALITY, small, large)
        return np.where(freedom >= 1, np.clip(result, 0.0, 1.0), np.nan)
