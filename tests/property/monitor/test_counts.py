"""Counts are a sum over rows: however rows are batched, ordered, stored and merged, the counts are the same."""

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from services.monitor.counts.columns import Columns, columns_from_lists
from services.monitor.counts.counting import LOWEST, BatchCounts, empty_counts, merge
from services.monitor.counts.packing import pack, unpack
from services.monitor.references.rules import Reference, build_reference
from services.monitor.windows.rules import count_batch, drift, quality, split_rows

_rng = np.random.default_rng(70)
REFERENCE: Reference = build_reference(
    columns_from_lists(
        {
            "x": _rng.normal(0, 10, 3_000).tolist(),
            "k": _rng.integers(0, 5, 3_000).tolist(),
            "c": _rng.choice(["a", "b", "c"], 3_000).tolist(),
        }
    )
)

quickly = settings(max_examples=40, deadline=None)

anything = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=3), st.just([1]))
rows_of_anything = st.lists(st.tuples(anything, anything, anything), max_size=40)

tame = st.one_of(st.none(), st.floats(-1e6, 1e6))
tame_rows = st.lists(st.tuples(tame, st.integers(-2, 8), st.sampled_from(["a", "b", "new", None])), max_size=60)


def columns(rows: list[tuple[object, object, object]]) -> Columns:
    return columns_from_lists({name: [row[i] for row in rows] for i, name in enumerate("xkc")}, REFERENCE.kinds)


def same(a: BatchCounts, b: BatchCounts) -> None:
    assert a.rows == b.rows
    np.testing.assert_array_equal(a.cells, b.cells)
    np.testing.assert_array_equal(a.categories, b.categories)
    np.testing.assert_array_equal(a.tallies, b.tallies)
    np.testing.assert_array_equal(a.moments[:, LOWEST:], b.moments[:, LOWEST:])
    np.testing.assert_allclose(a.moments[:, :LOWEST], b.moments[:, :LOWEST], rtol=1e-9, atol=1e-6)
    assert (a.unseen, a.unknown) == (b.unseen, b.unknown)


@quickly
@given(rows=rows_of_anything)
def test_no_value_is_lost_and_none_raises(rows: list[tuple[object, object, object]]) -> None:
    counts = count_batch(REFERENCE, columns(rows))
    assert counts.rows == len(rows)
    for feature in quality(REFERENCE, counts).features:
        gone = feature.missing + feature.absent + feature.invalid + feature.infinite
        assert feature.usable + gone == len(rows)
        assert min(feature.missing, feature.absent, feature.invalid, feature.infinite, feature.usable) >= 0
    drift(REFERENCE, counts)


@quickly
@given(rows=tame_rows, cut=st.integers(0, 60))
def test_two_batches_count_as_one(rows: list[tuple[object, object, object]], cut: int) -> None:
    parts = [count_batch(REFERENCE, columns(part)) for part in (rows[:cut], rows[cut:]) if part]
    same(
        merge([empty_counts(REFERENCE.grid), *parts]),
        merge([empty_counts(REFERENCE.grid), count_batch(REFERENCE, columns(rows))]),
    )


@quickly
@given(first=tame_rows, second=tame_rows, third=tame_rows)
def test_the_order_and_grouping_of_merges_do_not_matter(first: list, second: list, third: list) -> None:
    a, b, c = (count_batch(REFERENCE, columns(rows)) for rows in (first, second, third))
    same(merge([merge([a, b]), c]), merge([merge([c, b]), a]))
    same(merge([a, b, c]), merge([a, merge([b, c])]))


@quickly
@given(rows=tame_rows)
def test_stored_counts_are_the_counts(rows: list[tuple[object, object, object]]) -> None:
    counts = count_batch(REFERENCE, columns(rows))
    back = unpack(pack(counts))
    same(back, counts)
    np.testing.assert_array_equal(back.moments, counts.moments)


@quickly
@given(rows=tame_rows, seed=st.integers(0, 1_000))
def test_the_order_of_rows_does_not_matter(rows: list[tuple[object, object, object]], seed: int) -> None:
    shuffled = [rows[i] for i in np.random.default_rng(seed).permutation(len(rows))]
    same(count_batch(REFERENCE, columns(shuffled)), count_batch(REFERENCE, columns(rows)))


@quickly
@given(times=st.lists(st.integers(-(10**13), 10**13), max_size=50), width=st.integers(1, 10**9))
def test_every_row_falls_into_the_one_window_that_holds_its_time(times: list[int], width: int) -> None:
    moments: npt.NDArray[np.int64] = np.array(times, dtype=np.int64)
    taken: list[int] = []
    starts: list[int] = []
    for start, rows in split_rows(moments, width):
        index = np.arange(len(times))[rows]
        assert ((moments[index] >= start) & (moments[index] < start + width)).all()
        assert (np.diff(index) > 0).all()
        taken.extend(index.tolist())
        starts.append(start)
    assert sorted(taken) == list(range(len(times)))
    assert starts == sorted(set(starts))


@quickly
@given(
    values=st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=80),
    current=st.lists(st.floats(allow_nan=False), max_size=40),
)
@example(values=[0.0], current=[1e292, -1.7976931348623157e308])
def test_any_numbers_make_a_reference_that_counts_any_numbers(values: list[float], current: list[float]) -> None:
    reference = build_reference(columns_from_lists({"x": values}))
    assert reference.own.cells.sum() == len(values)
    edges = reference.grid.edge_rows[0]
    assert (edges[1:] > edges[:-1]).all()
    own = reference.grid.psi_bins.gather(reference.own.cells)[0]
    assert own.sum() == len(values)
    assert own[-1] == 0
    [figures] = drift(reference, count_batch(reference, columns_from_lists({"x": current})))
    assert figures.rows == sum(np.isfinite(current))
    if figures.rows:
        assert figures.psi is not None
        assert figures.psi >= 0


@pytest.mark.parametrize("rows", [1, 2, 19, 100, 1_000])
def test_a_reference_of_any_size_has_no_drift_from_itself(rows: int) -> None:
    reference = build_reference(columns_from_lists({"x": np.random.default_rng(rows).normal(size=rows).tolist()}))
    [figures] = drift(reference, reference.own)
    assert figures.psi == figures.js == figures.ks == figures.wasserstein == 0 or rows == 1
