"""Performance at and over thresholds, by score bin and class, against scikit-learn."""

import numpy as np
import pytest
from sklearn.calibration import calibration_curve
from sklearn.metrics import confusion_matrix, precision_score, recall_score

from services.monitor.counts.columns import Codes
from services.monitor.performance.binary import count_binary, no_binary
from services.monitor.performance.classes import ClassCounts, count_classes
from services.monitor.performance.detail import calibration, confusion, curve, threshold_view


def rows() -> tuple[np.ndarray, np.ndarray]:
    made = np.random.default_rng(1)
    score = np.round(made.random(5_000), 3)
    return score, (made.random(5_000) < score).astype(float)


@pytest.mark.parametrize("threshold", [0.0, 0.25, 0.7, 1.0])
def test_figures_at_a_threshold_are_scikit_learns(threshold: float) -> None:
    score, label = rows()
    at = threshold_view(count_binary(score, label), threshold)
    hard = score >= threshold
    tn, fp, fn, tp = confusion_matrix(label, hard).ravel()
    assert (at.true_positive, at.false_positive, at.true_negative, at.false_negative) == (tp, fp, tn, fn)
    if tp + fp:
        assert at.precision == pytest.approx(precision_score(label, hard))
    assert at.recall == pytest.approx(recall_score(label, hard))


def test_the_curve_falls_in_threshold_and_grows_in_recall() -> None:
    points = curve(count_binary(*rows()), 20)
    assert 15 <= len(points) <= 20
    assert [p.threshold for p in points] == sorted((p.threshold for p in points), reverse=True)
    recalls = [p.recall or 0.0 for p in points]
    assert recalls == sorted(recalls)
    assert curve(no_binary(), 20) == []


def test_calibration_bins_are_scikit_learns() -> None:
    score, label = rows()
    positives, mean = calibration_curve(label, score, n_bins=10)
    bins = calibration(count_binary(score, label))
    # scikit-learn's bins are closed above, ours below: rows on an edge move
    np.testing.assert_allclose([b.positives for b in bins], positives, atol=0.02)
    np.testing.assert_allclose([b.score for b in bins], mean, atol=0.01)
    assert sum(b.rows for b in bins) == 5_000


def test_the_confusion_of_many_classes_shows_the_most_frequent() -> None:
    made = np.random.default_rng(2)
    names = [f"c{i:02d}" for i in range(30)]
    weights = 1 / np.arange(1, 31)
    labels = made.choice(30, 4_000, p=weights / weights.sum()).astype(np.int32)
    predicted = made.choice(30, 4_000, p=weights / weights.sum()).astype(np.int32)
    counts = count_classes(Codes(predicted, names), Codes(labels, names))
    shown, cells = confusion(counts)
    assert len(shown) == 20
    first = shown.index("c00")
    assert cells[first][first] == int(((labels == 0) & (predicted == 0)).sum())
    assert confusion(ClassCounts()) == ([], [])
