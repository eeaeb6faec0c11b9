"""Sketches are exact while there is little, and close to the truth beyond."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.profiling.correlations import Correlations
from services.profiling.hashing import digests_of, text_digests
from services.profiling.sketches import Frequent, Histogram, Sample, Smallest

finite = st.floats(allow_nan=False, allow_infinity=False)


def test_distinct_values_are_exact_up_to_the_size_and_close_beyond() -> None:
    sketch = Smallest(4096)
    sketch.add(digests_of(pa.array(np.arange(4096) % 1000)))
    assert (sketch.estimate(), sketch.complete) == (1000, True)
    for start in range(0, 300_000, 50_000):
        sketch.add(digests_of(pa.array(np.arange(start, start + 50_000))))
    assert not sketch.complete
    assert sketch.estimate() == pytest.approx(300_000, rel=0.06)


def test_a_sample_is_everything_or_uniform() -> None:
    sample = Sample(1000, np.random.default_rng(1))
    sample.add(np.arange(1000.0))
    assert (sample.sorted() == np.arange(1000.0)).all()
    for start in range(1000, 50_000, 1000):
        sample.add(np.arange(start, start + 1000.0))
    assert len(sample.sorted()) == 1000
    assert not sample.complete
    assert np.median(sample.sorted()) == pytest.approx(25_000, rel=0.1)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(finite, max_size=10), min_size=1, max_size=3))
def test_a_histogram_counts_every_value_in_its_bin(batches: list[list[float]]) -> None:
    histogram = Histogram()
    for batch in batches:
        histogram.add(np.array(batch, dtype=np.float64))
    values = np.array([value for batch in batches for value in batch])
    edges, counts = histogram.bins(40)
    assert sum(counts) == len(values)
    assert len(counts) <= 40
    if len(values):
        expected, _ = np.histogram(values, np.array([*edges[:-1], np.inf]))
        assert counts == expected.tolist()


def test_frequent_values_stay_when_rare_ones_are_forgotten() -> None:
    frequent = Frequent(100)
    assert frequent.top(3) == []
    for start in range(0, 5000, 50):
        values = pa.array(["often", *[f"rare {number}" for number in range(start, start + 50)]], pa.large_string())
        frequent.add(values, text_digests(values), np.array([40] + [1] * 50))
    assert not frequent.complete
    assert frequent.top(1) == [("often", 4000)]
    assert frequent.top(2)[1] == (min(name for name, _ in frequent.top(100)[1:]), 1), "equally frequent: by value"


def test_a_value_that_was_forgotten_is_counted_too_low_by_no_more_than_the_stated_error() -> None:
    frequent = Frequent(10)
    for batch in range(20):
        names = ["now and then", *[f"{batch} {number}" for number in range(12)]]
        values = pa.array(names, pa.large_string())
        frequent.add(values, text_digests(values), np.array([1] + [2] * 12))
    last = pa.array(["now and then"], pa.large_string())
    frequent.add(last, text_digests(last), np.array([100]))
    assert frequent.top(1)[0][0] == "now and then"
    assert 120 - frequent.error <= frequent.top(1)[0][1] <= 120


def test_correlations_are_those_of_numpy_also_with_large_offsets_and_gaps() -> None:
    random = np.random.default_rng(3)
    one = random.normal(size=5000) + 1e9
    two = 0.5 * (one - 1e9) + random.normal(size=5000)
    three = np.where(random.random(5000) < 0.3, np.nan, two * -2)
    found = Correlations(["one", "two", "three", "same"])
    for start in range(0, 5000, 500):
        part = slice(start, start + 500)
        found.add([one[part], two[part], three[part], np.ones(500)])
    pairs = {(pair.left, pair.right): pair.value for pair in found.strongest()}
    assert pairs["one", "two"] == pytest.approx(np.corrcoef(one, two)[0, 1], abs=1e-5)
    there = ~np.isnan(three)
    assert pairs["one", "three"] == pytest.approx(np.corrcoef(one[there], three[there])[0, 1], abs=1e-5)
    assert pairs["two", "three"] == pytest.approx(-1)
    assert not any("same" in pair for pair in pairs), "a constant has no correlation"
