"""The score of a run, the plan to make it again, and the comparison with what it was. Pure."""

from __future__ import annotations

import json
import math
import posixpath
from collections.abc import Mapping, Sequence

import msgspec

from services.contracts.errors import Invalid, TooLarge
from services.contracts.registry import RunView
from services.contracts.reproduction import (
    AttemptView,
    BundleFile,
    DataReference,
    Ingredient,
    IngredientView,
    MetricRepeated,
    Outcome,
    ReproducibilityView,
    ReproductionPlan,
    RunReproduced,
    RunScored,
)
from services.registry.brevity import cut
from services.registry.runs.times import moment
from services.registry.values import Aggregate

REPOSITORY_TAG = "mlflow.source.git.repoURL"
COMMIT_TAG = "mlflow.source.git.commit"
ENTRY_POINT_TAG = "mlflow.project.entryPoint"
COMMAND_TAG = "lifecycle.command"
"""A JSON list: the exact command line, with the script's path below the repository."""
DIRECTORY_TAG = "lifecycle.code.directory"
"""Where it was started, below the repository."""
DIRTY_TAG = "lifecycle.code.dirty"
RERUN_TAG = "lifecycle.rerun_of"

DIFF_NAMES = ("uncommitted.diff", "uncommitted.patch")
ENVIRONMENT_NAMES = (
    "requirements.txt", "conda.yaml", "conda.yml", "python_env.yaml", "environment.yml", "environment.yaml",
    "uv.lock", "poetry.lock", "Pipfile.lock",
)  # fmt: skip
SEED_WORDS = ("seed", "random_state")
MANY_ATTEMPTS = 100
MANY_METRICS = 1000
NOTE_LENGTH = 10_000
NAMED_IN_EVENT = 50
MAX_TOLERANCE = 10.0

WEIGHTS: Mapping[Ingredient, float] = {
    "code_version": 0.25,
    "clean_code": 0.10,
    "entry_point": 0.10,
    "parameters": 0.10,
    "environment": 0.20,
    "datasets": 0.12,
    "dataset_locations": 0.05,
    "seed": 0.08,
}
"""Ours: how much a repeat suffers without each. Without code or packages there is nothing to run; without data there
is nothing to compare; without a seed it still comes out nearly the same. They sum to 1."""

_TITLES: Mapping[Ingredient, tuple[str, str]] = {
    "code_version": ("Code version", "Run the script from a git repository: MLflow's client then sends the commit."),
    "clean_code": (
        "Uncommitted changes",
        "Commit before training, or call lifecycle.record_code() in the run: it logs the difference.",
    ),
    "entry_point": ("Entry point", "Run a script rather than an interactive session, or call lifecycle.record_code()."),
    "parameters": ("Parameters", "Log them, by hand or with mlflow.autolog()."),
    "environment": (
        "Pinned packages",
        "Log the model (MLflow adds requirements.txt), or call lifecycle.record_environment().",
    ),
    "datasets": ("Datasets with digests", "mlflow.log_input(mlflow.data.from_pandas(...), context='training')."),
    "dataset_locations": ("Where the data lie", "Give mlflow.data.from_pandas(...) its source."),
    "seed": ("Random seed", "Log the seed as a parameter whose name has 'seed' or 'random_state' in it."),
}


class File(msgspec.Struct, frozen=True, kw_only=True):
    """An artifact of a run or of a model that it logged. `path` is below those artifacts, `key` below all."""

    path: str
    key: str
    size: int
    sha256: str = ""

    @property
    def name(self) -> str:
        return posixpath.basename(self.path)


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """All that the score and the plan are made of."""

    run: RunView
    datasets: Sequence[DataReference]
    files: Sequence[File]


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """`at` in milliseconds since 1970."""

    id: str
    outcome: Outcome
    tolerance: float
    metrics: list[MetricRepeated]
    rerun_id: str | None
    note: str
    by: str
    at: int


class Reproduction(Aggregate, frozen=True, kw_only=True):
    """What is recorded about a run: its score when it ended, and every attempt to make it again."""

    score: float | None = None
    attempts: list[Attempt] = []


