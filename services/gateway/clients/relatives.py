"""How each kind of object is fetched by key, many at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from services.contracts.alerts import AlertView, GetAlert
from services.contracts.datasets import DatasetKey, DatasetVersionView, GetDatasetVersions
from services.contracts.errors import NotFound
from services.contracts.evaluations import EvaluationView, GetEvaluation
from services.contracts.insights import GetInsight, InsightView
from services.contracts.monitor import ListMonitored, MonitoredView
from services.contracts.projects import GetProject, ProjectView
from services.contracts.registry import (
    ExperimentView,
    GetExperiment,
    GetLoggedModels,
    GetModels,
    GetRuns,
    GetVersions,
    LoggedModelView,
    ModelView,
    RunView,
    VersionKey,
    VersionView,
)
from services.contracts.retraining import GetRetraining, RetrainingView
from services.contracts.reviews import GetReview, ReviewView
from services.contracts.saved_views import GetSavedView, SavedViewView
from services.gateway.clients.asking import Asking
from services.gateway.clients.batches import Batch

K = TypeVar("K")
V = TypeVar("V")

VersionOf = tuple[str, str]
"""Model name and version."""


class Relatives:
    """What one operation has fetched so far, by key."""

    def __init__(self, ask: Asking) -> None:
        self._ask = ask
        self.runs: Batch[str, RunView] = Batch(self._load_runs)
        self.logged_models: Batch[str, LoggedModelView] = Batch(self._load_logged_models)
        self.models: Batch[str, ModelView] = Batch(self._load_models)
        self.versions: Batch[VersionOf, VersionView] = Batch(self._load_versions)
        self.monitored: Batch[VersionOf, MonitoredView] = Batch(self._load_monitored)
        self.experiments: Batch[str, ExperimentView] = Batch(lambda ids: self._each(ids, self._experiment))
        self.projects: Batch[str, ProjectView] = Batch(lambda ids: self._each(ids, self._project))
        self.alerts: Batch[str, AlertView] = Batch(lambda ids: self._each(ids, self._alert))
        self.evaluations: Batch[str, EvaluationView] = Batch(lambda ids: self._each(ids, self._evaluation))
        self.retrainings: Batch[str, RetrainingView] = Batch(lambda ids: self._each(ids, self._retraining))
        self.dataset_versions: Batch[tuple[str, str], DatasetVersionView] = Batch(self._load_dataset_versions)
        self.reviews: Batch[VersionOf, ReviewView] = Batch(lambda keys: self._each(keys, self._review))
        self.insights: Batch[str, InsightView] = Batch(lambda ids: self._each(ids, self._insight))
        self.saved_views: Batch[str, SavedViewView] = Batch(lambda ids: self._each(ids, self._saved_view))

    async def _load_runs(self, ids: list[str]) -> list[RunView | None]:
        return await self._ask(GetRuns(ids=ids))

    async def _load_logged_models(self, ids: list[str]) -> list[LoggedModelView | None]:
        return await self._ask(GetLoggedModels(ids=ids))

    async def _load_models(self, names: list[str]) -> list[ModelView | None]:
        return await self._ask(GetModels(names=names))

    async def _load_versions(self, keys: list[VersionOf]) -> list[VersionView | None]:
        return await self._ask(GetVersions(keys=[VersionKey(model_name=name, version=v) for name, v in keys]))

    async def _load_monitored(self, keys: list[VersionOf]) -> list[MonitoredView | None]:
        models = {name for name, _ in keys}
        watched = await self._ask(ListMonitored(model_name=models.pop() if len(models) == 1 else None))
        found = {(view.model_name, view.version): view for view in watched}
        return [found.get(key) for key in keys]

    async def _each(self, keys: list[K], one: Callable[[K], Awaitable[V | None]]) -> list[V | None]:
        """For what its owner answers one at a time, and with an error if there is none."""

        async def found(key: K) -> V | None:
            try:
                return await one(key)
            except NotFound:
                return None

        return await asyncio.gather(*(found(key) for key in keys))

    async def _experiment(self, id_: str) -> ExperimentView:
        return await self._ask(GetExperiment(id=id_))

    async def _project(self, id_: str) -> ProjectView:
        return await self._ask(GetProject(project_id=id_))

    async def _review(self, key: VersionOf) -> ReviewView | None:
        return await self._ask(GetReview(model_name=key[0], version=key[1]))

    async def _insight(self, id_: str) -> InsightView:
        return await self._ask(GetInsight(insight_id=id_))

    async def _saved_view(self, id_: str) -> SavedViewView:
        return await self._ask(GetSavedView(view_id=id_))

    async def _alert(self, id_: str) -> AlertView:
        return await self._ask(GetAlert(alert_id=id_))

    async def _evaluation(self, id_: str) -> EvaluationView:
        return await self._ask(GetEvaluation(id=id_))

    async def _retraining(self, id_: str) -> RetrainingView:
        return await self._ask(GetRetraining(id=id_))

    async def _load_dataset_versions(self, keys: list[tuple[str, str]]) -> list[DatasetVersionView | None]:
        return await self._ask(GetDatasetVersions(keys=[DatasetKey(dataset=name, digest=d) for name, d in keys]))
