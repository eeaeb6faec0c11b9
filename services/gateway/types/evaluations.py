"""Evaluations of models on named splits."""

from __future__ import annotations

from datetime import datetime
from enum import Enum

import strawberry
from strawberry import enum_value

from services.contracts import evaluations as contracts
from services.gateway.ids import global_id
from services.gateway.types.about import AboutRun, AboutVersion
from services.gateway.types.fields import viewed
from services.gateway.types.limits import KEY, Size
from services.gateway.types.node import ID_DESCRIPTION, Node, reads
from services.gateway.types.scalars import Long
from services.gateway.types.values import Metric, figures, same


@strawberry.enum(description="What a gate looks at.")
class GateKind(Enum):
    MINIMUM = enum_value("minimum", description="A metric reaches a value.")
    BEATS_BASELINE = enum_value("beats_baseline", description="It is better than the baseline by a margin.")
    BEATS_CHAMPION = enum_value("beats_champion", description="It is better than the champion by a margin.")
    WORST_SLICE = enum_value("worst_slice", description="Even the worst slice reaches a value.")
    OVERFITTING = enum_value("overfitting", description="Training and validation are close enough.")
    CONSTRAINT = enum_value("constraint", description="A constraint of the target, such as latency.")
    REPRODUCIBLE = enum_value("reproducible", description="The run can be made again.")
    SEALED_TEST_ONCE = enum_value("sealed_test_once", description="The sealed test split was used once.")
    DOCUMENTS = enum_value("documents", description="Items of the project's board are filled.")


@strawberry.enum(description="What a gate says.")
class GateOutcome(Enum):
    PASSED = enum_value("passed", description="The version may pass.")
    FAILED = enum_value("failed", description="It may not.")
    UNKNOWN = enum_value("unknown", description="A number is missing; it may not, either.")


@strawberry.enum(description="Why rows are looked at apart.")
class SliceKind(Enum):
    SLICE = enum_value("slice", description="To find where the model is weak.")
    FAIRNESS = enum_value(
        "fairness", description="The feature is a protected attribute: its groups are to be treated alike."
    )


@strawberry.type(description="One condition on a version.")
class Gate:
    is_type_of = reads(contracts.Gate)

    name: str = strawberry.field(description="Its name.")
    kind: GateKind = strawberry.field(description="What it looks at.")
    metric: str = strawberry.field(description="Of which metric.")
    threshold: float = strawberry.field(
        description="The value to reach, the margin to win by, the widest gap, or the most allowed."
    )
    higher_is_better: bool = strawberry.field(description="Whether more of the metric is better.")
    documents: list[str] = strawberry.field(description="The board's items that must be filled, by key.")
    significance: float = strawberry.field(
        description="Chance must explain the difference with less than this probability, 0 to 1; 0 for no test."
    )
    slice_by: str = strawberry.field(description="Narrows the worst slice to this feature.")


@strawberry.type(description="What one gate said.")
class GateVerdict:
    is_type_of = reads(contracts.GateVerdict)

    gate: Gate = strawberry.field(description="The gate as it was.")
    outcome: GateOutcome = strawberry.field(description="What it said.")
    numbers: list[Metric] = viewed(resolver=figures("numbers"), description="The numbers that it saw, by name.")
    words: str = strawberry.field(description="What it said, in words.")


@strawberry.type(description="The rows that were evaluated.")
class EvaluatedSplit:
    is_type_of = reads(contracts.SplitRef)

    name: str = strawberry.field(description="Such as `test`.")
    dataset: str = strawberry.field(description="The dataset's name.")
    digest: str = strawberry.field(description="Its content digest.")
    sealed: bool = strawberry.field(description="Whether it is kept for the final evaluation only.")
    rows: Long | None = strawberry.field(description="How many rows.")


@strawberry.type(description="The rows where a feature has a value, such as carrier AA.")
class SliceScore:
    is_type_of = reads(contracts.SliceScore)

    feature: str = strawberry.field(description="The feature.")
    value: str = strawberry.field(description="Its value.")
    rows: Long = strawberry.field(description="How many rows.")
    metrics: list[Metric] = viewed(resolver=figures("metrics"), description="How good the model is on them, by metric.")
    kind: SliceKind = strawberry.field(description="Why they are looked at apart.")


