"""Performance at a threshold, over all thresholds, by score bin and by class."""

from __future__ import annotations

from collections import Counter

import numpy as np

from services.contracts.monitor import AtThreshold, CalibrationBin
from services.monitor.performance.binary import CALIBRATION_BINS, SCORE_EDGES, BinaryCounts, at_threshold
from services.monitor.performance.classes import ClassCounts, matrix
from services.monitor.performance.intervals import Estimate
from services.monitor.performance.rules import MOST_CLASSES


def threshold_view(counts: BinaryCounts, threshold: float) -> AtThreshold:
    """Figures when a score ≥ `threshold` counts as positive (moved to the nearest multiple of 0.001)."""
    at = at_threshold(counts, threshold)
    return AtThreshold(
        threshold=min(at.threshold, 1.0),
        true_positive=at.confusion.true_positive,
        false_positive=at.confusion.false_positive,
        true_negative=at.confusion.true_negative,
        false_negative=at.confusion.false_negative,
        accuracy=_value(at.accuracy),
        precision=_value(at.precision),
        recall=_value(at.recall),
        specificity=_value(at.specificity),
        f1=at.f1,
    )


def curve(counts: BinaryCounts, points: int) -> list[AtThreshold]:
    """At `points` thresholds that part the rows evenly, from the highest score down; empty without rows."""
    by_bin = counts.histogram.sum(axis=0)
    rows = int(by_bin.sum())
    if not rows:
        return []
    below = np.cumsum(by_bin)
    wanted = np.linspace(0, rows, points)
    positions = np.unique(np.minimum(below.searchsorted(wanted), len(by_bin) - 1))
    return [threshold_view(counts, float(SCORE_EDGES[position])) for position in positions[::-1]]


def calibration(counts: BinaryCounts) -> list[CalibrationBin]:
    """Score bins that hold rows, ascending."""
    tenth = np.searchsorted(np.arange(1, CALIBRATION_BINS) / CALIBRATION_BINS, SCORE_EDGES[:-1], side="right")
    rows = np.bincount(tenth, weights=counts.histogram.sum(axis=0), minlength=CALIBRATION_BINS)
    positives = np.bincount(tenth, weights=counts.histogram[1], minlength=CALIBRATION_BINS)
    return [
        CalibrationBin(
            low=i / CALIBRATION_BINS,
            high=(i + 1) / CALIBRATION_BINS,
            rows=int(rows[i]),
            score=float(counts.scores[i] / rows[i]),
            positives=float(positives[i] / rows[i]),
        )
        for i in range(CALIBRATION_BINS)
        if rows[i] > 0
    ]


def confusion(counts: ClassCounts) -> tuple[list[str], list[list[int]]]:
    """The most frequent classes (by label and prediction) and their matrix, labels by predictions."""
    rows: Counter[str] = Counter()
    for (label, predicted), n in counts.pairs.items():
        rows[label] += n
        rows[predicted] += n
    names = sorted(sorted(rows, key=lambda name: (-rows[name], name))[:MOST_CLASSES])
    return names, matrix(counts, names)


def _value(estimate: Estimate | None) -> float | None:
    return estimate.value if estimate else None
