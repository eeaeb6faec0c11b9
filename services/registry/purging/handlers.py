"""Deletes runs, logged models and experiments for good when their time of grace is over."""

from __future__ import annotations

import contextlib

from services.contracts.identity import Action, require
from services.contracts.registry import PurgeDeleted, PurgeReport
from services.registry.artifacts.handlers import Artifacts
from services.registry.clock import Now
from services.registry.experiments.handlers import Experiments
from services.registry.experiments.rules import DEFAULT_ID
from services.registry.logged_models.handlers import LoggedModels
from services.registry.logged_models.rules import LoggedModel
from services.registry.models.queries import ModelQueries
from services.registry.runs.handlers import Runs
from services.registry.runs.rules import Run
from services.runtime.context import Context
from services.runtime.outbox import Stale

BATCH = 50
"""So many of each kind are looked at for one request."""
DAY = 24 * 3600 * 1000


class Purging:
    """What is restored at the same moment stays whole: a thing and its files go together, or neither does."""

    def __init__(
        self,
        runs: Runs,
        logged_models: LoggedModels,
        experiments: Experiments,
        artifacts: Artifacts,
        models: ModelQueries,
        now: Now,
    ) -> None:
        self._runs = runs
        self._logged_models = logged_models
        self._experiments = experiments
        self._artifacts = artifacts
        self._models = models
        self._now = now

    async def purge(self, request: PurgeDeleted, context: Context) -> PurgeReport:
        """First models and runs, then the experiments that have none left."""
        require(context.principal, Action.DELETE_FOR_EVER)
        await self._artifacts.finish_removals(context)  # what an earlier request didn't come to
        before = self._now() - int(max(request.days, 0.0) * DAY)
        models = await self._logged_models.deleted_before(context, before, request.kept_models, BATCH)
        kept_models = [model.id for model in models if not await self._purge_model(context, model)]
        runs = await self._runs.deleted_before(context, before, request.kept_runs, BATCH)
        kept_runs = [run.id for run in runs if not await self._purge_run(context, run)]
        await self._artifacts.finish_removals(context)
        more = len(models) == BATCH or len(runs) == BATCH
        return PurgeReport(
            runs=len(runs) - len(kept_runs),
            logged_models=len(models) - len(kept_models),
            experiments=0 if more else await self._purge_experiments(context, before),
            kept_runs=kept_runs,
            kept_models=kept_models,
            more=more,
        )

    async def _purge_model(self, context: Context, model: LoggedModel) -> bool:
        """False if a registered version is made of it."""
        if await self._models.any_of_logged_model(context, model.id, model.artifact_location):
            return False
        with contextlib.suppress(Stale):
            await self._logged_models.purge(
                context, model, await self._artifacts.going(context, model.artifact_location)
            )
        return True

    async def _purge_run(self, context: Context, run: Run) -> bool:
        """False if a registered version comes from it."""
        if await self._models.any_of_run(context, run.id, run.artifact_uri):
            return False
        with contextlib.suppress(Stale):
            await self._runs.purge(context, run, await self._artifacts.going(context, run.artifact_uri))
        return True

    async def _purge_experiments(self, context: Context, before: int) -> int:
        gone = skip = 0
        while found := await self._experiments.deleted_before(context, before, skip, BATCH):
            for experiment in found:
                holds = await self._runs.any_in(experiment.id) or await self._logged_models.any_in(experiment.id)
                if holds or experiment.id == DEFAULT_ID:
                    skip += 1
                    continue
                try:
                    await self._experiments.purge(context, experiment)
                    gone += 1
                except Stale:
                    skip += 1
        return gone
