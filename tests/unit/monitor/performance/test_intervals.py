import pytest
from scipy.stats import binomtest

from services.monitor.performance.intervals import logit, normal_mean, wilson


@pytest.mark.parametrize(("successes", "rows"), [(0, 10), (3, 10), (10, 10), (870, 1_000)])
def test_wilsons_interval_is_scipys(successes: int, rows: int) -> None:
    expected = binomtest(successes, rows).proportion_ci(method="wilson")
    estimate = wilson(successes, rows)
    assert estimate is not None
    assert estimate.value == successes / rows
    assert (estimate.low, estimate.high) == pytest.approx((expected.low, expected.high), abs=1e-9)


def test_a_share_of_nothing_is_none() -> None:
    assert wilson(0, 0) is None


def test_the_logit_interval_stays_within_zero_and_one() -> None:
    estimate = logit(0.99, 0.01)
    assert 0 < estimate.low < 0.99 < estimate.high < 1
    assert logit(1.0, 0.5) == (1.0, 1.0, 1.0)


def test_the_mean_of_one_row_has_no_width() -> None:
    assert normal_mean(3.0, 9.0, 1) == (3.0, 3.0, 3.0)
    assert normal_mean(0.0, 0.0, 0) is None
