"""Gathers what is recorded about a version, from the nouns that own it."""

from __future__ import annotations

from dataclasses import dataclass

from services.contracts.cards import CardWords
from services.contracts.datasets import DatasetKey, DatasetVersionView, GetDatasetVersions, GetSources
from services.contracts.deployments import ListDeployments
from services.contracts.errors import NotFound
from services.contracts.evaluations import EvaluationView, GetEvaluation, ListEvaluations
from services.contracts.gates import GetGateResults
from services.contracts.lineage import NodeRef, NodeView, WalkLineage
from services.contracts.paging import Paging
from services.contracts.profiles import ColumnProfile, GetProfile
from services.contracts.registry import GetRuns, GetVersions, RunView, VersionKey, VersionView
from services.contracts.reproduction import GetReproducibility
from services.contracts.reviews import GetReview
from services.registry.cards.sections import MANY_PLOTS, Data, Facts
from services.registry.datasets.profiles import Profiles
from services.registry.datasets.sources import Sources
from services.registry.datasets.versions import DatasetVersions
from services.registry.deployments.handlers import Deployments
from services.registry.evaluations.handlers import Evaluations
from services.registry.gates.handlers import Gates
from services.registry.lineage.handlers import Lineage
from services.registry.models.queries import ModelQueries
from services.registry.reproduction.handlers import Reproductions
from services.registry.reviews.handlers import Reviews
from services.registry.runs.queries import RunQueries
from services.runtime.context import Context

MANY_DATASETS = 5
MANY_ALERTS = 200


@dataclass(frozen=True, slots=True)
class Recorded:
    """Who knows what."""

    models: ModelQueries
    runs: RunQueries
    sources: Sources
    datasets: DatasetVersions
    profiles: Profiles
    evaluations: Evaluations
    gates: Gates
    reviews: Reviews
    deployments: Deployments
    reproductions: Reproductions
    lineage: Lineage

    async def version(self, model_name: str, version: str, context: Context) -> VersionView:
        """`version` may be an alias, written `@champion`. Raises NotFound."""
        key = VersionKey(model_name=model_name, version=version)
        [found] = await self.models.get_versions(GetVersions(keys=[key]), context)
        if found is None:
            raise NotFound(f"there is no version {version!r} of {model_name!r}", field="version")
        return found

    async def facts(self, version: VersionView, words: CardWords, context: Context) -> Facts:
        name, number = version.model_name, version.version
        run = await self._run(version, context)
        return Facts(
            version=version,
            run=run,
            words=words,
            data=[] if run is None else await self._data(run, context),
            evaluation=await self._evaluation(name, number, context),
            gates=await self.gates.get(GetGateResults(model_name=name, version=number), context),
            review=await self.reviews.get(GetReview(model_name=name, version=number), context),
            deployments=await self.deployments.listed(ListDeployments(model_name=name), context),
            reproducibility=None
            if run is None
            else await self.reproductions.get(GetReproducibility(run_id=run.id), context),
            alerts=await self._alerts(name, number, context),
        )

    async def _run(self, version: VersionView, context: Context) -> RunView | None:
        if not version.run_id:
            return None
        [run] = await self.runs.get(GetRuns(ids=[version.run_id]), context)
        return run

    async def _data(self, run: RunView, context: Context) -> list[Data]:
        named = {(entry.name, entry.digest): entry.context for entry in run.datasets if entry.digest}
        keys = [DatasetKey(dataset=name, digest=digest) for name, digest in list(named)[:MANY_DATASETS]]
        found = await self.datasets.get_many(GetDatasetVersions(keys=keys), context)
        return [
            Data(
                context=named[version.dataset, version.digest],
                version=version,
                sources=[view for view in await self.sources.get(GetSources(names=version.sources), context) if view],
                columns=await self._columns(version, context),
            )
            for version in found
            if version is not None
        ]

    async def _columns(self, version: DatasetVersionView, context: Context) -> list[ColumnProfile]:
        """The target and the first few others."""
        if not version.profiled:
            return []
        names = [field.name for field in version.columns if field.name != version.target]
        wanted = [*([version.target] if version.target else []), *names][:MANY_PLOTS]
        request = GetProfile(dataset=version.dataset, digest=version.digest, columns=wanted)
        view = await self.profiles.get(request, context)
        columns = {} if view is None else {column.name: column for column in view.profile.columns}
        return [columns[name] for name in wanted if name in columns]

    async def _evaluation(self, name: str, number: str, context: Context) -> EvaluationView | None:
        """The newest on a sealed split, else the newest of all."""
        request = ListEvaluations(model_name=name, version=number, paging=Paging(first=50))
        found = [edge.node for edge in (await self.evaluations.page(request, context)).edges]
        chosen = next((entry for entry in found if entry.split.sealed), found[0] if found else None)
        return None if chosen is None else await self.evaluations.get(GetEvaluation(id=chosen.id), context)

    async def _alerts(self, name: str, number: str, context: Context) -> list[NodeView]:
        request = WalkLineage(
            start=NodeRef(kind="version", id=f"{name}/{number}"),
            direction="down",
            depth=2,
            kinds=["window", "alert"],
            through=False,
            most=MANY_ALERTS,
        )
        try:
            view = await self.lineage.walk(request, context)
        except NotFound:
            return []
        return [node for node in view.nodes if node.kind in ("window", "alert")]
