"""Each GraphQL operation by name: its file's text and the type of its answer."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime
from importlib.resources import files
from typing import Any, Generic, TypeVar

from dashboard.gateway import alert_views, data_views, file_views, found_views, past_views, project_views, views
from dashboard.gateway import production_views as production
from dashboard.gateway.views import Connection, Node, PageInfo, View

Data = TypeVar("Data")


@dataclass(frozen=True, slots=True)
class Operation(Generic[Data]):
    """`field` is the root field whose value is the answer; None: the whole `data` object is.

    `whole`: the field is a list with pages (`nodes`, `pageInfo`), and what is asked for is all of it.
    """

    text: str
    answer: Any  # the type to decode to: `Data` itself, which can be a generic alias
    field: str | None
    whole: bool = False


def _load(name: str, answer: Any, field: str | None) -> Operation[Any]:
    return Operation((files(__package__) / "documents" / f"{name}.graphql").read_text("utf-8"), answer, field)


class Part(View, Generic[Node], frozen=True, kw_only=True):
    """One page of a list that is wanted whole."""

    nodes: list[Node]
    page_info: PageInfo


def _load_whole(name: str, item: Any, field: str) -> Operation[Any]:
    """Its document takes `after`; the answer is a plain list."""
    return replace(_load(name, Part[item], field), whole=True)


class Total(View, frozen=True, kw_only=True):
    total_count: int | None = None


class CountsData(View, frozen=True, kw_only=True):
    models: Total
    runs: Total
    experiments: Total


class HistoryPoint(View, frozen=True, kw_only=True):
    step: int
    time: datetime
    value: float | None


class RunStatus(View, frozen=True, kw_only=True):
    status: str


class RunMoved(View, frozen=True, kw_only=True):
    """Some of its metrics were logged; which, is asked for."""

    run_id: str
    time: datetime


class History(View, frozen=True, kw_only=True):
    metric_history: list[HistoryPoint]

    @property
    def points(self) -> list[tuple[int, datetime, float | None]]:
        return [(one.step, one.time, one.value) for one in self.metric_history]


VIEWER: Operation[views.Viewer] = _load("viewer", views.Viewer, "viewer")
COUNTS: Operation[CountsData] = _load("counts", CountsData, None)
FOUND: Operation[found_views.Found] = _load("found", found_views.Found, None)
MODELS: Operation[Connection[views.ModelRow]] = _load("models", Connection[views.ModelRow], "models")
MODEL: Operation[views.ModelDetail | None] = _load("model", views.ModelDetail | None, "model")
EVENTS: Operation[Connection[views.EventView]] = _load("events", Connection[views.EventView], "events")
MONITORED: Operation[list[views.Monitored]] = _load_whole("monitored", views.Monitored, "monitoredVersions")
# Of one version, or page by page.
MONITORED_VERSION: Operation[Connection[views.Monitored]] = _load(
    "monitored_version", Connection[views.Monitored], "monitoredVersions"
)
MONITORED_VERSIONS: Operation[Connection[views.Monitored]] = _load(
    "monitored_versions", Connection[views.Monitored], "monitoredVersions"
)
FEATURE_FIGURES: Operation[list[views.FeatureWindow]] = _load("feature_figures", list[views.FeatureWindow], "windows")
WINDOWS: Operation[list[views.Window]] = _load("windows", list[views.Window], "windows")
PERFORMANCE: Operation[views.PerformanceDetail | None] = _load(
    "performance", views.PerformanceDetail | None, "performance"
)
SEGMENT_DRIFT: Operation[list[views.SegmentDrift] | None] = _load(
    "segment_drift", list[views.SegmentDrift] | None, "segmentDrift"
)
DISTRIBUTION: Operation[views.Distribution] = _load("distribution", views.Distribution, "distribution")
RUNS: Operation[Connection[views.RunSummary]] = _load("runs", Connection[views.RunSummary], "runs")
# Tags can be long: they travel only where a column shows one.
RUNS_TAGGED: Operation[Connection[views.RunSummary]] = Operation(
    RUNS.text.replace("params { key value }", "params { key value } tags { key value }"), RUNS.answer, RUNS.field
)
RUN_GROUPS: Operation[Connection[views.RunGroup]] = _load("run_groups", Connection[views.RunGroup], "runGroups")
RUN: Operation[views.RunDetail | None] = _load("run", views.RunDetail | None, "run")
RUN_FILES: Operation[file_views.Directory | None] = _load("run_files", file_views.Directory | None, "run")
RUN_FILE: Operation[file_views.OneFile | None] = _load("run_file", file_views.OneFile | None, "run")
VERSION_FILES: Operation[file_views.Directory | None] = _load(
    "version_files", file_views.Directory | None, "modelVersion"
)
VERSION_FILE: Operation[file_views.OneFile | None] = _load("version_file", file_views.OneFile | None, "modelVersion")
METRIC_HISTORY: Operation[History | None] = _load("metric_history", History | None, "run")
VERSION: Operation[views.VersionRow | None] = _load("version", views.VersionRow | None, "modelVersion")

PROJECTS: Operation[Connection[project_views.ProjectRow]] = _load(
    "projects", Connection[project_views.ProjectRow], "projects"
)
BOARD: Operation[project_views.Board | None] = _load("board", project_views.Board | None, "project")
INSIGHTS: Operation[Connection[project_views.Insight]] = _load(
    "insights", Connection[project_views.Insight], "insights"
)
INSIGHT: Operation[project_views.Insight | None] = _load("insight", project_views.Insight | None, "insight")
SIMILAR: Operation[list[project_views.SimilarRun] | None] = _load(
    "similar_runs", list[project_views.SimilarRun] | None, "similarRuns"
)
METRIC_LEVELS: Operation[list[project_views.MetricLevel] | None] = _load(
    "metric_levels", list[project_views.MetricLevel] | None, "metricLevels"
)
REVIEWS: Operation[Connection[project_views.Review]] = _load("reviews", Connection[project_views.Review], "reviews")
REVIEW: Operation[project_views.Review | None] = _load("review", project_views.Review | None, "review")
AUDIT: Operation[Connection[project_views.AuditEntry]] = _load("audit", Connection[project_views.AuditEntry], "audit")
AUDIT_VERDICT: Operation[project_views.AuditVerdict | None] = _load(
    "audit_verdict", project_views.AuditVerdict | None, "auditVerdict"
)

EVALUATIONS: Operation[Connection[production.EvaluationRow]] = _load(
    "evaluations", Connection[production.EvaluationRow], "evaluations"
)
EVALUATION: Operation[production.Evaluation | None] = _load("evaluation", production.Evaluation | None, "evaluation")
COMPARISON: Operation[production.Comparison | None] = _load(
    "comparison", production.Comparison | None, "versionComparison"
)
GATE_POLICY: Operation[production.GatePolicy | None] = _load("gate_policy", production.GatePolicy | None, "gatePolicy")
GATE_RESULTS: Operation[Connection[production.GateRow]] = _load(
    "gate_results", Connection[production.GateRow], "gateResults"
)
MENTIONS: Operation[Connection[views.EventView]] = _load("mentions", Connection[views.EventView], "events")
GATE_RESULT: Operation[production.GateResult | None] = _load("gate_result", production.GateResult | None, "gateResult")
DEPLOYMENTS: Operation[list[production.Deployment]] = _load_whole(
    "deployments", production.Deployment, "deployedModels"
)
ENVIRONMENTS: Operation[list[production.Environment] | None] = _load(
    "environments", list[production.Environment] | None, "environments"
)
STANDINGS: Operation[list[production.Standing] | None] = _load(
    "standings", list[production.Standing] | None, "standings"
)
RETRAININGS: Operation[Connection[production.Retraining]] = _load(
    "retrainings", Connection[production.Retraining], "retrainings"
)
MODEL_CARD: Operation[production.Card | None] = _load("model_card", production.Card | None, "modelCard")
CARD_WORDS: Operation[production.CardWordsView | None] = _load(
    "card_words", production.CardWordsView | None, "modelCardWords"
)
ALERTS: Operation[Connection[alert_views.AlertRow]] = _load("alerts", Connection[alert_views.AlertRow], "alerts")
ALERT: Operation[alert_views.Alert | None] = _load("alert", alert_views.Alert | None, "alert")
ALERT_RULES: Operation[alert_views.AlertRules | None] = _load(
    "alert_rules", alert_views.AlertRules | None, "alertRules"
)
SILENCES: Operation[Connection[alert_views.Silence]] = _load(
    "silences", Connection[alert_views.Silence], "alertSilences"
)
WEBHOOKS: Operation[list[alert_views.Webhook] | None] = _load("webhooks", list[alert_views.Webhook] | None, "webhooks")

LIFECYCLE_WEBHOOKS: Operation[list[alert_views.LifecycleWebhook] | None] = _load(
    "lifecycle_webhooks", list[alert_views.LifecycleWebhook] | None, "lifecycleWebhooks"
)
DEAD_LETTERS: Operation[list[alert_views.DeadLetter]] = _load_whole(
    "dead_letters", alert_views.DeadLetter, "deadLetters"
)
TOKENS: Operation[list[alert_views.Token]] = _load_whole("tokens", alert_views.Token, "apiTokens")

DATASETS: Operation[Connection[data_views.DatasetRow]] = _load(
    "datasets", Connection[data_views.DatasetRow], "datasets"
)
DATASET_VERSIONS: Operation[Connection[data_views.DatasetVersionRow]] = _load(
    "dataset_versions", Connection[data_views.DatasetVersionRow], "datasetVersions"
)
DATASET_VERSION: Operation[data_views.DatasetVersion | None] = _load(
    "dataset_version", data_views.DatasetVersion | None, "datasetVersion"
)
DATASET_COMPARISON: Operation[data_views.ProfileComparison | None] = _load(
    "dataset_comparison", data_views.ProfileComparison | None, "datasetComparison"
)
DATA_SOURCES: Operation[Connection[data_views.DataSource]] = _load(
    "data_sources", Connection[data_views.DataSource], "dataSources"
)
LINEAGE: Operation[data_views.Lineage | None] = _load("lineage", data_views.Lineage | None, "lineage")
REPRODUCIBILITY: Operation[data_views.Reproducibility | None] = _load(
    "reproducibility", data_views.Reproducibility | None, "reproducibility"
)

MODEL_PAST: Operation[past_views.PastModel | None] = _load("model_past", past_views.PastModel | None, "model")
VERSION_PAST: Operation[past_views.PastVersionData] = _load("version_past", past_views.PastVersionData, None)
EXPERIMENTS: Operation[Connection[past_views.Experiment]] = _load(
    "experiments", Connection[past_views.Experiment], "experiments"
)
SAVED_VIEWS: Operation[Connection[past_views.SavedView]] = _load(
    "saved_views", Connection[past_views.SavedView], "savedViews"
)
REPRODUCTION_PLAN: Operation[data_views.ReproductionPlan | None] = _load(
    "reproduction_plan", data_views.ReproductionPlan | None, "reproductionPlan"
)

EVENT_STREAM: Operation[views.EventMessage] = _load("event_stream", views.EventMessage, "events")
WINDOW_STREAM: Operation[views.WindowMoved] = _load("window_stream", views.WindowMoved, "windowMoved")
# Of versions with so many features that nobody looks at all of them.
WINDOW_STREAM_LEAN: Operation[views.WindowMoved] = Operation(
    re.sub(r"\n *features \{[^}]*\}", "", WINDOW_STREAM.text), WINDOW_STREAM.answer, WINDOW_STREAM.field
)
RUN_STATUS: Operation[RunStatus | None] = _load("run_status", RunStatus | None, "run")
RUN_METRICS: Operation[RunMoved] = _load("run_metrics", RunMoved, "runMetrics")
