"""What an evaluation is: checked, and what follows from its slices and seeds."""

from __future__ import annotations

import hashlib
import json
import math
import statistics
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from services.contracts.errors import Invalid, TooLarge
from services.contracts.evaluations import (
    Disparity,
    EvaluationRecorded,
    EvaluationSummary,
    EvaluationView,
    Importance,
    RecordEvaluation,
    RowScores,
    SeedScore,
    SliceScore,
    SplitRef,
    Stability,
)
from services.registry.brevity import cut, within
from services.registry.runs.times import moment
from services.registry.values import Aggregate

NAME_LENGTH = 250
TEXT_LENGTH = 8000
METRICS, SLICES, CURVES, POINTS, LABELS, SEEDS = 500, 5000, 20, 2000, 100, 500
IMPORTANCES, EXAMPLES, CONTRIBUTIONS, ROWS = 5000, 50, 200, 200_000
SHOWN_DISPARITIES = 200
IN_EVENT = 12
"""Disparities, stabilities and importances that an event names."""
USERS = 10

ERROR_WORDS = frozenset(
    {"error", "loss", "logloss", "rmse", "mse", "mae", "mape", "smape", "rmsle", "brier", "deviance", "latency", "ms",
     "size", "mb", "perplexity", "wer", "fpr", "fnr"}
)  # fmt: skip
"""A metric with one of these words in its name is better when lower: scikit-learn's and MLflow's names."""


class Evaluation(Aggregate, frozen=True, kw_only=True):
    """What lists and gates look at; `EvaluationView`, with all parts, is kept beside it. `about` is what it is of,
    the most telling last: `model/…`, `run/…`, `version/model/3`. `figures` is the digest of what it says in numbers,
    "" if that is nothing; None in evaluations from before that was kept."""

    about: list[str]
    split_name: str
    split_key: str
    sealed: bool
    at: int
    summary: bytes
    figures: str | None = None


def lower_is_better(metric: str, named: Iterable[str] = ()) -> bool:
    """Whether a metric is an error: stated so, or called so. Prefixes such as `test_` don't matter."""
    if metric in named:
        return True
    words = "".join(c.lower() if c.isalnum() else " " for c in metric).split()
    return any(word in ERROR_WORDS for word in words)


def split_key(split: SplitRef) -> str:
    """Tells splits apart: the same rows have the same key."""
    return f"{split.dataset}@{split.digest}/{split.name}"


def figures_digest(metrics: Mapping[str, float], slices: Sequence[SliceScore]) -> str:
    """Of the numbers, to nine digits; the same whatever order they come in. "" if there are none."""
    if not metrics and not slices:
        return ""
    said = [[entry.feature, entry.value, entry.rows, _digits(entry.metrics)] for entry in slices]
    content = json.dumps([_digits(metrics), sorted(said, key=lambda entry: entry[:2])], sort_keys=True)
    return hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()


def _digits(metrics: Mapping[str, float]) -> dict[str, str]:
    return {name: f"{value:.9g}" for name, value in metrics.items()}


def run_about(run_id: str) -> str:
    return f"run/{run_id}"


def model_about(model_name: str) -> str:
    return f"model/{model_name}"


def version_about(model_name: str, version: str) -> str:
    return f"version/{model_name}/{version}"


# ---------------------------------------------------------------- checking


def check(request: RecordEvaluation) -> None:
    """Raises Invalid for what makes no sense, TooLarge over a limit."""
    if request.run_id is None and (request.model_name is None or request.version is None):
        raise Invalid("an evaluation is of a version or of a run", field="model_name", fix="Name one of them.")
    _name("split.name", request.split.name)
    for path, text in (("split.dataset", request.split.dataset), ("split.digest", request.split.digest)):
        _short(path, text)
    if not request.metrics and not request.slices and request.confusion is None and request.explanation is None:
        raise Invalid("nothing was evaluated", field="metrics", fix="Send metrics, slices or an explanation.")
    _count("metrics", request.metrics, METRICS)
    _numbers("metrics", request.metrics)
    _short("note", request.note, TEXT_LENGTH)
    _check_slices(request.slices)
    _check_confusion(request)
    _check_curves(request)
    _count("seeds", request.seeds, SEEDS)
    for number, seed in enumerate(request.seeds):
        _name(f"seeds[{number}].seed", seed.seed)
        _numbers(f"seeds[{number}].metrics", seed.metrics)
    _check_explanation(request)
    _check_rows(request.row_scores)


def _check_slices(slices: Sequence[SliceScore]) -> None:
    _count("slices", slices, SLICES)
    seen: set[tuple[str, str]] = set()
    for number, entry in enumerate(slices):
        path = f"slices[{number}]"
        _name(f"{path}.feature", entry.feature)
        _short(f"{path}.value", entry.value)
        _numbers(f"{path}.metrics", entry.metrics)
        _count(f"{path}.metrics", entry.metrics, METRICS)
        if entry.rows < 0:
            raise Invalid("a slice has 0 or more rows", field=f"{path}.rows")
        if (entry.feature, entry.value) in seen:
            raise Invalid(f"{entry.feature} = {entry.value} comes twice", field=path)
        seen.add((entry.feature, entry.value))


