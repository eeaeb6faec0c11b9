"""Performance expected without labels: confidence-based performance estimation (CBPE) from score counts.

A score bin's rows are expected to be positive as often as they were in the reference. All figures follow from these
expected counts. Source: NannyML, We don't need no labels (arXiv 2401.08348), section 4; calibration by isotonic
regression, as there.
"""

from __future__ import annotations

from math import sqrt
from typing import Final

import numpy as np
import numpy.typing as npt

from services.contracts.monitor import EstimatedPerformance
from services.monitor.performance.binary import SCORE_EDGES, BinaryCounts
from services.monitor.performance.intervals import CONFIDENCE_Z, hanley_mcneil_variance, logit

FEWEST_LABELLED: Final = 500
"""Labelled rows of the reference without which no score can be calibrated."""
LEAST_SHARE: Final = 0.01
"""Of the reference's labelled rows that a step of the calibration holds."""
FEWEST_TO_CHECK: Final = 100
"""Labelled rows of a window without which nothing can be said about its calibration."""
DRIFT_Z: Final = 4.0
DRIFT_EFFECT: Final = 0.03
"""A calibration has drifted when positives differ from the expected by so many standard errors and points of 1."""

Floats = npt.NDArray[np.float64]

_MIDDLES: Final[Floats] = (SCORE_EDGES[:-1] + np.minimum(SCORE_EDGES[1:], 1.0)) / 2


def calibrated(reference: BinaryCounts) -> tuple[Floats, Floats] | None:
    """Isotonic steps (first score, chance of a positive), ascending; None with too few labels or one class only."""
    rows = reference.histogram.sum(axis=0)
    if int(rows.sum()) < FEWEST_LABELLED or not reference.positives or not reference.negatives:
        return None
    blocks: list[list[float]] = []  # first bin, rows, positives: neighbours that break the order are joined
    for first, n_rows, n_positives in _steps(rows, reference.histogram[1]):
        blocks.append([float(first), n_rows, n_positives])
        while len(blocks) > 1 and blocks[-2][2] * blocks[-1][1] >= blocks[-1][2] * blocks[-2][1]:
            _, n, k = blocks.pop()
            blocks[-1][1] += n
            blocks[-1][2] += k
    starts = SCORE_EDGES[np.array([int(block[0]) for block in blocks])]
    return starts, np.array([block[2] / block[1] for block in blocks])


def _steps(rows: npt.NDArray[np.int64], positives: npt.NDArray[np.int64]) -> list[tuple[int, float, float]]:
    """Neighbouring bins taken together until they hold LEAST_SHARE of all rows: (first bin, rows, positives). Few rows
    at an end would make steps of chance 0 or 1, on which a shifted score then piles up."""
    needed = LEAST_SHARE * float(rows.sum())
    found: list[tuple[int, float, float]] = []
    first, n, k = -1, 0.0, 0.0
    for position in np.flatnonzero(rows).tolist():
        first = position if first < 0 else first
        n, k = n + float(rows[position]), k + float(positives[position])
        if n >= needed:
            found.append((first, n, k))
            first, n, k = -1, 0.0, 0.0
    if n:
        start, m, j = found.pop()
        found.append((start, m + n, j + k))
    return found


def chances(steps: tuple[Floats, Floats], scores: Floats) -> Floats:
    """Chance of a positive for each score."""
    starts, values = steps
    result: Floats = values[np.maximum(starts.searchsorted(scores, side="right") - 1, 0)]
    return result


def estimated(
    steps: tuple[Floats, Floats],
    scores: Floats,
    rows: Floats,
    labelled: BinaryCounts | None = None,
    threshold: float = 0.5,
) -> EstimatedPerformance | None:
    """`scores` ascending (K,) with `rows` each; `labelled`: those of the same window whose label is known. Intervals
    are at 95 % and hold chance alone. None without rows."""
    total = float(rows.sum())
    if not total:
        return None
    chance = chances(steps, scores)
    positive, negative = rows * chance, rows * (1 - chance)
    p, n = float(positive.sum()), float(negative.sum())
    above = scores >= threshold
    tp, fp = float(positive[above].sum()), float(negative[above].sum())
    tn, fn = n - fp, p - tp
    right = (tp + tn) / total
    spread = CONFIDENCE_Z * sqrt(float((rows * chance * (1 - chance)).sum())) / total
    auc = None
    if p > 0 and n > 0:
        value = float(positive @ (np.cumsum(negative) - negative / 2)) / (p * n)
        auc = logit(value, hanley_mcneil_variance(value, max(1, round(p)), max(1, round(n))))
    return EstimatedPerformance(
        rows=round(total),
        roc_auc=auc.value if auc else None,
        roc_auc_low=auc.low if auc else None,
        roc_auc_high=auc.high if auc else None,
        accuracy=right,
        accuracy_low=max(0.0, right - spread),
        accuracy_high=min(1.0, right + spread),
        precision=tp / (tp + fp) if tp + fp > 0 else None,
        recall=tp / p if p > 0 else None,
        f1=2 * tp / (2 * tp + fp + fn) if tp + fp + fn > 0 else None,
        calibration_drift=None if labelled is None else calibration_drift(steps, labelled),
    )


def calibration_drift(steps: tuple[Floats, Floats], labelled: BinaryCounts) -> bool | None:
    """Whether labels contradict the calibration, below or above its middle chance; None with too few labels."""
    if labelled.rows < FEWEST_TO_CHECK:
        return None
    chance = chances(steps, _MIDDLES)
    rows = labelled.histogram.sum(axis=0)
    middle = float(chance @ rows) / labelled.rows
    for half in (chance < middle, chance >= middle):
        inside = float(rows[half].sum())
        if not inside:
            continue
        expected = float((rows * chance)[half].sum())
        spread = sqrt(max(float((rows * chance * (1 - chance))[half].sum()), 1.0))
        difference = abs(float(labelled.histogram[1][half].sum()) - expected)
        if difference >= DRIFT_Z * spread and difference >= DRIFT_EFFECT * labelled.rows:
            return True
    return False
