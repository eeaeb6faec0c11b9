"""Evaluations of models on named splits, and the gates that versions must pass."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from services.contracts.base import Event, Message, Request
from services.contracts.conditions import Condition, Ordering
from services.contracts.paging import Page, Paging
from services.contracts.written import Written

GateKind = Literal[
    "minimum", "beats_baseline", "beats_champion", "worst_slice", "overfitting", "constraint", "reproducible",
    "sealed_test_once", "documents",
]  # fmt: skip
GateOutcome = Literal["passed", "failed", "unknown"]
"""`unknown`: a number that the gate needs isn't there. It doesn't let a version through."""
SliceKind = Literal["slice", "fairness"]
"""`fairness`: the feature is a protected attribute, and its groups are to be treated alike."""


class Gate(Message, frozen=True, kw_only=True):
    """One condition, as data. `threshold` means: for `minimum` and `worst_slice` the value to reach, for
    `beats_*` the margin to win by, for `overfitting` the widest relative gap, for `constraint` the most allowed, for
    `reproducible` the least score (0 to 1). `documents` names what must exist: items of the project's board, by key.

    `significance`, for `beats_*`: where both sides have scores of the same rows, chance must explain the difference
    with less than this probability (0: no test). `slice_by` narrows `worst_slice` to one feature.
    """

    name: str
    kind: GateKind
    metric: str = ""
    threshold: float = 0.0
    higher_is_better: bool = True
    documents: list[str] = []
    significance: float = 0.0
    slice_by: str = ""


class GateVerdict(Message, frozen=True, kw_only=True):
    """`numbers` are those that the gate saw, by name: they stay whatever becomes of the metrics."""

    gate: Gate
    outcome: GateOutcome
    numbers: dict[str, float] = {}
    words: str = ""


class GatesEvaluated(Event, frozen=True, kw_only=True):
    """All gates of the version's project at once; `passed` only if each one did. `digest`: of the version's content.

    `number` counts the version's evaluations of gates from 1; `policy_revision` is the project's policy that was used.
    `evaluation_id`: the version's own evaluation that was judged, "" if there was none.
    """

    service = "registry"
    aggregate = "gate_verdict"
    name = "evaluated"
    key = ("model_name", "version")

    model_name: str
    version: str
    digest: str
    passed: bool
    verdicts: list[GateVerdict]
    number: int = 1
    project_id: str = ""
    policy_revision: int = 0
    by: str = ""
    evaluation_id: str = ""


# ---------------------------------------------------------------- the parts of an evaluation


class SplitRef(Message, frozen=True, kw_only=True):
    """The rows that were evaluated: split `name` of a dataset. `sealed`: kept for the final evaluation only."""

    name: str
    dataset: str = ""
    digest: str = ""
    sealed: bool = False
    rows: int | None = None


class SliceScore(Message, frozen=True, kw_only=True):
    """The rows where `feature` has `value`, such as carrier AA."""

    feature: str
    value: str
    rows: int
    metrics: dict[str, float]
    kind: SliceKind = "slice"


class Disparity(Message, frozen=True, kw_only=True):
    """How far apart a feature's slices are in one metric: the worst is named; `difference` is best minus worst as an
    absolute value, `ratio` the smaller by the larger (0 to 1; None unless both are positive)."""

    feature: str
    kind: SliceKind
    metric: str
    worst: str
    worst_value: float
    worst_rows: int
    best: str
    best_value: float
    difference: float
    ratio: float | None = None


class ConfusionMatrix(Message, frozen=True, kw_only=True):
    """`counts[i][j]`: rows whose label is `labels[i]` and whose prediction is `labels[j]`."""

    labels: list[str]
    counts: list[list[int]]


class Curve(Message, frozen=True, kw_only=True):
    """Such as `roc`, `precision_recall`, `calibration` or `learning`; as many `x` as `y`."""

    name: str
    x: list[float]
    y: list[float]
    x_title: str = ""
    y_title: str = ""


class SeedScore(Message, frozen=True, kw_only=True):
    """The same training with another seed, or on another fold."""

    seed: str
    metrics: dict[str, float]
    run_id: str | None = None


class Stability(Message, frozen=True, kw_only=True):
    """One metric over `count` seeds or folds; `deviation` is the sample standard deviation."""

    metric: str
    count: int
    mean: float
    deviation: float
    least: float
    most: float


class Importance(Message, frozen=True, kw_only=True):
    """A feature's share in what the model says; `deviation` over repeats, where there were any."""

    feature: str
    value: float
    deviation: float | None = None


