"""Which event ticks which item: one table. Each rule reads an event and says what it shows, as data."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

import msgspec

from services.contracts.base import Event
from services.contracts.duplicates import SimilarRunsFound
from services.contracts.insights import InsightWritten, Link
from services.contracts.monitor import ReferenceSet, WindowClosed
from services.contracts.projects import Proof, Thing
from services.contracts.registry import (
    AliasSet,
    RunDataLogged,
    RunEnded,
    RunInputsLogged,
    RunView,
    VersionRegistered,
)
from services.contracts.reviews import ReviewDecided, ReviewLapsed, ReviewRequested, ReviewWithdrawn
from services.registry.projects.rules import Found

BASELINE_TAG = "lifecycle.baseline"
SEED_WORDS = ("seed", "random_state")
FINISHED = "FINISHED"
MANY_RUNS = 20

SERVING_ALIASES = ("champion", "challenger")

OVERFITTING_GAP = 0.1
"""Relative gap between a training metric and its validation twin from which a run is flagged. A convention, not a law:
scikit-learn's guide on validation curves reads the gap by eye; a project's own gate may set another."""
_TRAINING = ("train_", "training_")
_VALIDATION = ("val_", "valid_", "validation_", "eval_", "test_")
_TRAINING_CONTEXTS = frozenset({"train", "training"})
_HELD_OUT_CONTEXTS = frozenset({"test", "testing", "eval", "evaluation", "validation", "val", "holdout"})

E = TypeVar("E", bound=Event)


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What a rule may look up besides its event: the runs that the events of a batch name, by id."""

    runs: Mapping[str, RunView] = {}


class Rule(msgspec.Struct, frozen=True):
    event: type[Event]
    read: Callable[[Any, Facts], Iterable[Found]]


def version_about(model_name: str, version: str) -> str:
    return f"version:{model_name}/{version}"


# ---------------------------------------------------------------- runs


def _recorded(event: RunEnded, facts: Facts) -> Iterable[Found]:
    """A finished run with metrics; the note says what would be missing to repeat it."""
    run = facts.runs.get(event.run_id)
    if run is None or event.status != FINISHED or not run.metrics:
        return
    has = {
        "parameters": bool(run.params),
        "code version": run.git_commit is not None,
        "dataset digests": bool(run.datasets),
        "seed": any(word in key.lower() for key in (*run.params, *run.tags) for word in SEED_WORDS),
    }
    missing = [what for what, there in has.items() if not there]
    note = f"{event.run_name} by {event.user}" + (f"; without {', '.join(missing)}" if missing else "")
    yield Found(item="runs", about=f"run:{run.id}", verdict="good", proof=Proof(kind="run", id=run.id), note=note)


def _baseline(event: RunEnded | RunDataLogged, facts: Facts) -> Iterable[Found]:
    run = facts.runs.get(event.run_id)
    if run is None or not run.metrics or not is_yes(run.tags.get(BASELINE_TAG, "")):
        return
    key, value = sorted(run.metrics.items())[0]
    note = f"{run.name}: {key} {value:.4g}"
    yield Found(item="baseline", about=f"run:{run.id}", verdict="good", proof=Proof(kind="run", id=run.id), note=note)


def is_yes(text: str) -> bool:
    return text.strip().lower() in ("1", "true", "yes", "y", "on")


def _learning_curves(event: RunEnded, facts: Facts) -> Iterable[Found]:
    run = facts.runs.get(event.run_id)
    gap = None if run is None or event.status != FINISHED else widest_gap(run.metrics)
    if run is None or gap is None:
        return
    name, training, validation, relative = gap
    over = relative > OVERFITTING_GAP
    note = f"{run.name}: {name} {training:.4g} in training, {validation:.4g} in validation"
    yield Found(
        item="learning_curves",
        about=f"experiment:{run.experiment_id}",
        verdict="bad" if over else "good",
        proof=Proof(kind="run", id=run.id),
        note=f"{note}: over-fitting" if over else note,
    )


