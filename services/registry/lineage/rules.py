"""What an event says about what came from what: one table, event → nodes and edges. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

import msgspec

from services.contracts.alerts import AlertAcknowledged, AlertOpened, AlertReopened, AlertResolved
from services.contracts.base import Envelope, Event
from services.contracts.cards import CardPublished
from services.contracts.datasets import DatasetVersionRegistered, DataSourceDescribed, SplitsRecorded
from services.contracts.deployments import DeploymentRenamed, VersionDeployed, VersionRetired, VersionRolledBack
from services.contracts.evaluations import EvaluationRecorded
from services.contracts.lineage import EdgeKind, NodeKind, NodeRef
from services.contracts.monitor import WindowClosed
from services.contracts.registry import (
    LoggedModelCreated,
    LoggedModelUpdated,
    RunEnded,
    RunInputsLogged,
    RunOutputsLogged,
    RunStarted,
    RunUpdated,
    VersionRegistered,
    VersionUpdated,
)
from services.contracts.reproduction import RunReproduced
from services.contracts.retraining import (
    RetrainingAnswered,
    RetrainingDeclined,
    RetrainingOpened,
    RetrainingRunFailed,
    RetrainingStarted,
)
from services.contracts.reviews import ReviewDecided, ReviewLapsed, ReviewRenamed, ReviewRequested, ReviewWithdrawn
from services.registry.brevity import cut


class Node(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a thing now; empty label and state leave what was known before. `at`: it came to be then."""

    kind: NodeKind
    id: str
    label: str = ""
    state: str = ""
    at: datetime | None = None

    @property
    def key(self) -> str:
        return node_key(self.kind, self.id)


class Edge(msgspec.Struct, frozen=True, kw_only=True):
    """`right` came of `left`."""

    kind: EdgeKind
    left: NodeRef
    right: NodeRef
    note: str = ""

    @property
    def key(self) -> str:
        return f"{self.kind}|{node_key(self.left.kind, self.left.id)}|{node_key(self.right.kind, self.right.id)}"


class Watched(msgspec.Struct, frozen=True, kw_only=True):
    """A window or alert of a version: it also came of where the version runs at that time."""

    model_name: str
    version: str
    node: NodeRef


Told = Node | Edge | Watched


def node_key(kind: str, thing: str) -> str:
    return f"{kind}/{thing}"


def parse_key(key: str) -> tuple[str, str]:
    kind, _, thing = key.partition("/")
    return kind, thing


def _ref(kind: NodeKind, thing: str) -> NodeRef:
    return NodeRef(kind=kind, id=thing)


def _edge(kind: EdgeKind, left: NodeRef, right: NodeRef, note: str = "") -> Edge:
    return Edge(kind=kind, left=left, right=right, note=note)


def _version(model_name: str, version: str) -> NodeRef:
    return _ref("version", f"{model_name}/{version}")


# ---------------------------------------------------------------- data


def _source(event: DataSourceDescribed, at: datetime) -> Iterable[Told]:
    state = f"without {', '.join(event.missing)}" if event.missing else "described"
    yield Node(kind="source", id=event.source, label=event.source, state=state, at=at)


def _dataset(event: DatasetVersionRegistered, at: datetime) -> Iterable[Told]:
    this = _ref("dataset", f"{event.dataset}@{event.digest}")
    rows = "" if event.rows is None else f"{event.rows} rows"
    yield Node(kind="dataset", id=this.id, label=f"{event.dataset} {event.number}", state=rows, at=at)
    for source in event.sources:
        yield _edge("provides", _ref("source", source), this)
    for parent in event.parents:
        yield _edge("derived", _ref("dataset", f"{parent.dataset}@{parent.digest}"), this, cut(event.code_version))
    if event.run_id:
        yield _edge("made", _ref("run", event.run_id), this)


def _split(event: SplitsRecorded, at: datetime) -> Iterable[Told]:
    whole = _ref("dataset", f"{event.dataset}@{event.digest}")
    for part in event.splits:
        note = f"{part.role}, sealed" if part.sealed else part.role
        yield _edge("split", whole, _ref("dataset", f"{part.dataset}@{part.digest}"), note)


# ---------------------------------------------------------------- runs and models


def _started(event: RunStarted, at: datetime) -> Iterable[Told]:
    yield Node(kind="run", id=event.run_id, label=event.run_name, state="RUNNING", at=event.start_time)
    if event.parent_run_id:
        yield _edge("child", _ref("run", event.parent_run_id), _ref("run", event.run_id))


def _run(event: RunEnded, at: datetime) -> Iterable[Told]:
    yield Node(kind="run", id=event.run_id, label=event.run_name, state=event.status)


def _run_changed(event: RunUpdated, at: datetime) -> Iterable[Told]:
    state = event.status if event.lifecycle_stage == "active" else event.lifecycle_stage
    yield Node(kind="run", id=event.run_id, label=event.run_name, state=state)


def _inputs(event: RunInputsLogged, at: datetime) -> Iterable[Told]:
    run = _ref("run", event.run_id)
    for used in event.datasets:
        if used.digest:
            yield _edge("used", _ref("dataset", f"{used.name}@{used.digest}"), run, used.context or "")
    for model_id in event.model_ids:
        yield _edge("used", _ref("logged_model", model_id), run)


