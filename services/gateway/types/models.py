"""Registered models and their versions."""

from __future__ import annotations

from collections.abc import Awaitable
from datetime import datetime
from typing import Annotated, Any

import strawberry

from services.contracts.deployments import DeploymentView, ListDeployments, ListDeploymentsByPage
from services.contracts.monitor import MonitoredView
from services.contracts.paging import Page
from services.contracts.registry import (
    GetModels,
    GetRuns,
    GetVersions,
    ListVersions,
    LoggedModelView,
    ModelView,
    RunView,
    VersionKey,
    VersionView,
)
from services.contracts.reviews import GetReview, ReviewView
from services.gateway.conditions import condition, ordering
from services.gateway.ids import global_id
from services.gateway.lookahead import Selected
from services.gateway.operation import Info
from services.gateway.preload import preload_versions
from services.gateway.types import values
from services.gateway.types.alerts import Alert
from services.gateway.types.arguments import (
    DEFAULT_WINDOWS,
)
from services.gateway.types.artifacts import FILE, FILES, Artifact, file_of, files_of
from services.gateway.types.cards import ModelCard
from services.gateway.types.deployments import Deployment, Standing
from services.gateway.types.evaluations import EvaluationSummary
from services.gateway.types.fields import viewed
from services.gateway.types.filters import VersionFilter, VersionOrder
from services.gateway.types.gates import GateResult
from services.gateway.types.limits import Size
from services.gateway.types.logged_models import LoggedModel
from services.gateway.types.monitoring import MonitoredVersion, Window
from services.gateway.types.node import ID_DESCRIPTION, Node, reads
from services.gateway.types.of_versions import (
    alerts_of,
    card_of,
    evaluations_of,
    gate_result_of,
    standings_of,
    windows_of,
)
from services.gateway.types.paging import After, Before, Connection, First, Last, Sort, items_of, paging
from services.gateway.types.past import ONLY_NOW, only_now, unfiltered
from services.gateway.types.reviews import Review
from services.gateway.types.running_lists import DeploymentFilter, DeploymentOrder
from services.gateway.types.runs import Run
from services.gateway.types.values import KeyValue, Metric

AS_OF_DESCRIPTION = (
    "The moment of which this is true, and all that is reached from it that has an `asOf` too; null for now. What can "
    "only be told of now is an error there, `ONLY_NOW`."
)


@strawberry.type(description="A name that points at one version, such as `champion`.")
class Alias:
    name: str = strawberry.field(description="The alias.")
    version: str = strawberry.field(description="The version it points at.")


def _version_id(parent: strawberry.Parent[VersionView]) -> strawberry.ID:
    return strawberry.ID(global_id("ModelVersion", parent.model_name, parent.version))


def _run(parent: strawberry.Parent[VersionView], info: Info) -> RunView | Awaitable[RunView | None] | None:
    if parent.run_id and parent.as_of is not None:
        return _run_then(parent.run_id, parent.as_of, info)
    return info.context.relatives.runs.get(parent.run_id) if parent.run_id else None


async def _run_then(run_id: str, as_of: datetime, info: Info) -> RunView | None:
    return (await info.context.ask(GetRuns(ids=[run_id], as_of=as_of)))[0]


def _logged_model(
    parent: strawberry.Parent[VersionView], info: Info
) -> LoggedModelView | Awaitable[LoggedModelView | None] | None:
    only_now(parent.as_of, "the logged model")
    return info.context.relatives.logged_models.get(parent.model_id) if parent.model_id else None


def _model(parent: strawberry.Parent[VersionView], info: Info) -> ModelView | Awaitable[ModelView | None] | None:
    if parent.as_of is not None:
        return _model_then(parent, parent.as_of, info)
    return info.context.relatives.models.get(parent.model_name)


async def _model_then(version: VersionView, as_of: datetime, info: Info) -> ModelView | None:
    return (await info.context.ask(GetModels(names=[version.model_name], as_of=as_of)))[0]


def _monitored(
    parent: strawberry.Parent[VersionView], info: Info
) -> MonitoredView | Awaitable[MonitoredView | None] | None:
    only_now(parent.as_of, "what is watched")
    return info.context.relatives.monitored.get((parent.model_name, parent.version))


