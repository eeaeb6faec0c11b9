"""Tests of two models on the same rows, against scipy's own."""

import numpy as np
import pytest
from scipy import stats

from services.registry.evaluations.paired import compared


def test_right_and_wrong_is_mcnemars_exact_test() -> None:
    ours = [1.0] * 60 + [0.0] * 40
    theirs = [1.0] * 45 + [0.0] * 15 + [1.0] * 5 + [0.0] * 35
    test = compared(ours, theirs)
    assert test is not None
    assert (test.test, test.rows, round(test.better_by, 6)) == ("mcnemar", 100, 0.1)
    assert test.p_value == pytest.approx(stats.binomtest(5, 20, 0.5, alternative="less").pvalue)


def test_other_scores_are_compared_by_students_t() -> None:
    rng = np.random.default_rng(7)
    ours, theirs = rng.normal(0.1, 1, 200), rng.normal(0, 1, 200)
    test = compared(list(ours), list(theirs))
    assert test is not None
    assert test.test == "paired_t"
    assert test.p_value == pytest.approx(stats.ttest_rel(ours, theirs, alternative="greater").pvalue)
    loss = compared(list(ours), list(theirs), higher_is_better=False)
    assert loss is not None
    assert loss.p_value == pytest.approx(1 - test.p_value)


def test_equal_models_are_explained_by_chance() -> None:
    same = [0.0, 1.0] * 20
    test = compared(same, same)
    assert test is not None
    assert (test.p_value, test.better_by) == (1.0, 0.0)
    shifted = compared([2.5] * 20, [1.5] * 20)
    assert shifted is not None
    assert shifted.p_value == 0.0


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [([0.0] * 9, [1.0] * 9), ([0.0] * 20, [0.0] * 19), ([float("nan")] * 20, [0.0] * 20)],
    ids=["few rows", "other rows", "not a number"],
)
def test_what_cant_be_compared_isnt(ours: list[float], theirs: list[float]) -> None:
    assert compared(ours, theirs) is None


def test_a_false_alarm_is_as_rare_as_promised() -> None:
    """Of 2,000 pairs of equally good models, about 5 % have p < 0.05 (exact tests: at most that, but for chance)."""
    rng = np.random.default_rng(11)
    alarms = 0
    for _ in range(2000):
        a, b = (rng.random(120) < 0.8).astype(float), (rng.random(120) < 0.8).astype(float)
        test = compared(list(a), list(b))
        alarms += test is not None and test.p_value < 0.05
    assert alarms / 2000 < 0.065