def widest_gap(metrics: Mapping[str, float]) -> tuple[str, float, float, float] | None:
    """The metric with the widest gap |training - validation| / max(|training|, |validation|), with both values.

    None if no metric was logged for both, such as `train_auc` and `val_auc`.
    """
    widest = None
    for key, training in metrics.items():
        prefix = next((prefix for prefix in _TRAINING if key.startswith(prefix)), None)
        if prefix is None:
            continue
        name = key.removeprefix(prefix)
        validation = next((metrics[other + name] for other in _VALIDATION if other + name in metrics), None)
        if validation is None:
            continue
        scale = max(abs(training), abs(validation))
        relative = abs(training - validation) / scale if scale else 0.0
        if relative == relative and (widest is None or relative > widest[3]):
            widest = (name, training, validation, relative)
    return widest


def _dataset_version(event: RunInputsLogged, facts: Facts) -> Iterable[Found]:
    for dataset in event.datasets:
        if dataset.digest:
            yield Found(
                item="dataset_version",
                about=f"dataset:{dataset.name}@{dataset.digest}",
                verdict="good",
                proof=Proof(kind="run", id=event.run_id),
                note=f"{dataset.name} with digest {dataset.digest}",
            )


def _splits(event: RunInputsLogged, facts: Facts) -> Iterable[Found]:
    run = facts.runs.get(event.run_id)
    contexts = {(entry.context or "").lower() for entry in run.datasets} if run else set()
    if run and contexts & _TRAINING_CONTEXTS and contexts & _HELD_OUT_CONTEXTS:
        note = f"{run.name} used {', '.join(sorted(contexts - {''}))}"
        yield Found(item="splits", about=f"run:{run.id}", verdict="good", proof=Proof(kind="run", id=run.id), note=note)


def _compared(event: SimilarRunsFound, facts: Facts) -> Iterable[Found]:
    """Looked for at each run's end; a duplicate is worth knowing, not a fault."""
    found = [f"{len(event.exact)} the same" if event.exact else "", f"{len(event.near)} near" if event.near else ""]
    note = f"{event.run_name}: {' and '.join(filter(None, found)) or 'nothing like it before'}"
    proof = Proof(kind="run", id=event.run_id)
    yield Found(item="duplicates", about=f"run:{event.run_id}", verdict="good", proof=proof, note=note)


def _learned(event: InsightWritten, facts: Facts) -> Iterable[Found]:
    """An insight counts once it says what it came from."""
    about, proof = f"insight:{event.insight_id}", Proof(kind="insight", id=event.insight_id)
    if event.links:
        yield Found(item="insights", about=about, verdict="good", proof=proof, note=event.title)
        for link in event.links:
            if link.kind == "project":
                yield Found(
                    item="similar_projects", about=f"project:{link.id}", verdict="good", proof=proof, note=event.title
                )


# ---------------------------------------------------------------- versions


def _exported(event: VersionRegistered, facts: Facts) -> Iterable[Found]:
    about = version_about(event.model_name, event.version)
    proof = Proof(kind="version", id=f"{event.model_name}/{event.version}")
    yield Found(item="exported_format", about=about, verdict="good", proof=proof, note=event.source)


def _reviewed(event: ReviewDecided, facts: Facts) -> Iterable[Found]:
    about, proof = version_about(event.model_name, event.version), _review(event.model_name, event.version)
    if event.state == "approved":
        note = f"{event.model_name} {event.version} approved by {event.by}"
        yield Found(item="review", about=about, verdict="good", proof=proof, note=note)
    elif event.decision == "ask_for_changes":
        note = f"{event.by} asks for changes of {event.model_name} {event.version}: {event.reason}"
        yield Found(item="review", about=about, verdict="bad", proof=proof, note=note)


def _review_over(event: ReviewLapsed | ReviewWithdrawn | ReviewRequested, facts: Facts) -> Iterable[Found]:
    """What was decided about another content, or in an earlier round, doesn't count any more."""
    about, proof = version_about(event.model_name, event.version), _review(event.model_name, event.version)
    yield Found(item="review", about=about, verdict="lapsed", proof=proof, note=f"review {event.name}")


def _review(model_name: str, version: str) -> Proof:
    return Proof(kind="review", id=f"{model_name}/{version}")


# ---------------------------------------------------------------- monitoring


def _watched(event: ReferenceSet, facts: Facts) -> Iterable[Found]:
    about = version_about(event.model_name, event.version)
    proof = Proof(kind="monitored", id=f"{event.model_name}/{event.version}")
    note = f"{len(event.features)} features against {event.rows} rows, windows of {event.window_seconds} s"
    yield Found(item="rules_on", about=about, verdict="good", proof=proof, note=note)


