"""Which event ticks which item: one table. Each rule reads an event and says what it shows, as data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from services.contracts.base import Event
from services.contracts.datasets import DatasetVersionRegistered, SealedSplitUsed
from services.contracts.duplicates import SimilarRunsFound
from services.contracts.insights import InsightWritten, Link
from services.contracts.projects import Proof, Thing
from services.contracts.registry import RunDataLogged, RunEnded, RunInputsLogged
from services.registry.projects import evidence_data as data
from services.registry.projects import evidence_production as production
from services.registry.projects import evidence_validation as validation
from services.registry.projects.reading import Facts, Rule
from services.registry.projects.rules import Found

BASELINE_TAG = "lifecycle.baseline"
SEED_WORDS = ("seed", "random_state")
FINISHED = "FINISHED"
MANY_RUNS = 20

OVERFITTING_GAP = 0.1
"""Relative gap between a training metric and its validation twin from which a run is flagged. A convention, not a law:
scikit-learn's guide on validation curves reads the gap by eye; a project's own gate may set another."""
_TRAINING = ("train_", "training_")
_VALIDATION = ("val_", "valid_", "validation_", "eval_", "test_")
_TRAINING_CONTEXTS = frozenset({"train", "training"})
_HELD_OUT_CONTEXTS = frozenset({"test", "testing", "eval", "evaluation", "validation", "val", "holdout"})


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


RULES: tuple[Rule, ...] = (
    Rule(RunEnded, _recorded),
    Rule(RunEnded, _baseline),
    Rule(RunDataLogged, _baseline),
    Rule(RunEnded, _learning_curves),
    Rule(SimilarRunsFound, _compared),
    Rule(InsightWritten, _learned),
    Rule(RunInputsLogged, _dataset_version),
    Rule(RunInputsLogged, _splits),
    *data.RULES,
    *validation.RULES,
    *production.RULES,
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
    known = RunEnded | RunInputsLogged | RunDataLogged | DatasetVersionRegistered | SealedSplitUsed
    return [event.run_id] if isinstance(event, known) and event.run_id else []


def things_of(event: Event, facts: Facts) -> list[Thing]:
    """What a project may own that the event is about: the first that belongs to more than the default project counts.

    An evaluation is of a model or an experiment, a dataset's version is its own or its run's.
    """
    if isinstance(event, InsightWritten):
        linked = [_linked(link, facts) for link in event.links]
        return [thing for thing in linked if thing is not None]
    things = []
    dataset = getattr(event, "dataset", None)
    if isinstance(dataset, str):
        things.append(Thing(kind="dataset", id=dataset))
    model = getattr(event, "model_name", None)
    if model is not None:
        things.append(Thing(kind="model", id=model))
    experiment = getattr(event, "experiment_id", None)
    if experiment is None and isinstance(event, DatasetVersionRegistered | SealedSplitUsed):
        run = facts.runs.get(event.run_id or "")
        experiment = None if run is None else run.experiment_id
    if experiment is not None:
        things.append(Thing(kind="experiment", id=experiment))
    return things


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
