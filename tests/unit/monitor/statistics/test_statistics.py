"""Each statistic against scipy and against values worked by hand."""

import numpy as np
import pytest
from scipy.spatial.distance import jensenshannon
from scipy.stats import chi2, chi2_contingency, ks_2samp, kstwo, wasserstein_distance

from services.monitor.statistics import (
    chi_square,
    hellinger,
    jensen_shannon,
    kolmogorov_smirnov,
    kolmogorov_smirnov_p_value,
    l_infinity,
    psi,
    psi_noise,
    psi_threshold,
    wasserstein,
)

REFERENCE = np.array([50, 30, 20])
CURRENT = np.array([20, 30, 50])


def test_psi_of_a_worked_example() -> None:
    # (0.5 − 0.2)·ln(0.5/0.2) + 0 + (0.2 − 0.5)·ln(0.2/0.5) = 2 · 0.3 · ln 2.5
    assert psi(REFERENCE, CURRENT) == pytest.approx(0.6 * np.log(2.5), rel=1e-14)


def test_psi_fills_an_empty_bin_with_one_in_ten_thousand() -> None:
    # Shares 0.5, 0.5, 0 against 0.5, 0.25, 0.25: 0.25·ln 2 + (1e-4 − 0.25)·ln(1e-4/0.25)
    expected = 0.25 * np.log(2) + (1e-4 - 0.25) * np.log(1e-4 / 0.25)
    assert psi(np.array([2, 2, 0]), np.array([2, 1, 1])) == pytest.approx(expected, rel=1e-14)


def test_psi_fills_an_empty_bin_beside_a_very_rare_one_with_less_than_the_rare_share() -> None:
    reference, current = np.array([50_000, 49_999, 1]), np.array([50_000, 0, 1])
    r = reference / 100_000
    c = np.array([50_000 / 50_001, 1 / 50_001 / 1e6, 1 / 50_001])
    assert psi(reference, current) == pytest.approx(((r - c) * np.log(r / c)).sum(), rel=1e-12)


def test_psi_ignores_a_bin_that_is_empty_on_both_sides() -> None:
    assert psi(np.array([5, 0, 5]), np.array([2, 0, 8])) == psi(np.array([5, 5]), np.array([2, 8]))


def test_psi_noise_is_what_samples_of_one_distribution_have_on_average() -> None:
    rng = np.random.default_rng(1)
    reference = rng.multinomial(5_000, np.full(10, 0.1), size=3_000)
    current = rng.multinomial(1_000, np.full(10, 0.1), size=3_000)
    assert psi(reference, current).mean() == pytest.approx(psi_noise(5_000, 1_000, 10), rel=0.03)


def test_psi_threshold_is_crossed_once_in_a_thousand_windows_without_drift() -> None:
    rng = np.random.default_rng(2)
    reference = rng.multinomial(20_000, np.full(10, 0.1), size=40_000)
    current = rng.multinomial(5_000, np.full(10, 0.1), size=40_000)
    share = (psi(reference, current) > psi_threshold(20_000, 5_000, 10)).mean()
    assert 0.0005 < share < 0.0017


def test_psi_threshold_is_the_scaled_chi_square_quantile() -> None:
    expected = (1 / 5_000 + 1 / 1_000) * chi2.ppf(0.999, 9)
    assert psi_threshold(5_000, 1_000, 10) == pytest.approx(expected, rel=1e-12)


def test_psi_threshold_is_undefined_with_one_bin_or_no_rows() -> None:
    assert np.isnan(psi_threshold(100, 100, 1))
    assert np.isnan(psi_threshold(100, 0, 10))


def test_jensen_shannon_is_scipys_distance_to_base_two() -> None:
    assert jensen_shannon(REFERENCE, CURRENT) == pytest.approx(jensenshannon(REFERENCE, CURRENT, base=2), rel=1e-14)


def test_jensen_shannon_of_disjoint_counts_is_one() -> None:
    assert jensen_shannon(np.array([5, 0]), np.array([0, 9])) == pytest.approx(1.0)


def test_hellinger_of_a_worked_example() -> None:
    # ((√0.5 − √0.2)² · 2) / 2, then the root: √0.5 − √0.2
    assert hellinger(REFERENCE, CURRENT) == pytest.approx(np.sqrt(0.5) - np.sqrt(0.2), rel=1e-14)


def test_l_infinity_is_the_largest_change_of_a_share() -> None:
    assert l_infinity(REFERENCE, CURRENT) == pytest.approx(0.3, rel=1e-14)


