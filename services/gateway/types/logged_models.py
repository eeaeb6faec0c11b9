"""Logged models: what a run has trained, before any of it is registered."""

from __future__ import annotations

from collections.abc import Awaitable
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, TypeAlias

import strawberry

from services.contracts.paging import Page
from services.contracts.registry import (
    ExperimentView,
    ListLoggedModels,
    LoggedModelMetric,
    LoggedModelView,
    RunView,
    VersionKey,
    VersionView,
)
from services.gateway.conditions import condition, ordering
from services.gateway.ids import global_id
from services.gateway.lookahead import Selected
from services.gateway.operation import Info
from services.gateway.types import values
from services.gateway.types.about import AboutRun, LazyRun, LazyVersion
from services.gateway.types.artifacts import FILE, FILES, Artifact, file_of, files_of
from services.gateway.types.fields import viewed
from services.gateway.types.limits import Size
from services.gateway.types.logged_model_lists import LoggedModelFilter, LoggedModelOrder
from services.gateway.types.node import ID_DESCRIPTION, Node, reads
from services.gateway.types.paging import After, Before, Connection, First, Last, Where, paging
from services.gateway.types.past import only_now
from services.gateway.types.scalars import Long
from services.gateway.types.values import KeyValue

if TYPE_CHECKING:
    from services.gateway.types.experiments import Experiment

WithDeleted = Annotated[bool, strawberry.argument(description="Deleted ones, too.")]
SomeLoggedModels = Where[LoggedModelFilter]
SortedLoggedModels = Annotated[
    list[LoggedModelOrder] | None, strawberry.argument(description="Their order; newest first if unsaid.")
]
LazyExperiment: TypeAlias = Annotated["Experiment", strawberry.lazy("services.gateway.types.experiments")]


def _text(parent: strawberry.Parent[LoggedModelMetric]) -> str:
    return values.figure_text(parent.value)


@strawberry.type(name="LoggedModelMetric", description="A figure that was measured of a logged model.")
class LoggedModelFigure(AboutRun):
    is_type_of = reads(LoggedModelMetric)

    key: str = strawberry.field(description="Its name.")
    value: float | None = strawberry.field(description="The figure; null where it is NaN or infinite.")
    text: str = viewed(resolver=_text, description="The figure as text, also `NaN`, `Infinity` and `-Infinity`.")
    step: Long = strawberry.field(description="The step of training that it belongs to.")
    time: datetime = strawberry.field(description="When it was measured.")
    run_id: str = strawberry.field(description="The run that measured it.")
    dataset_name: str | None = strawberry.field(description="The data that it was measured on, if they were named.")
    dataset_digest: str | None = strawberry.field(description="Which version of these data.")


def _version(parent: strawberry.Parent[VersionKey], info: Info) -> VersionView | Awaitable[VersionView | None] | None:
    return info.context.relatives.versions.get((parent.model_name, parent.version))


@strawberry.type(description="A registered version that a logged model became.")
class RegisteredAs:
    is_type_of = reads(VersionKey)

    model_name: str = strawberry.field(name="model", description="The registered model's name.")
    version: str = strawberry.field(description="The version's number.")
    model_version: LazyVersion | None = viewed(
        resolver=_version, size=Size(asks=True), description="That version; null if it is gone."
    )


def _id(parent: strawberry.Parent[LoggedModelView]) -> strawberry.ID:
    return strawberry.ID(global_id("LoggedModel", parent.id))


def _model_id(parent: strawberry.Parent[LoggedModelView]) -> str:
    return parent.id


def _experiment(
    parent: strawberry.Parent[LoggedModelView], info: Info
) -> ExperimentView | Awaitable[ExperimentView | None] | None:
    return info.context.relatives.experiments.get(parent.experiment_id)


def _source_run(parent: strawberry.Parent[LoggedModelView], info: Info) -> RunView | Awaitable[RunView | None] | None:
    return info.context.relatives.runs.get(parent.source_run_id) if parent.source_run_id else None


@strawberry.type(description="A model that a run has logged, with what was measured of it; it needn't be registered.")
class LoggedModel(Node):
    is_type_of = reads(LoggedModelView)

    id: strawberry.ID = viewed(resolver=_id, description=ID_DESCRIPTION)
    model_id: str = viewed(resolver=_model_id, description="The id that MLflow knows it by, such as `m-4f1c…`.")
    name: str = strawberry.field(description="Its name, given or made up; not unique.")
    status: str = strawberry.field(description="PENDING, READY, UPLOAD_FAILED or UNSPECIFIED.")
    lifecycle_stage: str = strawberry.field(description="`active` or `deleted`.")
    model_type: str | None = strawberry.field(description="What it is, as its maker says; null if unsaid.")
    created_at: datetime = strawberry.field(description="When it was logged.")
    updated_at: datetime = strawberry.field(description="When it was last changed.")
    params: list[KeyValue] = viewed(resolver=values.named("params"), description="Its parameters, by name.")
    tags: list[KeyValue] = viewed(resolver=values.named("tags"), description="Its tags, by name.")
    metrics: list[LoggedModelFigure] = strawberry.field(
        description="Each figure that was measured of it, in the order in which they came."
    )
    experiment_id: str = strawberry.field(description="The experiment it belongs to.")
    experiment: LazyExperiment | None = viewed(
        resolver=_experiment, size=Size(asks=True), description="That experiment."
    )
    source_run_id: str | None = strawberry.field(description="The run that logged it; null if none did.")
    source_run: LazyRun | None = viewed(resolver=_source_run, size=Size(asks=True), description="That run.")
    versions: list[RegisteredAs] = strawberry.field(description="The registered versions that it became.")
    artifact_uri: str = strawberry.field(description="Where its files are.")
    artifacts: Connection[Artifact] | None = viewed(resolver=files_of, size=Size(asks=True), description=FILES)
    artifact: Artifact | None = viewed(resolver=file_of, size=Size(asks=True), description=FILE)


async def logged_models_of(
    parent: strawberry.Parent[RunView | ExperimentView],
    info: Info,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
    with_deleted: WithDeleted = False,
    where: SomeLoggedModels = None,
    sort: SortedLoggedModels = None,
) -> Page[LoggedModelView]:
    """Those of one run or experiment."""
    if isinstance(parent, RunView):
        only_now(parent.as_of, "logged models")
    of_run = isinstance(parent, RunView)
    return await info.context.ask(
        ListLoggedModels(
            paging=paging(first, after, last, before, Selected.of(info)),
            run_id=parent.id if of_run else None,
            experiment_ids=None if of_run else [parent.id],
            with_deleted=with_deleted,
            where=condition(where),
            order=ordering(sort),
        )
    )