# ---------------------------------------------------------------- the score


def ingredients(facts: Facts) -> list[IngredientView]:
    found = _found(facts)
    views = []
    for name, weight in WEIGHTS.items():
        title, fix = _TITLES[name]
        there = found[name]
        views.append(
            IngredientView(
                name=name,
                title=title,
                weight=weight,
                present=bool(there),
                found=there[:500],
                fix="" if there else fix,
            )
        )
    return views


def score(views: Sequence[IngredientView]) -> float:
    return round(sum(view.weight for view in views if view.present), 6)


def missing(views: Sequence[IngredientView]) -> list[Ingredient]:
    return [view.name for view in views if not view.present]


def _found(facts: Facts) -> dict[Ingredient, str]:
    """What is there of each, in words; an empty text: nothing."""
    run = facts.run
    seeds = seeds_of(run)
    located = [data for data in facts.datasets if data.location]
    digests = [f"{data.dataset}@{data.digest}" for data in facts.datasets if data.digest]
    whole = len(digests) == len(facts.datasets)
    return {
        "code_version": run.git_commit or "",
        "clean_code": _clean(facts),
        "entry_point": " ".join(command_of(run)),
        "parameters": f"{len(run.params)} parameters" if run.params else "",
        "environment": ", ".join(dict.fromkeys(file.name for file in environment(facts.files))),
        "datasets": ", ".join(digests) if whole else "",
        "dataset_locations": ", ".join(dict.fromkeys(data.location for data in located))
        if located and len(located) == len(facts.datasets)
        else "",
        "seed": ", ".join(f"{key}={value}" for key, value in seeds.items()),
    }


def _clean(facts: Facts) -> str:
    found = diff(facts.files)
    if found is not None:
        return f"{found.path} ({found.size} bytes)"
    return "everything was committed" if facts.run.tags.get(DIRTY_TAG) == "false" else ""


def seeds_of(run: RunView) -> dict[str, str]:
    both = {**run.tags, **run.params}
    return {
        key: value
        for key, value in sorted(both.items())
        if any(word in key.lower() for word in SEED_WORDS) and value.lower() not in ("", "none", "null")
    }


def diff(files: Sequence[File]) -> File | None:
    return next((file for file in files if file.name in DIFF_NAMES), None)


def environment(files: Sequence[File]) -> list[File]:
    """The files that pin packages; of several with the same name and content, the first."""
    found: dict[tuple[str, str], File] = {}
    for file in files:
        if file.name in ENVIRONMENT_NAMES:
            found.setdefault((file.name, file.sha256 or file.path), file)
    return list(found.values())


# ---------------------------------------------------------------- the plan


def command_of(run: RunView) -> list[str]:
    """The exact command where it was recorded, else the script that MLflow's client named."""
    try:
        exact = json.loads(run.tags.get(COMMAND_TAG, ""))
    except ValueError:
        exact = None
    if isinstance(exact, list) and exact and all(isinstance(word, str) for word in exact):
        return exact
    source = run.source or ""
    return ["python", source] if source.endswith(".py") else []


def plan(facts: Facts) -> ReproductionPlan:
    run, views = facts.run, ingredients(facts)
    found = diff(facts.files)
    return ReproductionPlan(
        run_id=run.id,
        run_name=run.name,
        experiment_name=run.experiment_name,
        repository=run.tags.get(REPOSITORY_TAG, ""),
        commit=run.git_commit or "",
        entry_point=run.tags.get(ENTRY_POINT_TAG) or run.source or "",
        command=command_of(run),
        working_directory=run.tags.get(DIRECTORY_TAG, ""),
        params=run.params,
        metrics=run.metrics,
        seeds=seeds_of(run),
        datasets=list(facts.datasets),
        diff=None if found is None else _bundled(found),
        environment=[_bundled(file) for file in environment(facts.files)],
        score=score(views),
        missing=missing(views),
    )


