import numpy as np
import pytest

from services.monitor.counts.columns import Codes, Columns, Numbers, columns_from_lists
from services.monitor.counts.counting import (
    ABOVE,
    ABSENT,
    BELOW,
    BLOCK,
    HIGHEST,
    INFINITE,
    INVALID,
    LOWEST,
    MISSING,
    SUM,
    BatchCounts,
    count_columns,
    empty_counts,
    merge,
)
from services.monitor.counts.grid import CategoricalFeature, Grid, NumericFeature

EDGES = np.array([0.0, 1.0, 2.0, np.nextafter(3.0, 4.0)])

GRID = Grid(
    [
        CategoricalFeature(name="c", kind="categorical", values=["a", "b"]),
        NumericFeature(
            name="n",
            kind="numeric",
            edges=EDGES.tobytes(),
            psi_bins=[(-1, 1), (1, 2), (2, 4)],
            doane_bins=[(0, 1), (1, 2), (2, 3)],
            low=0.0,
            high=3.0,
            center=1.5,
            deviation=1.0,
        ),
    ]
)


def count(**lists: list[object]) -> BatchCounts:
    return count_columns(GRID, columns_from_lists(lists, GRID.kinds))


def tally(counts: BatchCounts, feature: str) -> list[int]:
    return counts.tallies[GRID.tally_row[feature]].tolist()


def test_a_value_falls_into_the_cell_that_starts_at_the_edge_it_reaches() -> None:
    counts = count(n=[-0.5, 0.0, 0.5, 1.0, 2.5, 3.0, 3.5], c=["a"] * 7)
    assert counts.cells.tolist() == [[1, 2, 1, 2, 1]]


def test_each_way_of_having_no_number_is_tallied_apart() -> None:
    counts = count(n=[1.0, None, "x", float("inf"), float("-inf"), float("nan"), "y"], c=["a"] * 7)
    numbers = tally(counts, "n")
    assert numbers[MISSING] == 2
    assert numbers[INVALID] == 2
    assert numbers[INFINITE] == 2
    assert counts.cells.sum() == 1


def test_unseen_values_are_counted_together_and_named() -> None:
    counts = count(n=[1.0] * 5, c=["a", "zebra", None, "yak", "zebra"])
    assert counts.categories.tolist() == [[1, 0, 3]]
    assert counts.unseen == {"c": ["yak", "zebra"]}
    assert tally(counts, "c")[MISSING] == 1


def test_a_column_that_was_not_sent_is_absent_in_every_row() -> None:
    counts = count(c=["a", "b"])
    assert tally(counts, "n")[ABSENT] == 2
    assert counts.cells.sum() == 0


def test_an_unknown_column_is_listed_with_its_rows() -> None:
    counts = count(n=[1.0, 2.0], c=["a", "b"], extra=[1, 2])
    assert counts.unknown == {"extra": 2}


def test_at_most_ten_unknown_columns_and_unseen_values_are_named() -> None:
    many = {f"x{i:03}": [1] for i in range(50)}
    assert len(count(n=[1.0], c=["a"], **many).unknown) == 10
    assert len(count(n=[1.0] * 50, c=[f"new{i}" for i in range(50)]).unseen["c"]) == 10


def test_moments_hold_sums_about_the_center_and_what_lies_beyond_the_edges() -> None:
    moments = count(n=[-2.0, -1.0, 1.0, 4.0], c=["a"] * 4).moments[0]
    assert moments[SUM] == pytest.approx(-4.0)
    assert moments[BELOW] == pytest.approx(3.0)
    assert moments[ABOVE] == pytest.approx(1.0)
    assert (moments[LOWEST], moments[HIGHEST]) == (-2.0, 4.0)


def test_a_batch_without_rows_counts_nothing() -> None:
    counts = count(n=[], c=[])
    assert counts.rows == 0
    assert counts.cells.sum() == counts.categories.sum() == counts.tallies.sum() == 0


def test_large_batches_are_counted_as_numpy_counts_them() -> None:
    rng = np.random.default_rng(6)
    values = rng.normal(1.5, 1.5, 3 * BLOCK + 17)
    values[rng.random(len(values)) < 0.1] = np.nan
    values[:5] = np.inf
    codes = rng.integers(-1, 3, len(values))
    columns = Columns(len(values), {"n": Numbers(values), "c": Codes(codes, ["b", "new", "a"])})
    counts = count_columns(GRID, columns)
    finite = values[np.isfinite(values)]
    expected = np.bincount(EDGES.searchsorted(finite, side="right"), minlength=5)
    np.testing.assert_array_equal(counts.cells[0], expected)
    assert tally(counts, "n")[MISSING] == np.isnan(values).sum()
    assert tally(counts, "n")[INFINITE] == 5
    assert counts.categories.tolist() == [[(codes == 2).sum(), (codes == 0).sum(), (codes == 1).sum()]]
    assert counts.moments[0, SUM] == pytest.approx((finite - 1.5).sum())


def test_a_block_of_nothing_but_nan_is_all_missing() -> None:
    counts = count_columns(GRID, Columns(3, {"n": Numbers(np.full(3, np.nan))}))
    assert tally(counts, "n")[MISSING] == 3


def test_counting_leaves_the_rows_as_they_were() -> None:
    values = np.array([3.0, 1.0, 2.0])
    count_columns(GRID, Columns(3, {"n": Numbers(values)}))
    assert values.tolist() == [3.0, 1.0, 2.0]


def test_empty_counts_are_neutral_in_a_merge() -> None:
    counts = count(n=[1.0, 2.0], c=["a", "new"])
    merged = merge([empty_counts(GRID), counts])
    np.testing.assert_array_equal(merged.cells, counts.cells)
    np.testing.assert_array_equal(merged.moments, counts.moments)
    assert merged.unseen == counts.unseen
    assert merged.rows == 2


def test_counts_of_different_references_do_not_merge() -> None:
    other = Grid([CategoricalFeature(name="c", kind="categorical", values=["a"])])
    with pytest.raises(ValueError, match="different references"):
        merge([empty_counts(GRID), empty_counts(other)])
    with pytest.raises(ValueError, match="nothing to merge"):
        merge([])
