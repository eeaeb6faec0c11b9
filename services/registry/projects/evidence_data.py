"""What sources, dataset versions, their profiles, features, checks and splits show on a board."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from services.contracts.datasets import (
    DatasetVersionRegistered,
    FeaturesDescribed,
    SealedSplitUsed,
    SplitsRecorded,
)
from services.contracts.profiles import DatasetDerived, DatasetProfiled, OverlapChecked, RepresentationChecked
from services.contracts.projects import Proof
from services.registry.projects.reading import Facts, Rule
from services.registry.projects.rules import Found

SHOWN = 5
Dataset = (
    DatasetVersionRegistered | FeaturesDescribed | SplitsRecorded | SealedSplitUsed | DatasetProfiled
    | DatasetDerived | RepresentationChecked | OverlapChecked
)  # fmt: skip


def _about(dataset: str, digest: str) -> str:
    return f"dataset:{dataset}@{digest}"


def _proof(event: Dataset) -> Proof:
    return Proof(kind="dataset", id=f"{event.dataset}@{event.digest}")


def _named(names: Sequence[str]) -> str:
    return ", ".join(names[:SHOWN]) + (f" and {len(names) - SHOWN} more" if len(names) > SHOWN else "")


def _registered(event: DatasetVersionRegistered, facts: Facts) -> Iterable[Found]:
    about, proof = _about(event.dataset, event.digest), _proof(event)
    size = (
        "" if event.rows is None else f": {event.rows} rows" + (f", {event.columns} columns" if event.columns else "")
    )
    note = f"{event.dataset} version {event.number}, digest {event.digest}{size}"
    yield Found(item="dataset_version", about=about, verdict="good", proof=proof, note=note)
    for source in event.sources:
        yield Found(
            item="sources",
            about=f"source:{source}",
            verdict="good",
            proof=Proof(kind="source", id=source),
            note=f"{source}, which {event.dataset} comes from",
        )
    if event.parents:
        parents = _named([f"{parent.dataset}@{parent.digest}" for parent in event.parents])
        code = f"by code {event.code_version}" if event.code_version else "the code that made it isn't known"
        note = f"{event.dataset} from {parents}, {code}"
        yield Found(item="derived_dataset", about=about, verdict="good", proof=proof, note=note)


def _profiled(event: DatasetProfiled, facts: Facts) -> Iterable[Found]:
    """Counts for the exploration whether or not the target is marked; the note says so."""
    target = f"target {event.target}" if event.target else "no target is marked"
    note = (
        f"{event.dataset}: {event.rows} rows, {event.columns} columns, {event.missing_cells} missing cells, "
        f"{'about ' if event.outliers_approximate else ''}{event.outliers} outliers; {target}"
    )
    about = _about(event.dataset, event.digest)
    yield Found(item="profile", about=about, verdict="good", proof=_proof(event), note=note)


def _derived(event: DatasetDerived, facts: Facts) -> Iterable[Found]:
    """What cleaning did, and whether formats and units are still those of the parent."""
    about, proof = _about(event.dataset, event.digest), _proof(event)
    changes = [
        f"{what} {before} → {after}"
        for what, (before, after) in (
            ("rows", event.rows),
            ("missing cells", event.missing_cells),
            ("outliers", event.outliers),
            *([("duplicate rows", event.duplicate_rows)] if event.duplicate_rows else []),
        )
    ]
    note = f"{event.dataset} from {event.parent.dataset}: {', '.join(changes)}"
    yield Found(item="cleaned", about=about, verdict="good", proof=proof, note=note)
    differs = f"differs from {event.parent.dataset}: {_named(event.inconsistent)}"
    yield Found(
        item="consistent_units",
        about=about,
        verdict="bad" if event.inconsistent else "good",
        proof=proof,
        note=f"{event.dataset} {differs if event.inconsistent else 'has the formats and units of its parent'}",
        tells=True,
    )


def _features(event: FeaturesDescribed, facts: Facts) -> Iterable[Found]:
    """A feature that won't be there when the model is asked makes the list bad."""
    about, proof = _about(event.dataset, event.digest), _proof(event)
    note = f"{event.dataset}: {event.features} features, {event.with_origin} with their origin"
    if event.not_at_inference:
        note += f"; not there at inference: {_named(event.not_at_inference)}"
    verdict_bad = bool(event.not_at_inference)
    yield Found(
        item="feature_list", about=about, verdict="bad" if verdict_bad else "good", proof=proof, note=note, tells=True
    )
    if event.dropped:
        note = f"{event.dataset}: dropped {_named(event.dropped)}, each with its reason"
        yield Found(item="importance", about=about, verdict="good", proof=proof, note=note)


def _representation(event: RepresentationChecked, facts: Facts) -> Iterable[Found]:
    faults = [
        f"{what}: {_named(groups)}"
        for what, groups in (("missing", event.missing), ("under-represented", event.under_represented))
        if groups
    ]
    yield Found(
        item="representation",
        about=f"{event.column} of {_about(event.dataset, event.digest)}",
        verdict=event.outcome,
        proof=_proof(event),
        note=f"{event.dataset} by {event.column}: {'; '.join(faults) or 'as in the stated population'}",
        tells=True,
    )


def _overlap(event: OverlapChecked, facts: Facts) -> Iterable[Found]:
    what = "keys" if event.by_key else "rows"
    about = "approximately " if event.approximate else ""
    other = f"{event.other.dataset}@{event.other.digest}"
    yield Found(
        item="leakage",
        about=f"{_about(event.dataset, event.digest)} and {other}",
        verdict=event.outcome,
        proof=_proof(event),
        note=f"{event.dataset} and {event.other.dataset} share {about}{event.shared} {what}",
        tells=True,
    )


def _splits(event: SplitsRecorded, facts: Facts) -> Iterable[Found]:
    if not event.splits:
        return
    about, proof = _about(event.dataset, event.digest), _proof(event)
    named = ", ".join(f"{split.role}{' (sealed)' if split.sealed else ''}" for split in event.splits)
    yield Found(item="splits", about=about, verdict="good", proof=proof, note=f"{event.dataset}: {named}")
    for split in event.splits:
        if split.sealed:
            note = f"{split.dataset} is sealed for the final evaluation"
            sealed = f"sealed {_about(split.dataset, split.digest)}"
            yield Found(item="sealed_test", about=sealed, verdict="good", proof=proof, note=note)


def _sealed_used(event: SealedSplitUsed, facts: Facts) -> Iterable[Found]:
    again = event.uses > 1
    run = facts.runs.get(event.run_id)
    name = event.run_id if run is None else run.name
    yield Found(
        item="sealed_test",
        about=f"sealed {_about(event.dataset, event.digest)}",
        verdict="bad" if again else "good",
        proof=Proof(kind="run", id=event.run_id),
        note=f"{event.dataset} was used {event.uses} times, now by {name}" if again else f"used once, by {name}",
        tells=again,
    )


RULES: tuple[Rule, ...] = (
    Rule(DatasetVersionRegistered, _registered),
    Rule(DatasetProfiled, _profiled),
    Rule(DatasetDerived, _derived),
    Rule(FeaturesDescribed, _features),
    Rule(RepresentationChecked, _representation),
    Rule(OverlapChecked, _overlap),
    Rule(SplitsRecorded, _splits),
    Rule(SealedSplitUsed, _sealed_used),
)
