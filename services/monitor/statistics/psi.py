"""Population stability index, and how far chance alone moves it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import chdtri

from services.monitor.statistics.shares import Counts, Figures, shares

ZERO_SHARE = 1e-4
"""Stands for an empty bin's share (Evidently, `legacy/calculations/stattests/utils.py`, 0.7.23)."""

RARE_DIVISOR = 1e6
"""Where a side's smallest share is at or below ZERO_SHARE, its empty bins get that share over this (same source)."""

MODERATE_PSI = 0.1
SEVERE_PSI = 0.2
"""The classic lines (Siddiqi, Credit Risk Scorecards, 2006). Shown, never the only judge: see `psi_threshold`."""

THRESHOLD_CONFIDENCE = 0.999
"""Share of drift-free windows that stay below `psi_threshold`."""


def psi(reference: Counts, current: Counts) -> Figures:
    """Σ (r − c) · ln(r / c) over the bins, r and c being shares; 0 … ∞, symmetric, in nats.

    Empty bins are filled by Evidently's rule, each side by itself (ZERO_SHARE, RARE_DIVISOR). A bin that is empty on
    both sides adds nothing.

    Source: Yurdakul, Statistical Properties of the Population Stability Index (2018), eq. 1; zero rule from Evidently.
    """
    reference, current = np.broadcast_arrays(reference, current)
    occupied = (reference > 0) | (current > 0)
    r = _filled(shares(reference))
    c = _filled(shares(current))
    result: Figures = np.where(occupied, (r - c) * np.log(r / c), 0.0).sum(axis=-1)
    return np.where((reference.sum(axis=-1) > 0) & (current.sum(axis=-1) > 0), result, np.nan)


def psi_noise(reference_rows: Counts, current_rows: Counts, bins: Counts | int) -> Figures:
    """PSI that independent rows without any drift have on average: (1/n + 1/m) · (B − 1).

    Source: Yurdakul (2018), section 4. `bins`: those with at least one reference row.
    """
    return _scale(reference_rows, current_rows) * (np.asarray(bins, dtype=np.float64) - 1)


def psi_threshold(
    reference_rows: Counts | int,
    current_rows: Counts | int,
    bins: Counts | int,
    confidence: float = THRESHOLD_CONFIDENCE,
) -> Figures:
    """PSI that only 1 − `confidence` of drift-free windows of this size exceed: (1/n + 1/m) · χ²(B − 1, confidence).

    NaN with fewer than two bins or without rows. Source: Yurdakul (2018), theorem 2.
    """
    freedom = np.asarray(bins, dtype=np.float64) - 1
    quantile = chdtri(np.where(freedom >= 1, freedom, np.nan), 1.0 - confidence)
    result: Figures = _scale(reference_rows, current_rows) * quantile
    return result


def _scale(reference_rows: Counts | int, current_rows: Counts | int) -> Figures:
    n = np.asarray(reference_rows, dtype=np.float64)
    m = np.asarray(current_rows, dtype=np.float64)
    return 1.0 / np.where(n > 0, n, np.nan) + 1.0 / np.where(m > 0, m, np.nan)


def _filled(share: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    smallest = np.min(np.where(share > 0, share, np.inf), axis=-1, keepdims=True)
    substitute = np.where(smallest <= ZERO_SHARE, smallest / RARE_DIVISOR, ZERO_SHARE)
    return np.where(share > 0, share, substitute)
