import numpy as np
import numpy.typing as npt
import pytest
from sklearn import metrics

from services.monitor.performance.binary import (
    SCORE_EDGES,
    BinaryCounts,
    at_threshold,
    brier,
    calibration_error,
    count_binary,
    log_loss,
    no_binary,
    pr_auc,
    roc_auc,
    roc_auc_resolution,
)
from services.monitor.performance.intervals import hanley_mcneil_variance


def scored(rows: int = 20_000, seed: int = 30, rate: float = 0.3) -> tuple[npt.NDArray, npt.NDArray]:
    rng = np.random.default_rng(seed)
    labels = (rng.random(rows) < rate).astype(np.float64)
    logits = rng.normal(0, 1, rows) + 1.2 * labels + np.log(rate / (1 - rate)) - 0.4
    return 1 / (1 + np.exp(-logits)), labels


def test_roc_auc_is_the_share_of_pairs_in_the_right_order() -> None:
    # Positives 0.9 and 0.4, negatives 0.5 and 0.4: of four pairs two and a half are in order.
    counts = count_binary(np.array([0.9, 0.4, 0.5, 0.4]), np.array([1.0, 1.0, 0.0, 0.0]))
    auc = roc_auc(counts)
    assert auc is not None
    assert auc.value == pytest.approx(2.5 / 4)


def test_roc_auc_and_average_precision_are_scikit_learns() -> None:
    scores, labels = scored()
    counts = count_binary(scores, labels)
    auc, area = roc_auc(counts), pr_auc(counts)
    assert auc is not None
    assert area is not None
    assert auc.value == pytest.approx(metrics.roc_auc_score(labels, scores), abs=2e-5)
    assert area.value == pytest.approx(metrics.average_precision_score(labels, scores), abs=5e-4)
    assert abs(auc.value - metrics.roc_auc_score(labels, scores)) <= roc_auc_resolution(counts)


def test_scores_of_a_rare_class_crowded_near_zero_keep_their_order() -> None:
    scores, labels = scored(200_000, rate=0.002)
    scores = scores**2
    auc = roc_auc(count_binary(scores, labels))
    assert auc is not None
    assert auc.value == pytest.approx(metrics.roc_auc_score(labels, scores), abs=1e-3)


def test_log_loss_and_brier_are_exactly_scikit_learns() -> None:
    scores, labels = scored()
    counts = count_binary(scores, labels)
    loss, error = log_loss(counts), brier(counts)
    assert loss is not None
    assert error is not None
    assert loss.value == pytest.approx(metrics.log_loss(labels, scores), rel=1e-12)
    assert error.value == pytest.approx(metrics.brier_score_loss(labels, scores), rel=1e-12)


def test_a_certain_and_wrong_score_has_a_finite_loss() -> None:
    loss = log_loss(count_binary(np.array([0.0]), np.array([1.0])))
    assert loss is not None
    assert loss.value == pytest.approx(36.04, abs=0.01)


@pytest.mark.parametrize("threshold", [0.0, 0.1, 0.3, 0.5, 0.57, 0.9, 1.0])
def test_figures_at_a_threshold_are_scikit_learns(threshold: float) -> None:
    scores, labels = scored()
    scores[:50] = threshold  # a score on the threshold counts as positive
    at = at_threshold(count_binary(scores, labels), threshold)
    predicted = scores >= threshold
    assert at.threshold == threshold
    assert at.accuracy is not None
    assert at.accuracy.value == pytest.approx(metrics.accuracy_score(labels, predicted))
    assert at.recall is not None
    assert at.recall.value == pytest.approx(metrics.recall_score(labels, predicted))
    assert at.precision is not None
    assert at.precision.value == pytest.approx(metrics.precision_score(labels, predicted))
    assert at.f1 == pytest.approx(metrics.f1_score(labels, predicted))
    tn, fp, fn, tp = metrics.confusion_matrix(labels, predicted, labels=[0, 1]).ravel().tolist()
    assert at.confusion == (tp, fp, tn, fn)


def test_calibration_error_of_a_worked_example() -> None:
    # Bin [0.2, 0.3): mean score 0.25, half positive, half of the rows; bin [0.9, 1]: 0.95, all positive.
    counts = count_binary(np.array([0.25, 0.25, 0.95, 0.95]), np.array([0.0, 1.0, 1.0, 1.0]))
    assert calibration_error(counts) == pytest.approx(0.5 * 0.25 + 0.5 * 0.05)


