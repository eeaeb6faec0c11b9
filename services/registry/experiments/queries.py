"""Answers questions about experiments, with how many runs they have."""

from __future__ import annotations

from services.contracts.identity import Action, require
from services.contracts.paging import Edge, Page
from services.contracts.registry import ExperimentView, GetExperiment, ListExperiments
from services.registry.experiments.handlers import Experiments
from services.registry.experiments.rules import Experiment
from services.registry.runs.handlers import Runs
from services.registry.runs.times import moment
from services.registry.values import mapping
from services.runtime.context import Context


class ExperimentQueries:
    def __init__(self, experiments: Experiments, runs: Runs) -> None:
        self._experiments = experiments
        self._runs = runs

    async def get(self, request: GetExperiment, context: Context) -> ExperimentView:
        experiment = await self._experiments.get(context, request.id)
        counts = await self._runs.counts([experiment.id])
        return _view(experiment, counts.get(experiment.id, 0))

    async def page(self, request: ListExperiments, context: Context) -> Page[ExperimentView]:
        """Newest first."""
        require(context.principal, Action.READ)
        page = await self._experiments.page(request)
        counts = await self._runs.counts([edge.node.id for edge in page.edges])
        edges = [Edge(cursor=edge.cursor, node=_view(edge.node, counts.get(edge.node.id, 0))) for edge in page.edges]
        return Page(edges=edges, has_next=page.has_next, has_previous=page.has_previous, total=page.total)


def _view(experiment: Experiment, run_count: int) -> ExperimentView:
    return ExperimentView(
        id=experiment.id,
        name=experiment.name,
        lifecycle_stage=experiment.lifecycle_stage,
        artifact_location=experiment.artifact_location,
        created_at=moment(experiment.created),
        updated_at=moment(experiment.updated),
        tags=mapping(experiment.tags),
        run_count=run_count,
    )
