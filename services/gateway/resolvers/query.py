"""The root of queries. Every field may be null, so that a service that is away leaves the other answers whole."""

from __future__ import annotations

from typing import Annotated, Any

import strawberry

from services.contracts.paging import Page
from services.contracts.registry import (
    EventView,
    ExperimentView,
    GetModels,
    GetRuns,
    GetVersions,
    ListEvents,
    ListExperiments,
    ListModels,
    ListRuns,
    ListVersions,
    ModelView,
    RunView,
    VersionKey,
    VersionView,
)
from services.gateway.clients.batches import MOST_AT_ONCE
from services.gateway.conditions import condition, ordering
from services.gateway.filters import run_filter, run_order
from services.gateway.lookahead import Selected
from services.gateway.operation import Info
from services.gateway.preload import preload_models, preload_versions
from services.gateway.resolvers.alerts import AlertQueries
from services.gateway.resolvers.audit import AuditQueries
from services.gateway.resolvers.comparing import ComparingQueries
from services.gateway.resolvers.datasets import DatasetQueries
from services.gateway.resolvers.deployments import DeploymentQueries
from services.gateway.resolvers.duplicates import DuplicateQueries
from services.gateway.resolvers.evaluations import EvaluationQueries
from services.gateway.resolvers.grouping import GroupingQueries
from services.gateway.resolvers.history import HistoryQueries
from services.gateway.resolvers.insights import InsightQueries
from services.gateway.resolvers.logged_models import LoggedModelQueries
from services.gateway.resolvers.monitoring import MonitoringQueries
from services.gateway.resolvers.nodes import found
from services.gateway.resolvers.operations import OperationQueries
from services.gateway.resolvers.projects import ProjectQueries
from services.gateway.resolvers.reviews import ReviewQueries
from services.gateway.resolvers.saved_views import SavedViewQueries
from services.gateway.types.arguments import (
    AsOf,
    ModelName,
    NameContains,
    SomeModelName,
)
from services.gateway.types.commands import KeyValueInput
from services.gateway.types.events import Event
from services.gateway.types.experiments import Experiment
from services.gateway.types.fields import viewed
from services.gateway.types.filters import ModelFilter, ModelOrder, RunFilter, RunOrder, VersionFilter, VersionOrder
from services.gateway.types.limits import Size
from services.gateway.types.list_filters import EventFilter, ExperimentFilter
from services.gateway.types.list_orders import EventOrder, ExperimentOrder
from services.gateway.types.models import Model, ModelVersion
from services.gateway.types.node import Node
from services.gateway.types.paging import After, Before, Connection, First, Last, Sort, Where, items_of, paging
from services.gateway.types.runs import Run
from services.gateway.types.viewer import Viewer


async def _node(
    info: Info, id_: Annotated[strawberry.ID, strawberry.argument(name="id", description="A global id.")]
) -> Any:
    return (await found(info.context, [id_]))[0]


async def _nodes(
    info: Info, ids: Annotated[list[strawberry.ID], strawberry.argument(description="Global ids, at most 100.")]
) -> list[Any]:
    return await found(info.context, ids)


def _viewer(info: Info) -> Viewer:
    who = info.context.principal
    return Viewer(user=who.user, role=who.role.value, authenticated=who.via == "token")


async def _models(
    info: Info,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
    name_contains: NameContains = None,
    tags: Annotated[
        list[KeyValueInput] | None, strawberry.argument(description="Only those that have all of these tags.")
    ] = None,
    where: Annotated[ModelFilter | None, strawberry.argument(description="Only those of which this holds.")] = None,
    sort: Annotated[list[ModelOrder] | None, strawberry.argument(description="Their order; by name if unsaid.")] = None,
) -> Page[ModelView]:
    selected = Selected.of(info)
    page = await info.context.ask(
        ListModels(
            paging=paging(first, after, last, before, selected),
            name_contains=name_contains,
            tags={tag.key: tag.value for tag in tags or []},
            where=condition(where),
            order=ordering(sort),
        )
    )
    await preload_models(info.context, items_of(page), selected.items())
    return page


async def _model_versions(
    info: Info,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
    model: SomeModelName = None,
    where: Annotated[VersionFilter | None, strawberry.argument(description="Only those of which this holds.")] = None,
    sort: Annotated[list[VersionOrder] | None, strawberry.argument(description="Their order.")] = None,
) -> Page[VersionView]:
    selected = Selected.of(info)
    page = await info.context.ask(
        ListVersions(
            paging=paging(first, after, last, before, selected),
            model_name=model,
            where=condition(where),
            order=ordering(sort),
        )
    )
    await preload_versions(info.context, items_of(page), selected.items())
    return page


async def _model(info: Info, name: ModelName, as_of: AsOf = None) -> ModelView | None:
    model = (await info.context.ask(GetModels(names=[name], as_of=as_of)))[0]
    if model:
        await preload_models(info.context, [model], Selected.of(info))
    return model