def test_calibrated_scores_have_little_calibration_error() -> None:
    rng = np.random.default_rng(31)
    scores = rng.random(200_000)
    labels = (rng.random(200_000) < scores).astype(np.float64)
    error = calibration_error(count_binary(scores, labels))
    assert error is not None
    assert error < 0.005


def test_scores_and_labels_that_are_none_are_counted_and_left_out() -> None:
    scores = np.array([0.5, 1.5, -0.1, np.nan, 0.5, 0.5])
    labels = np.array([1.0, 1.0, 1.0, 1.0, 2.0, np.nan])
    counts = count_binary(scores, labels)
    assert counts.rows == 1
    assert counts.invalid == 5


@pytest.mark.parametrize("score", [0.0, 1.0])
def test_the_ends_of_the_scale_have_bins(score: float) -> None:
    assert count_binary(np.array([score]), np.array([1.0])).rows == 1


def test_without_both_labels_there_is_no_auc() -> None:
    assert roc_auc(no_binary()) is None
    assert pr_auc(no_binary()) is None
    assert log_loss(no_binary()) is None
    assert calibration_error(no_binary()) is None
    assert roc_auc(count_binary(np.array([0.5]), np.array([1.0]))) is None
    assert at_threshold(no_binary()).accuracy is None


def test_a_corrected_label_leaves_no_trace() -> None:
    scores, labels = scored(500)
    corrected = labels.copy()
    corrected[:40] = 1 - corrected[:40]
    counts = count_binary(scores, labels)
    counts = counts - count_binary(scores[:40], labels[:40]) + count_binary(scores[:40], corrected[:40])
    expected = count_binary(scores, corrected)
    np.testing.assert_array_equal(counts.histogram, expected.histogram)
    np.testing.assert_allclose(counts.sums, expected.sums)
    np.testing.assert_allclose(counts.scores, expected.scores)


def test_delongs_variance_is_that_of_placement_values() -> None:
    scores, labels = scored(400)
    scores = np.round(scores, 3)  # on bin edges: no ties but real ones
    positives, negatives = scores[labels == 1], scores[labels == 0]
    order = (positives[:, None] > negatives) + 0.5 * (positives[:, None] == negatives)
    variance = order.mean(axis=1).var(ddof=1) / len(positives) + order.mean(axis=0).var(ddof=1) / len(negatives)
    auc = roc_auc(count_binary(scores, labels))
    assert auc is not None
    assert auc.value == pytest.approx(order.mean())
    half = 1.959964 * np.sqrt(variance) / (auc.value * (1 - auc.value))
    center = np.log(auc.value / (1 - auc.value))
    assert auc.low == pytest.approx(1 / (1 + np.exp(-(center - half))), rel=1e-6)
    assert auc.high == pytest.approx(1 / (1 + np.exp(-(center + half))), rel=1e-6)


def test_auc_intervals_hold_the_truth_nineteen_times_in_twenty() -> None:
    truth = roc_auc(count_binary(*scored(400_000, seed=99)))
    assert truth is not None
    hits = 0
    for seed in range(400):
        auc = roc_auc(count_binary(*scored(400, seed=seed)))
        assert auc is not None
        hits += auc.low <= truth.value <= auc.high
    assert 0.92 <= hits / 400 <= 0.98


def test_hanley_and_mcneils_worked_example() -> None:
    # Radiology 143 (1982), table II: AUC 0.893, 51 abnormal and 58 normal: standard error 0.032
    assert np.sqrt(hanley_mcneil_variance(0.893, 51, 58)) == pytest.approx(0.032, abs=0.001)


def test_every_thousandth_is_a_bin_edge() -> None:
    assert np.isin(np.arange(1001) / 1000, SCORE_EDGES).all()


def test_counts_add_up() -> None:
    scores, labels = scored(1_000)
    parts = sum(
        (count_binary(s, y) for s, y in zip(np.split(scores, 10), np.split(labels, 10), strict=True)), no_binary()
    )
    assert isinstance(parts, BinaryCounts)
    np.testing.assert_array_equal(parts.histogram, count_binary(scores, labels).histogram)
