"""What is tracked, wired for other services: experiments, runs, logged models, models, versions and their files, with
every request they answer."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from services.contracts import registry
from services.contracts.base import Request
from services.registry.artifacts.browsing import Browsing
from services.registry.artifacts.handlers import Artifacts
from services.registry.clock import Now
from services.registry.experiments.commands import ExperimentCommands
from services.registry.experiments.handlers import Experiments
from services.registry.experiments.queries import ExperimentQueries
from services.registry.logged_models.commands import LoggedModelCommands
from services.registry.logged_models.handlers import LoggedModels
from services.registry.logged_models.queries import LoggedModelQueries
from services.registry.models.commands import ModelCommands, VersionCommands
from services.registry.models.handlers import Models
from services.registry.models.queries import ModelQueries
from services.registry.models.versions import Versions
from services.registry.runs.commands import RunCommands
from services.registry.runs.handlers import Runs
from services.registry.runs.queries import RunQueries
from services.runtime.outbox import Outbox

Handler = Callable[[Any, Any], Coroutine[Any, Any, Any]]


class Tracked:
    def __init__(
        self,
        outbox: Outbox,
        *,
        experiments: Experiments,
        experiment_queries: ExperimentQueries,
        runs: Runs,
        run_queries: RunQueries,
        logged_models: LoggedModels,
        models: Models,
        versions: Versions,
        model_queries: ModelQueries,
        files: Artifacts,
        now: Now,
    ) -> None:
        self._experiments = experiment_queries
        self._runs = run_queries
        self._models = model_queries
        self._logged_models = LoggedModelQueries(logged_models)
        self._browsing = Browsing(files, runs, logged_models, versions)
        self._experiment_commands = ExperimentCommands(outbox, experiments, experiment_queries, runs)
        self._run_commands = RunCommands(outbox, runs, run_queries, now)
        self._logged_model_commands = LoggedModelCommands(outbox, logged_models)
        self._model_commands = ModelCommands(outbox, models, model_queries)
        self._version_commands = VersionCommands(outbox, models, versions, model_queries)

    def requests(self) -> dict[type[Request[Any]], Handler]:
        return {
            registry.GetExperiment: self._experiments.get,
            registry.ListExperiments: self._experiments.page,
            registry.GetRuns: self._runs.get,
            registry.ListRuns: self._runs.page,
            registry.ListRunGroups: self._runs.groups,
            registry.GetMetricHistory: self._runs.metric_history,
            registry.GetLoggedModels: self._logged_models.get,
            registry.ListLoggedModels: self._logged_models.page,
            registry.SetLoggedModelTag: self._logged_model_commands.set_tag,
            registry.DeleteLoggedModelTag: self._logged_model_commands.delete_tag,
            registry.DeleteLoggedModel: self._logged_model_commands.delete,
            registry.GetModels: self._models.get,
            registry.ListModels: self._models.page,
            registry.GetVersions: self._models.get_versions,
            registry.ListVersions: self._models.list_versions,
            registry.SetAlias: self._version_commands.set_alias,
            registry.ListArtifacts: self._browsing.page,
            registry.GetArtifact: self._browsing.get,
            registry.PreviewArtifact: self._browsing.preview,
            registry.CreateExperiment: self._experiment_commands.create,
            registry.RenameExperiment: self._experiment_commands.rename,
            registry.DescribeExperiment: self._experiment_commands.describe,
            registry.SetExperimentTag: self._experiment_commands.set_tag,
            registry.DeleteExperimentTag: self._experiment_commands.delete_tag,
            registry.DeleteExperiment: self._experiment_commands.delete,
            registry.RestoreExperiment: self._experiment_commands.restore,
            registry.RenameRun: self._run_commands.rename,
            registry.DescribeRun: self._run_commands.describe,
            registry.SetRunTag: self._run_commands.set_tag,
            registry.DeleteRunTag: self._run_commands.delete_tag,
            registry.EndRun: self._run_commands.end,
            registry.DeleteRun: self._run_commands.delete,
            registry.RestoreRun: self._run_commands.restore,
            registry.RegisterModel: self._model_commands.register,
            registry.RenameModel: self._model_commands.rename,
            registry.DescribeModel: self._model_commands.describe,
            registry.SetModelTag: self._model_commands.set_tag,
            registry.DeleteModelTag: self._model_commands.delete_tag,
            registry.RemoveAlias: self._model_commands.remove_alias,
            registry.DeleteModel: self._model_commands.delete,
            registry.RegisterVersion: self._version_commands.register,
            registry.DescribeVersion: self._version_commands.describe,
            registry.SetVersionTag: self._version_commands.set_tag,
            registry.DeleteVersionTag: self._version_commands.delete_tag,
            registry.MoveVersion: self._version_commands.move,
            registry.DeleteVersion: self._version_commands.delete,
        }
