"""The e-detector: rarely wrong however long it runs, and quick when something changes."""

import numpy as np
import pytest
from scipy.stats import norm

from services.monitor.detectors.sequential import STEPS_TO_A_FALSE_ALARM, Detector, limit_p_values, step


def steps_to_alarm(p_values: np.ndarray, steps: float, subjects: int = 1) -> int:
    """Number of the step that alarms, or how many there were."""
    detector = Detector()
    for number, p in enumerate(p_values, 1):
        detector = step(detector, float(p))
        if detector.alarms(subjects, steps):
            return number
    return len(p_values)


def test_without_a_change_the_mean_time_to_an_alarm_is_at_least_the_stated_one() -> None:
    rng = np.random.default_rng(1)
    times = [steps_to_alarm(rng.random(2_000), steps=100) for _ in range(150)]
    assert np.mean(times) >= 100


def test_a_change_is_found_within_a_few_steps() -> None:
    rng = np.random.default_rng(2)
    times = []
    for _ in range(50):
        quiet, changed = rng.random(200), norm.sf(rng.normal(3.0, 1.0, 200))
        found = steps_to_alarm(np.concatenate([quiet, changed]), STEPS_TO_A_FALSE_ALARM)
        times.append(found - 200)
    assert np.mean([t < 0 for t in times]) <= 0.1
    assert np.median(times) <= 12


def test_many_detectors_side_by_side_share_the_rate() -> None:
    detector = Detector(log_value=float(np.log(2 * STEPS_TO_A_FALSE_ALARM)))
    assert detector.alarms(1)
    assert not detector.alarms(20)


def test_nothing_seen_changes_nothing_and_certain_p_values_stay_finite() -> None:
    assert step(Detector(log_value=2.0), float("nan")) == Detector(log_value=2.0)
    detector = Detector()
    for _ in range(1_000):
        detector = step(detector, 0.0)
    assert np.isfinite(detector.log_value)
    assert step(Detector(), 1.0).log_value == pytest.approx(np.log(0.5))


def test_p_values_at_the_limit_are_uniform_at_the_limit_and_small_beyond() -> None:
    rng = np.random.default_rng(3)
    shares, rows = np.full(10, 0.1), 400
    shifted = shares * (1 + 0.25 * np.array([1, -1] * 5))
    true = float(((shifted - shares) * np.log(shifted / shares)).sum())
    current = rng.multinomial(rows, shifted, 4_000) / rows
    psi = ((current - shares) * np.log(np.maximum(current, 1e-4) / shares)).sum(axis=1)
    freedom, noise = np.full(4_000, 9.0), np.full(4_000, 9.0 / rows)
    at_limit = limit_p_values(psi - noise, noise, freedom, np.full(4_000, true))
    assert np.mean(at_limit <= 0.05) <= 0.08
    assert np.mean(at_limit <= 0.5) == pytest.approx(0.5, abs=0.06)
    below = limit_p_values(psi - noise, noise, freedom, np.full(4_000, true / 4))
    assert np.mean(below <= 0.05) > 0.5
    assert np.isnan(limit_p_values(np.array([0.1]), np.array([0.0]), np.array([0.0]), np.array([0.1]))).all()
    assert limit_p_values(np.array([0.1]), np.array([1e-6]), np.array([9.0]), np.array([1.0]))[0] == 1.0
