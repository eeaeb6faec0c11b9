import numpy as np
import pytest
from sklearn import metrics

from services.monitor.performance.regression import (
    bias,
    count_regression,
    interval_coverage,
    mae,
    mape,
    no_regression,
    r2,
    rmse,
)


def predictions(rows: int = 5_000, offset: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(50)
    labels = rng.normal(20, 5, rows) + offset
    return labels + rng.normal(0.5, 2, rows), labels


def test_figures_are_scikit_learns() -> None:
    predicted, labels = predictions()
    counts = count_regression(predicted, labels)
    found = [estimate.value for estimate in (mae(counts), rmse(counts), mape(counts), bias(counts)) if estimate]
    assert found == pytest.approx(
        [
            metrics.mean_absolute_error(labels, predicted),
            metrics.root_mean_squared_error(labels, predicted),
            metrics.mean_absolute_percentage_error(labels, predicted),
            (predicted - labels).mean(),
        ]
    )
    assert r2(counts) == pytest.approx(metrics.r2_score(labels, predicted))


def test_r2_stays_exact_for_labels_far_from_zero() -> None:
    predicted, labels = predictions(offset=1e9)
    counts = count_regression(predicted, labels, center=1e9)
    assert r2(counts) == pytest.approx(metrics.r2_score(labels, predicted), rel=1e-6)


def test_intervals_hold_the_figure() -> None:
    counts = count_regression(*predictions())
    for estimate in (mae(counts), rmse(counts), bias(counts)):
        assert estimate is not None
        assert estimate.low < estimate.value < estimate.high
    error = bias(counts)
    assert error is not None
    assert error.high - error.low == pytest.approx(2 * 1.96 * 2 / np.sqrt(5_000), rel=0.05)


def test_labels_of_zero_have_no_relative_error() -> None:
    counts = count_regression(np.array([1.0, 3.0]), np.array([0.0, 2.0]))
    relative = mape(counts)
    assert relative is not None
    assert relative.value == pytest.approx(0.5)
    assert counts.nonzero == 1


def test_rows_that_are_not_finite_are_counted_apart() -> None:
    counts = count_regression(np.array([1.0, np.nan, 2.0]), np.array([1.0, 1.0, np.inf]))
    assert (counts.rows, counts.invalid) == (1, 2)


def test_coverage_of_predicted_intervals() -> None:
    labels = np.array([1.0, 2.0, 3.0, 4.0])
    low, high = np.array([0.0, 2.0, 3.5, np.nan]), np.array([1.0, 2.5, 4.0, 9.0])
    counts = count_regression(labels, labels, low=low, high=high)
    assert interval_coverage(counts) == pytest.approx(2 / 3)


def test_a_corrected_label_leaves_rounding_only() -> None:
    predicted, labels = predictions(100)
    corrected = labels.copy()
    corrected[:10] += 3
    counts = count_regression(predicted, labels)
    counts = counts - count_regression(predicted[:10], labels[:10]) + count_regression(predicted[:10], corrected[:10])
    np.testing.assert_allclose(counts.sums, count_regression(predicted, corrected).sums, rtol=1e-12)


def test_sums_about_different_centers_do_not_add_up() -> None:
    with pytest.raises(ValueError, match="add up"):
        no_regression(1.0) + no_regression(2.0)


def test_without_rows_there_are_no_figures() -> None:
    counts = no_regression()
    assert mae(counts) is rmse(counts) is bias(counts) is mape(counts) is r2(counts) is None
    assert interval_coverage(counts) is None
    assert r2(count_regression(np.array([1.0, 2.0]), np.array([3.0, 3.0]))) is None