async def _model_version(
    info: Info,
    model: ModelName,
    version: Annotated[str, strawberry.argument(description="Its number, or an alias such as `@champion`.")],
    as_of: AsOf = None,
) -> VersionView | None:
    keys = [VersionKey(model_name=model, version=version)]
    view = (await info.context.ask(GetVersions(keys=keys, as_of=as_of)))[0]
    if view:
        await preload_versions(info.context, [view], Selected.of(info))
    return view


async def _experiments(
    info: Info,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
    name_contains: NameContains = None,
    where: Where[ExperimentFilter] = None,
    sort: Sort[ExperimentOrder] = None,
) -> Page[ExperimentView]:
    return await info.context.ask(
        ListExperiments(
            where=condition(where),
            order=ordering(sort),
            paging=paging(first, after, last, before, Selected.of(info)),
            name_contains=name_contains,
        )
    )


async def _experiment(
    info: Info, id_: Annotated[str, strawberry.argument(name="id", description="The id that MLflow knows it by.")]
) -> ExperimentView | None:
    return await info.context.relatives.experiments.load(id_)


async def _runs(
    info: Info,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
    experiment_ids: Annotated[
        list[str] | None, strawberry.argument(description="Only of these experiments; of all if unsaid.")
    ] = None,
    filter_: Annotated[
        str | None,
        strawberry.argument(
            name="filter", description="An MLflow filter, such as `metrics.auc > 0.7 and params.depth = '6'`."
        ),
    ] = None,
    where: Annotated[
        RunFilter | None, strawberry.argument(description="Only runs of which this holds, besides `filter`.")
    ] = None,
    sort: Annotated[
        list[RunOrder] | None, strawberry.argument(description="Their order, the most important first.")
    ] = None,
    order_by: Annotated[
        list[str] | None,
        strawberry.argument(description="MLflow order clauses, such as `metrics.auc DESC`; newest first if unsaid."),
    ] = None,
) -> Page[RunView]:
    return await info.context.ask(
        ListRuns(
            paging=paging(first, after, last, before, Selected.of(info)),
            experiment_ids=experiment_ids,
            filter=run_filter(filter_, where),
            order_by=run_order(sort) + (order_by or []),
        )
    )


async def _run(
    info: Info,
    id_: Annotated[str, strawberry.argument(name="id", description="The id that MLflow knows it by.")],
    as_of: AsOf = None,
) -> RunView | None:
    return (await info.context.ask(GetRuns(ids=[id_], as_of=as_of)))[0]


async def _events(
    info: Info,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
    types: Annotated[
        list[str] | None, strawberry.argument(description="Only of these types, such as `registry.run.started.v1`.")
    ] = None,
    aggregate: Annotated[str | None, strawberry.argument(description="Only about this kind of thing.")] = None,
    aggregate_id: Annotated[str | None, strawberry.argument(description="Only about this one thing.")] = None,
    actor: Annotated[str | None, strawberry.argument(description="Only what this user did.")] = None,
    where: Where[EventFilter] = None,
    sort: Sort[EventOrder] = None,
) -> Page[EventView]:
    return await info.context.ask(
        ListEvents(
            where=condition(where),
            order=ordering(sort),
            paging=paging(first, after, last, before, Selected.of(info)),
            types=types or [],
            aggregate=aggregate,
            aggregate_id=aggregate_id,
            actor=actor,
        )
    )


_PAGE = Size(asks=True)


@strawberry.type(description="Everything that can be asked.")
class Query(
    ComparingQueries,
    GroupingQueries,
    LoggedModelQueries,
    MonitoringQueries,
    OperationQueries,
    AlertQueries,
    EvaluationQueries,
    DeploymentQueries,
    DatasetQueries,
    HistoryQueries,
    ProjectQueries,
    InsightQueries,
    DuplicateQueries,
    ReviewQueries,
    AuditQueries,
    SavedViewQueries,
):
    node: Node | None = viewed(resolver=_node, description="The object with this global id.")
    nodes: list[Node | None] | None = viewed(
        resolver=_nodes, size=Size("ids", MOST_AT_ONCE, asks=True), description="The objects with these ids, in order."
    )
    viewer: Viewer = viewed(resolver=_viewer, description="Whoever sends this request.")
    models: Connection[Model] | None = viewed(resolver=_models, size=_PAGE, description="Registered models, by name.")
    model: Model | None = viewed(resolver=_model, description="One registered model.")
    model_versions: Connection[ModelVersion] | None = viewed(
        resolver=_model_versions,
        size=_PAGE,
        description="Versions of all models, newest first; of one model, the highest number first.",
    )
    model_version: ModelVersion | None = viewed(resolver=_model_version, description="One version of a model.")
    experiments: Connection[Experiment] | None = viewed(
        resolver=_experiments, size=_PAGE, description="Experiments, newest first."
    )
    experiment: Experiment | None = viewed(resolver=_experiment, description="One experiment.")
    runs: Connection[Run] | None = viewed(resolver=_runs, size=_PAGE, description="Runs.")
    run: Run | None = viewed(
        resolver=_run,
        description="One run, now or at `asOf`; null if there is none, or it hadn't started then. An error, "
        "`NOT_KNOWN_THEN`, if it has changed since in a way that its events don't tell.",
    )
    events: Connection[Event] | None = viewed(resolver=_events, size=_PAGE, description="What happened, newest first.")
