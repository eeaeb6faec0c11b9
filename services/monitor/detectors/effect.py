"""Is a feature's drift large enough to matter, beyond what chance and the reference's own wandering give?"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from services.monitor.statistics import Figures

LARGE_PSI = 0.06
"""PSI beyond chance that deserves attention by itself: a shift of about a quarter standard deviation (PSI ≈ shift²)."""

LARGE_MOVE = 0.17
"""Or: values moved by so many reference standard deviations on average (normed Wasserstein beyond chance). Lies below
a shift of 0.2 and above what the flights' distance does by itself from day to day (at most 0.169)."""

SMALL_PSI = 0.004
"""PSI beyond chance that counts when several features show it: a shift of about 0.07 standard deviations."""

NATURAL_PSI_FACTOR = 10.8
NATURAL_MOVE_FACTOR = 3.3
"""How many times its own chunk-to-chunk drift a feature must drift for any of these. A level that wanders by a normal
amount δ gives PSI ≈ δ² and a move of |δ|: 99.9 % of windows stay below 10.8 times δ²'s mean, 3.3 times its root."""


def beyond_chance(distance: Figures, noise: Figures) -> Figures:
    """What of a distance chance doesn't explain, both in its unit: √(distance² − noise²), at least 0."""
    with np.errstate(over="ignore", invalid="ignore"):
        result: Figures = np.sqrt(np.maximum(distance * distance - noise * noise, 0.0))
    return result


def large(
    psi_excess: Figures, move: Figures, natural_psi: Figures | float = 0.0, natural_move: Figures | float = 0.0
) -> npt.NDArray[np.bool_]:
    """`psi_excess`, `move`: PSI and normed Wasserstein beyond chance; `natural_*`: the same between the reference's own
    chunks. NaN (not defined) is not large."""
    by_share = psi_excess >= np.maximum(LARGE_PSI, NATURAL_PSI_FACTOR * np.asarray(natural_psi))
    by_move = move >= np.maximum(LARGE_MOVE, NATURAL_MOVE_FACTOR * np.asarray(natural_move))
    result: npt.NDArray[np.bool_] = by_share | by_move
    return result


def small(psi_excess: Figures, natural_psi: Figures | float = 0.0) -> npt.NDArray[np.bool_]:
    """Worth counting together with other features that moved as well."""
    result: npt.NDArray[np.bool_] = psi_excess >= np.maximum(SMALL_PSI, NATURAL_PSI_FACTOR * np.asarray(natural_psi))
    return result