class Contribution(Message, frozen=True, kw_only=True):
    """What a feature's `value` added to (or took from) one prediction."""

    feature: str
    value: str
    amount: float


class Example(Message, frozen=True, kw_only=True):
    """One prediction, explained. `row` names the row in the caller's words."""

    row: str
    prediction: str
    label: str | None = None
    base: float | None = None
    contributions: list[Contribution] = []
    note: str = ""


class Explanation(Message, frozen=True, kw_only=True):
    """`method`: such as permutation, shap, gain or coefficients."""

    method: str
    importances: list[Importance] = []
    examples: list[Example] = []


class RowScores(Message, frozen=True, kw_only=True):
    """One score a row, for tests between two models on the same rows: 0 or 1 for right, or a loss.

    `rows_digest` is of the rows' keys in their order: only scores of the same rows can be compared.
    """

    measure: str
    scores: list[float]
    rows_digest: str
    higher_is_better: bool = True


# ---------------------------------------------------------------- events


class EvaluationRecorded(Event, frozen=True, kw_only=True):
    """Without curves, examples and row scores: whoever needs these asks for the evaluation.

    `sealed_uses` counts this and the earlier evaluations on the same sealed split, but for those of versions that were
    released; `sealed_users` names the runs or versions behind them (the newest ones).
    """

    service = "registry"
    aggregate = "evaluation"
    name = "recorded"
    key = ("evaluation_id",)

    evaluation_id: str
    model_name: str | None = None
    version: str | None = None
    run_id: str | None = None
    experiment_id: str | None = None
    split: SplitRef
    metrics: dict[str, float]
    disparities: list[Disparity] = []
    stability: list[Stability] = []
    explained_by: str = ""
    importances: list[Importance] = []
    examples: int = 0
    sealed_uses: int = 0
    sealed_users: list[str] = []
    by: str


# ---------------------------------------------------------------- views


class EvaluationSummary(Message, frozen=True, kw_only=True):
    """An evaluation without its slices, curves and examples. `disparities`: the widest first."""

    id: str
    model_name: str | None
    version: str | None
    run_id: str | None
    experiment_id: str | None
    split: SplitRef
    metrics: dict[str, float]
    disparities: list[Disparity]
    slices: int
    seeds: int
    explained_by: str
    sealed_uses: int
    note: str
    by: str
    at: datetime


class EvaluationView(Message, frozen=True, kw_only=True):
    """`lower_is_better` names the metrics that are errors. `row_scores`: the measures there are row scores of."""

    id: str
    model_name: str | None
    version: str | None
    run_id: str | None
    experiment_id: str | None
    split: SplitRef
    metrics: dict[str, float]
    lower_is_better: list[str]
    slices: list[SliceScore]
    disparities: list[Disparity]
    confusion: ConfusionMatrix | None
    curves: list[Curve]
    seeds: list[SeedScore]
    stability: list[Stability]
    explanation: Explanation | None
    row_scores: list[str]
    sealed_uses: int
    sealed_users: list[str]
    note: str
    by: str
    at: datetime


# ---------------------------------------------------------------- requests


class RecordEvaluation(Request[Written], frozen=True, kw_only=True):
    """Of a version, or of a run that is no version yet. An evaluation never changes: a second one is a new one.

    Metrics called like an error (rmse, log_loss, …) count as better when lower without being named.
    """

    service = "registry"
    name = "evaluation.record"

    split: SplitRef
    metrics: dict[str, float]
    model_name: str | None = None
    version: str | None = None
    run_id: str | None = None
    lower_is_better: list[str] = []
    slices: list[SliceScore] = []
    confusion: ConfusionMatrix | None = None
    curves: list[Curve] = []
    seeds: list[SeedScore] = []
    explanation: Explanation | None = None
    row_scores: list[RowScores] = []
    note: str = ""
    idempotency_key: str | None = None


class GetEvaluation(Request[EvaluationView], frozen=True, kw_only=True):
    service = "registry"
    name = "evaluation.get"

    id: str


class ListEvaluations(Request[Page[EvaluationSummary]], frozen=True, kw_only=True):
    """Newest first. Those of a version include those of its run. With `as_of`, those that were recorded by then."""

    service = "registry"
    name = "evaluation.list"

    paging: Paging = Paging()
    model_name: str | None = None
    version: str | None = None
    run_id: str | None = None
    split: str | None = None
    sealed: bool | None = None
    as_of: datetime | None = None
    where: Condition | None = None
    order: list[Ordering] = []