def _outputs(event: RunOutputsLogged, at: datetime) -> Iterable[Told]:
    for model_id in event.model_ids:
        yield _edge("logged", _ref("run", event.run_id), _ref("logged_model", model_id))


def _logged_model(event: LoggedModelCreated, at: datetime) -> Iterable[Told]:
    yield Node(kind="logged_model", id=event.model_id, label=event.model_name, state="PENDING", at=at)
    if event.source_run_id:
        yield _edge("logged", _ref("run", event.source_run_id), _ref("logged_model", event.model_id))


def _logged_model_changed(event: LoggedModelUpdated, at: datetime) -> Iterable[Told]:
    yield Node(kind="logged_model", id=event.model_id, state=event.status.removeprefix("LOGGED_MODEL_"))


def _registered(event: VersionRegistered, at: datetime) -> Iterable[Told]:
    this = _version(event.model_name, event.version)
    yield Node(kind="version", id=this.id, label=f"{event.model_name} {event.version}", state="registered", at=at)
    if event.run_id:
        yield _edge("registered", _ref("run", event.run_id), this)
    if event.model_id:
        yield _edge("registered", _ref("logged_model", event.model_id), this)
    if event.former_name:
        yield _edge("renamed", _version(event.former_name, event.version), this)


def _version_changed(event: VersionUpdated, at: datetime) -> Iterable[Told]:
    if event.deleted:
        yield Node(kind="version", id=f"{event.model_name}/{event.version}", state="deleted")


# ---------------------------------------------------------------- judgement


def _evaluated(event: EvaluationRecorded, at: datetime) -> Iterable[Told]:
    this = _ref("evaluation", event.evaluation_id)
    key, value = next(iter(sorted(event.metrics.items())), ("", 0.0))
    state = f"{cut(key)} {value:.4g}" if key else ""
    yield Node(kind="evaluation", id=this.id, label=f"evaluation on {cut(event.split.name)}", state=state, at=at)
    if event.model_name and event.version:
        yield _edge("evaluated", _version(event.model_name, event.version), this)
    if event.run_id:
        yield _edge("evaluated", _ref("run", event.run_id), this)
    if event.split.dataset and event.split.digest:
        yield _edge("used", _ref("dataset", f"{event.split.dataset}@{event.split.digest}"), this, event.split.name)


def _review(
    event: ReviewRequested | ReviewDecided | ReviewLapsed | ReviewWithdrawn | ReviewRenamed, at: datetime
) -> Iterable[Told]:
    this = _ref("review", f"{event.model_name}/{event.version}")
    states = {"requested": "open", "lapsed": "lapsed", "withdrawn": "withdrawn"}
    state = event.state if isinstance(event, ReviewDecided | ReviewRenamed) else states[event.name]
    first = at if isinstance(event, ReviewRequested | ReviewRenamed) else None
    label = f"review of {event.model_name} {event.version}"
    yield Node(kind="review", id=this.id, label=label, state=state.replace("_", " "), at=first)
    yield _edge("reviewed", _version(event.model_name, event.version), this)


def _card(event: CardPublished, at: datetime) -> Iterable[Told]:
    this = _ref("card", f"{event.model_name}/{event.version}")
    label = f"card of {event.model_name} {event.version}"
    yield Node(kind="card", id=this.id, label=label, state=f"revision {event.revision}", at=at)
    yield _edge("described", _version(event.model_name, event.version), this)


# ---------------------------------------------------------------- production


def _deployment(environment: str, model_name: str, version: str) -> NodeRef:
    return _ref("deployment", f"{environment}/{model_name}/{version}")


def _deployment_renamed(event: DeploymentRenamed, at: datetime) -> Iterable[Told]:
    if not event.version:
        return
    this = _deployment(event.environment, event.model_name, event.version)
    former = _deployment(event.environment, event.former_name, event.version)
    label = f"{event.model_name} {event.version} in {event.environment}"
    yield Node(kind="deployment", id=this.id, label=label, state="running", at=at)
    yield Node(kind="deployment", id=former.id, state="renamed")
    yield _edge("deployed", _version(event.model_name, event.version), this)


def _deployed(event: VersionDeployed | VersionRolledBack, at: datetime) -> Iterable[Told]:
    this = _deployment(event.environment, event.model_name, event.version)
    label = f"{event.model_name} {event.version} in {event.environment}"
    yield Node(kind="deployment", id=this.id, label=label, state="running", at=at)
    yield _edge("deployed", _version(event.model_name, event.version), this)
    if isinstance(event, VersionRolledBack):
        former, state = event.from_version, "rolled back"
    else:
        former, state = event.former_version or "", "replaced"
        review = _ref("review", f"{event.model_name}/{event.version}")
        if not event.overridden:
            yield _edge("deployed", review, this, "approved")
    if former and former != event.version:
        gone = _deployment(event.environment, event.model_name, former)
        yield Node(kind="deployment", id=gone.id, state=state)


