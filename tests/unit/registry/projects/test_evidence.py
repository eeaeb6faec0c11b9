"""Which events tick which items."""

from datetime import UTC, datetime

import pytest

from services.contracts.base import Event
from services.contracts.monitor import ReferenceSet, WindowClosed, WindowFigures
from services.contracts.projects import Thing
from services.contracts.registry import AliasSet, DatasetRef, RunEnded, RunInputsLogged, RunView, VersionRegistered
from services.registry.projects import templates
from services.registry.projects.evidence import RULES, found_in, things_of, widest_gap
from services.registry.projects.reading import Facts
from services.registry.projects.rules import Found

AT = datetime(2026, 11, 22, 10, tzinfo=UTC)


def run(**more: object) -> RunView:
    values: dict[str, object] = {
        "id": "r1", "experiment_id": "7", "experiment_name": "flights", "name": "calm-owl", "status": "FINISHED",
        "lifecycle_stage": "active", "user": "anna", "start_time": AT, "metrics": {"auc": 0.7}, **more,
    }  # fmt: skip
    return RunView(**values)  # type: ignore[arg-type]


def ended(view: RunView, status: str = "FINISHED") -> list[Found]:
    event = RunEnded(run_id=view.id, experiment_id="7", run_name=view.name, user=view.user, status=status, end_time=AT)
    return found_in(event, Facts(runs={view.id: view}))


def by_item(found: list[Found]) -> dict[str, Found]:
    return {finding.item: finding for finding in found}


def closed(drifted: list[str], rows: int = 100) -> WindowClosed:
    return WindowClosed(
        model_name="flights", version="2", start=AT, end=AT, figures=WindowFigures(rows=rows, drifted=drifted)
    )


def test_every_rules_items_are_on_the_board() -> None:
    template = templates.template(templates.NEWEST)
    assert template is not None
    known = {item.key for stage in template.stages for item in stage.items if item.kind != "answer"}
    events: list[Event] = [closed(["temp"]), closed([])]
    shown = {finding.item for event in events for finding in found_in(event, Facts())}
    assert shown <= known
    assert RULES


def test_a_finished_run_is_recorded_and_the_note_says_what_is_missing_to_repeat_it() -> None:
    assert "without parameters, code version, dataset digests, seed" in by_item(ended(run()))["runs"].note
    whole = run(
        params={"random_state": "1"}, git_commit="abc", datasets=[DatasetRef(name="d", digest="1")]
    )  # fmt: skip
    assert "without" not in by_item(ended(whole))["runs"].note
    assert ended(run(), "FAILED") == []


def test_a_run_tagged_baseline_with_a_score_is_the_baseline() -> None:
    found = by_item(ended(run(tags={"lifecycle.baseline": "true"})))
    assert found["baseline"].note == "calm-owl: auc 0.7"
    assert "baseline" not in by_item(ended(run(tags={"lifecycle.baseline": "false"})))
    assert "baseline" not in by_item(ended(run(tags={"lifecycle.baseline": "yes"}, metrics={})))


@pytest.mark.parametrize(
    ("metrics", "verdict"),
    [
        ({"train_auc": 0.99, "val_auc": 0.7}, "bad"),
        ({"training_auc": 0.75, "validation_auc": 0.74}, "good"),
        ({"train_auc": 0.8, "test_auc": 0.75, "train_loss": 0.1, "val_loss": 0.5}, "bad"),
    ],
)
def test_a_gap_between_training_and_validation_is_flagged(metrics: dict[str, float], verdict: str) -> None:
    assert by_item(ended(run(metrics=metrics)))["learning_curves"].verdict == verdict


def test_a_metric_without_its_twin_says_nothing_about_over_fitting() -> None:
    assert widest_gap({"train_auc": 0.9, "val_loss": 0.1}) is None
    assert widest_gap({"train_auc": 0.0, "val_auc": 0.0}) == ("auc", 0.0, 0.0, 0.0)
    assert widest_gap({"train_auc": float("nan"), "val_auc": 0.1}) is None


def test_dataset_inputs_show_the_version_and_the_splits() -> None:
    train, test = (
        DatasetRef(name="flights", digest="1", context="training"),
        DatasetRef(name="flights", digest="2", context="eval"),
    )
    event = RunInputsLogged(run_id="r1", experiment_id="7", datasets=[test])
    found = found_in(event, Facts(runs={"r1": run(datasets=[train, test])}))
    assert [(finding.item, finding.about) for finding in found] == [
        ("dataset_version", "dataset:flights@2"), ("splits", "run:r1"),
    ]  # fmt: skip
    assert by_item(found_in(event, Facts(runs={"r1": run(datasets=[test])}))).keys() == {"dataset_version"}


def test_drift_puts_the_answer_to_alerts_in_question_and_a_calm_window_settles_it() -> None:
    bad = by_item(found_in(closed(["temp", "dewp"]), Facts()))
    assert (bad["alerts_answered"].verdict, bad["alerts_answered"].note) == ("bad", "flights 2 drifted: temp, dewp")
    assert bad["ingest_alive"].verdict == "good"
    calm = by_item(found_in(closed([]), Facts()))
    assert (calm["alerts_answered"].verdict, calm["alerts_answered"].about) == ("good", bad["alerts_answered"].about)


def test_a_window_without_predictions_says_that_ingest_is_dead() -> None:
    assert by_item(found_in(closed([], rows=0), Facts()))["ingest_alive"].verdict == "bad"


def test_a_replaced_champion_is_no_longer_watched() -> None:
    event = AliasSet(model_name="flights", alias="champion", version="3", former_version="2")
    found = found_in(event, Facts())
    assert {finding.verdict for finding in found} == {"lapsed"}
    assert {finding.about for finding in found} >= {"drift of version:flights/2", "version:flights/2"}
    assert found_in(AliasSet(model_name="flights", alias="fun", version="3", former_version="2"), Facts()) == []
    assert found_in(AliasSet(model_name="flights", alias="champion", version="3"), Facts()) == []


def test_versions_and_references_tick_their_items() -> None:
    registered = VersionRegistered(model_name="flights", version="2", source="runs:/r1/model", user="anna")
    watched = ReferenceSet(
        model_name="flights", version="2", reference="d", rows=10, features=["a"], window_seconds=60
    )  # fmt: skip
    assert by_item(found_in(registered, Facts())).keys() == {"exported_format"}
    assert by_item(found_in(watched, Facts())).keys() == {"rules_on"}
    things = [things_of(event, Facts()) for event in (registered, watched)]
    assert things == [[Thing(kind="model", id="flights")]] * 2
