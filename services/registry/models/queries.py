"""Answers questions about models and versions: search, and pages for other services."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

import msgspec

from services.contracts.errors import Invalid, NotAllowedNow, NotFound
from services.contracts.identity import Action, require
from services.contracts.paging import Edge, Page, Paging
from services.contracts.registry import (
    GetModels,
    GetVersions,
    ListModels,
    ListVersions,
    ModelView,
    VersionKey,
    VersionView,
)
from services.registry.models.handlers import Models
from services.registry.models.history import ModelHistory
from services.registry.models.rules import Model, Version, aliases_of, version_id
from services.registry.models.stages import STAGES, stage_of
from services.registry.models.store import MODEL_FIELDS, VERSION_FIELDS, MongoModels
from services.registry.models.versions import Versions
from services.registry.paging import page_of
from services.registry.runs.handlers import Runs
from services.registry.runs.queries import RunQueries
from services.registry.runs.rules import Run
from services.registry.runs.times import moment
from services.registry.search import mongo
from services.registry.search.entities import MODELS as MODEL_ENTITY
from services.registry.search.entities import VERSIONS as VERSION_ENTITY
from services.registry.search.entities import Entity
from services.registry.search.parser import parse_filter, parse_order
from services.registry.search.syntax import Order
from services.registry.values import mapping
from services.runtime import conditions
from services.runtime.context import Context

MAX_KEYS = 100
VERSION_ORDER = ("last_updated_timestamp DESC", "name ASC", "version_number DESC")


class ModelQueries:
    def __init__(
        self,
        store: MongoModels,
        models: Models,
        versions: Versions,
        runs: Runs,
        run_queries: RunQueries,
        history: ModelHistory,
    ) -> None:
        self._run_queries = run_queries
        self._store = store
        self._history = history
        self._models = models
        self._versions = versions
        self._runs = runs

    async def search(
        self, context: Context, filter_string: str, order_by: Sequence[str], offset: int, limit: int
    ) -> list[Model]:
        require(context.principal, Action.READ)
        node = parse_filter(filter_string, MODEL_ENTITY)
        orders = [parse_order(clause, MODEL_ENTITY) for clause in order_by]
        _check_orders(orders, [MODEL_ENTITY.orders[order.field.key].path for order in orders])
        return await self._store.search(node, orders, offset, limit)

    async def search_versions(
        self, context: Context, filter_string: str, order_by: Sequence[str], offset: int, limit: int
    ) -> list[Version]:
        require(context.principal, Action.READ)
        node = parse_filter(filter_string, VERSION_ENTITY)
        orders = [parse_order(clause, VERSION_ENTITY) for clause in order_by or VERSION_ORDER]
        _check_orders(orders, [VERSION_ENTITY.orders[order.field.key].path for order in orders])
        return await self._store.search_versions(node, orders, offset, limit)

    async def any_of_run(self, context: Context, run_id: str, location: str) -> bool:
        """Whether a version is made of a run, or has its files among the run's own."""
        require(context.principal, Action.READ)
        return await self._store.any_of(location, {"run_id": run_id})

    async def any_of_logged_model(self, context: Context, model_id: str, location: str) -> bool:
        """Whether a version is made of a logged model, or is a copy of one that was."""
        require(context.principal, Action.READ)
        return await self._store.any_of(location, {"model_id": model_id})

    async def latest_versions(self, names: Sequence[str]) -> Mapping[str, Sequence[Version]]:
        """The highest version of each stage, for each model."""
        return await self._store.latest_by_stage(names)

    async def latest_in(self, context: Context, name: str, stages: Sequence[str]) -> tuple[Model, list[Version]]:
        """The highest version in each of these stages (none named: in every stage)."""
        model = await self._models.get(context, name)
        wanted = {stage_of(stage) for stage in stages} or set(STAGES)
        found = (await self._store.latest_by_stage([name])).get(name, [])
        return model, [version for version in found if version.stage in wanted]

    async def models_of(self, versions: Sequence[Version]) -> dict[str, Model]:
        return await self._store.get_many(list({version.name for version in versions}))

    # ------------------------------------------------------------ requests

    async def get(self, request: GetModels, context: Context) -> list[ModelView | None]:
        require(context.principal, Action.READ)
        _check_count(request.names)
        if request.as_of is not None:
            then = await self._history.models(request.names, request.as_of)
            return [
                await self._past(context, then[name], request.as_of) if name in then else None for name in request.names
            ]
        models = await self._store.get_many(request.names)
        views = {view.name: view for view in await self._views(context, list(models.values()))}
        return [views.get(name) for name in request.names]

    async def page(self, request: ListModels, context: Context) -> Page[ModelView]:
        """By name."""
        require(context.principal, Action.READ)
        matching: list[dict[str, Any]] = [{"gone": False}]
        if request.name_contains:
            matching.append({"_id": {"$regex": re.escape(request.name_contains), "$options": "i"}})
        matching += [{"tags": {"$elemMatch": {"k": key, "v": value}}} for key, value in request.tags.items()]
        matching.append(mongo.query(parse_filter(request.filter, MODEL_ENTITY), MODEL_ENTITY))
        matching.append(conditions.query(request.where, MODEL_FIELDS))
        keys = _keys(request.order_by, MODEL_ENTITY, conditions.keys(request.order, MODEL_FIELDS, [("_id", 1)]))
        page = await page_of(self._store.models, {"$and": matching}, keys, request.paging, self._store.to_model)
        views = await self._views(context, [edge.node for edge in page.edges])
        edges = [Edge(cursor=edge.cursor, node=view) for edge, view in zip(page.edges, views, strict=True)]
        return Page(edges=edges, has_next=page.has_next, has_previous=page.has_previous, total=page.total)

    async def get_versions(self, request: GetVersions, context: Context) -> list[VersionView | None]:
        require(context.principal, Action.READ)
        _check_count(request.keys)
        if request.as_of is not None:
            return await self._past_versions(
                context, await self._history.versions(request.keys, request.as_of), request.as_of
            )
        found = [await self._find(context, key) for key in request.keys]
        views = {
            view_key(view): view for view in await self._version_views(context, [v for v in found if v is not None])
        }
        return [None if version is None else views[version.id] for version in found]

    async def _find(self, context: Context, key: VersionKey) -> Version | None:
        try:
            if key.version.startswith("@"):
                return await self._versions.by_alias(context, key.model_name, key.version[1:])
            return await self._versions.get(context, key.model_name, key.version)
        except (NotFound, Invalid):
            return None

    async def list_versions(self, request: ListVersions, context: Context) -> Page[VersionView]:
        """Of one model, highest version first; of all models, newest first."""
        require(context.principal, Action.READ)
        if request.as_of is not None:
            return await self._past_page(request, request.as_of, context)
        matching: dict[str, Any] = {"gone": False}
        keys = [("created", -1), ("name", 1), ("version", -1)]
        if request.model_name is not None:
            matching["name"] = request.model_name
            keys = [("version", -1)]
        filtered = mongo.query(parse_filter(request.filter, VERSION_ENTITY), VERSION_ENTITY)
        wanted = {"$and": [matching, filtered, conditions.query(request.where, VERSION_FIELDS)]}
        keys = _keys(request.order_by, VERSION_ENTITY, conditions.keys(request.order, VERSION_FIELDS, keys))
        page = await page_of(self._store.versions, wanted, keys, request.paging, self._store.to_version)
        views = await self._version_views(context, [edge.node for edge in page.edges])
        edges = [Edge(cursor=edge.cursor, node=view) for edge, view in zip(page.edges, views, strict=True)]
        return Page(edges=edges, has_next=page.has_next, has_previous=page.has_previous, total=page.total)

    # ------------------------------------------------------------ the past

    async def _past(self, context: Context, model: Model, as_of: datetime) -> ModelView:
        newest = await self._history.page(model.name, Paging(first=1), as_of)
        [latest] = await self._past_versions(context, [edge.node for edge in newest.edges] or [None], as_of)
        view = _model_view(model, await self._history.count(model.name, as_of), latest)
        updated = view.updated_at if latest is None else max(view.updated_at, latest.created_at)
        now = await self._history.renamed_to(model.name, as_of)
        return msgspec.structs.replace(view, updated_at=updated, as_of=as_of, current_name=now)

    async def _past_versions(
        self, context: Context, versions: Sequence[Version | None], as_of: datetime
    ) -> list[VersionView | None]:
        there = [version for version in versions if version is not None]
        models = await self._history.models([version.name for version in there], as_of)
        runs = await self._runs_then(context, there, as_of)
        views = await self._version_views(context, there, models, runs)
        names = {name: await self._history.renamed_to(name, as_of) for name in {version.name for version in there}}
        shown = {
            view_key(view): msgspec.structs.replace(view, as_of=as_of, current_name=names[view.model_name])
            for view in views
        }
        return [None if version is None else shown[version.id] for version in versions]

    async def _runs_then(self, context: Context, versions: Sequence[Version], as_of: datetime) -> dict[str, Run]:
        """Of those runs that can be told what they were."""
        found: dict[str, Run] = {}
        for run_id in {version.run_id for version in versions if version.run_id}:
            with suppress(NotAllowedNow):
                [was] = await self._run_queries.were([run_id], as_of, context)
                if was is not None:
                    found[run_id] = was
        return found

    async def _past_page(self, request: ListVersions, as_of: datetime, context: Context) -> Page[VersionView]:
        if request.model_name is None or request.filter or request.order_by or request.where or request.order:
            raise Invalid(
                "versions of the past are listed for one model, without filter or order",
                field="as_of",
                fix="Name the model, and leave out filter and order.",
            )
        page = await self._history.page(request.model_name, request.paging, as_of)
        views = await self._past_versions(context, [edge.node for edge in page.edges], as_of)
        edges = [
            Edge(cursor=edge.cursor, node=view)
            for edge, view in zip(page.edges, views, strict=True)
            if view is not None
        ]
        return Page(edges=edges, has_next=page.has_next, has_previous=page.has_previous, total=page.total)

    async def _views(self, context: Context, models: Sequence[Model]) -> Sequence[ModelView]:
        names = [model.name for model in models]
        counts = await self._store.counts(names)
        newest = await self._store.newest(models)
        named = {model.name: model for model in models}
        shown = await self._version_views(context, list(newest.values()), named)
        latest = {view.model_name: view for view in shown}
        return [_model_view(model, counts.get(model.name, 0), latest.get(model.name)) for model in models]

    async def _version_views(
        self,
        context: Context,
        versions: Sequence[Version],
        models: Mapping[str, Model] | None = None,
        runs: Mapping[str, Run] | None = None,
    ) -> Sequence[VersionView]:
        models = await self.models_of(versions) if models is None else models
        if runs is None:
            runs = await self._runs.among(context, [version.run_id for version in versions if version.run_id])
        views = []
        for version in versions:
            run = runs.get(version.run_id or "")
            model = models.get(version.name)
            views.append(
                VersionView(
                    model_name=version.name,
                    version=str(version.version),
                    status="READY",
                    stage=version.stage,
                    source=version.source,
                    user=version.user,
                    created_at=moment(version.created),
                    updated_at=moment(version.updated),
                    description=version.description or "",
                    run_id=version.run_id or None,
                    model_id=version.model_id or None,
                    aliases=aliases_of(model, version.version) if model else [],
                    tags=mapping(version.tags),
                    metrics={metric.k: metric.v for metric in run.metrics} if run else {},
                    params=mapping(run.params) if run else {},
                    registered_as=version.registered_as,
                )
            )
        return views


