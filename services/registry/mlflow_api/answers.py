"""What MLflow's clients get, in its JSON manners: snake case, numbers for 64-bit integers, empty lists left out."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

import msgspec
from msgspec import UNSET, UnsetType

from services.registry.artifacts.rules import Entry
from services.registry.datasets.rules import Dataset
from services.registry.experiments.rules import Experiment
from services.registry.logged_models.rules import STATUSES, LoggedModel
from services.registry.models.rules import Model, Version, aliases_of
from services.registry.runs.metrics import History
from services.registry.runs.rules import Run
from services.registry.values import KeyValue


class Answer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Unset fields and empty lists don't show."""


class Pair(Answer, frozen=True, kw_only=True):
    key: str
    value: str


def pairs(values: Iterable[KeyValue]) -> list[Pair]:
    return [Pair(key=pair.k, value=pair.v) for pair in values]


def number(value: float) -> float | str:
    """A number as protobuf's JSON writes it."""
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


class ExperimentAnswer(Answer, frozen=True, kw_only=True):
    experiment_id: str
    name: str
    artifact_location: str
    lifecycle_stage: str
    last_update_time: int
    creation_time: int
    tags: list[Pair] = []
    workspace: str = msgspec.field(default_factory=lambda: "default")


def experiment(found: Experiment) -> ExperimentAnswer:
    return ExperimentAnswer(
        experiment_id=found.id,
        name=found.name,
        artifact_location=found.artifact_location,
        lifecycle_stage=found.lifecycle_stage,
        last_update_time=found.updated,
        creation_time=found.created,
        tags=pairs(found.tags),
    )


class MetricAnswer(Answer, frozen=True, kw_only=True):
    key: str
    value: float | str
    timestamp: int
    step: int | UnsetType = UNSET
    model_id: str | UnsetType = UNSET
    dataset_name: str | UnsetType = UNSET
    dataset_digest: str | UnsetType = UNSET
    run_id: str | UnsetType = UNSET


class RunInfo(Answer, frozen=True, kw_only=True):
    run_uuid: str
    run_id: str
    run_name: str
    experiment_id: str
    user_id: str
    status: str
    start_time: int
    end_time: int | UnsetType = UNSET
    artifact_uri: str
    lifecycle_stage: str


class RunData(Answer, frozen=True, kw_only=True):
    metrics: list[MetricAnswer] = []
    params: list[Pair] = []
    tags: list[Pair] = []


class DatasetAnswer(Answer, frozen=True, kw_only=True):
    name: str
    digest: str
    source_type: str
    source: str
    schema: str | UnsetType = UNSET
    profile: str | UnsetType = UNSET


class DatasetInputAnswer(Answer, frozen=True, kw_only=True):
    tags: list[Pair] = []
    dataset: DatasetAnswer


class ModelInput(Answer, frozen=True, kw_only=True):
    model_id: str


class ModelOutput(Answer, frozen=True, kw_only=True):
    model_id: str
    step: int | UnsetType = UNSET


class RunInputs(Answer, frozen=True, kw_only=True):
    dataset_inputs: list[DatasetInputAnswer] = []
    model_inputs: list[ModelInput] = []


class RunOutputs(Answer, frozen=True, kw_only=True):
    model_outputs: list[ModelOutput] = []


class RunAnswer(Answer, frozen=True, kw_only=True):
    info: RunInfo
    data: RunData
    inputs: RunInputs
    outputs: RunOutputs | UnsetType = UNSET


def run_info(run: Run) -> RunInfo:
    return RunInfo(
        run_uuid=run.id,
        run_id=run.id,
        run_name=run.name,
        experiment_id=run.experiment_id,
        user_id=run.user,
        status=run.status,
        start_time=run.start_time,
        end_time=run.end_time or UNSET,
        artifact_uri=run.artifact_uri,
        lifecycle_stage=run.lifecycle_stage,
    )


def run(found: Run, datasets: Mapping[str, Dataset], *, outputs: bool = True) -> RunAnswer:
    metrics = [MetricAnswer(key=m.k, value=number(m.v), timestamp=m.t, step=m.s) for m in found.metrics]
    inputs = [
        DatasetInputAnswer(
            tags=pairs(sorted(entry.tags, key=lambda tag: tag.k)),  # clients get a list, in MLflow's order
            dataset=_dataset(datasets[entry.dataset]),
        )
        for entry in found.inputs
        if entry.dataset in datasets
    ]
    return RunAnswer(
        info=run_info(found),
        data=RunData(metrics=metrics, params=pairs(found.params), tags=pairs(found.tags)),
        inputs=RunInputs(
            dataset_inputs=inputs, model_inputs=[ModelInput(model_id=model_id) for model_id in found.model_inputs]
        ),
        outputs=RunOutputs(model_outputs=[ModelOutput(model_id=o.model_id, step=o.step) for o in found.model_outputs])
        if outputs
        else UNSET,
    )