def _check_confusion(request: RecordEvaluation) -> None:
    matrix = request.confusion
    if matrix is None:
        return
    _count("confusion.labels", matrix.labels, LABELS)
    size = len(matrix.labels)
    if not size or len(set(matrix.labels)) != size:
        raise Invalid("labels are there, and differ", field="confusion.labels")
    if len(matrix.counts) != size or any(len(row) != size for row in matrix.counts):
        raise Invalid(f"{size} labels need {size} rows of {size} counts", field="confusion.counts")
    if any(count < 0 for row in matrix.counts for count in row):
        raise Invalid("counts are 0 or more", field="confusion.counts")
    for label in matrix.labels:
        _short("confusion.labels", label)


def _check_curves(request: RecordEvaluation) -> None:
    _count("curves", request.curves, CURVES)
    for number, curve in enumerate(request.curves):
        path = f"curves[{number}]"
        _name(f"{path}.name", curve.name)
        _count(f"{path}.x", curve.x, POINTS)
        if len(curve.x) != len(curve.y):
            raise Invalid("as many x as y", field=path)
        if not all(map(math.isfinite, (*curve.x, *curve.y))):
            raise Invalid("a point isn't a finite number", field=path)


def _check_explanation(request: RecordEvaluation) -> None:
    explanation = request.explanation
    if explanation is None:
        return
    _name("explanation.method", explanation.method)
    _count("explanation.importances", explanation.importances, IMPORTANCES)
    _count("explanation.examples", explanation.examples, EXAMPLES)
    for number, importance in enumerate(explanation.importances):
        path = f"explanation.importances[{number}]"
        _name(f"{path}.feature", importance.feature)
        if not math.isfinite(importance.value):
            raise Invalid("an importance is a finite number", field=f"{path}.value")
    for number, example in enumerate(explanation.examples):
        path = f"explanation.examples[{number}]"
        _name(f"{path}.row", example.row)
        _count(f"{path}.contributions", example.contributions, CONTRIBUTIONS)
        _short(f"{path}.note", example.note, TEXT_LENGTH)
        for contribution in example.contributions:
            _name(f"{path}.contributions", contribution.feature)
            _short(f"{path}.contributions", contribution.value)
            if not math.isfinite(contribution.amount):
                raise Invalid("a contribution is a finite number", field=f"{path}.contributions")


def _check_rows(row_scores: Sequence[RowScores]) -> None:
    if sum(len(entry.scores) for entry in row_scores) > ROWS:
        raise TooLarge(f"at most {ROWS} row scores", field="row_scores", fix="Send those of a sample of the rows.")
    measures = [entry.measure for entry in row_scores]
    for number, entry in enumerate(row_scores):
        path = f"row_scores[{number}]"
        _name(f"{path}.measure", entry.measure)
        _name(f"{path}.rows_digest", entry.rows_digest)
        if measures.count(entry.measure) > 1:
            raise Invalid(f"{entry.measure!r} comes twice", field=f"{path}.measure")
        if not all(map(math.isfinite, entry.scores)):
            raise Invalid("a score isn't a finite number", field=f"{path}.scores")


def _name(path: str, text: str) -> None:
    if not text.strip():
        raise Invalid(f"{path} is empty", field=path)
    _short(path, text)


def _short(path: str, text: str, most: int = NAME_LENGTH) -> None:
    if len(text) > most:
        raise TooLarge(f"{path} has {len(text)} characters; the most is {most}", field=path)


def _count(path: str, values: Sequence[object] | Mapping[str, float], most: int) -> None:
    if len(values) > most:
        raise TooLarge(f"{path}: at most {most}, not {len(values)}", field=path)


def _numbers(path: str, metrics: Mapping[str, float]) -> None:
    for name, value in metrics.items():
        _name(path, name)
        if not math.isfinite(value):
            raise Invalid(f"{name} isn't a finite number", field=f"{path}.{name}")


# ---------------------------------------------------------------- what follows


