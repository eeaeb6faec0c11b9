"""Performance estimated without labels: close to the truth while scores mean what they meant, flagged when not."""

import numpy as np
import pytest
from sklearn.isotonic import IsotonicRegression
from sklearn.metrics import accuracy_score, f1_score, precision_score, recall_score, roc_auc_score

from services.monitor.performance.binary import BinaryCounts, count_binary, no_binary
from services.monitor.performance.estimation import calibrated, calibration_drift, chances, estimated


def drawn(rows: int, seed: int, shift: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Overconfident scores: a positive's chance is 0.2 + 0.6 · score²."""
    made = np.random.default_rng(seed)
    score = np.clip(np.round(made.beta(2, 3, rows) + shift, 3), 0, 1)
    return score, (made.random(rows) < 0.2 + 0.6 * score**2).astype(float)


def by_score(score: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    values, rows = np.unique(score, return_counts=True)
    return values, rows.astype(float)


@pytest.fixture(scope="module")
def steps() -> tuple[np.ndarray, np.ndarray]:
    found = calibrated(count_binary(*drawn(50_000, 1)))
    assert found is not None
    return found


def test_calibration_is_isotonic_regression_over_steps_of_a_hundredth(steps: tuple[np.ndarray, np.ndarray]) -> None:
    score, label = drawn(50_000, 1)
    fitted = IsotonicRegression(y_min=0, y_max=1).fit(score, label)
    found = chances(steps, score)
    assert np.abs(found - fitted.predict(score)).mean() < 0.005
    assert found.mean() == pytest.approx(label.mean())
    assert (np.diff(steps[1]) > 0).all()


@pytest.mark.parametrize("shift", [0.0, 0.2, -0.15])
def test_estimates_are_close_to_what_labels_will_say_though_scores_have_drifted(
    steps: tuple[np.ndarray, np.ndarray], shift: float
) -> None:
    score, label = drawn(60_000, 2, shift)
    found = estimated(steps, *by_score(score))
    assert found is not None
    hard = score >= 0.5
    assert found.roc_auc == pytest.approx(roc_auc_score(label, score), abs=0.022)
    assert found.accuracy == pytest.approx(accuracy_score(label, hard), abs=0.022)
    assert found.precision == pytest.approx(precision_score(label, hard), abs=0.022)
    assert found.recall == pytest.approx(recall_score(label, hard), abs=0.022)
    assert found.f1 == pytest.approx(f1_score(label, hard), abs=0.022)
    assert found.calibration_drift is None


def test_labels_that_contradict_the_scores_raise_the_flag(steps: tuple[np.ndarray, np.ndarray]) -> None:
    score, label = drawn(3_000, 3)
    assert calibration_drift(steps, count_binary(score, label)) is False
    assert calibration_drift(steps, count_binary(score, 1 - label)) is True
    assert calibration_drift(steps, count_binary(score[:50], label[:50])) is None
    found = estimated(steps, *by_score(score), labelled=count_binary(score, 1 - label))
    assert found is not None
    assert found.calibration_drift is True


def test_nothing_is_estimated_from_too_little(steps: tuple[np.ndarray, np.ndarray]) -> None:
    assert calibrated(no_binary()) is None
    assert calibrated(count_binary(*drawn(400, 4))) is None
    only: BinaryCounts = count_binary(np.full(900, 0.5), np.ones(900))
    assert calibrated(only) is None
    assert estimated(steps, np.array([0.5]), np.array([0.0])) is None
    one = estimated(steps, np.array([0.5]), np.array([1.0]))
    assert one is not None
    assert one.rows == 1
