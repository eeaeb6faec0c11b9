"""Which flights are registered: what was sealed for one version is never shown to the other."""

import pyarrow as pa
import pyarrow.compute as pc

from deploy.demo.flights import LABEL
from deploy.demo.splits import split
from deploy.demo.story.tables import quarter, year


def test_the_quarter_is_cleaned_of_flights_without_an_end_and_split_into_disjoint_parts(flights: pa.Table) -> None:
    parts = quarter(flights)
    assert len(parts["period"]) == split(flights).replayed_from
    assert flights[LABEL].take(parts["labelled"]).null_count == 0
    rows = [set(parts[name].to_pylist()) for name in ("training", "validation", "holdout")]
    assert set.union(*rows) == set(parts["labelled"].to_pylist())
    assert sum(map(len, rows)) == len(parts["labelled"])


def test_the_second_versions_rows_end_in_november_and_leave_the_first_ones_sealed_rows_alone(
    flights: pa.Table,
) -> None:
    parts = year(flights)
    seen = set(parts["labelled"].to_pylist())
    assert not seen & set(split(flights).holdout.to_pylist())
    assert pc.max(flights["month"].take(parts["labelled"])).as_py() == 11
    assert pc.min(flights["month"].take(parts["holdout"])).as_py() == 4
    rows = [set(parts[name].to_pylist()) for name in ("training", "validation", "holdout")]
    assert set.union(*rows) == seen
    assert sum(map(len, rows)) == len(seen)


def test_the_same_rows_are_drawn_every_time(flights: pa.Table) -> None:
    assert all(rows.equals(year(flights)[name]) for name, rows in year(flights).items())
