"""The verdict on a window: which features drifted, and whether many moved a little."""

from __future__ import annotations

import msgspec
import numpy as np

from services.monitor.counts.counting import BatchCounts
from services.monitor.counts.drift import DriftFigures, Sample, drift_figures
from services.monitor.detectors.effect import Limits, beyond_chance, large, limits_of, small
from services.monitor.detectors.false_discovery import benjamini_hochberg
from services.monitor.references.rules import Reference
from services.monitor.references.variability import Variability

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


def judge(reference: Reference, counts: BatchCounts, level: float = FALSE_DISCOVERY, windows: int = 1) -> Verdict:
    """The verdict on a window, or on `windows` merged ones (more rows show smaller drift)."""
    figures = drift_figures(reference.grid, reference.sample, Sample.of(counts))
    return verdict(reference, figures, natural_limits(reference, windows), level)


def verdict(reference: Reference, figures: DriftFigures, limits: Limits, level: float = FALSE_DISCOVERY) -> Verdict:
    """As `judge`, from figures and limits that are there already."""
    believable = benjamini_hochberg(figures.p_value, level)
    move = beyond_chance(figures.wasserstein, figures.wasserstein_noise)
    is_large = believable & large(figures.psi_excess, move, limits)
    is_moved = believable & (is_large | small(figures.psi_excess, limits))
    order = np.argsort(-np.nan_to_num(figures.psi_excess), kind="stable")
    names = reference.grid.order
    return Verdict(
        drifted=[names[i] for i in order if is_large[i]],
        moved=[names[i] for i in order if is_moved[i]],
    )


def natural_limits(reference: Reference, windows: int = 1) -> Limits:
    """In `grid.order`, for `windows` merged ones: from the longest chunks of the reference that aren't longer."""
    by_name: dict[str, Variability] = {}
    for variability in reference.variability:
        known = by_name.get(variability.feature)
        if known is None or known.windows < variability.windows <= windows:
            by_name[variability.feature] = variability
    return limits_of([by_name.get(name) for name in reference.grid.order])