def _retired(event: VersionRetired, at: datetime) -> Iterable[Told]:
    this = _deployment(event.environment, event.model_name, event.version)
    yield Node(kind="deployment", id=this.id, state="retired")


def _window(event: WindowClosed, at: datetime) -> Iterable[Told]:
    """Only windows with drift are part of the graph: quiet ones say nothing about where something came from."""
    drifted = event.figures.drifted
    if not drifted:
        return
    this = _window_ref(event.model_name, event.version, event.start)
    label = f"window {event.start:%Y-%m-%d %H:%M} of {event.model_name} {event.version}"
    state = f"drift in {len(drifted)} feature{'s' if len(drifted) > 1 else ''}"
    yield Node(kind="window", id=this.id, label=label, state=state, at=event.start)
    yield _edge("watched", _version(event.model_name, event.version), this)
    yield Watched(model_name=event.model_name, version=event.version, node=this)


def _window_ref(model_name: str, version: str, start: datetime) -> NodeRef:
    return _ref("window", f"{model_name}/{version}/{start.isoformat()}")


def _alert(event: AlertOpened | AlertReopened, at: datetime) -> Iterable[Told]:
    this = _ref("alert", event.alert_id)
    opened = isinstance(event, AlertOpened)
    label = cut(event.title) if isinstance(event, AlertOpened) else ""
    yield Node(kind="alert", id=this.id, label=label, state="open", at=at if opened else None)
    window = _window_ref(event.model_name, event.version, event.window_start)
    shown = f"window {event.window_start:%Y-%m-%d %H:%M} of {event.model_name} {event.version}"
    yield Node(kind="window", id=window.id, label=shown, at=event.window_start)
    yield _edge("watched", _version(event.model_name, event.version), window)
    yield _edge("raised", window, this)
    yield Watched(model_name=event.model_name, version=event.version, node=window)


def _alert_state(event: AlertAcknowledged | AlertResolved, at: datetime) -> Iterable[Told]:
    yield Node(kind="alert", id=event.alert_id, state=event.name)


def _retraining(event: RetrainingOpened, at: datetime) -> Iterable[Told]:
    this = _ref("retraining", event.retraining_id)
    label = f"retraining of {event.model_name}"
    yield Node(kind="retraining", id=this.id, label=label, state="open", at=at)
    if event.cause == "alert" and event.cause_id:
        yield _edge("asked", _ref("alert", event.cause_id), this)
    else:
        yield _edge("asked", _version(event.model_name, event.version), this, event.cause)


def _retraining_run(event: RetrainingStarted | RetrainingAnswered, at: datetime) -> Iterable[Told]:
    state = "running" if isinstance(event, RetrainingStarted) else "answered"
    yield Node(kind="retraining", id=event.retraining_id, state=state)
    yield _edge("answered", _ref("retraining", event.retraining_id), _ref("run", event.run_id))


def _retraining_over(event: RetrainingDeclined | RetrainingRunFailed, at: datetime) -> Iterable[Told]:
    state = "declined" if isinstance(event, RetrainingDeclined) else "open"
    yield Node(kind="retraining", id=event.retraining_id, state=state)


def _reproduced(event: RunReproduced, at: datetime) -> Iterable[Told]:
    if event.rerun_id:
        yield _edge("rerun", _ref("run", event.run_id), _ref("run", event.rerun_id), event.outcome)


Read = Callable[[Any, datetime], Iterable[Told]]

RULES: dict[type[Event], Read] = {
    DataSourceDescribed: _source,
    DatasetVersionRegistered: _dataset,
    SplitsRecorded: _split,
    RunStarted: _started,
    RunEnded: _run,
    RunUpdated: _run_changed,
    RunInputsLogged: _inputs,
    RunOutputsLogged: _outputs,
    LoggedModelCreated: _logged_model,
    LoggedModelUpdated: _logged_model_changed,
    VersionRegistered: _registered,
    VersionUpdated: _version_changed,
    EvaluationRecorded: _evaluated,
    ReviewRequested: _review,
    ReviewDecided: _review,
    ReviewLapsed: _review,
    ReviewWithdrawn: _review,
    ReviewRenamed: _review,
    CardPublished: _card,
    VersionDeployed: _deployed,
    VersionRolledBack: _deployed,
    VersionRetired: _retired,
    DeploymentRenamed: _deployment_renamed,
    WindowClosed: _window,
    AlertOpened: _alert,
    AlertReopened: _alert,
    AlertAcknowledged: _alert_state,
    AlertResolved: _alert_state,
    RetrainingOpened: _retraining,
    RetrainingStarted: _retraining_run,
    RetrainingAnswered: _retraining_run,
    RetrainingRunFailed: _retraining_over,
    RetrainingDeclined: _retraining_over,
    RunReproduced: _reproduced,
}
TYPES: dict[str, type[Event]] = {event.type(): event for event in RULES}


def told_by(envelope: Envelope) -> list[Told]:
    """What one event says; nothing if it isn't about lineage."""
    kind = TYPES.get(envelope.type)
    if kind is None:
        return []
    return list(RULES[kind](msgspec.json.decode(envelope.data, type=kind), envelope.time))
