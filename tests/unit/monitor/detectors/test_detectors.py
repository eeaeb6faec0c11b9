import numpy as np
import pytest
from scipy.stats import false_discovery_control

from services.monitor.counts.pooling import pool
from services.monitor.detectors.false_discovery import benjamini_hochberg
from services.monitor.detectors.persistence import Watch, step


def test_benjamini_and_hochbergs_worked_example() -> None:
    # JRSS B 57 (1995), section 3.2: fifteen tests at 0.05, the four smallest are rejected.
    p_values = np.array(
        [
            0.0001,
            0.0004,
            0.0019,
            0.0095,
            0.0201,
            0.0278,
            0.0298,
            0.0344,
            0.0459,
            0.3240,
            0.4262,
            0.5719,
            0.6528,
            0.7590,
            1.0,
        ]
    )
    assert np.flatnonzero(benjamini_hochberg(p_values, 0.05)).tolist() == [0, 1, 2, 3]


def test_false_discovery_control_agrees_with_scipy_for_every_row() -> None:
    p_values = np.random.default_rng(80).random((200, 12)) ** 3
    marks = benjamini_hochberg(p_values, 0.05)
    for row, marked in zip(p_values, marks, strict=True):
        assert (marked == (false_discovery_control(row) <= 0.05)).all()


def test_a_feature_without_a_test_is_never_marked_and_doesnt_count() -> None:
    marks = benjamini_hochberg(np.array([0.04, np.nan, np.nan]), 0.05)
    assert marks.tolist() == [True, False, False]
    assert not benjamini_hochberg(np.array([np.nan, np.nan]), 0.05).any()


def test_bins_that_expect_too_few_rows_are_joined() -> None:
    reference = np.array([900, 60, 30, 10, 0])
    current = np.array([80, 8, 6, 4, 2])  # 100 rows: 90, 6, 3, 1 and 0 expected
    r, c = pool(reference, current)
    assert r.tolist() == [900, 60 + 40, 0, 0, 0, 0]  # 4 expected together: still too few, so with the rarest other
    assert c.tolist() == [80, 8 + 12, 0, 0, 0, 0]


def test_pooling_keeps_all_rows_for_any_shape() -> None:
    rng = np.random.default_rng(81)
    reference, current = rng.poisson(3, (7, 30)), rng.poisson(1, (4, 7, 30))
    r, c = pool(reference, current)
    assert c.shape == (4, 7, 31)
    np.testing.assert_array_equal(c.sum(axis=-1), current.sum(axis=-1))
    np.testing.assert_array_equal(r.sum(axis=-1), np.broadcast_to(reference.sum(axis=-1), (4, 7)))


def test_an_alarm_opens_after_two_firing_windows_and_resolves_after_two_quiet_ones() -> None:
    watch, seen = Watch(), []
    for firing in (True, False, True, True, True, False, True, False, False, False):
        watch, happened = step(watch, firing)
        seen.append(happened)
    assert seen == [None, None, None, "opened", None, None, None, None, "resolved", None]
    assert watch == Watch()


@pytest.mark.parametrize("firing", [True, False])
def test_an_alarm_that_opens_at_once_follows_each_window(firing: bool) -> None:
    watch, happened = step(Watch(open=not firing), firing, open_after=1, resolve_after=1)
    assert watch.open is firing
    assert happened == ("opened" if firing else "resolved")