def disparities(slices: Sequence[SliceScore], errors: Iterable[str] = ()) -> list[Disparity]:
    """For each feature and metric the worst and the best slice; fairness first, then the widest apart.

    Slices without rows say nothing.
    """
    features: dict[str, list[SliceScore]] = {}
    for entry in slices:
        if entry.rows:
            features.setdefault(entry.feature, []).append(entry)
    found = []
    for feature, entries in features.items():
        for metric in dict.fromkeys(name for entry in entries for name in entry.metrics):
            scored = sorted((entry.metrics[metric], entry.value, entry) for entry in entries if metric in entry.metrics)
            low, high = scored[0], scored[-1]
            worst, best = (high, low) if lower_is_better(metric, errors) else (low, high)
            fair = any(entry.kind == "fairness" for entry in entries)
            found.append(
                Disparity(
                    feature=feature,
                    kind="fairness" if fair else "slice",
                    metric=metric,
                    worst=worst[1],
                    worst_value=worst[0],
                    worst_rows=worst[2].rows,
                    best=best[1],
                    best_value=best[0],
                    difference=high[0] - low[0],
                    ratio=low[0] / high[0] if low[0] > 0 else None,
                )
            )
    return sorted(found, key=lambda entry: (entry.kind != "fairness", -entry.difference, entry.feature, entry.metric))


def stability(seeds: Sequence[SeedScore]) -> list[Stability]:
    """Of each metric that at least two seeds or folds have."""
    values: dict[str, list[float]] = {}
    for seed in seeds:
        for name, value in seed.metrics.items():
            values.setdefault(name, []).append(value)
    return [
        Stability(
            metric=name,
            count=len(scores),
            mean=statistics.fmean(scores),
            deviation=statistics.stdev(scores),
            least=min(scores),
            most=max(scores),
        )
        for name, scores in sorted(values.items())
        if len(scores) > 1
    ]


def recorded(
    evaluation_id: str,
    request: RecordEvaluation,
    *,
    experiment_id: str | None,
    run_id: str | None,
    uses: Sequence[str],
    now: int,
    who: str,
) -> tuple[Evaluation, EvaluationView, EvaluationRecorded]:
    """`uses` are the earlier ones of the same sealed split that count, oldest first. Raises Invalid, TooLarge."""
    check(request)
    about = [] if request.model_name is None else [model_about(request.model_name)]
    if run_id:
        about.append(run_about(run_id))
    if request.model_name is not None and request.version is not None:
        about.append(version_about(request.model_name, request.version))
    errors = [metric for metric in request.metrics if lower_is_better(metric, request.lower_is_better)]
    explanation = request.explanation
    shown = EvaluationView(
        id=evaluation_id,
        model_name=request.model_name,
        version=request.version,
        run_id=run_id,
        experiment_id=experiment_id,
        split=request.split,
        metrics=request.metrics,
        lower_is_better=sorted({*errors, *request.lower_is_better}),
        slices=request.slices,
        disparities=disparities(request.slices, request.lower_is_better)[:SHOWN_DISPARITIES],
        confusion=request.confusion,
        curves=request.curves,
        seeds=request.seeds,
        stability=stability(request.seeds),
        explanation=explanation,
        row_scores=[entry.measure for entry in request.row_scores],
        sealed_uses=len(uses) + 1 if request.split.sealed else 0,
        sealed_users=list(dict.fromkeys([*uses, about[-1]]))[-USERS:] if request.split.sealed else [],
        note=request.note,
        by=who,
        at=moment(now),
    )
    kept = Evaluation(
        id=evaluation_id,
        v=1,
        about=about,
        split_name=request.split.name,
        split_key=split_key(request.split),
        sealed=request.split.sealed,
        at=now,
        summary=msgspec.msgpack.encode(summary(shown)),
        figures=figures_digest(request.metrics, request.slices),
    )
    return kept, shown, _event(shown)


def _event(shown: EvaluationView) -> EvaluationRecorded:
    explanation = shown.explanation
    return EvaluationRecorded(
        evaluation_id=shown.id,
        model_name=shown.model_name,
        version=shown.version,
        run_id=shown.run_id,
        experiment_id=shown.experiment_id,
        split=shown.split,
        metrics=within(shown.metrics),
        disparities=shown.disparities[:IN_EVENT],
        stability=shown.stability[:IN_EVENT],
        explained_by="" if explanation is None else explanation.method,
        importances=[] if explanation is None else largest(explanation.importances)[:IN_EVENT],
        examples=0 if explanation is None else len(explanation.examples),
        sealed_uses=shown.sealed_uses,
        sealed_users=[cut(user) for user in shown.sealed_users],
        by=shown.by,
    )


def largest(importances: Sequence[Importance]) -> list[Importance]:
    return sorted(importances, key=lambda entry: (-abs(entry.value), entry.feature))


def summary(shown: EvaluationView) -> EvaluationSummary:
    return EvaluationSummary(
        id=shown.id,
        model_name=shown.model_name,
        version=shown.version,
        run_id=shown.run_id,
        experiment_id=shown.experiment_id,
        split=shown.split,
        metrics=shown.metrics,
        disparities=shown.disparities[:IN_EVENT],
        slices=len(shown.slices),
        seeds=len(shown.seeds),
        explained_by="" if shown.explanation is None else shown.explanation.method,
        sealed_uses=shown.sealed_uses,
        note=shown.note,
        by=shown.by,
        at=shown.at,
    )
