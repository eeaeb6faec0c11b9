"""A run as it was at a moment is the run that its rules made by then, whatever came later."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from services.contracts.base import Event
from services.contracts.errors import NotAllowedNow
from services.contracts.registry import RunStarted
from services.registry.runs import rules
from services.registry.runs.metrics import Point
from services.registry.runs.past import Told, as_then
from services.registry.runs.rules import Batch, Run, RunInput
from services.registry.values import KeyValue


def lived() -> list[tuple[Run, Event]]:
    run, event = rules.started(
        run_id="r", experiment_id="1", root="mlflow-artifacts:/1", user="anna", name="first", random_name="x",
        start_time=1_000, tags=[KeyValue("stage", "early"), KeyValue("kept", "k")],
    )  # fmt: skip
    life: list[tuple[Run, Event]] = [(run, event)]

    def then(decided: tuple[Run, Any]) -> None:
        life.append(decided)

    def last() -> Run:
        return life[-1][0]

    then(rules.logged(last(), Batch(params=[KeyValue("depth", "6")], points=[point("auc", 0.6, 0)])))
    data = RunInput(dataset="1/a/d1", name="a", digest="d1", source_type="local", context="train", tags=[])
    then(rules.with_inputs(last(), [data], []))
    then(rules.logged(last(), Batch(tags=[KeyValue("stage", "late")], points=[point("auc", 0.7, 1)])))
    then(rules.untagged(last(), "stage"))
    then(rules.updated(last(), None, None, "second"))
    then(rules.logged(last(), Batch(params=[KeyValue("rate", "0.1")])))
    then(rules.updated(last(), "FINISHED", 5_000, None))
    then(rules.updated(last(), "RUNNING", None, None))
    then(rules.updated(last(), "FAILED", 6_000, "third"))
    then(rules.with_inputs(last(), [msgspec.structs.replace(data, dataset="1/a/d2", digest="d2")], []))
    deleted = rules.deleted(last(), 9_000)
    assert deleted is not None
    then((deleted, rules.changed_event(deleted, ["lifecycle_stage"])))
    return life


def point(key: str, value: float, step: int) -> Point:
    return Point(key=key, value=value, timestamp=1_000 + step, step=step)


def shown(run: Run | None) -> dict[str, Any]:
    """All that a view of the run says."""
    assert run is not None
    fields = ("name", "status", "end_time", "lifecycle_stage", "metrics", "params", "inputs")
    return {name: getattr(run, name) for name in fields} | {"tags": {tag.k: tag.v for tag in run.tags}}


@pytest.mark.parametrize("number", range(12))
def test_a_run_is_what_its_rules_had_made_by_then(number: int) -> None:
    life = lived()
    events = [event for _, event in life]
    was = as_then(life[-1][0], Told(events[: number + 1], events[number + 1 :]), life[number][0].metrics)
    assert shown(was) == shown(life[number][0])


def test_a_run_that_had_not_started_is_none() -> None:
    life = lived()
    assert as_then(life[-1][0], Told([], [event for _, event in life]), []) is None


def test_nothing_is_guessed_where_an_event_does_not_tell_enough() -> None:
    life = lived()
    events = [event for _, event in life]
    started = events[0]
    assert isinstance(started, RunStarted)
    untold = [msgspec.structs.replace(started, tags=None), *events[1:]]
    with pytest.raises(NotAllowedNow, match="its tags"):
        as_then(life[-1][0], Told(untold[:2], untold[2:]), [])
    before, _ = life[0]
    long, told = rules.logged(before, Batch(tags=[KeyValue("stage", "x" * 300)]))
    changed, later = rules.logged(long, Batch(tags=[KeyValue("stage", "y")]))
    assert told is not None
    assert later is not None
    with pytest.raises(NotAllowedNow, match="stage"):
        as_then(changed, Told([started, told], [later]), [])
    many = [KeyValue(f"p{i:03}", "v" * 240) for i in range(100)]
    full, cut = rules.logged(before, Batch(params=many))
    assert cut is not None
    ended, end = rules.updated(full, "FAILED", 2_000, None)
    assert end is not None
    with pytest.raises(NotAllowedNow, match="its parameters"):
        as_then(ended, Told([started, cut], [end]), [])
