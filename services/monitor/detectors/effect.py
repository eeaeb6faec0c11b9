"""Is a feature's drift large enough to matter, beyond what chance and the reference's own wandering give?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from services.monitor.references.variability import Variability
from services.monitor.statistics import Figures

LARGE_PSI = 0.06
"""PSI beyond chance that deserves attention by itself: a shift of about a quarter standard deviation (PSI ≈ shift²)."""

LARGE_MOVE = 0.17
"""Or: values moved by so many reference standard deviations on average (normed Wasserstein beyond chance). Lies below
a shift of 0.2 and above what the flights' distance does by itself from day to day (at most 0.169)."""

SMALL_PSI = 0.004
"""PSI beyond chance that counts when several features show it: a shift of about 0.07 standard deviations."""

NATURAL_PSI_FACTOR = 9.0
NATURAL_MOVE_FACTOR = 3.0
"""How many times its own chunk-to-chunk drift a feature must drift for any of these. A level that wanders by a normal
amount δ gives PSI ≈ δ² and a move of |δ|: three standard deviations, so 99.7 % of windows stay below nine times δ²'s
mean, three times its root; and one window alone opens no alert."""

MANY_CHUNKS = 30
FARTHEST_PSI_FACTOR = 1.5
FARTHEST_MOVE_FACTOR = 1.25
"""From so many chunks on, the farthest of them tells more than a normal law does: PSI saturates for large moves, and
real features have heavy tails. With these, the flights' first quarter judged against itself has no feature that
drifts on two days in a row; the normal law lets PSI of temperature rise to 44, where 8 is all that it can reach."""


class Limits(NamedTuple):
    """Per feature, what PSI or move beyond chance must reach to be large; `natural_psi`: what is nothing new."""

    psi: Figures
    move: Figures
    natural_psi: Figures


def limits_of(variabilities: Sequence[Variability | None]) -> Limits:
    """From each feature's own variability; None: nothing is known of it."""
    natural_psi = np.array([_natural_psi(v) if v else 0.0 for v in variabilities])
    natural_move = np.array([_natural_move(v) if v else 0.0 for v in variabilities])
    return Limits(np.maximum(LARGE_PSI, natural_psi), np.maximum(LARGE_MOVE, natural_move), natural_psi)


def _natural_psi(variability: Variability) -> float:
    if variability.chunks >= MANY_CHUNKS:
        return FARTHEST_PSI_FACTOR * variability.psi_most
    return NATURAL_PSI_FACTOR * variability.psi_excess


def _natural_move(variability: Variability) -> float:
    if variability.chunks >= MANY_CHUNKS:
        return FARTHEST_MOVE_FACTOR * variability.wasserstein_most
    return NATURAL_MOVE_FACTOR * variability.wasserstein_excess


def beyond_chance(distance: Figures, noise: Figures) -> Figures:
    """What of a distance chance doesn't explain, both in its unit: √(distance² − noise²), at least 0."""
    with np.errstate(over="ignore", invalid="ignore"):
        result: Figures = np.sqrt(np.maximum(distance * distance - noise * noise, 0.0))
    return result


def large(psi_excess: Figures, move: Figures, limits: Limits) -> npt.NDArray[np.bool_]:
    """`psi_excess`, `move`: PSI and normed Wasserstein beyond chance. NaN (not defined) is not large."""
    result: npt.NDArray[np.bool_] = (psi_excess >= limits.psi) | (move >= limits.move)
    return result


def small(psi_excess: Figures, limits: Limits) -> npt.NDArray[np.bool_]:
    """Worth counting together with other features that moved as well."""
    result: npt.NDArray[np.bool_] = psi_excess >= np.maximum(SMALL_PSI, limits.natural_psi)
    return result
