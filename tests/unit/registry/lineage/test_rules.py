"""Every event that says what came from what is read, from the source to the run that answered an alert."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from services.contracts import catalogue, streams
from services.contracts.alerts import AlertOpened
from services.contracts.base import Envelope, Event
from services.contracts.cards import CardPublished
from services.contracts.datasets import DatasetKey, DatasetVersionRegistered, DataSourceDescribed, Split, SplitsRecorded
from services.contracts.deployments import VersionDeployed, VersionRolledBack
from services.contracts.monitor import WindowClosed, WindowFigures
from services.contracts.registry import DatasetRef, RunInputsLogged, VersionRegistered
from services.contracts.reproduction import RunReproduced
from services.contracts.retraining import RetrainingAnswered, RetrainingOpened
from services.registry.lineage.rules import TYPES, Edge, Node, Told, Watched, told_by

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def told(event: Event) -> list[Told]:
    return told_by(
        Envelope(
            id="e", type=event.type(), service=event.service, aggregate=event.aggregate,
            aggregate_id=event.aggregate_id(), version=1, time=NOW, actor="anna", correlation_id="c",
            data=msgspec.json.encode(event),
        )
    )  # fmt: skip


def edges(event: Event) -> set[str]:
    return {entry.key for entry in told(event) if isinstance(entry, Edge)}


def nodes(event: Event) -> dict[str, str]:
    return {entry.key: entry.state for entry in told(event) if isinstance(entry, Node)}


REGISTERED = DatasetVersionRegistered(
    dataset="clean", digest="d2", number=1, origin="file", rows=5, sources=["census"],
    parents=[DatasetKey(dataset="raw", digest="d1")], code_version="abc", run_id="r0", by="anna",
)  # fmt: skip
WINDOW = WindowClosed(
    model_name="m", version="1", start=NOW, end=NOW + timedelta(hours=1),
    figures=WindowFigures(rows=10, drifted=["age", "city"]),
)  # fmt: skip


def test_a_dataset_came_from_its_sources_parents_and_run() -> None:
    assert edges(REGISTERED) == {
        "provides|source/census|dataset/clean@d2",
        "derived|dataset/raw@d1|dataset/clean@d2",
        "made|run/r0|dataset/clean@d2",
    }


def test_a_source_says_what_is_missing() -> None:
    event = DataSourceDescribed(
        source="census", revision=1, owner="", licence="", legal_basis="x", personal_data="none",
        missing=["owner", "licence"], by="anna",
    )  # fmt: skip
    assert nodes(event) == {"source/census": "without owner, licence"}


def test_splits_datasets_and_models_lead_on() -> None:
    split = Split(role="test", dataset="te", digest="d3", sealed=True)
    assert edges(SplitsRecorded(dataset="clean", digest="d2", splits=[split])) == {
        "split|dataset/clean@d2|dataset/te@d3"
    }
    used = RunInputsLogged(
        run_id="r1",
        experiment_id="1",
        datasets=[DatasetRef(name="clean", digest="d2"), DatasetRef(name="x", digest="")],
    )
    assert edges(used) == {"used|dataset/clean@d2|run/r1"}
    version = VersionRegistered(model_name="m", version="1", source="s", user="anna", run_id="r1", model_id="lm")
    assert edges(version) == {"registered|run/r1|version/m/1", "registered|logged_model/lm|version/m/1"}


def test_a_deployment_replaces_the_one_before_and_a_roll_back_returns() -> None:
    deployed = VersionDeployed(
        environment="live", model_name="m", version="2", former_version="1", digest="x", by="ben"
    )
    assert nodes(deployed) == {"deployment/live/m/2": "running", "deployment/live/m/1": "replaced"}
    assert edges(deployed) == {
        "deployed|version/m/2|deployment/live/m/2",
        "deployed|review/m/2|deployment/live/m/2",
    }
    overridden = msgspec.structs.replace(deployed, overridden=["REVIEW_NOT_APPROVED"], override_reason="fire")
    assert edges(overridden) == {"deployed|version/m/2|deployment/live/m/2"}
    back = VersionRolledBack(
        environment="live", model_name="m", version="1", from_version="2", digest="x", reason="worse", by="ben"
    )
    assert nodes(back) == {"deployment/live/m/1": "running", "deployment/live/m/2": "rolled back"}


def test_only_windows_with_drift_are_part_of_the_graph() -> None:
    assert any(isinstance(entry, Watched) for entry in told(WINDOW))
    assert nodes(WINDOW) == {f"window/m/1/{NOW.isoformat()}": "drift in 2 features"}
    assert told(msgspec.structs.replace(WINDOW, figures=WindowFigures(rows=10))) == []


def test_an_alert_leads_to_retraining_and_that_to_a_run() -> None:
    alert = AlertOpened(
        alert_id="a1", model_name="m", version="1", rule="drift", metric="feature_drift", severity="warning",
        title="age drifted", window_start=NOW, window_end=NOW, causes=[], next_step="",
    )  # fmt: skip
    window = f"window/m/1/{NOW.isoformat()}"
    assert edges(alert) == {f"watched|version/m/1|{window}", f"raised|{window}|alert/a1"}
    asked = RetrainingOpened(
        retraining_id="t1", model_name="m", version="1", cause="alert", cause_id="a1", reason="", by="monitor"
    )
    assert edges(asked) == {"asked|alert/a1|retraining/t1"}
    assert edges(msgspec.structs.replace(asked, cause="person", cause_id="")) == {"asked|version/m/1|retraining/t1"}
    answered = RetrainingAnswered(retraining_id="t1", model_name="m", version="1", run_id="r2", by="anna")
    assert edges(answered) == {"answered|retraining/t1|run/r2"}


def test_cards_and_reruns_are_part_of_it() -> None:
    assert edges(CardPublished(model_name="m", version="1", revision=2, digest="x", by="anna")) == {
        "described|version/m/1|card/m/1"
    }
    again = RunReproduced(
        run_id="r1", experiment_id="1", attempt="t", rerun_id="r9", outcome="reproduced", tolerance=0.0, by="anna"
    )
    assert edges(again) == {"rerun|run/r1|run/r9"}
    assert edges(msgspec.structs.replace(again, rerun_id=None)) == set()


@pytest.mark.parametrize("kind", TYPES.values(), ids=TYPES)
def test_every_event_that_is_read_also_arrives(kind: type[Event]) -> None:
    assert kind.type() in catalogue.EVENTS
    patterns = [pattern.removesuffix(">") for pattern in streams.REGISTRY_PROVENANCE.subjects]
    assert any(f"events.{kind.type()}.x".startswith(pattern) for pattern in patterns)
