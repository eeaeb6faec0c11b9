"""What is tracked, wired for other services: experiments, runs, models, versions and their files, with every request
they answer."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from services.contracts import registry
from services.contracts.base import Request
from services.registry import states
from services.registry.artifacts.browsing import Browsing
from services.registry.artifacts.handlers import Artifacts
from services.registry.experiments.queries import ExperimentQueries
from services.registry.models import store as model_store
from services.registry.models.queries import ModelQueries
from services.registry.models.versions import Versions
from services.registry.reviews import store as review_store
from services.registry.runs.handlers import Runs
from services.registry.runs.queries import RunQueries

Handler = Callable[[Any, Any], Coroutine[Any, Any, Any]]

STATES_BEGIN: dict[states.Kind, tuple[str, str]] = {
    "model": (model_store.MODELS, "created"),
    "version": (model_store.VERSIONS, "created"),
    "review": (review_store.REVIEWS, "requested"),
}
"""Where the states of each kind begin: its collection, and since when a document exists."""


class Tracked:
    def __init__(
        self,
        *,
        experiments: ExperimentQueries,
        runs: Runs,
        run_queries: RunQueries,
        versions: Versions,
        model_queries: ModelQueries,
        files: Artifacts,
    ) -> None:
        self._experiments = experiments
        self._runs = run_queries
        self._models = model_queries
        self._browsing = Browsing(files, runs, versions)

    def requests(self) -> dict[type[Request[Any]], Handler]:
        return {
            registry.GetExperiment: self._experiments.get,
            registry.ListExperiments: self._experiments.page,
            registry.GetRuns: self._runs.get,
            registry.ListRuns: self._runs.page,
            registry.GetMetricHistory: self._runs.metric_history,
            registry.GetModels: self._models.get,
            registry.ListModels: self._models.page,
            registry.GetVersions: self._models.get_versions,
            registry.ListVersions: self._models.list_versions,
            registry.SetAlias: self._models.set_alias,
            registry.ListArtifacts: self._browsing.page,
            registry.GetArtifact: self._browsing.get,
            registry.PreviewArtifact: self._browsing.preview,
        }
