"""Scores runs, plans how to make them again, and records what came of it."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from services.contracts.base import Envelope
from services.contracts.errors import Invalid, NotFound
from services.contracts.identity import Action, require
from services.contracts.registry import GetRuns, RunEnded, RunView
from services.contracts.reproduction import (
    DataReference,
    GetReproducibility,
    PlanReproduction,
    RecordReproduction,
    ReproducibilityView,
    ReproductionPlan,
)
from services.contracts.written import Written
from services.registry.artifacts import rules as paths
from services.registry.artifacts.handlers import Artifacts
from services.registry.clock import Now
from services.registry.datasets import mlflow
from services.registry.datasets.handlers import Datasets
from services.registry.datasets.version import TEXT_LENGTH
from services.registry.datasets.versions import DatasetVersions
from services.registry.documents import put
from services.registry.logged_models.handlers import LoggedModels
from services.registry.once import once
from services.registry.reproduction import rules
from services.registry.reproduction.rules import Facts, File
from services.registry.reproduction.store import REPRODUCTIONS, MongoReproductions
from services.registry.runs.handlers import Runs
from services.registry.runs.queries import MAX_IDS, RunQueries
from services.registry.runs.rules import Run
from services.runtime.context import Context
from services.runtime.ids import new_id
from services.runtime.outbox import Change, Outbox

LOOKED_INTO = 40
"""Directories of artifacts that are looked into for one run."""
DEPTH = 2
MANY_MODELS = 5
SMALL = 64 * 1024 * 1024
"""Bytes of a file that is worth a place in a bundle."""


class Reproductions:
    """`take_in` is called with the events of runs: its writes are part of the consumer's one transaction."""

    def __init__(
        self,
        outbox: Outbox,
        store: MongoReproductions,
        runs: Runs,
        queries: RunQueries,
        logged_models: LoggedModels,
        artifacts: Artifacts,
        named: Datasets,
        versions: DatasetVersions,
        now: Now,
    ) -> None:
        self._outbox = outbox
        self._store = store
        self._runs = runs
        self._queries = queries
        self._logged_models = logged_models
        self._artifacts = artifacts
        self._named = named
        self._versions = versions
        self._now = now

    # ------------------------------------------------------------ requests

    async def get(self, request: GetReproducibility, context: Context) -> ReproducibilityView:
        require(context.principal, Action.READ)
        facts = await self._facts(request.run_id, context)
        return rules.view(facts, await self._store.get(request.run_id))

    async def plan(self, request: PlanReproduction, context: Context) -> ReproductionPlan:
        require(context.principal, Action.READ)
        return rules.plan(await self._facts(request.run_id, context))

    async def score(self, run_id: str, context: Context) -> float | None:
        """The run's score now, 0 to 1; None if there is no such run. For gates."""
        try:
            facts = await self._facts(run_id, context)
        except NotFound:
            return None
        return rules.score(rules.ingredients(facts))

    async def record(self, request: RecordReproduction, context: Context) -> Written:
        """Raises Invalid for a repeat that nothing is known of, or that didn't measure anything."""
        require(context.principal, Action.RECORD_RUNS)
        if request.rerun_id is None and not request.metrics and not request.failed:
            raise Invalid("name the run that repeated it, or its metrics", field="rerun_id")
        run = await self._view(request.run_id, context)
        again = dict(request.metrics)
        if request.rerun_id is not None:
            again = {**(await self._view(request.rerun_id, context, "rerun_id")).metrics, **again}
        attempt_id = new_id()

        async def decide() -> tuple[Change, Written]:
            former = await self._store.get(run.id)
            after, event = rules.attempted(
                former,
                run,
                attempt_id=attempt_id,
                again=again,
                rerun_id=request.rerun_id,
                failed=request.failed,
                tolerance=request.tolerance,
                note=request.note,
                who=context.principal.user,
                now=self._now(),
            )
            change = Change(context, "record_reproduction")
            put(change, REPRODUCTIONS, former, after)
            change.emit(event, after.v)
            return change, Written(id=attempt_id, revision=after.v)

        return await once(self._outbox, request, context, decide, again_on_duplicate=True)

    # ------------------------------------------------------------ following runs

    async def take_in(self, envelopes: Sequence[Envelope], change: Change) -> None:
        """Scores each run that ended."""
        ended = {
            event.run_id
            for envelope in envelopes
            if envelope.type == RunEnded.type()
            for event in [msgspec.json.decode(envelope.data, type=RunEnded)]
        }
        known = await self._store.get_many(ended)
        for run_id, facts in (await self._facts_of(sorted(ended), change.context)).items():
            after, event = rules.scored(known.get(run_id), facts.run, rules.ingredients(facts))
            put(change, REPRODUCTIONS, known.get(run_id), after)
            change.emit(event, after.v)

    # ------------------------------------------------------------ facts

    async def _view(self, run_id: str, context: Context, field: str = "run_id") -> RunView:
        [view] = await self._queries.get(GetRuns(ids=[run_id]), context)
        if view is None:
            raise NotFound(f"there is no run {run_id!r}", field=field)
        return view

    async def _facts(self, run_id: str, context: Context) -> Facts:
        facts = (await self._facts_of([run_id], context)).get(run_id)
        if facts is None:
            raise NotFound(f"there is no run {run_id!r}", field="run_id")
        return facts

    async def _facts_of(self, run_ids: Sequence[str], context: Context) -> dict[str, Facts]:
        """Of those that exist, by id. Few runs have files: which do is asked for all at once."""
        views: dict[str, RunView] = {}
        for at in range(0, len(run_ids), MAX_IDS):
            found = await self._queries.get(GetRuns(ids=list(run_ids[at : at + MAX_IDS])), context)
            views |= {view.id: view for view in found if view is not None}
        runs = await self._runs.among(context, list(views))
        roots = {run.id: paths.served_path(run.artifact_uri) for run in runs.values()}
        filled = await self._artifacts.directories(context, [root for root in roots.values() if root is not None])
        facts = {}
        for run_id, run in runs.items():
            files = await self._files(run.artifact_uri, context) if roots[run_id] in filled else []
            for output in run.model_outputs[:MANY_MODELS]:
                files += await self._files_of_model(output.model_id, context)
            facts[run_id] = Facts(run=views[run_id], datasets=await self._data(run), files=files)
        return facts

    async def _data(self, run: Run) -> list[DataReference]:
        named = await self._named.among(entry.dataset for entry in run.inputs)
        versions = await self._versions.among([f"{entry.name}@{entry.digest}" for entry in run.inputs])
        found = []
        for entry in run.inputs:
            said = named.get(entry.dataset)
            version = versions.get(f"{entry.name}@{entry.digest}")
            where = version.location if version is not None and version.sha256 else ""
            where = where or (mlflow.location(said.source)[:TEXT_LENGTH] if said is not None else "")
            found.append(
                DataReference(
                    dataset=entry.name,
                    digest=entry.digest,
                    context=entry.context,
                    location=where,
                    source_type=entry.source_type,
                    sha256=version.sha256 if version is not None else "",
                    rows=version.rows if version is not None else None,
                )
            )
        return found

    async def _files_of_model(self, model_id: str, context: Context) -> list[File]:
        try:
            model = await self._logged_models.get(context, model_id)
        except NotFound:
            return []
        return await self._files(model.artifact_location, context)

    async def _files(self, location: str, context: Context) -> list[File]:
        """The files that matter here; storage that isn't ours is never looked into."""
        root = paths.served_path(location)
        if root is None:
            return []
        wanted = {*rules.DIFF_NAMES, *rules.ENVIRONMENT_NAMES}
        waiting, found = [("", 0)], []
        for _ in range(LOOKED_INTO):
            if not waiting:
                break
            below, depth = waiting.pop(0)
            for entry in await self._artifacts.listing(context, paths.joined(root, below)):
                path = paths.joined(below, entry.name)
                if entry.size is None:
                    if depth < DEPTH:
                        waiting.append((path, depth + 1))
                elif entry.name in wanted and entry.size <= SMALL:
                    artifact = await self._artifacts.find(context, paths.joined(root, path))
                    found.append(File(path=path, key=artifact.id, size=artifact.size, sha256=artifact.sha256))
        return found
