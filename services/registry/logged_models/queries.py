"""Answers other services' questions about logged models."""

from __future__ import annotations

from services.contracts.errors import Invalid
from services.contracts.identity import Action, require
from services.contracts.paging import MAX_PAGE, Edge, Page
from services.contracts.registry import (
    GetLoggedModels,
    ListLoggedModels,
    LoggedModelMetric,
    LoggedModelView,
    VersionKey,
)
from services.registry.logged_models.handlers import LoggedModels
from services.registry.logged_models.rules import LoggedModel, short_status, versions_of
from services.registry.runs.times import moment
from services.registry.values import mapping
from services.runtime.context import Context


class LoggedModelQueries:
    def __init__(self, models: LoggedModels) -> None:
        self._models = models

    async def get(self, request: GetLoggedModels, context: Context) -> list[LoggedModelView | None]:
        require(context.principal, Action.READ)
        if len(request.ids) > MAX_PAGE:
            raise Invalid(f"{len(request.ids)} ids at once", field="ids", fix=f"Ask for at most {MAX_PAGE}.")
        found = await self._models.many(request.ids)
        return [None if (model := found.get(id_)) is None else view(model) for id_ in request.ids]

    async def page(self, request: ListLoggedModels, context: Context) -> Page[LoggedModelView]:
        """Newest first."""
        require(context.principal, Action.READ)
        page = await self._models.page(request)
        edges = [Edge(cursor=edge.cursor, node=view(edge.node)) for edge in page.edges]
        return Page(edges=edges, has_next=page.has_next, has_previous=page.has_previous, total=page.total)


def view(model: LoggedModel) -> LoggedModelView:
    """As other services see it."""
    return LoggedModelView(
        id=model.id,
        name=model.name,
        experiment_id=model.experiment_id,
        status=short_status(model.status),
        lifecycle_stage=model.lifecycle_stage,
        artifact_uri=model.artifact_location,
        created_at=moment(model.created),
        updated_at=moment(model.updated),
        model_type=model.model_type or None,
        source_run_id=model.source_run_id or None,
        params=mapping(model.params),
        tags=mapping(model.tags),
        metrics=[
            LoggedModelMetric(
                key=point.k,
                value=point.v,
                step=point.s,
                time=moment(point.t),
                run_id=point.run_id,
                dataset_name=point.dataset_name,
                dataset_digest=point.dataset_digest,
            )
            for point in model.metrics
        ],
        versions=[VersionKey(model_name=name, version=version) for name, version in versions_of(model)],
    )
