"""What people do to experiments other than through MLflow's clients."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from services.contracts.base import Request
from services.contracts.registry import (
    CreateExperiment,
    DeleteExperiment,
    DeleteExperimentTag,
    DescribeExperiment,
    ExperimentCreated,
    ExperimentView,
    GetExperiment,
    RenameExperiment,
    RestoreExperiment,
    SetExperimentTag,
)
from services.registry.experiments.handlers import Experiments
from services.registry.experiments.queries import ExperimentQueries
from services.registry.names import NOTE_TAG
from services.registry.once import Made, done_once
from services.registry.runs.handlers import Runs
from services.runtime.context import Context
from services.runtime.outbox import Outbox


class ExperimentCommands:
    """Each answers with the experiment as it is then."""

    def __init__(self, outbox: Outbox, experiments: Experiments, queries: ExperimentQueries, runs: Runs) -> None:
        self._outbox = outbox
        self._experiments = experiments
        self._queries = queries
        self._runs = runs

    async def _done(
        self, request: Request[ExperimentView], context: Context, act: Callable[[Context], Awaitable[object]]
    ) -> ExperimentView:
        async def look(made: Made) -> ExperimentView:
            return await self._queries.get(GetExperiment(id=made[ExperimentCreated.aggregate]), context)

        return await done_once(self._outbox, request, context, act, look)

    async def create(self, request: CreateExperiment, context: Context) -> ExperimentView:
        return await self._done(
            request,
            context,
            lambda context: self._experiments.create(context, request.experiment_name, "", request.tags),
        )

    async def rename(self, request: RenameExperiment, context: Context) -> ExperimentView:
        return await self._done(
            request,
            context,
            lambda context: self._experiments.rename(context, request.experiment_id, request.experiment_name),
        )

    async def describe(self, request: DescribeExperiment, context: Context) -> ExperimentView:
        return await self._done(
            request,
            context,
            lambda context: (
                self._experiments.set_tag(context, request.experiment_id, NOTE_TAG, request.description)
                if request.description
                else self._experiments.delete_tag(context, request.experiment_id, NOTE_TAG)
            ),
        )

    async def set_tag(self, request: SetExperimentTag, context: Context) -> ExperimentView:
        return await self._done(
            request,
            context,
            lambda context: self._experiments.set_tag(context, request.experiment_id, request.tag, request.value),
        )

    async def delete_tag(self, request: DeleteExperimentTag, context: Context) -> ExperimentView:
        return await self._done(
            request, context, lambda context: self._experiments.delete_tag(context, request.experiment_id, request.tag)
        )

    async def delete(self, request: DeleteExperiment, context: Context) -> ExperimentView:
        async def act(context: Context) -> None:
            experiment = await self._experiments.delete(context, request.experiment_id)
            await self._runs.sweep(context, experiment.id)

        return await self._done(request, context, act)

    async def restore(self, request: RestoreExperiment, context: Context) -> ExperimentView:
        async def act(context: Context) -> None:
            experiment = await self._experiments.restore(context, request.experiment_id)
            await self._runs.sweep(context, experiment.id)

        return await self._done(request, context, act)
