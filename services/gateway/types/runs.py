"""Runs and what they logged."""

from __future__ import annotations

from collections.abc import Awaitable
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from services.contracts.datasets import DatasetVersionView
from services.contracts.duplicates import MAX_SIMILAR, FindSimilarRuns
from services.contracts.duplicates import SimilarRun as SimilarRunView
from services.contracts.errors import Invalid
from services.contracts.registry import DatasetRef, ExperimentView, GetMetricHistory, MetricPoint, RunView
from services.contracts.reproduction import GetReproducibility, PlanReproduction, ReproducibilityView
from services.contracts.reproduction import ReproductionPlan as PlanView
from services.gateway.ids import global_id
from services.gateway.operation import Info
from services.gateway.types import values
from services.gateway.types.artifacts import FILE, FILES, Artifact, file_of, files_of
from services.gateway.types.datasets import DatasetVersion
from services.gateway.types.fields import viewed
from services.gateway.types.limits import Size
from services.gateway.types.logged_models import LoggedModel, logged_models_of
from services.gateway.types.node import ID_DESCRIPTION, Node, reads
from services.gateway.types.paging import Connection
from services.gateway.types.past import ONLY_NOW, only_now
from services.gateway.types.reproduction import Reproducibility, ReproductionPlan
from services.gateway.types.scalars import Long
from services.gateway.types.values import KeyValue, Metric

if TYPE_CHECKING:
    from services.gateway.types.duplicates import SimilarRun
    from services.gateway.types.experiments import Experiment

MAX_POINTS = 5_000
DEFAULT_POINTS = 1_000
DEFAULT_SIMILAR = 10


def _registered(
    parent: strawberry.Parent[DatasetRef], info: Info
) -> DatasetVersionView | Awaitable[DatasetVersionView | None] | None:
    return info.context.relatives.dataset_versions.get((parent.name, parent.digest))


@strawberry.type(description="A dataset as a run names it.")
class Dataset:
    is_type_of = reads(DatasetRef)

    name: str = strawberry.field(description="Its name.")
    digest: str = strawberry.field(
        description="What the client computed over the content: the same data, the same text."
    )
    source_type: str = strawberry.field(description="Where it comes from, such as `local` or `http`.")
    context: str | None = strawberry.field(description="What it was used for, such as `train` or `eval`.")
    registered: DatasetVersion | None = viewed(
        resolver=_registered, size=Size(asks=True), description="What is known of this version of it."
    )


@strawberry.type(name="MetricPoint", description="One logged value of a metric.")
class Point:
    is_type_of = reads(MetricPoint)

    step: Long = strawberry.field(description="The training step that the client gave.")
    time: datetime = strawberry.field(description="When it was logged.")
    value: float | None = strawberry.field(description="The figure; null where it is NaN or infinite.")


def _id(parent: strawberry.Parent[RunView]) -> strawberry.ID:
    return strawberry.ID(global_id("Run", parent.id))


def _run_id(parent: strawberry.Parent[RunView]) -> str:
    return parent.id


def _experiment(
    parent: strawberry.Parent[RunView], info: Info
) -> ExperimentView | Awaitable[ExperimentView | None] | None:
    return info.context.relatives.experiments.get(parent.experiment_id)


def _duration(parent: strawberry.Parent[RunView]) -> float | None:
    return (parent.end_time - parent.start_time).total_seconds() if parent.end_time else None


async def _reproducibility(parent: strawberry.Parent[RunView], info: Info) -> ReproducibilityView:
    only_now(parent.as_of, "how well a run can be made again")
    return await info.context.ask(GetReproducibility(run_id=parent.id))


async def _plan(parent: strawberry.Parent[RunView], info: Info) -> PlanView:
    only_now(parent.as_of, "how a run can be made again")
    return await info.context.ask(PlanReproduction(run_id=parent.id))


async def _similar(
    parent: strawberry.Parent[RunView],
    info: Info,
    first: Annotated[
        int | None,
        strawberry.argument(description=f"At most so many, 1 to {MAX_SIMILAR}; {DEFAULT_SIMILAR} if unsaid."),
    ] = None,
) -> list[SimilarRunView]:
    only_now(parent.as_of, "what is like a run")
    first = DEFAULT_SIMILAR if first is None else first
    if not 1 <= first <= MAX_SIMILAR:
        raise Invalid(f"`first` is {first}", field="first", fix=f"Ask for 1 to {MAX_SIMILAR}.")
    return await info.context.ask(FindSimilarRuns(run_id=parent.id, limit=first))


