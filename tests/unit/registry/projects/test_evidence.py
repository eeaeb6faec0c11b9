"""Which events tick which items."""

from datetime import UTC, datetime

import pytest

from services.contracts.alert_rules import AlertRulesSet
from services.contracts.alerts import AlertAcknowledged, AlertOpened, AlertResolved
from services.contracts.base import Event
from services.contracts.datasets import (
    DatasetKey,
    DatasetVersionRegistered,
    FeaturesDescribed,
    SealedSplitUsed,
    Split,
    SplitsRecorded,
)
from services.contracts.deployments import VersionDeployed, VersionRetired, VersionRolledBack
from services.contracts.evaluations import (
    Disparity,
    EvaluationRecorded,
    Gate,
    GatesEvaluated,
    GateVerdict,
    Importance,
    SplitRef,
    Stability,
)
from services.contracts.monitor import ReferenceSet, WindowClosed, WindowFigures
from services.contracts.profiles import DatasetDerived, DatasetProfiled, OverlapChecked, RepresentationChecked
from services.contracts.projects import Thing
from services.contracts.registry import (
    AliasSet,
    DatasetRef,
    RunEnded,
    RunInputsLogged,
    RunView,
    VersionRegistered,
    VersionUpdated,
)
from services.contracts.retraining import RetrainingAnswered, RetrainingDeclined, RetrainingOpened
from services.registry.projects import templates
from services.registry.projects.evidence import RULES, found_in, things_of, widest_gap
from services.registry.projects.project import Project
from services.registry.projects.reading import Facts
from services.registry.projects.rules import Found
from services.registry.projects.shown import Shown, read
from tests.unit.registry.projects.boards import NOW, new, state, ticked

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


# ---------------------------------------------------------------- evaluations, gates, deployments, alerts, retraining

SEALED = SplitRef(name="test", dataset="flights", digest="d1", sealed=True)


def recorded(**more: object) -> dict[str, Found]:
    values: dict[str, object] = {
        "evaluation_id": "e1", "model_name": "flights", "version": "2", "experiment_id": "7", "split": SEALED,
        "metrics": {"auc": 0.7}, "by": "anna", **more,
    }  # fmt: skip
    return by_item(found_in(EvaluationRecorded(**values), Facts()))  # type: ignore[arg-type]


def test_an_evaluation_on_the_sealed_split_is_the_final_one_and_a_second_is_a_warning() -> None:
    once = recorded(sealed_uses=1)
    assert (once["final_evaluation"].note, once["sealed_test"].verdict) == ("auc 0.7 on test of flights", "good")
    twice = recorded(sealed_uses=2, sealed_users=["run/r1", "version/flights/2"])
    assert (twice["sealed_test"].verdict, "run/r1" in twice["sealed_test"].note) == ("bad", True)
    assert recorded(split=SplitRef(name="validation")) == {}


def test_slices_seeds_and_explanations_tick_their_items() -> None:
    worst = Disparity(
        feature="carrier", kind="fairness", metric="auc", worst="UA", worst_value=0.6, worst_rows=9, best="AA",
        best_value=0.8, difference=0.2,
    )  # fmt: skip
    stable = Stability(metric="auc", count=5, mean=0.7, deviation=0.01, least=0.69, most=0.71)
    found = recorded(
        disparities=[worst], stability=[stable], explained_by="shap",
        importances=[Importance(feature="temp", value=1.0)], examples=3,
    )  # fmt: skip
    assert found["slices"].note == "auc: worst carrier UA with 0.6, best AA with 0.8"
    assert found["stability"].note == "auc 0.7 ± 0.01 over 5 seeds or folds"
    assert found["explanation"].note == "shap: temp; 3 examples"
    assert found["importance"].verdict == "good"


def judged(version: str, passed: bool, number: int = 1) -> GatesEvaluated:
    verdict = GateVerdict(gate=Gate(name="minimum", kind="minimum"), outcome="passed" if passed else "failed")
    return GatesEvaluated(
        model_name="flights", version=version, digest="d", passed=passed, verdicts=[verdict], number=number
    )


