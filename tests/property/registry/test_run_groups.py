"""Groups of runs have the figures that the plain runs give."""

import math
import statistics
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.contracts.errors import Invalid
from services.contracts.registry import GroupOrder
from services.registry.runs import grouping
from services.registry.runs.grouping import Grouped
from services.registry.runs.index import RunIndex
from services.registry.runs.metrics import Metric
from services.registry.runs.rules import Run
from services.registry.runs.store import Wanted
from services.registry.search.entities import RUNS as ENTITY
from services.registry.search.parser import parse_filter, parse_order
from services.registry.values import KeyValue

NUMBERS = st.sampled_from([-1.5, 0.0, 0.1, 0.5, 0.9, 3.0, 1e200, math.nan, math.inf, -math.inf])
WORDS = st.sampled_from(["1", "2", "10", "a", ""])


def run_of(number: int, depth: str | None, team: str | None, auc: float | None, status: str) -> Run:
    return Run(
        id=f"{number + 1:032x}",
        v=1,
        experiment_id="1",
        name=f"r{number}",
        user="ada",
        status=status,
        start_time=1_700_000_000_000 + number,
        end_time=None,
        lifecycle_stage="active",
        artifact_uri="s3://b",
        metrics=[] if auc is None else [Metric("auc", auc, 1, 0)],
        params=[] if depth is None else [KeyValue("depth", depth)],
        tags=[] if team is None else [KeyValue("team", team)],
        inputs=[],
    )


runs_of_all_kinds = st.lists(
    st.tuples(st.none() | WORDS, st.none() | WORDS, st.none() | NUMBERS, st.sampled_from(["FINISHED", "FAILED"])),
    max_size=40,
).map(lambda rows: [run_of(number, *row) for number, row in enumerate(rows)])
orders = st.builds(
    GroupOrder,
    by=st.sampled_from(["runs", "newest", "value", "mean", "least", "greatest"]),
    metric=st.just("auc"),
    descending=st.booleans(),
)


def grouped(runs: list[Run], by: list[str], filter_: str = "") -> Grouped:
    index = RunIndex()
    index.put(runs)
    wanted = Wanted(node=parse_filter(filter_, ENTITY), experiment_ids=None, stages=["active"], orders=[])
    return Grouped(index.gathered(wanted, [parse_order(name, ENTITY).field for name in by], ["auc", "nope"]))


def value_of(run: Run, name: str) -> str | None:
    if name == "attributes.status":
        return run.status
    pairs = run.params if name.startswith("params") else run.tags
    return next((pair.v for pair in pairs), None)


@given(
    runs_of_all_kinds,
    st.sampled_from([["params.depth"], ["tags.team", "params.depth"], ["attributes.status"], ["tags.team"]]),
    orders,
)
def test_groups_have_the_figures_of_their_runs(runs: list[Run], by: list[str], order: GroupOrder) -> None:
    expected: dict[tuple[str | None, ...], list[Run]] = {}
    for run in runs:
        expected.setdefault(tuple(value_of(run, name) for name in by), []).append(run)
    found = grouped(runs, by)
    views = [found.view(group) for group in found.ordered(order).tolist()]
    assert {tuple(view.values): view.runs for view in views} == {names: len(of) for names, of in expected.items()}
    for view in views:
        members = expected[tuple(view.values)]
        assert view.newest == datetime.fromtimestamp(max(run.start_time for run in members) / 1000, UTC)
        values = [metric.v for run in members for metric in run.metrics if math.isfinite(metric.v)]
        auc, nope = view.metrics
        assert (auc.key, auc.runs, nope.key, nope.runs, nope.mean) == ("auc", len(values), "nope", 0, None)
        assert (auc.least, auc.greatest) == ((min(values), max(values)) if values else (None, None))
        assert auc.mean == (pytest.approx(statistics.fmean(values)) if values else None)
        if len(values) > 1 and max(map(abs, values)) < 1e100:
            assert auc.deviation == pytest.approx(statistics.stdev(values))
        elif len(values) < 2:
            assert auc.deviation is None


@given(runs_of_all_kinds, orders)
def test_groups_stand_in_the_order_that_was_asked_for_and_those_without_a_value_last(
    runs: list[Run], order: GroupOrder
) -> None:
    found = grouped(runs, ["params.depth"])
    views = [found.view(group) for group in found.ordered(order).tolist()]
    if order.by == "value":
        keys = [view.values[0] for view in views]
        assert None not in keys[:-1]
        known = [key for key in keys if key is not None]
        numeric = all(key.isdigit() for key in known)
        told = sorted(known, key=(lambda key: float(key)) if numeric else str, reverse=order.descending)
        assert known == told
        return
    figures = [
        {"runs": view.runs, "newest": view.newest.timestamp()}.get(order.by, getattr(view.metrics[0], order.by, None))
        for view in views
    ]
    there = [figure for figure in figures if figure is not None]
    assert figures == sorted(there, reverse=order.descending) + [None] * (len(figures) - len(there))


def test_a_filter_chooses_the_runs_and_too_many_groups_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    runs = [run_of(number, str(number), "ops", number / 10, "FINISHED") for number in range(10)]
    found = grouped(runs, ["params.depth"], "metrics.auc > 0.65")
    assert [found.names(group) for group in found.ordered(GroupOrder(by="value", descending=False))] == [
        ["7"],
        ["8"],
        ["9"],
    ]
    assert grouped([], ["params.depth"]).count == 0
    monkeypatch.setattr(grouping, "MOST_GROUPS", 9)
    with pytest.raises(Invalid, match="10 groups"):
        grouped(runs, ["params.depth"])


def test_groups_far_apart_in_their_dictionaries_are_told_apart_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two things with very many values each: a table of all combinations would be larger than all runs."""
    monkeypatch.setattr(grouping, "MOST_GROUPS", 4)
    monkeypatch.setattr(grouping, "_ROOMY", 0)
    runs = [run_of(number, str(number % 3), str(number % 3), 0.5, "FINISHED") for number in range(9)]
    found = grouped(runs, ["params.depth", "tags.team"])
    assert sorted(found.names(group) for group in range(found.count)) == [["0", "0"], ["1", "1"], ["2", "2"]]
