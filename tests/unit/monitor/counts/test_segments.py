"""Counts by segment: the same rows in the same bins however batches are cut, bounded, and found where drift is."""

import numpy as np
import pytest

from services.contracts.errors import Invalid
from services.monitor.counts.columns import Codes, Columns, Numbers
from services.monitor.counts.packing import pack, unpack
from services.monitor.counts.segments import MOST_FEATURES, NONE, OTHERS, SegmentGrid
from services.monitor.references.rules import Reference, build_reference, decode_reference, encode_reference
from services.monitor.windows.rules import count_batch, merge, no_counts
from services.monitor.windows.segment_drift import segment_drift, worst_drift

SITES = [f"site {i:02d}" for i in range(25)]


def rows(n: int, seed: int, *, shifted: str | None = None, shift: float = 0.0) -> Columns:
    """x normal, k of few whole numbers, kind a category, site the segment (25 values, Zipf shares)."""
    made = np.random.default_rng(seed)
    weights = 1 / np.arange(1, len(SITES) + 1)
    site = made.choice(len(SITES), n, p=weights / weights.sum()).astype(np.int32)
    x = made.standard_normal(n)
    if shifted is not None:
        x = np.where(site == SITES.index(shifted), x + shift, x)
    return Columns(
        n,
        {
            "x": Numbers(x),
            "k": Numbers(made.integers(0, 6, n).astype(float)),
            "kind": Codes(made.choice(3, n, p=[0.6, 0.3, 0.1]).astype(np.int32), ["a", "b", "c"]),
            "site": Codes(site, SITES),
        },
    )


@pytest.fixture(scope="module")
def reference() -> Reference:
    return decode_reference(encode_reference(build_reference(rows(40_000, 1), segments=["site"])))


def test_every_row_is_in_one_segment_and_one_cell_of_each_feature(reference: Reference) -> None:
    grid = reference.segment_grid
    assert grid is not None
    current = rows(5_000, 2)
    assert isinstance(current.by_name["x"], Numbers)
    current.by_name["x"].values[:7] = [np.nan, np.inf, -np.inf, 1e300, -1e300, np.nan, np.nan]
    counts = grid.count(current)
    assert counts.shape == (22, 4, grid.width)
    assert (counts.sum(axis=(0, 2)) == 5_000).all()
    assert counts[:, grid.names.index("x"), -1].sum() == 5, "three NaN and two infinite values aren't usable"
    codes = current.by_name["site"].codes  # type: ignore[union-attr]
    by_site = np.bincount(codes, minlength=25)
    order = [SITES.index(value) for _, value in grid.keys[:20]]
    assert counts[:20, 0].sum(axis=1).tolist() == by_site[order].tolist()
    assert counts[20, 0].sum() == 5_000 - by_site[order].sum()
    assert [value for _, value in grid.keys[20:]] == [OTHERS, NONE]


def test_the_bins_are_those_of_the_whole(reference: Reference) -> None:
    current = rows(20_000, 3)
    counts = count_batch(reference, current)
    assert counts.segments is not None
    grid = reference.segment_grid
    assert grid is not None
    whole = reference.grid.psi_bins.gather(counts.cells)
    for i, name in enumerate(feature.name for feature in reference.grid.numeric):
        bins = len(reference.grid.numeric[i].psi_bins)
        segments = counts.segments[:, grid.names.index(name)].sum(axis=0)
        assert segments[:bins].tolist() == whole[i, :bins].tolist()
        assert segments[-2] == whole[i, -1]


def test_counts_by_segment_add_up_pack_and_come_back(reference: Reference) -> None:
    current = rows(3_000, 4)
    whole = count_batch(reference, current)
    parts = [count_batch(reference, current.pick(s)) for s in (slice(0, 10), slice(10, 1_700), slice(1_700, 3_000))]
    together = merge([no_counts(reference), *parts]).segments
    assert together is not None
    assert whole.segments is not None
    np.testing.assert_array_equal(together, whole.segments)
    again = unpack(pack(whole)).segments
    assert again is not None
    np.testing.assert_array_equal(again, whole.segments)
    without = build_reference(rows(1_000, 5))
    assert unpack(pack(count_batch(without, current))).segments is None


def test_a_missing_column_and_an_empty_batch_are_counted(reference: Reference) -> None:
    grid = reference.segment_grid
    assert grid is not None
    only = rows(100, 6).only(lambda name: name == "x")
    counts = grid.count(only)
    assert counts[-1, grid.names.index("x")].sum() == 100, "without the segment's column all rows are (missing)"
    assert counts[-1, grid.names.index("kind"), -1] == 100
    assert grid.count(rows(100, 6).pick(slice(0, 0))).sum() == 0


def test_the_segment_that_moved_is_named_and_the_others_are_not(reference: Reference) -> None:
    counts = count_batch(reference, rows(20_000, 7, shifted="site 02", shift=0.6))
    found = segment_drift(reference, counts)
    assert (found[0].column, found[0].value, found[0].feature) == ("site", "site 02", "x")
    assert found[0].drifted
    assert [one for one in found if one.drifted] == [found[0]]
    assert found[0].psi == pytest.approx(0.36, abs=0.12)
    assert found[0].reference_rows > 2_000
    worst = worst_drift(reference, counts)
    assert worst == found[0]
    assert not any(one.feature == "site" for one in found), "a column is constant within its own segments"


def test_without_drift_at_most_one_window_in_a_thousand_names_a_segment(reference: Reference) -> None:
    named = sum(
        worst_drift(reference, count_batch(reference, rows(1_000, seed))) is not None for seed in range(1_000, 1_400)
    )
    assert named <= 1


def test_counts_by_segment_are_bounded_however_many_features_there_are() -> None:
    made = np.random.default_rng(8)
    columns = {f"n{i}": Numbers(made.standard_normal(300)) for i in range(MOST_FEATURES + 50)}
    site = Codes(made.integers(0, 25, 300).astype(np.int32), SITES)
    reference = build_reference(Columns(300, {**columns, "site": site}), segments=["site"])
    grid = reference.segment_grid
    assert grid is not None
    assert grid.shape[1] == MOST_FEATURES
    assert isinstance(grid, SegmentGrid)


def test_a_segment_that_is_no_category_is_refused() -> None:
    with pytest.raises(Invalid) as caught:
        build_reference(rows(500, 9), segments=["x"])
    assert caught.value.code == "BAD_SEGMENT"
