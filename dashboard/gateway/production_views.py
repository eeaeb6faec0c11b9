"""What the gateway answers about evaluations, gates, deployments, retraining, alerts and model cards."""

from __future__ import annotations

from datetime import datetime

from dashboard.gateway.views import Dataset, Metric, View

# ---------------------------------------------------------------- evaluations and gates


class Split(View, frozen=True, kw_only=True):
    name: str
    dataset: str = ""
    digest: str = ""
    sealed: bool = False
    rows: int | None = None


class SliceScore(View, frozen=True, kw_only=True):
    feature: str
    value: str
    rows: int
    kind: str = "SLICE"
    metrics: list[Metric] = []


class Disparity(View, frozen=True, kw_only=True):
    feature: str
    kind: str
    metric: str
    worst: str
    worst_value: float
    worst_rows: int
    best: str
    best_value: float
    difference: float
    ratio: float | None = None


class Confusion(View, frozen=True, kw_only=True):
    labels: list[str]
    counts: list[list[int]]


class Curve(View, frozen=True, kw_only=True):
    name: str
    x: list[float]
    y: list[float]
    x_title: str = ""
    y_title: str = ""


class Stability(View, frozen=True, kw_only=True):
    metric: str
    count: int
    mean: float
    deviation: float
    least: float
    most: float


class Importance(View, frozen=True, kw_only=True):
    feature: str
    value: float
    deviation: float | None = None


class Contribution(View, frozen=True, kw_only=True):
    feature: str
    value: str
    amount: float


class Example(View, frozen=True, kw_only=True):
    row: str
    prediction: str
    label: str | None = None
    base: float | None = None
    contributions: list[Contribution] = []
    note: str = ""


class Explanation(View, frozen=True, kw_only=True):
    method: str
    importances: list[Importance] = []
    examples: list[Example] = []


class EvaluationRow(View, frozen=True, kw_only=True):
    id: str
    run_id: str | None = None
    split: Split
    metrics: list[Metric] = []
    disparities: list[Disparity] = []
    slices: int = 0
    explained_by: str = ""
    sealed_uses: int = 0
    note: str = ""
    by: str = ""
    at: datetime


class Evaluation(View, frozen=True, kw_only=True):
    evaluation_id: str
    run_id: str | None = None
    split: Split
    metrics: list[Metric] = []
    lower_is_better: list[str] = []
    slices: list[SliceScore] = []
    disparities: list[Disparity] = []
    confusion: Confusion | None = None
    curves: list[Curve] = []
    stability: list[Stability] = []
    explanation: Explanation | None = None
    sealed_uses: int = 0
    sealed_users: list[str] = []
    note: str = ""
    by: str = ""
    at: datetime


class Gate(View, frozen=True, kw_only=True):
    name: str
    kind: str
    metric: str = ""
    threshold: float = 0.0
    higher_is_better: bool = True
    documents: list[str] = []
    significance: float = 0.0
    slice_by: str = ""


class GateVerdict(View, frozen=True, kw_only=True):
    gate: Gate
    outcome: str
    numbers: list[Metric] = []
    words: str = ""


class GateName(View, frozen=True, kw_only=True):
    name: str


class GateOutcome(View, frozen=True, kw_only=True):
    gate: GateName
    outcome: str


class Author(View, frozen=True, kw_only=True):
    user: str


class GateRow(View, frozen=True, kw_only=True):
    """One judgement of a version, as lists show it."""

    model: str
    version: str
    passed: bool
    current: bool
    at: datetime
    model_version: Author | None = None
    verdicts: list[GateOutcome] = []

    @property
    def author(self) -> str:
        return self.model_version.user if self.model_version else ""

    @property
    def failed(self) -> list[str]:
        """Names of the gates that failed."""
        return [verdict.gate.name for verdict in self.verdicts if verdict.outcome == "FAILED"]


class GateResult(View, frozen=True, kw_only=True):
    number: int
    digest: str
    passed: bool
    current: bool
    verdicts: list[GateVerdict] = []
    project_id: str = ""
    policy_revision: int = 0
    by: str = ""
    at: datetime


class GatePolicy(View, frozen=True, kw_only=True):
    project_id: str
    revision: int
    gates: list[Gate] = []
    derived: list[Gate] = []
    approvals: int = 1
    reason: str = ""
    by: str = ""
    at: datetime | None = None


class FigureCompared(View, frozen=True, kw_only=True):
    name: str
    candidate: float | None = None
    champion: float | None = None
    difference: float | None = None
    better: bool | None = None
    p_value: float | None = None
    test: str = ""


class SliceCompared(View, frozen=True, kw_only=True):
    feature: str
    value: str
    metric: str
    candidate: float | None = None
    champion: float | None = None
    candidate_rows: int | None = None
    champion_rows: int | None = None
    better: bool | None = None


class ComparedVersion(View, frozen=True, kw_only=True):
    datasets: list[Dataset] = []
    runs_in: list[str] = []


class Comparison(View, frozen=True, kw_only=True):
    candidate: ComparedVersion
    champion: ComparedVersion | None = None
    same_split: bool = False
    metrics: list[FigureCompared] = []
    slices: list[SliceCompared] = []
    importances: list[FigureCompared] = []
    disparities: list[Disparity] = []


# ---------------------------------------------------------------- deployments and retraining


class Stay(View, frozen=True, kw_only=True):
    version: str
    digest: str = ""
    how: str
    start: datetime
    end: datetime | None = None
    by: str
    note: str = ""
    overridden: list[str] = []
    override_reason: str = ""


class Deployment(View, frozen=True, kw_only=True):
    environment: str
    model: str
    current: Stay | None = None
    history: list[Stay] = []
    revision: int = 0
    alias: str = ""


class Environment(View, frozen=True, kw_only=True):
    name: str
    description: str = ""
    needs_approval: bool = True
    needs_gates: bool = True
    alias: str = ""
    revision: int = 0


class Standing(View, frozen=True, kw_only=True):
    environment: str
    approved: bool
    gates_passed: bool
    missing: list[str] = []
    runs_here: bool = False


class Retraining(View, frozen=True, kw_only=True):
    retraining_id: str
    model: str
    version: str
    cause: str
    cause_id: str = ""
    reason: str
    back_to: str
    state: str
    requested_by: str
    requested_at: datetime
    run_id: str | None = None
    new_version: str | None = None
    note: str = ""
    answered_at: datetime | None = None
    revision: int = 0


class Card(View, frozen=True, kw_only=True):
    revision: int
    digest: str = ""
    current: bool
    missing: list[str] = []
    markdown: str
    published_at: datetime | None = None
    by: str = ""


class CardWords(View, frozen=True, kw_only=True):
    summary: str = ""
    intended_use: str = ""
    out_of_scope: str = ""
    limits: str = ""
    ethics: str = ""
    response_plan: str = ""
    contact: str = ""


class CardWordsView(View, frozen=True, kw_only=True):
    revision: int
    words: CardWords