def _dataset(dataset: Dataset) -> DatasetAnswer:
    return DatasetAnswer(
        name=dataset.name,
        digest=dataset.digest,
        source_type=dataset.source_type,
        source=dataset.source,
        schema=dataset.schema or UNSET,
        profile=dataset.profile or UNSET,
    )


def history(key: str, points: History, run_id: str | UnsetType = UNSET) -> list[MetricAnswer]:
    rows = zip(points.values.tolist(), points.times.tolist(), points.steps.tolist(), strict=True)
    return [
        MetricAnswer(key=key, value=number(value), timestamp=time, step=step, run_id=run_id)
        for value, time, step in rows
    ]


class FileInfo(Answer, frozen=True, kw_only=True):
    path: str
    is_dir: bool
    file_size: int | UnsetType = UNSET


def files(entries: Sequence[Entry], directory: str) -> list[FileInfo]:
    return [
        FileInfo(
            path=f"{directory}/{entry.name}" if directory else entry.name,
            is_dir=entry.is_dir,
            file_size=entry.size or UNSET,
        )
        for entry in entries
    ]


class LoggedModelInfo(Answer, frozen=True, kw_only=True):
    model_id: str
    experiment_id: str
    name: str
    creation_timestamp_ms: int
    last_updated_timestamp_ms: int
    artifact_uri: str
    status: str | int
    model_type: str
    source_run_id: str
    tags: list[Pair] = []


class LoggedModelData(Answer, frozen=True, kw_only=True):
    params: list[Pair] = []
    metrics: list[MetricAnswer] = []


class LoggedModelAnswer(Answer, frozen=True, kw_only=True):
    info: LoggedModelInfo
    data: LoggedModelData


def logged_model(model: LoggedModel) -> LoggedModelAnswer:
    assert model.status in STATUSES
    return LoggedModelAnswer(
        info=LoggedModelInfo(
            model_id=model.id,
            experiment_id=model.experiment_id,
            name=model.name,
            creation_timestamp_ms=model.created,
            last_updated_timestamp_ms=model.updated,
            artifact_uri=model.artifact_location,
            status=model.status,
            model_type=model.model_type,
            source_run_id=model.source_run_id,
            tags=pairs(model.tags),
        ),
        data=LoggedModelData(
            params=pairs(model.params),
            metrics=[
                MetricAnswer(
                    key=metric.k,
                    value=number(metric.v),
                    timestamp=metric.t,
                    step=metric.s,
                    model_id=model.id,
                    dataset_name=metric.dataset_name or UNSET,
                    dataset_digest=metric.dataset_digest or UNSET,
                    run_id=metric.run_id,
                )
                for metric in model.metrics
            ],
        ),
    )


class AliasAnswer(Answer, frozen=True, kw_only=True):
    alias: str
    version: str


class VersionAnswer(Answer, frozen=True, kw_only=True):
    name: str
    version: str
    creation_timestamp: int
    last_updated_timestamp: int
    description: str | UnsetType = UNSET
    user_id: str | UnsetType = UNSET
    current_stage: str
    source: str
    run_id: str | UnsetType = UNSET
    status: str = msgspec.field(default_factory=lambda: "READY")
    run_link: str | UnsetType = UNSET
    tags: list[Pair] = []
    aliases: list[str] = []


class ModelAnswer(Answer, frozen=True, kw_only=True):
    name: str
    creation_timestamp: int
    last_updated_timestamp: int
    description: str | UnsetType = UNSET
    latest_versions: list[VersionAnswer] = []
    tags: list[Pair] = []
    aliases: list[AliasAnswer] = []


def version(found: Version, model: Model | None) -> VersionAnswer:
    """`model` gives the aliases; None leaves them out."""
    return VersionAnswer(
        name=found.name,
        version=str(found.version),
        creation_timestamp=found.created,
        last_updated_timestamp=found.updated,
        description=UNSET if found.description is None else found.description,
        current_stage=found.stage,
        source=found.source,
        run_id=UNSET if found.run_id is None else found.run_id,
        run_link=UNSET if found.run_link is None else found.run_link,
        tags=pairs(found.tags),
        aliases=aliases_of(model, found.version) if model else [],
    )


def model(found: Model, latest: Sequence[Version] = ()) -> ModelAnswer:
    return ModelAnswer(
        name=found.name,
        creation_timestamp=found.created,
        last_updated_timestamp=found.updated,
        description=found.description or UNSET,
        latest_versions=[version(newest, None) for newest in latest],
        tags=pairs(found.tags),
        aliases=[AliasAnswer(alias=entry.alias, version=str(entry.version)) for entry in found.aliases],
    )