def _review(parent: strawberry.Parent[VersionView], info: Info) -> ReviewView | Awaitable[ReviewView | None] | None:
    if parent.as_of is not None:
        return info.context.ask(GetReview(model_name=parent.model_name, version=parent.version, as_of=parent.as_of))
    return info.context.relatives.reviews.get((parent.model_name, parent.version))


@strawberry.type(description="One version of a registered model.")
class ModelVersion(Node):
    is_type_of = reads(VersionView)

    id: strawberry.ID = viewed(resolver=_version_id, description=ID_DESCRIPTION)
    model: Annotated[Model, strawberry.lazy("services.gateway.types.models")] | None = viewed(
        resolver=_model, description="The model it belongs to."
    )
    model_name: str = strawberry.field(description="That model's name.")
    version: str = strawberry.field(description="Its number, from 1.")
    status: str = strawberry.field(description="READY, PENDING_REGISTRATION or FAILED_REGISTRATION.")
    stage: str = strawberry.field(description="MLflow's older notion of where it stands, such as `Production`.")
    source: str = strawberry.field(description="Where its files came from.")
    artifacts: Connection[Artifact] | None = viewed(resolver=files_of, size=Size(asks=True), description=FILES)
    artifact: Artifact | None = viewed(resolver=file_of, size=Size(asks=True), description=FILE)
    user: str = strawberry.field(description="Who registered it.")
    description: str = strawberry.field(description="What it is, in its makers' words.")
    aliases: list[str] = strawberry.field(description="The aliases that point at it.")
    tags: list[KeyValue] = viewed(resolver=values.named("tags"), description="Its tags, by name.")
    metrics: list[Metric] = viewed(
        resolver=values.figures("metrics"),
        description="The latest metrics of the run that made it, by name; with `asOf` none if they can't be told.",
    )
    params: list[KeyValue] = viewed(
        resolver=values.named("params"),
        description="The parameters of the run that made it, by name; with `asOf` none if they can't be told.",
    )
    created_at: datetime = strawberry.field(description="When it was registered.")
    updated_at: datetime = strawberry.field(description="When it was last changed.")
    registered_as: str | None = strawberry.field(
        description="The model's name when it was registered; null if it is still called so."
    )
    as_of: datetime | None = strawberry.field(description=AS_OF_DESCRIPTION)
    current_name: str | None = strawberry.field(
        description="With `asOf`, what the model is called now; null if it is still called so."
    )
    run: Run | None = viewed(
        resolver=_run,
        description="The run that made it. With `asOf` as it was then, or an error, `NOT_KNOWN_THEN`, if it has "
        "changed since in a way that its events don't tell.",
    )
    logged_model: LoggedModel | None = viewed(
        resolver=_logged_model,
        size=Size(asks=True),
        description="The logged model that it was made of; null if it names none." + ONLY_NOW,
    )
    monitored: MonitoredVersion | None = viewed(
        resolver=_monitored, description="What is watched of it; null if it isn't." + ONLY_NOW
    )
    review: Review | None = viewed(
        resolver=_review, size=Size(asks=True), description="Its review; null if none was ever requested."
    )
    evaluations: Connection[EvaluationSummary] | None = viewed(
        resolver=evaluations_of, size=Size(asks=True), description="Its evaluations and those of its run, newest first."
    )
    gate_result: GateResult | None = viewed(
        resolver=gate_result_of, size=Size(asks=True), description="The newest result of its gates."
    )
    standings: list[Standing] | None = viewed(
        resolver=standings_of,
        size=Size(otherwise=5, asks=True),
        description="Whether it may go to each environment now; null with `asOf`.",
    )
    alerts: Connection[Alert] | None = viewed(
        resolver=alerts_of,
        size=Size(asks=True),
        description="Its alerts, newest first. With `asOf` those opened before, without filter and order: what was "
        "decided and said later is left out, and so are windows and causes of those that changed since.",
    )
    model_card: ModelCard | None = viewed(
        resolver=card_of,
        size=Size(asks=True),
        description="Its newest card, or a draft if none was published; with `asOf` no draft.",
    )
    windows: list[Window] | None = viewed(
        resolver=windows_of,
        size=Size("last", DEFAULT_WINDOWS, asks=True),
        description="Its newest windows, in time order; null if it isn't watched. With `asOf` those that begin before, "
        "by the time of what happened: with the rows and labels that came late.",
    )


