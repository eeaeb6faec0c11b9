"""What MLflow's clients send about experiments, runs and logged models (mlflow/protos/service.proto)."""

from __future__ import annotations

import msgspec

from services.registry.mlflow_api.wire import Int64, Message, Part


class Pair(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A tag or parameter. The key is checked by whoever takes it."""

    key: str | None = None
    value: str | None = None


# ---------------------------------------------------------------- experiments


class CreateExperiment(Message, frozen=True, kw_only=True):
    required = ("name",)
    name: str | None = None
    artifact_location: str | None = None
    tags: list[Pair] = []


class ExperimentId(Message, frozen=True, kw_only=True):
    required = ("experiment_id",)
    experiment_id: str | None = None


class ExperimentName(Message, frozen=True, kw_only=True):
    required = ("experiment_name",)
    experiment_name: str | None = None


class UpdateExperiment(Message, frozen=True, kw_only=True):
    required = ("experiment_id", "new_name")
    experiment_id: str | None = None
    new_name: str | None = None


class SearchExperiments(Message, frozen=True, kw_only=True):
    max_results: Int64 | None = None
    page_token: str | None = None
    filter: str | None = None
    order_by: list[str] = []
    view_type: str | Int64 | None = None


class SetExperimentTag(Message, frozen=True, kw_only=True):
    required = ("experiment_id", "key")
    experiment_id: str | None = None
    key: str | None = None
    value: str | None = None


class DeleteExperimentTag(Message, frozen=True, kw_only=True):
    required = ("experiment_id", "key")
    experiment_id: str | None = None
    key: str | None = None


class SearchDatasets(Message, frozen=True, kw_only=True):
    experiment_ids: list[str] = []


# ---------------------------------------------------------------- runs


class CreateRun(Message, frozen=True, kw_only=True):
    experiment_id: str | None = None
    user_id: str | None = None
    run_name: str | None = None
    start_time: Int64 | None = None
    tags: list[Pair] = []


class UpdateRun(Message, frozen=True, kw_only=True):
    required = ("run_id",)
    run_id: str | None = None
    run_uuid: str | None = None
    status: str | Int64 | None = None
    end_time: Int64 | None = None
    run_name: str | None = None


class RunId(Message, frozen=True, kw_only=True):
    required = ("run_id",)
    run_id: str | None = None
    run_uuid: str | None = None


class LogMetric(Message, frozen=True, kw_only=True):
    required = ("run_id", "key", "value", "timestamp")
    run_id: str | None = None
    run_uuid: str | None = None
    key: str | None = None
    value: float | None = None
    timestamp: Int64 | None = None
    step: Int64 | None = None
    model_id: str | None = None
    dataset_name: str | None = None
    dataset_digest: str | None = None


class LogParam(Message, frozen=True, kw_only=True):
    required = ("run_id", "key")
    run_id: str | None = None
    run_uuid: str | None = None
    key: str | None = None
    value: str | None = None


class SetTag(Message, frozen=True, kw_only=True):
    required = ("run_id", "key")
    run_id: str | None = None
    run_uuid: str | None = None
    key: str | None = None
    value: str | None = None


class DeleteTag(Message, frozen=True, kw_only=True):
    required = ("run_id", "key")
    run_id: str | None = None
    key: str | None = None


class MetricEntry(Part, frozen=True, kw_only=True):
    key: str | None = None
    value: float | None = None
    timestamp: Int64 | None = None
    step: Int64 | None = None
    model_id: str | None = None
    dataset_name: str | None = None
    dataset_digest: str | None = None
    run_id: str | None = None


class LogBatch(Message, frozen=True, kw_only=True):
    required = ("run_id",)
    run_id: str | None = None
    metrics: list[MetricEntry] = []
    params: list[Pair] = []
    tags: list[Pair] = []


class LogModel(Message, frozen=True, kw_only=True):
    required = ("run_id", "model_json")
    run_id: str | None = None
    model_json: str | None = None


class DatasetEntry(Part, frozen=True, kw_only=True):
    name: str | None = None
    digest: str | None = None
    source_type: str | None = None
    source: str | None = None
    schema: str | None = None
    profile: str | None = None


class DatasetInput(Part, frozen=True, kw_only=True):
    tags: list[Pair] = []
    dataset: DatasetEntry | None = None


class ModelEntry(Part, frozen=True, kw_only=True):
    model_id: str | None = None
    step: Int64 | None = None


class LogInputs(Message, frozen=True, kw_only=True):
    required = ("run_id",)
    run_id: str | None = None
    datasets: list[DatasetInput] = []
    models: list[ModelEntry] = []


class LogOutputs(Message, frozen=True, kw_only=True):
    required = ("run_id", "models")
    run_id: str | None = None
    models: list[ModelEntry] | None = None


class SearchRuns(Message, frozen=True, kw_only=True):
    experiment_ids: list[str] = []
    filter: str | None = None
    run_view_type: str | Int64 | None = None
    max_results: Int64 | None = None
    order_by: list[str] = []
    page_token: str | None = None


class GetMetricHistory(Message, frozen=True, kw_only=True):
    required = ("run_id", "metric_key")
    run_id: str | None = None
    run_uuid: str | None = None
    metric_key: str | None = None
    page_token: str | None = None
    max_results: Int64 | None = None


class GetMetricHistoryInterval(Message, frozen=True, kw_only=True):
    required = ("run_ids", "metric_key")
    run_ids: list[str] | None = None
    metric_key: str | None = None
    start_step: Int64 | None = None
    end_step: Int64 | None = None
    max_results: Int64 | None = None


class GetMetricHistoryBulk(Message, frozen=True, kw_only=True):
    run_id: list[str] = []
    metric_key: str | None = None
    max_results: Int64 | None = None


# ---------------------------------------------------------------- logged models


class CreateLoggedModel(Message, frozen=True, kw_only=True):
    required = ("experiment_id",)
    experiment_id: str | None = None
    name: str | None = None
    model_type: str | None = None
    source_run_id: str | None = None
    params: list[Pair] = []
    tags: list[Pair] = []


class FinalizeLoggedModel(Message, frozen=True, kw_only=True):
    required = ("model_id", "status")
    model_id: str | None = None
    status: str | Int64 | None = None


class LoggedModelTags(Message, frozen=True, kw_only=True):
    model_id: str | None = None
    tags: list[Pair] = []


class LoggedModelParams(Message, frozen=True, kw_only=True):
    required = ("model_id",)
    model_id: str | None = None
    params: list[Pair] = []


class DatasetChoice(Part, frozen=True, kw_only=True):
    dataset_name: str | None = None
    dataset_digest: str | None = None


class OrderBy(Part, frozen=True, kw_only=True):
    field_name: str | None = None
    ascending: bool | None = None
    dataset_name: str | None = None
    dataset_digest: str | None = None


class SearchLoggedModels(Message, frozen=True, kw_only=True):
    required = ("experiment_ids",)
    experiment_ids: list[str] | None = None
    filter: str | None = None
    datasets: list[DatasetChoice] = []
    max_results: Int64 | None = None
    order_by: list[OrderBy] = []
    page_token: str | None = None