@pytest.mark.parametrize(
    ("reference", "current"),
    [([50, 30, 20], [20, 30, 50]), ([70, 30], [50, 50]), ([10, 10, 0], [10, 5, 5]), ([10, 0, 3], [20, 0, 2])],
)
def test_chi_square_is_scipys_contingency_test_over_the_occupied_bins(reference: list[int], current: list[int]) -> None:
    table = np.array([reference, current])
    expected = chi2_contingency(table[:, table.sum(axis=0) > 0])
    result = chi_square(np.array(reference), np.array(current))
    assert result.statistic == pytest.approx(expected.statistic, rel=1e-12)
    assert result.p_value == pytest.approx(expected.pvalue, rel=1e-12)
    assert result.freedom == expected.dof


def test_chi_square_of_a_single_occupied_bin_is_undefined() -> None:
    assert np.isnan(chi_square(np.array([5, 0]), np.array([9, 0])).p_value)


def test_kolmogorov_smirnov_is_scipys_where_every_value_is_a_bin() -> None:
    rng = np.random.default_rng(3)
    a, b = rng.integers(0, 30, 500), rng.integers(2, 33, 300)
    statistic = kolmogorov_smirnov(np.bincount(a, minlength=33), np.bincount(b, minlength=33))
    assert statistic == pytest.approx(ks_2samp(a, b).statistic, rel=1e-12)


@pytest.mark.parametrize(("n", "m"), [(100, 100), (1_000, 5_000), (100_000, 10_000)])
def test_the_fast_p_value_is_scipys_exact_one(n: int, m: int) -> None:
    effective = n * m / (n + m)
    for x in (0.4, 0.8, 1.2, 1.6, 2.2):
        statistic = x / np.sqrt(effective)
        expected = kstwo.sf(statistic, round(effective))
        assert kolmogorov_smirnov_p_value(statistic, n, m) == pytest.approx(expected, abs=5e-4)


def test_wasserstein_is_scipys_where_every_value_is_an_edge() -> None:
    rng = np.random.default_rng(4)
    a, b = rng.normal(0, 1, 300), rng.normal(0.3, 1.2, 200)
    edges = np.unique(np.concatenate((a, b)))
    edges = np.unique(np.concatenate((edges, np.nextafter(edges, np.inf))))
    counts = [np.bincount(edges.searchsorted(x, side="right"), minlength=len(edges) + 1) for x in (a, b)]
    expected = wasserstein_distance(a, b) / a.std()
    assert wasserstein(counts[0], counts[1], edges, a.std()) == pytest.approx(expected, rel=1e-9)


def test_wasserstein_takes_what_lies_beyond_the_edges_as_given() -> None:
    # Reference all in [0, 1]; current all at 3, which is 2 beyond the last edge: every row moves from 0.5 on average.
    figure = wasserstein(np.array([0, 4, 0]), np.array([0, 0, 4]), np.array([0.0, 1.0]), 1.0, outside=2.0)
    assert figure == pytest.approx(2.5)


def test_wasserstein_follows_a_crossing_of_the_distribution_functions() -> None:
    # F_r − F_c goes from +½ to −½ over one bin of width 1: two triangles of ½ · ½ · ½
    figure = wasserstein(np.array([1, 0, 1]), np.array([0, 2, 0]), np.array([0.0, 1.0]))
    assert figure == pytest.approx(0.25)


def test_wasserstein_in_units_of_a_constant_reference_is_undefined() -> None:
    assert np.isnan(wasserstein(np.array([0, 1, 0]), np.array([0, 0, 1]), np.array([0.0, 1.0]), 0.0))


@pytest.mark.parametrize("statistic", [psi, jensen_shannon, hellinger, l_infinity, kolmogorov_smirnov])
def test_a_side_without_rows_has_no_figure(statistic) -> None:
    assert np.isnan(statistic(np.array([1, 2]), np.array([0, 0])))
    assert np.isnan(statistic(np.array([0, 0]), np.array([1, 2])))


@pytest.mark.parametrize("statistic", [psi, jensen_shannon, hellinger, l_infinity, kolmogorov_smirnov])
def test_many_windows_at_once_give_what_each_gives_alone(statistic) -> None:
    rng = np.random.default_rng(5)
    current = rng.integers(0, 50, (4, 3, 6))
    reference = rng.integers(1, 50, (3, 6))
    together = statistic(reference, current)
    assert together.shape == (4, 3)
    for i in range(4):
        for j in range(3):
            assert together[i, j] == pytest.approx(statistic(reference[j], current[i, j]), rel=1e-12)