def view_key(view: VersionView) -> str:
    return version_id(view.model_name, int(view.version))


def _model_view(model: Model, count: int, latest: VersionView | None) -> ModelView:
    return ModelView(
        name=model.name,
        created_at=moment(model.created),
        updated_at=moment(model.updated),
        description=model.description or "",
        tags=mapping(model.tags),
        aliases={entry.alias: str(entry.version) for entry in model.aliases},
        version_count=count,
        latest=latest,
    )


def _check_count(keys: Sequence[object]) -> None:
    if len(keys) > MAX_KEYS:
        raise Invalid(f"at most {MAX_KEYS} at once", field="keys")


def _keys(clauses: Sequence[str], entity: Entity, ties: list[tuple[str, int]]) -> list[tuple[str, int]]:
    """The keys of a page in this order; what comes together is in the order of `ties`. Raises Invalid."""
    orders = [parse_order(clause, entity) for clause in clauses]
    paths = [entity.orders[order.field.key].path for order in orders]
    _check_orders(orders, paths)
    asked = [(path, 1 if order.ascending else -1) for order, path in zip(orders, paths, strict=True)]
    return [*asked, *(tie for tie in ties if tie[0] not in paths)]


def _check_orders(orders: Sequence[Order], paths: Sequence[str]) -> None:
    if len(set(paths)) != len(orders):
        keys = [order.field.key for order in orders]
        raise Invalid(f"`order_by` contains duplicate fields: {keys}", field="order_by")