def shown_on(board: Project, *events: Event, now: int = NOW) -> Project:
    for number, event in enumerate(events):
        entry = Shown(
            event=event, cause=str(number), things=things_of(event, Facts()), found=found_in(event, Facts())
        )  # fmt: skip
        board, _ = read(board, entry, entry.things[0], now + number, "registry", loop=True)
    return board


def test_a_failed_gate_asks_for_attention_until_some_version_passes() -> None:
    failed = shown_on(new(), judged("1", False))
    assert (state(failed, "validation"), ticked(failed, "gates")) == ("needs_attention", "bad")
    passed = shown_on(failed, judged("2", True))
    assert ticked(passed, "gates") == "done"
    assert ticked(shown_on(passed, judged("1", False, number=2)), "gates") == "bad"


def test_a_deleted_version_proves_nothing_any_more() -> None:
    deleted = VersionUpdated(model_name="flights", version="1", changed=["deleted"], deleted=True)
    assert ticked(shown_on(new(), judged("1", False), deleted), "gates") == "open"


def deployed(version: str, **more: object) -> VersionDeployed:
    values: dict[str, object] = {
        "environment": "production", "model_name": "flights", "version": version, "digest": "d", "by": "ben", **more,
    }  # fmt: skip
    return VersionDeployed(**values)  # type: ignore[arg-type]


def test_an_override_is_in_question_as_long_as_it_runs() -> None:
    forced = shown_on(new(), deployed("1", overridden=["GATES_NOT_PASSED"], override_reason="fire"))
    assert ticked(forced, "deployed") == "bad"
    assert "fire" in forced.record("deployed").findings[-1].note
    assert ticked(shown_on(forced, deployed("2")), "deployed") == "done"
    back = VersionRolledBack(
        environment="production", model_name="flights", version="0", from_version="1", digest="d", reason="w", by="ben"
    )
    rolled = shown_on(forced, back)
    assert (ticked(rolled, "deployed"), ticked(rolled, "rollback")) == ("done", "done")
    retired = VersionRetired(environment="production", model_name="flights", version="1", reason="old", by="ben")
    assert ticked(shown_on(forced, retired), "deployed") == "open"


def alert_opened(alert_id: str = "a1", severity: str = "critical") -> AlertOpened:
    return AlertOpened(
        alert_id=alert_id, model_name="flights", version="2", rule="drift", metric="feature_drift",
        severity=severity, title="temp drifts", window_start=AT, window_end=AT, causes=[], next_step="look",
    )  # fmt: skip


def resolved(alert_id: str = "a1") -> AlertResolved:
    return AlertResolved(
        alert_id=alert_id, model_name="flights", version="2", rule="drift", severity="critical",
        resolution="by_itself", reason="", by="monitor", after_seconds=7200,
    )  # fmt: skip


def test_an_open_alert_asks_for_attention_and_a_resolved_one_settles_it() -> None:
    open_ = shown_on(new(), alert_opened())
    assert (state(open_, "monitoring"), open_.record("alerts_answered").findings[0].note) == (
        "needs_attention", "flights 2, drift: temp drifts",
    )  # fmt: skip
    seen = AlertAcknowledged(
        alert_id="a1", model_name="flights", version="2", rule="drift", note="on it", by="eve", after_seconds=90
    )
    acknowledged = shown_on(open_, seen)
    assert ticked(acknowledged, "alerts_answered") == "bad"
    assert "eve takes care since 1.5 minutes" in acknowledged.record("alerts_answered").findings[-1].note
    closed = shown_on(acknowledged, resolved())
    assert ticked(closed, "alerts_answered") == "done"
    assert closed.record("alerts_answered").findings[-1].note.endswith("resolved by itself after 2 hours")
    assert ticked(shown_on(closed, alert_opened("a2"), resolved("a1")), "alerts_answered") == "bad"


def test_an_informing_alert_asks_for_nothing() -> None:
    assert ticked(shown_on(new(), alert_opened(severity="info")), "alerts_answered") == "open"


