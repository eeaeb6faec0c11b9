"""What evaluations, gates and reviews show on a board."""

from __future__ import annotations

from collections.abc import Iterable

from services.contracts.cards import CardPublished
from services.contracts.evaluations import EvaluationRecorded, GatesEvaluated
from services.contracts.projects import Proof
from services.contracts.registry import VersionRegistered, VersionUpdated
from services.contracts.reviews import ReviewDecided, ReviewLapsed, ReviewRequested, ReviewWithdrawn
from services.registry.projects.reading import Facts, Rule, version_about, version_proof, versions_of
from services.registry.projects.rules import Found

SHOWN = 5
"""Metrics, features or gates that a note names."""
OF_VERSIONS = (
    "final_evaluation", "slices", "stability", "explanation", "importance", "gates", "review", "exported_format",
    "model_card",
)  # fmt: skip
"""Items that hold by what a version is: a deleted version proves nothing any more."""


def _exported(event: VersionRegistered, facts: Facts) -> Iterable[Found]:
    about = version_about(event.model_name, event.version)
    proof = version_proof(event.model_name, event.version)
    yield Found(item="exported_format", about=about, verdict="good", proof=proof, note=event.source)


def _gone(event: VersionUpdated, facts: Facts) -> Iterable[Found]:
    if not event.deleted:
        return
    about, proof = version_about(event.model_name, event.version), version_proof(event.model_name, event.version)
    for item in OF_VERSIONS:
        yield Found(item=item, about=about, verdict="lapsed", proof=proof, note=f"version {event.version} was deleted")


# ---------------------------------------------------------------- evaluations


def _evaluated(event: EvaluationRecorded, facts: Facts) -> Iterable[Found]:
    about, proof = _of(event), Proof(kind="evaluation", id=event.evaluation_id)
    where = f"{event.split.name} of {event.split.dataset}" if event.split.dataset else event.split.name
    if event.split.sealed and event.metrics:
        figures = ", ".join(f"{name} {value:.4g}" for name, value in sorted(event.metrics.items())[:SHOWN])
        yield Found(item="final_evaluation", about=about, verdict="good", proof=proof, note=f"{figures} on {where}")
    if event.split.sealed:
        split = f"split:{event.split.dataset}@{event.split.digest}/{event.split.name}"
        again = event.sealed_uses > 1
        users = ", ".join(event.sealed_users)
        yield Found(
            item="sealed_test",
            about=split,
            verdict="bad" if again else "good",
            proof=proof,
            note=f"{where} was evaluated {event.sealed_uses} times: {users}" if again else f"{where}, once",
        )
    if event.disparities:
        worst = event.disparities[0]
        note = (
            f"{worst.metric}: worst {worst.feature} {worst.worst} with {worst.worst_value:.4g}, "
            f"best {worst.best} with {worst.best_value:.4g}"
        )
        yield Found(item="slices", about=about, verdict="good", proof=proof, note=note)
    if event.stability:
        first = event.stability[0]
        note = f"{first.metric} {first.mean:.4g} ± {first.deviation:.2g} over {first.count} seeds or folds"
        yield Found(item="stability", about=about, verdict="good", proof=proof, note=note)
    if event.explained_by:
        features = ", ".join(entry.feature for entry in event.importances[:SHOWN])
        note = f"{event.explained_by}: {features or 'examples only'}; {event.examples} examples"
        yield Found(item="explanation", about=about, verdict="good", proof=proof, note=note)
        if event.importances:
            yield Found(item="importance", about=about, verdict="good", proof=proof, note=note)


def _of(event: EvaluationRecorded) -> str:
    if event.model_name is not None and event.version is not None:
        return version_about(event.model_name, event.version)
    return f"run:{event.run_id}"


def _judged(event: GatesEvaluated, facts: Facts) -> Iterable[Found]:
    """The newest result of a version counts; one that passes settles what others of the model failed before."""
    failed = [entry.gate.name for entry in event.verdicts if entry.outcome != "passed"]
    named = ", ".join(failed[:SHOWN]) + (f" and {len(failed) - SHOWN} more" if len(failed) > SHOWN else "")
    version = f"{event.model_name} {event.version}"
    if event.passed:
        note = f"{version} passed {len(event.verdicts)} gates"
    else:
        note = f"{version} didn't pass {named}" if failed else f"{version}: no gates are set"
    yield Found(
        item="gates",
        about=version_about(event.model_name, event.version),
        verdict="good" if event.passed else "bad",
        proof=Proof(kind="gates", id=f"{event.model_name}/{event.version}/{event.number}"),
        note=note,
        settles=versions_of(event.model_name) if event.passed else "",
        tells=True,
    )


# ---------------------------------------------------------------- reviews


def _reviewed(event: ReviewDecided, facts: Facts) -> Iterable[Found]:
    about, proof = version_about(event.model_name, event.version), _review(event.model_name, event.version)
    if event.state == "approved":
        note = f"{event.model_name} {event.version} approved by {event.by}"
        settles = versions_of(event.model_name)
        yield Found(item="review", about=about, verdict="good", proof=proof, note=note, settles=settles)
    elif event.decision == "ask_for_changes":
        note = f"{event.by} asks for changes of {event.model_name} {event.version}: {event.reason}"
        yield Found(item="review", about=about, verdict="bad", proof=proof, note=note)


def _review_over(event: ReviewLapsed | ReviewWithdrawn | ReviewRequested, facts: Facts) -> Iterable[Found]:
    """What was decided about another content, or in an earlier round, doesn't count any more."""
    about, proof = version_about(event.model_name, event.version), _review(event.model_name, event.version)
    why = f": {event.because}" if isinstance(event, ReviewLapsed) and event.because else ""
    yield Found(item="review", about=about, verdict="lapsed", proof=proof, note=f"review {event.name}{why}")


def _review(model_name: str, version: str) -> Proof:
    return Proof(kind="review", id=f"{model_name}/{version}")


def _carded(event: CardPublished, facts: Facts) -> Iterable[Found]:
    without = f"; nothing yet about {', '.join(event.missing[:SHOWN])}" if event.missing else ""
    yield Found(
        item="model_card",
        about=version_about(event.model_name, event.version),
        verdict="good",
        proof=Proof(kind="card", id=f"{event.model_name}/{event.version}"),
        note=f"card {event.revision} of {event.model_name} {event.version}{without}",
    )


RULES: tuple[Rule, ...] = (
    Rule(VersionRegistered, _exported),
    Rule(VersionUpdated, _gone),
    Rule(EvaluationRecorded, _evaluated),
    Rule(GatesEvaluated, _judged),
    Rule(ReviewDecided, _reviewed),
    Rule(ReviewRequested, _review_over),
    Rule(ReviewLapsed, _review_over),
    Rule(ReviewWithdrawn, _review_over),
    Rule(CardPublished, _carded),
)