def _model_id(parent: strawberry.Parent[ModelView]) -> strawberry.ID:
    return strawberry.ID(global_id("Model", parent.name))


def _aliases(parent: Any) -> list[Alias]:
    return [Alias(name=name, version=version) for name, version in sorted(parent.aliases.items())]


_ALIASES = values.of_parent(_aliases, values.Listed("aliases", {"name": "key", "version": "text"}))


async def _versions(
    parent: strawberry.Parent[ModelView],
    info: Info,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
    where: Annotated[
        VersionFilter | None, strawberry.argument(description="Only those of which this holds; not with `asOf`.")
    ] = None,
    sort: Sort[VersionOrder] = None,
) -> Page[VersionView]:
    selected = Selected.of(info)
    page = await info.context.ask(
        ListVersions(
            where=condition(where),
            order=ordering(sort),
            model_name=parent.name,
            paging=paging(first, after, last, before, selected),
            as_of=parent.as_of,
        )
    )
    await preload_versions(info.context, items_of(page), selected.items())
    return page


def _version(
    parent: strawberry.Parent[ModelView],
    info: Info,
    version: Annotated[str, strawberry.argument(description="Its number, or an alias such as `@champion`.")],
) -> VersionView | Awaitable[VersionView | None] | None:
    if parent.as_of is not None:
        return _version_then(parent, version, parent.as_of, info)
    return info.context.relatives.versions.get((parent.name, version))


async def _version_then(model: ModelView, version: str, as_of: datetime, info: Info) -> VersionView | None:
    keys = [VersionKey(model_name=model.name, version=version)]
    return (await info.context.ask(GetVersions(keys=keys, as_of=as_of)))[0]


def _latest(parent: strawberry.Parent[ModelView]) -> VersionView | None:
    return parent.latest


async def _deployed_in(
    parent: strawberry.Parent[ModelView],
    info: Info,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
    where: Annotated[
        DeploymentFilter | None, strawberry.argument(description="Only those of which this holds; not with `asOf`.")
    ] = None,
    sort: Sort[DeploymentOrder] = None,
) -> Page[DeploymentView]:
    unfiltered(parent.as_of, where, sort)
    return await info.context.ask(
        ListDeploymentsByPage(
            paging=paging(first, after, last, before, Selected.of(info)),
            model_name=parent.current_name or parent.name,
            as_of=parent.as_of,
            where=condition(where),
            order=ordering(sort),
        )
    )


async def _deployments(parent: strawberry.Parent[ModelView], info: Info) -> list[DeploymentView]:
    return await info.context.ask(ListDeployments(model_name=parent.current_name or parent.name, as_of=parent.as_of))


@strawberry.type(description="A registered model: a name under which versions are kept.")
class Model(Node):
    is_type_of = reads(ModelView)

    id: strawberry.ID = viewed(resolver=_model_id, description=ID_DESCRIPTION)
    name: str = strawberry.field(description="Its name, unique.")
    description: str = strawberry.field(description="What it is for, in its makers' words.")
    tags: list[KeyValue] = viewed(resolver=values.named("tags"), description="Its tags, by name.")
    aliases: list[Alias] = viewed(resolver=_ALIASES, description="Its aliases, by name.")
    created_at: datetime = strawberry.field(description="When it was registered.")
    updated_at: datetime = strawberry.field(description="When it was last changed.")
    as_of: datetime | None = strawberry.field(description=AS_OF_DESCRIPTION)
    current_name: str | None = strawberry.field(
        description="With `asOf`, what the model is called now; null if it is still called so."
    )
    version_count: int = strawberry.field(description="How many versions it has.")
    latest_version: ModelVersion | None = viewed(resolver=_latest, description="The version with the highest number.")
    version: ModelVersion | None = viewed(
        resolver=_version, size=Size(asks=True), description="One version; null if there is none."
    )
    versions: Connection[ModelVersion] | None = viewed(
        resolver=_versions, size=Size(asks=True), description="Its versions, the highest number first."
    )
    deployed_in: Connection[Deployment] | None = viewed(
        resolver=_deployed_in, size=Size(asks=True), description="What of it runs and ran where, by environment."
    )
    deployments: list[Deployment] | None = viewed(
        resolver=_deployments,
        size=Size(otherwise=5, asks=True),
        description="What of it runs where.",
        deprecated="Use `deployedIn`, which has pages, filters and orders.",
    )
