"""Groups against a population, overlaps by digests, and profiles side by side."""

import math

import numpy as np
import pytest
from scipy import stats

from services.contracts.datasets import DatasetKey
from services.contracts.errors import Invalid, TooLarge
from services.contracts.profiles import SKETCH_SIZE, ColumnProfile, Profile, ValueCount
from services.profiling.sketches import Smallest
from services.registry.datasets import checks, comparing


def column(name: str = "city", **changes: object) -> ColumnProfile:
    values: dict[str, object] = {
        "name": name, "type": "category", "stored_as": "string", "rows": 1000, "missing": 0, "distinct": 3, **changes,
    }  # fmt: skip
    return ColumnProfile(**values)  # type: ignore[arg-type]


def cities(**counts: int) -> ColumnProfile:
    top = [ValueCount(value=name, count=count) for name, count in counts.items()]
    return column(rows=sum(counts.values()), top=top, distinct=len(top))


def test_groups_are_judged_by_share_and_by_chance() -> None:
    found = checks.groups(
        cities(Bern=700, Oslo=100, Rom=200), {"Bern": 0.5, "Oslo": 0.3, "Rom": 0.19, "Wien": 0.01}, 0.8
    )
    assert [(group.group, group.verdict) for group in found] == [
        ("Bern", "over"), ("Oslo", "under"), ("Rom", "fits"), ("Wien", "missing"),
    ]  # fmt: skip


def test_few_rows_prove_nothing() -> None:
    found = checks.groups(cities(a=3, b=1), {"a": 0.5, "b": 0.4, "c": 0.1}, 0.8)
    assert [group.verdict for group in found] == ["fits", "fits", "fits"]


def test_a_group_that_nobody_expected_is_named() -> None:
    assert checks.groups(cities(a=50, b=50), {"a": 0.5}, 0.8)[1].verdict == "unknown_group"


@pytest.mark.parametrize(("count", "of", "share"), [(3, 20, 0.4), (0, 100, 0.02), (9, 10, 0.97), (480, 1000, 0.5)])
def test_chance_is_the_binomial_tail(count: int, of: int, share: float) -> None:
    below, above = stats.binom.cdf(count, of, share), stats.binom.sf(count - 1, of, share)
    assert checks.chance(count, of, share) == pytest.approx(min(1.0, 2 * min(below, above)), rel=0.02)


@pytest.mark.parametrize(
    "expected", [{}, {"a": 0.0}, {"a": 1.2}, {"a": math.nan}, {"a": 0.6, "b": 0.6}, {str(n): 0.001 for n in range(101)}]
)
def test_shares_that_are_no_populations_are_refused(expected: dict[str, float]) -> None:
    with pytest.raises(Invalid):
        checks.check_expected(expected, 0.8)


def test_a_column_without_countable_groups_is_refused() -> None:
    with pytest.raises(Invalid, match="doesn't count every value"):
        checks.groups(column(top=[ValueCount(value="a", count=10)]), {"b": 0.5}, 0.8)
    with pytest.raises(Invalid, match="no values"):
        checks.groups(column(rows=5, missing=5), {"b": 0.5}, 0.8)


def sketch(values: np.ndarray) -> tuple[checks.Digests, bool]:
    kept = Smallest(SKETCH_SIZE)
    kept.add(values)
    return kept.kept, kept.complete


def test_a_small_overlap_is_exact() -> None:
    shared = checks.Shared(sketch(np.arange(0, 1000, dtype=np.uint64)), sketch(np.arange(990, 1500, dtype=np.uint64)))
    assert (shared.left, shared.right, shared.count, shared.approximate) == (1000, 510, 10, False)
    assert shared.share == pytest.approx(10 / 510)


def test_a_large_overlap_is_estimated_with_its_interval() -> None:
    random = np.random.default_rng(5)
    common, left, right = (random.integers(0, 2**64, size, dtype=np.uint64) for size in (3000, 200_000, 90_000))
    shared = checks.Shared(sketch(np.concatenate([common, left])), sketch(np.concatenate([common, right])))
    assert shared.approximate
    assert shared.low <= 3000 <= shared.high
    assert shared.count == pytest.approx(3000, rel=0.2)
    nothing = checks.Shared(sketch(left), sketch(right))
    assert (nothing.count, nothing.low) == (0, 0)