@strawberry.type(description="How far apart a feature's slices are in one metric.")
class Disparity:
    is_type_of = reads(contracts.Disparity)

    feature: str = strawberry.field(description="The feature.")
    kind: SliceKind = strawberry.field(description="Why its slices are looked at.")
    metric: str = strawberry.field(description="The metric.")
    worst: str = strawberry.field(description="The worst slice.")
    worst_value: float = strawberry.field(description="Its value of the metric.")
    worst_rows: Long = strawberry.field(description="Its rows.")
    best: str = strawberry.field(description="The best slice.")
    best_value: float = strawberry.field(description="Its value of the metric.")
    difference: float = strawberry.field(description="Best minus worst, as an absolute value.")
    ratio: float | None = strawberry.field(
        description="The smaller by the larger, 0 to 1; null unless both are positive."
    )


@strawberry.type(description="How often which label was predicted as what.")
class ConfusionMatrix:
    is_type_of = reads(contracts.ConfusionMatrix)

    labels: list[str] = strawberry.field(description="The classes.")
    counts: list[list[int]] = strawberry.field(
        description="`counts[i][j]`: rows whose label is `labels[i]` and whose prediction is `labels[j]`."
    )


@strawberry.type(description="Points of a curve, such as `roc` or `calibration`.")
class Curve:
    is_type_of = reads(contracts.Curve)

    name: str = strawberry.field(description="What it is.")
    x: list[float] = strawberry.field(description="Its x values.")
    y: list[float] = strawberry.field(description="As many y values.")
    x_title: str = strawberry.field(description="What x is.")
    y_title: str = strawberry.field(description="What y is.")


@strawberry.type(description="The same training with another seed, or on another fold.")
class SeedScore:
    is_type_of = reads(contracts.SeedScore)

    seed: str = strawberry.field(description="Which one.")
    metrics: list[Metric] = viewed(resolver=figures("metrics"), description="How good it was, by metric.")
    run_id: str | None = strawberry.field(description="The run, where there is one.")


@strawberry.type(description="One metric over several seeds or folds.")
class Stability:
    is_type_of = reads(contracts.Stability)

    metric: str = strawberry.field(description="The metric.")
    count: Long = strawberry.field(description="How many.")
    mean: float = strawberry.field(description="Their mean.")
    deviation: float = strawberry.field(description="Their sample standard deviation.")
    least: float = strawberry.field(description="The smallest.")
    most: float = strawberry.field(description="The greatest.")


@strawberry.type(description="A feature's share in what the model says.")
class Importance:
    is_type_of = reads(contracts.Importance)

    feature: str = strawberry.field(description="The feature.")
    value: float = strawberry.field(description="How much.")
    deviation: float | None = strawberry.field(description="Over repeats, where there were any.")


@strawberry.type(description="What a feature's value added to one prediction, or took from it.")
class Contribution:
    is_type_of = reads(contracts.Contribution)

    feature: str = strawberry.field(description="The feature.")
    value: str = strawberry.field(description="Its value.")
    amount: float = strawberry.field(description="How much.")


@strawberry.type(description="One prediction, explained.")
class ExplainedPrediction:
    is_type_of = reads(contracts.Example)

    row: str = strawberry.field(description="The row, in the caller's words.")
    prediction: str = strawberry.field(description="What the model said.")
    label: str | None = strawberry.field(description="What was right, where known.")
    base: float | None = strawberry.field(description="What the model says without knowing anything.")
    contributions: list[Contribution] = strawberry.field(
        metadata={KEY: Size(otherwise=10)}, description="What each feature added."
    )
    note: str = strawberry.field(description="What to notice.")


