"""What the mutation that records an evaluation takes."""

from __future__ import annotations

import strawberry

from services.gateway.types.commands import KEY_DESCRIPTION, FigureInput
from services.gateway.types.evaluations import GateKind, SliceKind
from services.gateway.types.scalars import Long


@strawberry.input(description="One condition on a version.")
class GateInput:
    name: str = strawberry.field(description="Its name.")
    kind: GateKind = strawberry.field(description="What it looks at.")
    metric: str | None = strawberry.field(default=None, description="Of which metric.")
    threshold: float | None = strawberry.field(
        default=None, description="The value to reach, the margin to win by, the widest gap, or the most allowed."
    )
    higher_is_better: bool | None = strawberry.field(
        default=None, description="Whether more of the metric is better; it is if unsaid."
    )
    documents: list[str] | None = strawberry.field(
        default=None, description="The board's items that must be filled, by key."
    )
    significance: float | None = strawberry.field(
        default=None,
        description="Chance must explain the difference with less than this probability; no test if unsaid.",
    )
    slice_by: str | None = strawberry.field(default=None, description="Narrows the worst slice to this feature.")


@strawberry.input(description="The rows that were evaluated.")
class EvaluatedSplitInput:
    name: str = strawberry.field(description="Such as `test`.")
    dataset: str | None = strawberry.field(default=None, description="The dataset's name.")
    digest: str | None = strawberry.field(default=None, description="Its content digest.")
    sealed: bool | None = strawberry.field(
        default=None, description="Whether it is kept for the final evaluation only."
    )
    rows: Long | None = strawberry.field(default=None, description="How many rows.")


@strawberry.input(description="The rows where a feature has a value.")
class SliceScoreInput:
    feature: str = strawberry.field(description="The feature.")
    value: str = strawberry.field(description="Its value.")
    rows: Long = strawberry.field(description="How many rows.")
    metrics: list[FigureInput] = strawberry.field(description="How good the model is on them.")
    kind: SliceKind | None = strawberry.field(
        default=None, description="Why they are looked at apart; `SLICE` if unsaid."
    )


@strawberry.input(description="How often which label was predicted as what.")
class ConfusionMatrixInput:
    labels: list[str] = strawberry.field(description="The classes.")
    counts: list[list[int]] = strawberry.field(
        description="`counts[i][j]`: rows whose label is `labels[i]` and whose prediction is `labels[j]`."
    )


@strawberry.input(description="Points of a curve.")
class CurveInput:
    name: str = strawberry.field(description="Such as `roc` or `calibration`.")
    x: list[float] = strawberry.field(description="Its x values.")
    y: list[float] = strawberry.field(description="As many y values.")
    x_title: str | None = strawberry.field(default=None, description="What x is.")
    y_title: str | None = strawberry.field(default=None, description="What y is.")


@strawberry.input(description="The same training with another seed, or on another fold.")
class SeedScoreInput:
    seed: str = strawberry.field(description="Which one.")
    metrics: list[FigureInput] = strawberry.field(description="How good it was.")
    run_id: str | None = strawberry.field(default=None, description="The run, where there is one.")


@strawberry.input(description="A feature's share in what the model says.")
class ImportanceInput:
    feature: str = strawberry.field(description="The feature.")
    value: float = strawberry.field(description="How much.")
    deviation: float | None = strawberry.field(default=None, description="Over repeats, where there were any.")


@strawberry.input(description="What a feature's value added to one prediction.")
class ContributionInput:
    feature: str = strawberry.field(description="The feature.")
    value: str = strawberry.field(description="Its value.")
    amount: float = strawberry.field(description="How much.")


@strawberry.input(description="One prediction, explained.")
class ExplainedPredictionInput:
    row: str = strawberry.field(description="The row, in the caller's words.")
    prediction: str = strawberry.field(description="What the model said.")
    label: str | None = strawberry.field(default=None, description="What was right, where known.")
    base: float | None = strawberry.field(default=None, description="What the model says without knowing anything.")
    contributions: list[ContributionInput] | None = strawberry.field(
        default=None, description="What each feature added."
    )
    note: str | None = strawberry.field(default=None, description="What to notice.")


@strawberry.input(description="Why the model says what it says.")
class ExplanationInput:
    method: str = strawberry.field(description="Such as permutation, shap, gain or coefficients.")
    importances: list[ImportanceInput] | None = strawberry.field(default=None, description="The features.")
    examples: list[ExplainedPredictionInput] | None = strawberry.field(
        default=None, description="Predictions, explained."
    )


@strawberry.input(description="One score a row, for tests between models on the same rows.")
class RowScoresInput:
    measure: str = strawberry.field(description="What is scored.")
    scores: list[float] = strawberry.field(description="0 or 1 for right, or a loss, for each row.")
    rows_digest: str = strawberry.field(
        description="Of the rows' keys in their order: only scores of the same rows can be compared."
    )
    higher_is_better: bool | None = strawberry.field(
        default=None, description="Whether more is better; it is if unsaid."
    )


@strawberry.input(description="How good a version is, or a run that is no version yet.")
class RecordEvaluationInput:
    split: EvaluatedSplitInput = strawberry.field(description="The rows.")
    metrics: list[FigureInput] = strawberry.field(description="How good it was.")
    model_name: str | None = strawberry.field(name="model", default=None, description="The model's name.")
    version: str | None = strawberry.field(default=None, description="The version's number.")
    run_id: str | None = strawberry.field(default=None, description="The run, if it is no version yet.")
    lower_is_better: list[str] | None = strawberry.field(
        default=None, description="Metrics of which less is better; errors and losses needn't be named."
    )
    slices: list[SliceScoreInput] | None = strawberry.field(
        default=None, description="How good it was on parts of the rows."
    )
    confusion: ConfusionMatrixInput | None = strawberry.field(
        default=None, description="How often which label was predicted as what."
    )
    curves: list[CurveInput] | None = strawberry.field(default=None, description="Its curves.")
    seeds: list[SeedScoreInput] | None = strawberry.field(
        default=None, description="The same training with other seeds or folds."
    )
    explanation: ExplanationInput | None = strawberry.field(
        default=None, description="Why the model says what it says."
    )
    row_scores: list[RowScoresInput] | None = strawberry.field(
        default=None, description="One score a row, for tests between models."
    )
    note: str | None = strawberry.field(default=None, description="What others should know.")
    idempotency_key: str | None = strawberry.field(default=None, description=KEY_DESCRIPTION)
