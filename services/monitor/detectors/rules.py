"""The verdict on a window: which features drifted, and whether many moved a little."""

from __future__ import annotations

import msgspec
import numpy as np
import numpy.typing as npt

from services.monitor.counts.counting import BatchCounts
from services.monitor.counts.drift import DriftFigures, Sample, drift_figures
from services.monitor.detectors.effect import beyond_chance, large, small
from services.monitor.detectors.false_discovery import benjamini_hochberg
from services.monitor.references.rules import Reference

FALSE_DISCOVERY = 0.0001
"""Chance of a verdict against a window without any drift, over all its features together. Ten times below the promised
one in a thousand: the chi-square test's far tail is too light for windows of few rows, by up to that much."""

SEVERAL = 3
"""So many features moving a little at once are a broad shift."""


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """`drifted`: features with believable and large drift, the largest first. `moved`: with believable and at least
    small drift. `broad`: SEVERAL or more moved. `firing`: either."""

    drifted: list[str]
    moved: list[str]

    @property
    def broad(self) -> bool:
        return len(self.moved) >= SEVERAL

    @property
    def firing(self) -> bool:
        return bool(self.drifted) or self.broad


def judge(reference: Reference, counts: BatchCounts, level: float = FALSE_DISCOVERY) -> Verdict:
    """The verdict on a window, or on several merged ones (more rows show smaller drift)."""
    return verdict(reference, drift_figures(reference.grid, reference.sample, Sample.of(counts)), level)


def verdict(reference: Reference, figures: DriftFigures, level: float = FALSE_DISCOVERY) -> Verdict:
    """As `judge`, from figures that are there already (of one window)."""
    believable = benjamini_hochberg(figures.p_value, level)
    natural_psi, natural_move = natural_drift(reference)
    move = beyond_chance(figures.wasserstein, figures.wasserstein_noise)
    is_large = believable & large(figures.psi_excess, move, natural_psi, natural_move)
    is_moved = believable & (is_large | small(figures.psi_excess, natural_psi))
    order = np.argsort(-np.nan_to_num(figures.psi_excess), kind="stable")
    names = reference.grid.order
    return Verdict(
        drifted=[names[i] for i in order if is_large[i]],
        moved=[names[i] for i in order if is_moved[i]],
    )


def natural_drift(reference: Reference) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """PSI and normed Wasserstein beyond chance between the reference's own chunks, in `grid.order`."""
    by_name = {variability.feature: variability for variability in reference.variability}
    known = [by_name.get(name) for name in reference.grid.order]
    return (
        np.array([v.psi_excess if v else 0.0 for v in known]),
        np.array([v.wasserstein_excess if v else 0.0 for v in known]),
    )