@strawberry.type(description="Why the model says what it says.")
class Explanation:
    is_type_of = reads(contracts.Explanation)

    method: str = strawberry.field(description="Such as permutation, shap, gain or coefficients.")
    importances: list[Importance] = strawberry.field(
        metadata={KEY: Size(otherwise=20)}, description="The features, the most important first."
    )
    examples: list[ExplainedPrediction] = strawberry.field(
        metadata={KEY: Size(otherwise=5)}, description="Predictions, explained."
    )


@strawberry.type(description="An evaluation without its slices, curves and examples.")
class EvaluationSummary(AboutRun, AboutVersion):
    is_type_of = reads(contracts.EvaluationSummary)

    id: str = strawberry.field(description="Its id, as `evaluation(id:)` takes it.")
    model_name: str | None = strawberry.field(
        name="model", description="The model's name; null if a run was evaluated."
    )
    version: str | None = strawberry.field(description="The version's number.")
    run_id: str | None = strawberry.field(description="The run that was evaluated.")
    experiment_id: str | None = strawberry.field(description="That run's experiment.")
    split: EvaluatedSplit = strawberry.field(description="The rows.")
    metrics: list[Metric] = viewed(resolver=figures("metrics"), description="How good it was, by metric.")
    disparities: list[Disparity] = strawberry.field(
        metadata={KEY: Size(otherwise=5)}, description="How far slices are apart, the widest first."
    )
    slices: int = strawberry.field(description="How many slices there are.")
    explained_by: str = strawberry.field(description="How it was explained; empty if it wasn't.")
    sealed_uses: int = strawberry.field(description="How often the sealed split was used up to then.")
    note: str = strawberry.field(description="What its maker said.")
    by: str = strawberry.field(description="Who recorded it.")
    at: datetime = strawberry.field(description="When.")


def _evaluation_id(parent: strawberry.Parent[contracts.EvaluationView]) -> strawberry.ID:
    return strawberry.ID(global_id("Evaluation", parent.id))


@strawberry.type(description="How good a model is on named rows. It never changes.")
class Evaluation(AboutRun, AboutVersion, Node):
    is_type_of = reads(contracts.EvaluationView)

    id: strawberry.ID = viewed(resolver=_evaluation_id, description=ID_DESCRIPTION)
    evaluation_id: str = viewed(resolver=same("id"), description="The id that arguments take.")
    model_name: str | None = strawberry.field(
        name="model", description="The model's name; null if a run was evaluated."
    )
    version: str | None = strawberry.field(description="The version's number.")
    run_id: str | None = strawberry.field(description="The run that was evaluated.")
    experiment_id: str | None = strawberry.field(description="That run's experiment.")
    split: EvaluatedSplit = strawberry.field(description="The rows.")
    metrics: list[Metric] = viewed(resolver=figures("metrics"), description="How good it was, by metric.")
    lower_is_better: list[str] = strawberry.field(description="Metrics of which less is better.")
    slices: list[SliceScore] = strawberry.field(
        metadata={KEY: Size(otherwise=50)}, description="How good it was on parts of the rows."
    )
    disparities: list[Disparity] = strawberry.field(
        metadata={KEY: Size(otherwise=5)}, description="How far slices are apart, the widest first."
    )
    confusion: ConfusionMatrix | None = strawberry.field(description="How often which label was predicted as what.")
    curves: list[Curve] = strawberry.field(metadata={KEY: Size(otherwise=5)}, description="Its curves.")
    seeds: list[SeedScore] = strawberry.field(
        metadata={KEY: Size(otherwise=5)}, description="The same training with other seeds or folds."
    )
    stability: list[Stability] = strawberry.field(
        metadata={KEY: Size(otherwise=5)}, description="How much metrics vary over seeds or folds."
    )
    explanation: Explanation | None = strawberry.field(description="Why the model says what it says.")
    row_scores: list[str] = strawberry.field(
        description="Measures of which there is one score a row, for tests between models."
    )
    sealed_uses: int = strawberry.field(description="How often the sealed split was used up to then.")
    sealed_users: list[str] = strawberry.field(description="The runs or versions behind these uses, the newest ones.")
    note: str = strawberry.field(description="What its maker said.")
    by: str = strawberry.field(description="Who recorded it.")
    at: datetime = strawberry.field(description="When.")
