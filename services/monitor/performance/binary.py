"""Binary classification: histograms of the score for either label, and every figure that follows from them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from services.monitor.performance.intervals import (
    Estimate,
    hanley_mcneil_variance,
    logit,
    normal_mean,
    wilson,
)

_TAIL = np.geomspace(1e-9, 1e-3, 121)[:-1]

SCORE_EDGES: npt.NDArray[np.float64] = np.unique(
    np.concatenate((np.arange(1001) / 1000, _TAIL, 1 - _TAIL, [np.nextafter(1.0, 2.0)]))
)
"""1,000 equal bins on [0, 1] (ROC-AUC within 2e-5), the outermost two cut on a log scale for rare classes (20 bins a
decade down to 1e-9), and a bin for exactly 1."""

BINS = len(SCORE_EDGES) - 1

CALIBRATION_BINS = 10
"""Equal bins of the calibration error (Guo et al., On calibration of modern neural networks, 2017, use 15; scikit-learn
and most reports 10)."""

CLIP = float(np.finfo(np.float64).eps)
"""Scores are clipped to [CLIP, 1 − CLIP] for the log loss, as scikit-learn does for float64."""

LOSS, LOSS_SQUARES, BRIER, BRIER_SQUARES = range(4)
"""Fields of `sums`: log loss in nats and squared error of the score, with their squares for intervals."""


@dataclass(slots=True, eq=False)
class BinaryCounts:
    """Labelled rows with a score in [0, 1]. Additive and signed: `a + b`, `a - b` (a corrected label leaves no trace).

    histogram (2, BINS) int64: rows by label (0, 1) and score bin [e_i, e_{i+1}). scores
    (CALIBRATION_BINS,): Σ score per calibration bin. sums (4,). `invalid`: rows whose score isn't in [0, 1] or whose
    label is neither 0 nor 1: they are in no other count.
    """

    histogram: npt.NDArray[np.int64]
    scores: npt.NDArray[np.float64]
    sums: npt.NDArray[np.float64]
    invalid: int = 0

    def __add__(self, other: BinaryCounts) -> BinaryCounts:
        return BinaryCounts(
            self.histogram + other.histogram,
            self.scores + other.scores,
            self.sums + other.sums,
            self.invalid + other.invalid,
        )

    def __sub__(self, other: BinaryCounts) -> BinaryCounts:
        return BinaryCounts(
            self.histogram - other.histogram,
            self.scores - other.scores,
            self.sums - other.sums,
            self.invalid - other.invalid,
        )

    @property
    def rows(self) -> int:
        return int(self.histogram.sum())

    @property
    def positives(self) -> int:
        return int(self.histogram[1].sum())

    @property
    def negatives(self) -> int:
        return int(self.histogram[0].sum())


class Confusion(NamedTuple):
    """Rows at one threshold."""

    true_positive: int
    false_positive: int
    true_negative: int
    false_negative: int


class AtThreshold(NamedTuple):
    """Figures at one threshold (score ≥ threshold is positive), None where undefined. `threshold` is a bin edge."""

    threshold: float
    confusion: Confusion
    accuracy: Estimate | None
    precision: Estimate | None
    recall: Estimate | None
    specificity: Estimate | None
    f1: float | None


def no_binary() -> BinaryCounts:
    return BinaryCounts(np.zeros((2, BINS), np.int64), np.zeros(CALIBRATION_BINS), np.zeros(4))


def count_binary(scores: npt.NDArray[np.float64], labels: npt.NDArray[np.float64]) -> BinaryCounts:
    """Counts of scores (probability of the positive class) against labels 0 or 1, both (n,) float64."""
    good = (scores >= 0.0) & (scores <= 1.0) & ((labels == 0.0) | (labels == 1.0))
    invalid = len(scores) - int(np.count_nonzero(good))
    if invalid:
        scores, labels = scores[good], labels[good]
    positive = labels == 1.0
    bins = SCORE_EDGES.searchsorted(scores, side="right") - 1
    histogram = np.bincount(bins + BINS * positive, minlength=2 * BINS).reshape(2, BINS)
    tenth = _CALIBRATION_OF_BIN[bins]
    clipped = np.clip(scores, CLIP, 1 - CLIP)
    loss = -np.log(np.where(positive, clipped, 1 - clipped))
    error = (scores - labels) ** 2
    sums = np.array([loss.sum(), (loss * loss).sum(), error.sum(), (error * error).sum()])
    return BinaryCounts(
        histogram.astype(np.int64),
        np.bincount(tenth, weights=scores, minlength=CALIBRATION_BINS).astype(np.float64),
        sums,
        invalid,
    )


_CALIBRATION_OF_BIN = np.searchsorted(np.arange(1, CALIBRATION_BINS) / CALIBRATION_BINS, SCORE_EDGES[:-1], side="right")


def roc_auc(counts: BinaryCounts) -> Estimate | None:
    """Probability that a positive scores above a negative (a tie counts half), with a 95 % interval; None unless both
    labels occur.

    Scores within one bin count as ties: exact for scores on the bin edges, else within `roc_auc_resolution`. Interval:
    DeLong's variance from placement values (also exact from histograms), on the logit scale; Hanley and McNeil's where
    there are too few rows for it.
    Source: DeLong, DeLong & Clarke-Pearson, Biometrics 44 (1988).
    """
    negative, positive = counts.histogram
    n, p = int(negative.sum()), int(positive.sum())
    if not n or not p:
        return None
    above_negative = (np.cumsum(negative) - negative / 2) / n  # of a positive in this bin: share of negatives below
    below_positive = (p - np.cumsum(positive) + positive / 2) / p  # of a negative: share of positives above
    auc = float(positive @ above_negative / p)
    if n > 1 and p > 1:
        of_positives = float(positive @ (above_negative - auc) ** 2) / (p - 1)
        of_negatives = float(negative @ (below_positive - auc) ** 2) / (n - 1)
        variance = of_positives / p + of_negatives / n
    else:
        variance = hanley_mcneil_variance(auc, p, n)
    return logit(auc, variance)


def roc_auc_resolution(counts: BinaryCounts) -> float:
    """The most that binning can have moved ROC-AUC, either way: half the share of pairs that meet in one bin."""
    negative, positive = counts.histogram
    pairs = int(negative.sum()) * int(positive.sum())
    return float(negative @ positive) / pairs / 2 if pairs else 0.0


def pr_auc(counts: BinaryCounts) -> Estimate | None:
    """Average precision Σ (R_i − R_{i−1}) P_i over the bins from the highest score down; None without a positive.

    Equal to scikit-learn's `average_precision_score` of the binned scores. Interval: Boyd, Eng & Page (2013).
    """
    negative, positive = counts.histogram[:, ::-1]
    p = int(positive.sum())
    if p <= 0:
        return None
    taken = np.cumsum(positive + negative)
    precision = np.cumsum(positive) / np.where(taken > 0, taken, 1)
    value = min(float(positive @ precision) / p, 1.0)
    return logit(value, value * (1 - value) / p)


def log_loss(counts: BinaryCounts) -> Estimate | None:
    """Mean −ln of the probability given to the label, 0 … 36.04 nats; exact."""
    return normal_mean(float(counts.sums[LOSS]), float(counts.sums[LOSS_SQUARES]), counts.rows)


def brier(counts: BinaryCounts) -> Estimate | None:
    """Mean squared difference of score and label, 0 … 1; exact. Source: Brier (1950)."""
    return normal_mean(float(counts.sums[BRIER]), float(counts.sums[BRIER_SQUARES]), counts.rows)


def calibration_error(counts: BinaryCounts) -> float | None:
    """Expected calibration error, 0 … 1: Σ share of bin · |mean score − share of positives|; exact; None without rows.

    Source: Naeini, Cooper & Hauskrecht, AAAI 2015, with CALIBRATION_BINS equal bins.
    """
    if not counts.rows:
        return None
    positives = np.bincount(_CALIBRATION_OF_BIN, weights=counts.histogram[1], minlength=CALIBRATION_BINS)
    return float(np.abs(counts.scores - positives).sum() / counts.rows)


def at_threshold(counts: BinaryCounts, threshold: float = 0.5) -> AtThreshold:
    """Figures when a score ≥ threshold counts as positive; the threshold is moved to the nearest bin edge (every
    multiple of 0.001 is one)."""
    edge = int(np.abs(SCORE_EDGES - threshold).argmin())
    below = counts.histogram[:, :edge].sum(axis=1).tolist()
    above = counts.histogram[:, edge:].sum(axis=1).tolist()
    confusion = Confusion(above[1], above[0], below[0], below[1])
    tp, fp, tn, fn = confusion
    return AtThreshold(
        threshold=float(SCORE_EDGES[edge]),
        confusion=confusion,
        accuracy=wilson(tp + tn, tp + tn + fp + fn),
        precision=wilson(tp, tp + fp),
        recall=wilson(tp, tp + fn),
        specificity=wilson(tn, tn + fp),
        f1=2 * tp / (2 * tp + fp + fn) if tp + fp + fn else None,
    )
