"""How each kind of object is fetched by key, many at a time."""

from __future__ import annotations

import asyncio

from services.contracts.errors import NotFound
from services.contracts.monitor import ListMonitored, MonitoredView
from services.contracts.registry import (
    ExperimentView,
    GetExperiment,
    GetModels,
    GetRuns,
    GetVersions,
    ModelView,
    RunView,
    VersionKey,
    VersionView,
)
from services.gateway.clients.asking import Asking
from services.gateway.clients.batches import Batch

VersionOf = tuple[str, str]
"""Model name and version."""


class Relatives:
    """What one operation has fetched so far, by key."""

    def __init__(self, ask: Asking) -> None:
        self._ask = ask
        self.runs: Batch[str, RunView] = Batch(self._load_runs)
        self.models: Batch[str, ModelView] = Batch(self._load_models)
        self.versions: Batch[VersionOf, VersionView] = Batch(self._load_versions)
        self.monitored: Batch[VersionOf, MonitoredView] = Batch(self._load_monitored)
        self.experiments: Batch[str, ExperimentView] = Batch(self._load_experiments)

    async def _load_runs(self, ids: list[str]) -> list[RunView | None]:
        return await self._ask(GetRuns(ids=ids))

    async def _load_models(self, names: list[str]) -> list[ModelView | None]:
        return await self._ask(GetModels(names=names))

    async def _load_versions(self, keys: list[VersionOf]) -> list[VersionView | None]:
        return await self._ask(GetVersions(keys=[VersionKey(model_name=name, version=v) for name, v in keys]))

    async def _load_monitored(self, keys: list[VersionOf]) -> list[MonitoredView | None]:
        models = {name for name, _ in keys}
        watched = await self._ask(ListMonitored(model_name=models.pop() if len(models) == 1 else None))
        found = {(view.model_name, view.version): view for view in watched}
        return [found.get(key) for key in keys]

    async def _load_experiments(self, ids: list[str]) -> list[ExperimentView | None]:
        return await asyncio.gather(*(self._experiment(id_) for id_ in ids))

    async def _experiment(self, id_: str) -> ExperimentView | None:
        """The registry answers for one at a time, and with an error if there is none."""
        try:
            return await self._ask(GetExperiment(id=id_))
        except NotFound:
            return None
