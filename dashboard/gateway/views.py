"""What the gateway answers, as typed views: one class a selection set of the operation files."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Generic, TypeVar

import msgspec


class View(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Read-only; GraphQL's camelCase becomes snake_case."""


Node = TypeVar("Node")


class PageInfo(View, frozen=True, kw_only=True):
    has_next_page: bool = False
    end_cursor: str | None = None


class Edge(View, Generic[Node], frozen=True, kw_only=True):
    node: Node
    cursor: str = ""


class Connection(View, Generic[Node], frozen=True, kw_only=True):
    edges: list[Edge[Node]] = []
    page_info: PageInfo = PageInfo()
    total_count: int | None = None

    @property
    def nodes(self) -> list[Node]:
        return [edge.node for edge in self.edges]


class KeyValue(View, frozen=True, kw_only=True):
    key: str
    value: str


class Metric(View, frozen=True, kw_only=True):
    """`value` is None for NaN and infinities; `text` says which."""

    key: str
    value: float | None
    text: str = ""


class Alias(View, frozen=True, kw_only=True):
    name: str
    version: str


class Viewer(View, frozen=True, kw_only=True):
    user: str
    role: str
    authenticated: bool


class EventView(View, frozen=True, kw_only=True):
    id: str
    type: str
    service: str
    aggregate: str
    aggregate_id: str
    time: datetime
    actor: str
    summary: str
    data: Any = None


class EventMessage(View, frozen=True, kw_only=True):
    cursor: str
    event: EventView


class RunSummary(View, frozen=True, kw_only=True):
    run_id: str
    name: str
    status: str
    user: str
    start_time: datetime
    experiment_name: str = ""
    duration_seconds: float | None = None
    metrics: list[Metric] = []
    params: list[KeyValue] = []
    tags: list[KeyValue] = []


class GroupMetric(View, frozen=True, kw_only=True):
    """Over the `runs` of a group that have a finite value; `deviation` is that of a sample."""

    key: str
    runs: int
    mean: float | None = None
    deviation: float | None = None
    least: float | None = None
    greatest: float | None = None


class RunGroup(View, frozen=True, kw_only=True):
    """`values`: what its runs have in common; None: they don't have it."""

    values: list[str | None]
    runs: int
    newest: datetime
    metrics: list[GroupMetric] = []


class VersionRow(View, frozen=True, kw_only=True):
    version: str
    status: str
    user: str
    created_at: datetime
    aliases: list[str] = []
    metrics: list[Metric] = []
    params: list[KeyValue] = []
    tags: list[KeyValue] = []
    description: str = ""
    run: RunSummary | None = None


class ModelRow(View, frozen=True, kw_only=True):
    name: str
    description: str = ""
    aliases: list[Alias] = []
    tags: list[KeyValue] = []
    created_at: datetime
    updated_at: datetime
    version_count: int = 0
    latest_version: VersionRow | None = None


class ModelDetail(View, frozen=True, kw_only=True):
    name: str
    description: str = ""
    aliases: list[Alias] = []
    tags: list[KeyValue] = []
    created_at: datetime
    updated_at: datetime
    version_count: int = 0
    versions: Connection[VersionRow]


class Dataset(View, frozen=True, kw_only=True):
    name: str
    digest: str
    context: str | None = None
    source_type: str = ""


class RunDetail(View, frozen=True, kw_only=True):
    run_id: str
    name: str
    status: str
    lifecycle_stage: str
    user: str
    start_time: datetime
    end_time: datetime | None = None
    duration_seconds: float | None = None
    experiment_id: str
    experiment_name: str
    artifact_uri: str = ""
    source: str | None = None
    git_commit: str | None = None
    parent_run_id: str | None = None
    description: str | None = None
    params: list[KeyValue] = []
    metrics: list[Metric] = []
    tags: list[KeyValue] = []
    datasets: list[Dataset] = []


class Monitored(View, frozen=True, kw_only=True):
    model: str
    version: str
    reference: str
    reference_rows: int
    reference_set_at: datetime
    features: list[str]
    window_seconds: int
    task: str
    rows: int = 0
    labelled: int = 0
    last_prediction_at: datetime | None = None
    segments: list[str] = []
    references: list[str] = []


class FeatureDrift(View, frozen=True, kw_only=True):
    """Figures of one feature in one window against the reference; None: not defined, or no rows."""

    feature: str
    kind: str = ""
    rows: int = 0
    psi: float | None = None
    js: float | None = None
    missing_share: float = 0.0
    unseen_share: float = 0.0
    out_of_range_share: float = 0.0
    psi_threshold: float | None = None
    drifted: bool = False


