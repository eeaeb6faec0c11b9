"""What every statistic keeps, whatever the counts."""

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from services.monitor.statistics import (
    chi_square,
    hellinger,
    jensen_shannon,
    kolmogorov_smirnov,
    kolmogorov_smirnov_p_value,
    l_infinity,
    psi,
    wasserstein,
)

Pair = tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]

quickly = settings(max_examples=60, deadline=None)

BOUNDED = [jensen_shannon, hellinger, l_infinity, kolmogorov_smirnov]
ALL = [psi, *BOUNDED]


@st.composite
def pairs(draw: st.DrawFn, low: int = 0) -> Pair:
    bins = draw(st.integers(2, 12))
    counts = arrays(np.int64, bins, elements=st.integers(low, 10_000))
    return draw(counts.filter(lambda c: c.sum() > 0)), draw(counts.filter(lambda c: c.sum() > 0))


@pytest.mark.parametrize("statistic", ALL)
@quickly
@given(pair=pairs())
def test_a_distance_is_the_same_both_ways(statistic, pair: Pair) -> None:
    a, b = pair
    assert statistic(a, b) == pytest.approx(statistic(b, a), rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("statistic", ALL)
@quickly
@given(pair=pairs(), factor=st.integers(1, 50))
def test_equal_shares_have_no_distance(statistic, pair: Pair, factor: int) -> None:
    assert statistic(pair[0], pair[0] * factor) == pytest.approx(0.0, abs=1e-7)


@pytest.mark.parametrize("statistic", BOUNDED)
@quickly
@given(pair=pairs())
def test_a_bounded_distance_stays_within_zero_and_one(statistic, pair: Pair) -> None:
    assert -1e-12 <= statistic(*pair) <= 1 + 1e-12


@quickly
@given(pair=pairs())
def test_psi_is_never_negative(pair: Pair) -> None:
    assert psi(*pair) >= -1e-12


@pytest.mark.parametrize("statistic", [jensen_shannon, hellinger, kolmogorov_smirnov])
@quickly
@given(pair=pairs())
def test_joining_two_bins_never_adds_distance(statistic, pair: Pair) -> None:
    a, b = (np.concatenate((counts[:-2], [counts[-2:].sum()])) for counts in pair)
    assert statistic(a, b) <= statistic(*pair) + 1e-9


@quickly
@given(pair=pairs(low=1))
def test_joining_two_occupied_bins_never_adds_psi(pair: Pair) -> None:
    a, b = (np.concatenate((counts[:-2], [counts[-2:].sum()])) for counts in pair)
    assert psi(a, b) <= psi(*pair) + 1e-9


@quickly
@given(pair=pairs())
def test_bounds_between_the_distances_hold(pair: Pair) -> None:
    # Hellinger² ≤ total variation ≤ √2 · Hellinger; L-infinity and KS ≤ total variation
    a, b = pair
    variation = np.abs(a / a.sum() - b / b.sum()).sum() / 2
    assert hellinger(a, b) ** 2 <= variation + 1e-9
    assert variation <= np.sqrt(2) * hellinger(a, b) + 1e-9
    assert l_infinity(a, b) <= variation + 1e-9
    assert kolmogorov_smirnov(a, b) <= variation + 1e-9


@quickly
@given(pair=pairs())
def test_p_values_lie_within_zero_and_one(pair: Pair) -> None:
    a, b = pair
    test = chi_square(a, b)
    assert test.statistic >= 0 or np.isnan(test.statistic)
    assert 0 <= test.p_value <= 1 or np.isnan(test.p_value)
    p_value = kolmogorov_smirnov_p_value(kolmogorov_smirnov(a, b), a.sum(), b.sum())
    assert 0 <= p_value <= 1


@quickly
@given(pair=pairs(), shift=st.floats(0.01, 100), scale=st.floats(0.1, 10))
def test_wasserstein_moves_with_the_unit_and_not_with_the_origin(pair: Pair, shift: float, scale: float) -> None:
    a, b = pair
    edges = np.arange(len(a) - 1, dtype=np.float64)
    distance = wasserstein(a, b, edges)
    assert distance >= 0
    assert wasserstein(a, b, edges + shift) == pytest.approx(distance, rel=1e-6, abs=1e-9)
    assert wasserstein(a, b, edges * scale) == pytest.approx(distance * scale, rel=1e-6, abs=1e-9)
    assert wasserstein(a, b, edges * scale, scale) == pytest.approx(distance, rel=1e-6, abs=1e-9)
