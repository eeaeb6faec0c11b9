"""Latencies and repeated ids: counts that add up, quantiles that are right within one per cent."""

import numpy as np
import pytest

from services.monitor.counts.service import ServiceCounts, count_duplicates, count_latency


@pytest.mark.parametrize("share", [0.0, 0.5, 0.9, 0.99, 1.0])
def test_quantiles_are_those_of_the_rows_within_one_per_cent(share: float) -> None:
    values = np.random.default_rng(1).lognormal(3, 1, 20_000)
    found = count_latency(values).latency_quantile(share)
    exact = np.sort(values)[max(0, int(np.ceil(share * len(values))) - 1)]
    assert found == pytest.approx(exact, rel=0.0101)


def test_counts_of_parts_are_the_counts_of_the_whole() -> None:
    values = np.random.default_rng(2).exponential(50, 3_000)
    parts = sum((count_latency(part) for part in np.array_split(values, 7)), start=ServiceCounts())
    whole = count_latency(values)
    assert parts.latency == whole.latency
    assert parts.latency_mean == pytest.approx(values.mean())
    assert parts.latency_most == values.max()


def test_unknown_latencies_are_no_latencies_and_extremes_are_clipped() -> None:
    assert count_latency(np.array([np.nan, np.nan])) == ServiceCounts()
    assert ServiceCounts().latency_quantile(0.5) is None
    assert ServiceCounts().latency_mean is None
    counted = count_latency(np.array([0.0, 1e12, np.nan]))
    assert counted.latency_rows == 2
    assert counted.latency_most == 1e12


def test_rows_beyond_the_first_of_an_id_are_duplicates() -> None:
    assert count_duplicates(np.array([7, 3, 7, 7, 3, 1], dtype=np.uint64)) == 3
    assert count_duplicates(np.array([], dtype=np.uint64)) == 0