def test_digests_that_are_none_are_refused() -> None:
    ascending = np.arange(5, dtype="<u8")
    assert len(checks.digests_in(ascending.tobytes(), complete=True)) == 5
    assert len(checks.digests_in(b"", complete=True)) == 0
    for data, complete in ((b"1234567", True), (ascending[::-1].tobytes(), True), (ascending.tobytes(), False)):
        with pytest.raises(Invalid):
            checks.digests_in(data, complete=complete)
    with pytest.raises(TooLarge):
        checks.digests_in(bytes(8 * (SKETCH_SIZE + 1)), complete=True)


def test_rows_are_compared_only_if_they_are_made_of_the_same() -> None:
    checks.overlap_columns(["a", "b"], ["b", "a"], by_key=False)
    with pytest.raises(Invalid, match="'c' is on one side only"):
        checks.overlap_columns(["a", "b"], ["a", "b", "c"], by_key=False)
    with pytest.raises(Invalid, match="keys weren't declared"):
        checks.overlap_columns([], ["id"], by_key=True)


# ---------------------------------------------------------------- comparing


def numeric(scale: float = 1.0, **changes: object) -> ColumnProfile:
    values: dict[str, object] = {
        "type": "number",
        "stored_as": "double",
        "quantiles": {"0.05": 1 * scale, "0.5": 5 * scale, "0.95": 9 * scale},
        "edges": [0.0, 4.0, 8.0, 12.0],
        "counts": [400, 400, 200],
        **changes,
    }
    return column("length", **values)


def profile(*columns: ColumnProfile, rows: int = 1000, duplicates: int | None = 0) -> Profile:
    missing = sum(entry.missing for entry in columns)
    return Profile(
        rows=rows, column_count=len(columns), missing_cells=missing, columns=list(columns), duplicate_rows=duplicates
    )


def compared(before: Profile, after: Profile) -> comparing.ProfileComparison:
    keys = [DatasetKey(dataset="d", digest=digest) for digest in ("raw", "clean")]
    return comparing.compared((keys[0], before), (keys[1], after), 100)


def test_cleaning_shows_before_and_after() -> None:
    found = compared(
        profile(numeric(missing=100, outliers=7), rows=1000, duplicates=5),
        profile(numeric(missing=0, outliers=0), rows=990, duplicates=0),
    )
    assert (found.rows, found.missing_cells, found.outliers, found.duplicate_rows) == (
        (1000, 990), (100, 0), (7, 0), (5, 0),
    )  # fmt: skip
    assert found.columns[0].words[:2] == ["missing 10.0% → 0.0%", "outliers 7 → 0"]
    assert "rows 1000 → 990" in found.words


def test_another_unit_or_type_is_inconsistent() -> None:
    assert comparing.inconsistent(compared(profile(numeric()), profile(numeric(1000)))) == [
        "length: another scale: middle 5 → 5000"
    ]
    assert comparing.inconsistent(compared(profile(numeric()), profile(column("length")))) == [
        "length: number became category"
    ]
    assert comparing.inconsistent(compared(profile(numeric()), profile(numeric(2)))) == []


def test_columns_that_came_and_went_stand_first() -> None:
    found = compared(profile(numeric(), column("old")), profile(numeric(), column("new")))
    assert [(entry.name, entry.words) for entry in found.columns[:2]] == [("old", ["gone"]), ("new", ["new"])]


def test_the_index_is_nothing_for_the_same_and_grows_with_the_shift() -> None:
    same = comparing.stability(numeric(), numeric())
    assert same == pytest.approx(0, abs=1e-9)
    finer = numeric(edges=[0.0, 2.0, 4.0, 6.0, 8.0, 10.0, 12.0], counts=[200, 200, 200, 200, 100, 100])
    assert comparing.stability(numeric(), finer) == pytest.approx(0, abs=1e-9), "bins nest"
    shifted = comparing.stability(numeric(), numeric(counts=[100, 400, 500]))
    assert shifted is not None
    assert shifted > 0.5
    assert comparing.stability(numeric(), column()) is None
    assert comparing.stability(cities(a=500, b=500), cities(a=900, b=100)) == pytest.approx(0.88, abs=0.05)