class Performance(View, frozen=True, kw_only=True):
    labelled: int
    coverage: float
    roc_auc: float | None = None
    roc_auc_low: float | None = None
    roc_auc_high: float | None = None
    accuracy: float | None = None
    accuracy_low: float | None = None
    accuracy_high: float | None = None
    precision: float | None = None
    recall: float | None = None
    f1: float | None = None
    log_loss: float | None = None
    brier: float | None = None
    mae: float | None = None
    rmse: float | None = None
    r2: float | None = None
    pr_auc: float | None = None
    pr_auc_low: float | None = None
    pr_auc_high: float | None = None
    calibration_error: float | None = None
    mae_low: float | None = None
    mae_high: float | None = None
    mape: float | None = None
    bias: float | None = None
    interval_coverage: float | None = None


class SegmentPerformance(View, frozen=True, kw_only=True):
    """How good the model was on the rows with one value of a column."""

    column: str
    value: str
    performance: Performance


class SegmentDrift(View, frozen=True, kw_only=True):
    """How far a feature is from the reference among the rows with one value of a column."""

    column: str
    value: str
    feature: str
    rows: int
    psi: float | None = None
    drifted: bool = False


class PerformanceDetail(View, frozen=True, kw_only=True):
    performance: Performance
    segments: list[SegmentPerformance] = []


class Estimated(View, frozen=True, kw_only=True):
    """What performance probably is, before labels arrive."""

    roc_auc: float | None = None
    accuracy: float | None = None


class Quality(View, frozen=True, kw_only=True):
    """The worst feature's share of each kind of trouble, 0 to 1."""

    missing_share: float = 0.0
    unseen_share: float = 0.0
    out_of_range_share: float = 0.0
    invalid_share: float = 0.0


class Service(View, frozen=True, kw_only=True):
    """Latencies in seconds; None where no prediction said how long it took."""

    rows_per_second: float = 0.0
    latency_p50: float | None = None
    latency_p90: float | None = None
    latency_p99: float | None = None


class Window(View, frozen=True, kw_only=True):
    """A tumbling window [start, end) in event time."""

    start: datetime
    end: datetime
    closed: bool
    rows: int
    updated_at: datetime
    features: list[FeatureDrift] = []
    prediction: FeatureDrift | None = None
    performance: Performance | None = None
    estimated: Estimated | None = None
    quality: Quality | None = None
    service: Service | None = None


class FeatureFigures(FeatureDrift, frozen=True, kw_only=True):
    """All that is known of one feature in one window."""

    psi_excess: float | None = None
    psi_limit: float | None = None
    ks: float | None = None
    ks_p: float | None = None
    wasserstein: float | None = None
    wasserstein_limit: float | None = None
    hellinger: float | None = None
    chi2: float | None = None
    chi2_p: float | None = msgspec.field(default=None, name="chi2P")
    l_infinity: float | None = None
    invalid_share: float = 0.0
    infinite_share: float = 0.0
    moved: bool = False


class FeatureWindow(View, frozen=True, kw_only=True):
    """A window with one feature; the model's own output is always there."""

    start: datetime
    end: datetime
    closed: bool
    rows: int
    features: list[FeatureFigures] = []
    prediction: FeatureFigures | None = None


class WindowMoved(View, frozen=True, kw_only=True):
    model: str
    version: str
    boot: str
    sequence: int
    window: Window


class Distribution(View, frozen=True, kw_only=True):
    """Shares over the same bins; `labels` are bin ranges or categories."""

    feature: str
    kind: str
    labels: list[str]
    edges: list[float]
    reference: list[float]
    current: list[float]


class UserError(View, frozen=True, kw_only=True):
    code: str
    message: str
    field: str | None = None
    fix: str | None = None
    retryable: bool = False


class PurgeReport(View, frozen=True, kw_only=True):
    """What one part of deleting for good did; `kept` are those that registered versions need."""

    runs: int = 0
    logged_models: int = 0
    experiments: int = 0
    kept_runs: list[str] = []
    kept_models: list[str] = []
    more: bool = False


class Outcome(View, frozen=True, kw_only=True):
    """What a mutation says: nothing was changed if there are errors."""

    changed_id: str | None = None
    secret: str | None = None
    errors: list[UserError] = []
    report: PurgeReport | None = None