async def _metric_history(
    parent: strawberry.Parent[RunView],
    info: Info,
    metric: Annotated[str, strawberry.argument(description="The metric's name.")],
    max_points: Annotated[
        int | None,
        strawberry.argument(
            description=f"Thin out to at most so many points, 2 to {MAX_POINTS}; {DEFAULT_POINTS} if unsaid."
        ),
    ] = None,
) -> list[MetricPoint]:
    max_points = DEFAULT_POINTS if max_points is None else max_points
    if not 2 <= max_points <= MAX_POINTS:
        raise Invalid(f"`maxPoints` is {max_points}", field="maxPoints", fix=f"Ask for 2 to {MAX_POINTS} points.")
    return await info.context.ask(
        GetMetricHistory(run_id=parent.id, metric=metric, max_points=max_points, as_of=parent.as_of)
    )


@strawberry.type(description="One execution of training code, with what it logged.")
class Run(Node):
    is_type_of = reads(RunView)

    id: strawberry.ID = viewed(resolver=_id, description=ID_DESCRIPTION)
    run_id: str = viewed(resolver=_run_id, description="The id that MLflow knows it by.")
    as_of: datetime | None = strawberry.field(
        description="The moment of which this is true, the data that it names aside; null for now."
    )
    name: str = strawberry.field(description="Its name, given or made up.")
    description: str = viewed(resolver=values.NOTED, description="What it is about, in Markdown; empty if unsaid.")
    status: str = strawberry.field(description="RUNNING, SCHEDULED, FINISHED, FAILED or KILLED.")
    user: str = strawberry.field(description="Who started it.")
    lifecycle_stage: str = strawberry.field(description="`active` or `deleted`.")
    start_time: datetime = strawberry.field(description="When it started.")
    end_time: datetime | None = strawberry.field(description="When it ended; null while it runs.")
    duration_seconds: float | None = viewed(resolver=_duration, description="How long it took; null while it runs.")
    params: list[KeyValue] = viewed(resolver=values.named("params"), description="Its parameters, by name.")
    metrics: list[Metric] = viewed(
        resolver=values.figures("metrics"), description="The latest value of each metric, by name."
    )
    tags: list[KeyValue] = viewed(resolver=values.named("tags"), description="Its tags, by name.")
    datasets: list[Dataset] = strawberry.field(description="The data it used.")
    experiment_id: str = strawberry.field(description="The experiment it belongs to.")
    experiment_name: str = strawberry.field(description="That experiment's name.")
    experiment: Annotated[Experiment, strawberry.lazy("services.gateway.types.experiments")] | None = viewed(
        resolver=_experiment, size=Size(asks=True), description="That experiment, as it is now."
    )
    logged_models: Connection[LoggedModel] | None = viewed(
        resolver=logged_models_of,
        size=Size(asks=True),
        description="The models that it has logged, newest first." + ONLY_NOW,
    )
    artifact_uri: str = strawberry.field(description="Where its files are.")
    artifacts: Connection[Artifact] | None = viewed(resolver=files_of, size=Size(asks=True), description=FILES)
    artifact: Artifact | None = viewed(resolver=file_of, size=Size(asks=True), description=FILE)
    source: str | None = strawberry.field(description="The program that ran.")
    git_commit: str | None = strawberry.field(description="The commit of that program.")
    parent_run_id: str | None = strawberry.field(description="The run that it is a part of.")
    metric_history: list[Point] | None = viewed(
        resolver=_metric_history,
        size=Size("maxPoints", DEFAULT_POINTS, asks=True),
        description="One metric over its steps, thinned out evenly; always with the first and the last point.",
    )
    reproducibility: Reproducibility | None = viewed(
        resolver=_reproducibility, size=Size(asks=True), description="How well it can be made again." + ONLY_NOW
    )
    reproduction_plan: ReproductionPlan | None = viewed(
        resolver=_plan,
        size=Size(asks=True),
        description="Its code, environment, data and seeds: all that is known for making it again." + ONLY_NOW,
    )
    similar: list[Annotated[SimilarRun, strawberry.lazy("services.gateway.types.duplicates")]] | None = viewed(
        resolver=_similar,
        size=Size("first", DEFAULT_SIMILAR, asks=True),
        description="Runs like it, nearest first." + ONLY_NOW,
    )