def _window(event: WindowClosed) -> Proof:
    return Proof(kind="window", id=f"{event.model_name}/{event.version}/{event.start.isoformat()}")


def _alive(event: WindowClosed, facts: Facts) -> Iterable[Found]:
    about, rows = version_about(event.model_name, event.version), event.figures.rows
    yield Found(
        item="ingest_alive",
        about=about,
        verdict="good" if rows else "bad",
        proof=_window(event),
        note=f"{rows} predictions until {event.end:%Y-%m-%d %H:%M}",
    )


def _drifted(event: WindowClosed, facts: Facts) -> Iterable[Found]:
    """Drift waits for an answer until a window without it comes, or the version is out of use."""
    drifted = event.figures.drifted
    named = ", ".join(drifted[:10]) + (f" and {len(drifted) - 10} more" if len(drifted) > 10 else "")
    yield Found(
        item="alerts_answered",
        about=f"drift of {version_about(event.model_name, event.version)}",
        verdict="bad" if drifted else "good",
        proof=_window(event),
        note=f"{event.model_name} {event.version} drifted: {named}" if drifted else "no feature drifted",
    )


def _replaced(event: AliasSet, facts: Facts) -> Iterable[Found]:
    """What monitoring found about a version that is no longer champion or challenger doesn't matter any more."""
    if event.alias not in SERVING_ALIASES or event.former_version in (None, event.version):
        return
    about = version_about(event.model_name, event.former_version or "")
    proof = Proof(kind="version", id=f"{event.model_name}/{event.version}")
    note = f"{event.model_name} {event.version} took over as {event.alias}"
    for item, what in (("ingest_alive", about), ("rules_on", about), ("alerts_answered", f"drift of {about}")):
        yield Found(item=item, about=what, verdict="lapsed", proof=proof, note=note)


RULES: tuple[Rule, ...] = (
    Rule(RunEnded, _recorded),
    Rule(RunEnded, _baseline),
    Rule(RunDataLogged, _baseline),
    Rule(RunEnded, _learning_curves),
    Rule(SimilarRunsFound, _compared),
    Rule(InsightWritten, _learned),
    Rule(RunInputsLogged, _dataset_version),
    Rule(RunInputsLogged, _splits),
    Rule(VersionRegistered, _exported),
    Rule(ReviewDecided, _reviewed),
    Rule(ReviewRequested, _review_over),
    Rule(ReviewLapsed, _review_over),
    Rule(ReviewWithdrawn, _review_over),
    Rule(ReferenceSet, _watched),
    Rule(WindowClosed, _alive),
    Rule(WindowClosed, _drifted),
    Rule(AliasSet, _replaced),
)

TYPES: dict[str, type[Event]] = {rule.event.type(): rule.event for rule in RULES}
"""The events that may show something, by their CloudEvents type."""


def found_in(event: Event, facts: Facts) -> list[Found]:
    """All that one event shows."""
    return [found for rule in RULES if isinstance(event, rule.event) for found in rule.read(event, facts)]


def runs_of(event: Event) -> list[str]:
    """The runs whose state a rule needs to know; a batch of metrics matters only once it may change a verdict."""
    if isinstance(event, InsightWritten):
        return [link.id for link in event.links if link.kind == "run"][:MANY_RUNS]
    if isinstance(event, RunDataLogged) and BASELINE_TAG not in event.tags:
        return []
    return [event.run_id] if isinstance(event, RunEnded | RunInputsLogged | RunDataLogged) else []


def thing_of(event: Event, facts: Facts) -> Thing | None:
    """What a project may own that the event is about."""
    if isinstance(event, InsightWritten):
        return next((thing for link in event.links if (thing := _linked(link, facts)) is not None), None)
    experiment = getattr(event, "experiment_id", None)
    if experiment is not None:
        return Thing(kind="experiment", id=experiment)
    model = getattr(event, "model_name", None)
    return None if model is None else Thing(kind="model", id=model)


def _linked(link: Link, facts: Facts) -> Thing | None:
    match link.kind:
        case "experiment" | "dataset" | "model":
            return Thing(kind=link.kind, id=link.id)
        case "feature":
            return Thing(kind="dataset", id=link.id.split("/")[0])
        case "version" | "window":
            return Thing(kind="model", id=link.id.split("/")[0])
        case "run":
            run = facts.runs.get(link.id)
            return None if run is None else Thing(kind="experiment", id=run.experiment_id)
        case _:
            return None