def _bundled(file: File) -> BundleFile:
    return BundleFile(path=file.path, url_path=file.key, size=file.size, sha256=file.sha256)


# ---------------------------------------------------------------- comparing and recording


def compared(original: Mapping[str, float], again: Mapping[str, float], tolerance: float) -> list[MetricRepeated]:
    """Every metric of the original, by name."""
    return [
        MetricRepeated(
            metric=key,
            original=value,
            again=again.get(key),
            within=key in again and _within(value, again[key], tolerance),
        )
        for key, value in sorted(original.items())[:MANY_METRICS]
    ]


def _within(original: float, again: float, tolerance: float) -> bool:
    if math.isnan(original) or math.isnan(again):
        return math.isnan(original) and math.isnan(again)
    if math.isinf(original) or math.isinf(again):
        return original == again
    return abs(again - original) <= tolerance * max(abs(again), abs(original))


def outcome_of(metrics: Sequence[MetricRepeated], *, failed: bool) -> Outcome:
    if failed or not any(metric.again is not None for metric in metrics):
        return "failed"
    return "reproduced" if all(metric.within for metric in metrics) else "differs"


def scored(
    former: Reproduction | None, run: RunView, views: Sequence[IngredientView]
) -> tuple[Reproduction, RunScored]:
    """Once, when the run has ended."""
    after = _next(former, run.id, score=score(views))
    event = RunScored(run_id=run.id, experiment_id=run.experiment_id, score=score(views), missing=missing(views))
    return after, event


def attempted(
    former: Reproduction | None,
    run: RunView,
    *,
    attempt_id: str,
    again: Mapping[str, float],
    rerun_id: str | None,
    failed: bool,
    tolerance: float,
    note: str,
    who: str,
    now: int,
) -> tuple[Reproduction, RunReproduced]:
    """With the attempt recorded; of very many, the newest are kept. Raises Invalid, TooLarge."""
    if not (math.isfinite(tolerance) and 0 <= tolerance <= MAX_TOLERANCE):
        raise Invalid(f"a tolerance is between 0 and {MAX_TOLERANCE:g}", field="tolerance")
    if len(note) > NOTE_LENGTH:
        raise TooLarge(f"a note has at most {NOTE_LENGTH} characters", field="note")
    if rerun_id == run.id:
        raise Invalid("a run can't be its own repeat", field="rerun_id")
    metrics = [] if failed else compared(run.metrics, again, tolerance)
    attempt = Attempt(
        id=attempt_id,
        outcome=outcome_of(metrics, failed=failed),
        tolerance=tolerance,
        metrics=metrics,
        rerun_id=rerun_id,
        note=note,
        by=who,
        at=now,
    )
    kept = [*(former.attempts if former else []), attempt][-MANY_ATTEMPTS:]
    event = RunReproduced(
        run_id=run.id,
        experiment_id=run.experiment_id,
        attempt=attempt_id,
        rerun_id=rerun_id,
        outcome=attempt.outcome,
        tolerance=tolerance,
        differing=[cut(metric.metric) for metric in metrics if not metric.within][:NAMED_IN_EVENT],
        by=who,
    )
    return _next(former, run.id, attempts=kept), event


def _next(former: Reproduction | None, run_id: str, **changes: object) -> Reproduction:
    if former is None:
        return msgspec.structs.replace(Reproduction(id=run_id, v=1), **changes)
    return msgspec.structs.replace(former, v=former.v + 1, **changes)


def view(facts: Facts, recorded: Reproduction | None) -> ReproducibilityView:
    views = ingredients(facts)
    return ReproducibilityView(
        run_id=facts.run.id,
        score=score(views),
        ingredients=views,
        missing=missing(views),
        attempts=[
            AttemptView(
                id=attempt.id,
                outcome=attempt.outcome,
                tolerance=attempt.tolerance,
                metrics=attempt.metrics,
                rerun_id=attempt.rerun_id,
                note=attempt.note,
                by=attempt.by,
                at=moment(attempt.at),
            )
            for attempt in reversed(recorded.attempts if recorded else [])
        ],
    )