def test_alerts_of_a_version_that_is_out_of_use_no_longer_count() -> None:
    taken_over = AliasSet(model_name="flights", alias="champion", version="3", former_version="2")
    assert ticked(shown_on(new(), alert_opened(), taken_over), "alerts_answered") == "open"


def test_no_alert_rules_at_all_are_a_fault() -> None:
    none = AlertRulesSet(model_name="flights", version="2", rules=[], default=False, by="ben")
    default = AlertRulesSet(model_name="flights", version="2", rules=[], default=True, by="ben")
    assert [by_item(found_in(event, Facts()))["rules_on"].verdict for event in (none, default)] == ["bad", "good"]


def test_retraining_leads_back_and_its_answer_closes_the_loop() -> None:
    opened = RetrainingOpened(
        retraining_id="t1", model_name="flights", version="2", cause="alert", cause_id="a1", reason="drift",
        back_to="gathering", by="monitor",
    )  # fmt: skip
    asked = shown_on(new(), opened)
    assert (ticked(asked, "retraining"), [(move.stage, move.to) for move in asked.moves]) == (
        "bad", [("monitoring", "gathering")],
    )  # fmt: skip
    assert "gathering" in asked.again
    answered = RetrainingAnswered(retraining_id="t1", model_name="flights", version="2", run_id="r9", by="anna")
    version = RetrainingAnswered(
        retraining_id="t1", model_name="flights", version="2", run_id="r9", new_version="3", by="anna"
    )
    done = shown_on(asked, answered, version)
    assert ticked(done, "retraining") == "done"
    assert "version 3" in done.record("retraining").findings[-1].note
    declined = RetrainingDeclined(retraining_id="t1", model_name="flights", version="2", reason="no", by="eve")
    assert ticked(shown_on(asked, declined), "retraining") == "open"
    past, _ = read(
        new(), Shown(event=opened, cause="1", things=[], found=[]), Thing(kind="model", id="flights"), NOW, "anna"
    )  # fmt: skip
    assert past.moves == []


# ---------------------------------------------------------------- data


def test_data_tick_their_items_and_faults_are_named() -> None:
    key = {"dataset": "flights", "digest": "d1"}
    events: list[Event] = [
        DatasetVersionRegistered(
            **key, number=2, origin="file", rows=9, columns=3, parents=[DatasetKey(dataset="raw", digest="d0")],
            sources=["bts"], code_version="abc", by="anna",
        ),
        DatasetProfiled(**key, rows=9, columns=3, missing_cells=1, outliers=0, target="late"),
        DatasetDerived(
            **key, parent=DatasetKey(dataset="raw", digest="d0"), rows=(10, 9), missing_cells=(5, 1),
            outliers=(1, 0), inconsistent=["temp: °F"],
        ),
        FeaturesDescribed(**key, features=3, with_origin=3, not_at_inference=["arr_time"], dropped=["tail"]),
        RepresentationChecked(**key, column="carrier", outcome="bad", missing=["ZZ"]),
        OverlapChecked(
            **key, other=DatasetKey(dataset="test", digest="d2"), by_key=False, shared=3, approximate=False,
            outcome="bad",
        ),
        SplitsRecorded(**key, splits=[Split(role="test", dataset="test", digest="d2", sealed=True)]),
        SealedSplitUsed(dataset="test", digest="d2", run_id="r1", uses=2),
    ]  # fmt: skip
    found = {finding.item: finding for event in events for finding in found_in(event, Facts())}
    assert {item: finding.verdict for item, finding in found.items()} == {
        "dataset_version": "good", "sources": "good", "derived_dataset": "good", "profile": "good", "cleaned": "good",
        "consistent_units": "bad", "feature_list": "bad", "importance": "good", "representation": "bad",
        "leakage": "bad", "splits": "good", "sealed_test": "bad",
    }  # fmt: skip
    assert "arr_time" in found["feature_list"].note
    assert "ZZ" in found["representation"].note
    assert {str(things_of(event, Facts())[0].kind) for event in events} == {"dataset"}
