"""Records and shows evaluations, and says what gates and comparisons need to know of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

import msgspec

from services.contracts.datasets import DatasetKey, DatasetVersionView, GetDatasetVersions
from services.contracts.errors import Invalid, NotFound
from services.contracts.evaluations import (
    EvaluationSummary,
    EvaluationView,
    GetEvaluation,
    ListEvaluations,
    RecordEvaluation,
    SplitRef,
)
from services.contracts.identity import Action, require
from services.contracts.paging import Page
from services.contracts.registry import GetRuns, GetVersions, VersionKey, VersionView
from services.contracts.written import Written
from services.registry.clock import Now
from services.registry.evaluations import paired, rules
from services.registry.evaluations.paired import Paired
from services.registry.evaluations.rules import Evaluation
from services.registry.evaluations.store import MongoEvaluations, add, rename
from services.registry.models.queries import ModelQueries
from services.registry.once import once
from services.registry.projects.evidence import BASELINE_TAG, is_yes
from services.registry.runs.queries import MAX_IDS, RunQueries
from services.registry.states import milliseconds
from services.runtime.context import Context
from services.runtime.ids import new_id
from services.runtime.outbox import Change, Outbox

MOST_USES = 1000
MOST_RELEASED = 100
LOOKED_AT = 50
"""Newest evaluations of a version among which its final one is looked for."""

Released = Callable[[str], Awaitable[set[str]]]
"""The versions of a model that have run somewhere."""
Datasets = Callable[[GetDatasetVersions, Context], Awaitable[list[DatasetVersionView | None]]]


class Evaluations:
    def __init__(
        self,
        outbox: Outbox,
        store: MongoEvaluations,
        models: ModelQueries,
        runs: RunQueries,
        released: Released,
        datasets: Datasets,
        now: Now,
    ) -> None:
        self._outbox = outbox
        self._store = store
        self._models = models
        self._runs = runs
        self._released = released
        self._datasets = datasets
        self._now = now

    async def record(self, request: RecordEvaluation, context: Context) -> Written:
        """Raises NotFound if there is no such version or run, Invalid if the run isn't the version's."""
        require(context.principal, Action.RECORD_RUNS)
        rules.check(request)
        version = None
        run_id = request.run_id
        if request.model_name is not None and request.version is not None:
            version = await self._version(request.model_name, request.version, context)
            if run_id is not None and version.run_id and run_id != version.run_id:
                raise Invalid(f"the version comes from run {version.run_id}", field="run_id")
            run_id = run_id or version.run_id
            request = msgspec.structs.replace(request, version=version.version)
        experiment_id = None
        if run_id is not None:
            [run] = await self._runs.get(GetRuns(ids=[run_id]), context)
            if run is None and version is None:
                raise NotFound(f"there is no run {run_id!r}", field="run_id")
            experiment_id = None if run is None else run.experiment_id
        if not request.split.sealed and await self._is_sealed(request.split, context):
            split = msgspec.structs.replace(request.split, sealed=True)
            request = msgspec.structs.replace(request, split=split)
        evaluation_id = new_id()

        async def decide() -> tuple[Change, Written]:
            uses = await self._uses(request, experiment_id, context) if request.split.sealed else []
            kept, shown, event = rules.recorded(
                evaluation_id,
                request,
                experiment_id=experiment_id,
                run_id=run_id,
                uses=uses,
                now=self._now(),
                who=context.principal.user,
            )
            change = Change(context, "record_evaluation")
            add(change, kept, shown, request.row_scores)
            change.emit(event, 1)
            return change, Written(id=evaluation_id, revision=1)

        return await once(self._outbox, request, context, decide)

    async def _is_sealed(self, split: SplitRef, context: Context) -> bool:
        """Whether the registry knows these rows as a sealed split, whatever the client says."""
        if not split.dataset or not split.digest:
            return False
        key = DatasetKey(dataset=split.dataset, digest=split.digest)
        [found] = await self._datasets(GetDatasetVersions(keys=[key]), context)
        return found is not None and found.sealed

    async def _version(self, model_name: str, version: str, context: Context) -> VersionView:
        key = VersionKey(model_name=model_name, version=version)
        [found] = await self._models.get_versions(GetVersions(keys=[key]), context)
        if found is None:
            raise NotFound(f"there is no version {version} of {model_name!r}", field="version")
        return found

    async def _uses(self, request: RecordEvaluation, experiment_id: str | None, context: Context) -> list[str]:
        """Who used this sealed split before while working on the same model."""
        earlier = await self._store.of_split(rules.split_key(request.split), most=MOST_USES)
        return await self._counted(earlier, request.model_name, experiment_id, context)

    async def _counted(
        self,
        evaluations: Sequence[Evaluation],
        model_name: str | None,
        experiment_id: str | None,
        context: Context,
    ) -> list[str]:
        """What the uses that count were of: not those of released versions, which had to be, nor of baselines, which
        nothing is chosen by."""
        known = [msgspec.msgpack.decode(evaluation.summary, type=EvaluationSummary) for evaluation in evaluations]
        ours = [
            entry
            for entry in known
            if (model_name is not None and entry.model_name == model_name)
            or (experiment_id is not None and entry.experiment_id == experiment_id)
        ]
        names = {name for name in (model_name, *(entry.model_name for entry in ours)) if name is not None}
        free = {about for name in names for about in await self._released_of(name, context)}
        free |= await self._baselines([entry.run_id for entry in ours if entry.run_id], context)
        return [
            about[-1]
            for entry in ours
            if (about := _about(entry.model_name, entry.version, entry.run_id)) and not free & set(about)
        ]

    async def _released_of(self, model_name: str, context: Context) -> set[str]:
        """The released versions of a model and the runs that they came from."""
        versions = sorted(await self._released(model_name))[:MOST_RELEASED]
        keys = [VersionKey(model_name=model_name, version=version) for version in versions]
        views = await self._models.get_versions(GetVersions(keys=keys), context)
        return {
            about for view in views if view is not None for about in _about(view.model_name, view.version, view.run_id)
        }

    async def _baselines(self, run_ids: Sequence[str], context: Context) -> set[str]:
        distinct = list(dict.fromkeys(run_ids))
        found = set()
        for at in range(0, len(distinct), MAX_IDS):
            for run in await self._runs.get(GetRuns(ids=distinct[at : at + MAX_IDS]), context):
                if run is not None and is_yes(run.tags.get(BASELINE_TAG, "")):
                    found.add(rules.run_about(run.id))
        return found

    # ------------------------------------------------------------ for gates and comparisons

    async def final(
        self, model_name: str, version: str, run_id: str | None, split: str | None = None
    ) -> EvaluationView | None:
        """The newest on a sealed split, else the newest; of the version or its run. `split`: the same rows as there."""
        chosen = await self._final(model_name, version, run_id, split)
        return None if chosen is None else await self._store.view(chosen.id)

    async def final_id(self, model_name: str, version: str, run_id: str | None) -> str | None:
        """The id of that one."""
        chosen = await self._final(model_name, version, run_id, None)
        return None if chosen is None else chosen.id

    async def _final(self, model_name: str, version: str, run_id: str | None, split: str | None) -> Evaluation | None:
        found = await self._store.newest(_about(model_name, version, run_id), None, most=LOOKED_AT)
        if split is not None:
            found = [entry for entry in found if entry.split_key == split]
        return next((entry for entry in found if entry.sealed), found[0] if found else None)

    async def newest(
        self, model_name: str, version: str, run_id: str | None
    ) -> list[tuple[Evaluation, EvaluationSummary]]:
        """Of the version or its run, newest first, those that say figures."""
        found = await self._store.newest(_about(model_name, version, run_id), None, most=LOOKED_AT)
        return [
            (entry, msgspec.msgpack.decode(entry.summary, type=EvaluationSummary))
            for entry in found
            if entry.figures != ""
        ]

    async def of_run(self, run_id: str, split: str) -> EvaluationView | None:
        """The newest of a run on the given rows."""
        found = await self._store.newest([rules.run_about(run_id)], None, most=LOOKED_AT)
        chosen = next((entry for entry in found if entry.split_key == split), None)
        return None if chosen is None else await self._store.view(chosen.id)

    async def sealed_uses(self, evaluation: EvaluationView, context: Context) -> int | None:
        """How often the rows of a sealed split were used for work on this model; None if it isn't sealed.

        The evaluation's own version counts although it may be released by now.
        """
        if not evaluation.split.sealed:
            return None
        earlier = await self._store.of_split(rules.split_key(evaluation.split), most=MOST_USES)
        own = _about(evaluation.model_name, evaluation.version, evaluation.run_id)
        mine = [entry for entry in earlier if set(entry.about) & set(own)]
        others = [entry for entry in earlier if not set(entry.about) & set(own)]
        return len(mine) + len(await self._counted(others, evaluation.model_name, evaluation.experiment_id, context))

    async def paired(self, first: EvaluationView, second: EvaluationView) -> dict[str, Paired]:
        """By measure, the tests between two evaluations that scored the same rows."""
        if not set(first.row_scores) & set(second.row_scores):
            return {}
        theirs = {entry.measure: entry for entry in await self._store.row_scores(second.id)}
        tests = {}
        for ours in await self._store.row_scores(first.id):
            other = theirs.get(ours.measure)
            if other is None or other.rows_digest != ours.rows_digest:
                continue
            test = paired.compared(ours.scores, other.scores, higher_is_better=ours.higher_is_better)
            if test is not None:
                tests[ours.measure] = test
        return tests

    # ------------------------------------------------------------ reading

    async def get(self, request: GetEvaluation, context: Context) -> EvaluationView:
        require(context.principal, Action.READ)
        view = await self._store.view(request.id)
        if view is None:
            raise NotFound(f"there is no evaluation {request.id!r}", field="id")
        return view

    async def renamed(self, change: Change, former_name: str, model_name: str) -> None:
        """Moves a model's evaluations along with it."""
        for evaluation in await self._store.of_model(former_name):
            shown = await self._store.view(evaluation.id)
            if shown is not None:
                rename(change, evaluation, shown, former_name, model_name)

    async def page(self, request: ListEvaluations, context: Context) -> Page[EvaluationSummary]:
        require(context.principal, Action.READ)
        about: list[str] | None = None
        if request.model_name is not None:
            about = [rules.model_about(request.model_name)]
            if request.version is not None:
                version = await self._version(request.model_name, request.version, context)
                about = _about(version.model_name, version.version, version.run_id)
        if request.run_id is not None:
            ours = rules.run_about(request.run_id)
            about = [ours] if about is None else [entry for entry in about if entry == ours]
        by = None if request.as_of is None else milliseconds(request.as_of)
        return await self._store.page(request, about, by=by)


def _about(model_name: str | None, version: str | None, run_id: str | None) -> list[str]:
    about = [rules.run_about(run_id)] if run_id else []
    if model_name is not None and version is not None:
        about.append(rules.version_about(model_name, version))
    return about
