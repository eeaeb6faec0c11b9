"""Answers whether something was tried before, and tells it on each run that ends."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping

import msgspec

from services.contracts.base import Envelope
from services.contracts.duplicates import MAX_SIMILAR, Difference, FindSimilarRuns, SimilarRun, SimilarRunsFound
from services.contracts.errors import Invalid, NotAllowedNow, NotFound
from services.contracts.identity import Action, require
from services.contracts.registry import GetRuns, RunEnded, RunView
from services.registry.brevity import cut
from services.registry.duplicates import rules
from services.registry.duplicates.rules import Fingerprint
from services.registry.duplicates.store import Kept, MongoFingerprints, keep, kept
from services.registry.experiments.handlers import Experiments
from services.registry.runs.handlers import Runs
from services.registry.runs.queries import RunQueries
from services.registry.runs.rules import Batch
from services.registry.values import ACTIVE, KeyValue, mapping
from services.runtime.context import Context
from services.runtime.outbox import Change

MAX_PARAMS = 1000
TOLD = 10
"""Similar runs that an event names, of each kind."""

Neighbour = tuple[Kept, list[Difference]]


class Duplicates:
    def __init__(self, store: MongoFingerprints, runs: Runs, queries: RunQueries, experiments: Experiments) -> None:
        self._store = store
        self._runs = runs
        self._queries = queries
        self._experiments = experiments

    async def find(self, request: FindSimilarRuns, context: Context) -> list[SimilarRun]:
        """Nearest first, newest first among equally near ones."""
        require(context.principal, Action.READ)
        _check(request)
        asked_run: RunView | None = None
        if request.run_id is not None:
            [asked_run] = await self._queries.get(GetRuns(ids=[request.run_id]), context)
            if asked_run is None:
                raise NotFound(f"there is no run {request.run_id!r}", field="run_id")
            asked = fingerprint_of(asked_run, {**await self._defaults(context, asked_run), **request.defaults})
        else:
            asked = rules.fingerprint(
                request.params or {}, request.datasets, request.code_version, request.entry_point, request.defaults
            )
        if not rules.comparable(asked):
            return []
        near = [entry for entry in await self._neighbours(asked) if entry[0].id != request.run_id]
        return await self._shown(context, near[: 2 * request.limit], asked_run, request.limit)

    async def _neighbours(self, asked: Fingerprint, known: Iterable[Kept] = ()) -> list[Neighbour]:
        """Runs that don't differ much: first the same parameters, then all but a few, then other data."""
        tokens = rules.tokens(asked.params)
        data = None if asked.datasets is None else rules.data_token(asked.datasets)
        found = {entry.id: entry for entry in known}
        # The oldest with the same parameters: a duplicate names the first of its kind, however many there are.
        looks: list[tuple[list[int], int | None, bool]] = [([tokens.whole], data, False), (tokens.one, data, True)]
        looks += [(tokens.two, data, True)] + ([([tokens.whole], None, True)] if data is not None else [])
        for wanted, of_data, newest in looks:
            found.update({entry.id: entry for entry in await self._store.with_tokens(wanted, of_data, newest=newest)})
        compared = [(entry, rules.differences(asked, entry.fingerprint())) for entry in found.values()]
        near = [neighbour for neighbour in compared if rules.is_near(neighbour[1])]
        return sorted(near, key=lambda neighbour: (len(neighbour[1]), -neighbour[0].s, neighbour[0].id))

    async def _shown(
        self, context: Context, near: list[Neighbour], asked: RunView | None, limit: int
    ) -> list[SimilarRun]:
        views = await self._queries.get(GetRuns(ids=[entry.id for entry, _ in near]), context) if near else []
        shown = [
            SimilarRun(
                run_id=run.id,
                run_name=run.name,
                experiment_id=run.experiment_id,
                experiment_name=run.experiment_name,
                user=run.user,
                status=run.status,
                start_time=run.start_time,
                exact=not differing,
                differences=differing,
                metrics=run.metrics,
                effect={} if asked is None else rules.effect(asked.metrics, run.metrics),
            )
            for (_, differing), run in zip(near, views, strict=True)
            if run is not None and run.lifecycle_stage == ACTIVE
        ]
        return shown[:limit]

    async def _defaults(self, context: Context, run: RunView) -> Mapping[str, str]:
        try:
            experiment = await self._experiments.get(context, run.experiment_id)
        except NotFound:
            return {}
        return defaults_in(mapping(experiment.tags).get(rules.DEFAULTS_TAG, ""))

    # ------------------------------------------------------------ following runs

    async def take_in(self, envelopes: list[Envelope], change: Change) -> None:
        """Compares each run that ended with those before it, keeps its fingerprint, and tells what was found."""
        ended = {
            event.run_id: event
            for envelope in envelopes
            if envelope.type == RunEnded.type()
            for event in [msgspec.json.decode(envelope.data, type=RunEnded)]
        }
        new: list[Kept] = []
        for run_id, event in ended.items():
            [run] = await self._queries.get(GetRuns(ids=[run_id]), change.context)
            if run is None:
                continue
            one = fingerprint_of(run, await self._defaults(change.context, run))
            if not rules.comparable(one):
                continue
            version = await self._store.version(run_id) + 1
            entry = kept(run_id, version, round(run.start_time.timestamp() * 1000), one)
            near = [other for other in await self._neighbours(one, new) if other[0].id != run_id]
            await self._tell(change, event, near, version)
            keep(change, entry)
            new.append(entry)

    async def _tell(self, change: Change, event: RunEnded, near: list[Neighbour], version: int) -> None:
        """The tag is set at once, beside the change: setting it again changes nothing."""
        exact = [entry for entry, differing in near if not differing]
        if exact:
            first = min(exact, key=lambda entry: (entry.s, entry.id))
            tag = KeyValue(rules.DUPLICATE_TAG, first.id)
            with contextlib.suppress(NotAllowedNow):  # deleted meanwhile
                await self._runs.log(change.context, event.run_id, Batch(tags=[tag]))
        found = SimilarRunsFound(
            run_id=event.run_id,
            experiment_id=event.experiment_id,
            run_name=cut(event.run_name),
            user=cut(event.user),
            exact=[entry.id for entry in exact[:TOLD]],
            near=[entry.id for entry, differing in near if differing][:TOLD],
        )
        change.emit(found, version)


def fingerprint_of(run: RunView, defaults: Mapping[str, str]) -> Fingerprint:
    digests = [dataset.digest for dataset in run.datasets]
    entry = run.tags.get(rules.ENTRY_POINT_TAG) or rules.entry_point(run.source)
    return rules.fingerprint(run.params, digests, run.git_commit, entry, defaults)


def defaults_in(text: str) -> dict[str, str]:
    """What an experiment's tag says; nothing if it isn't a JSON object of plain values."""
    try:
        values = msgspec.json.decode(text, type=dict[str, str | float | bool | None]) if text else {}
    except msgspec.MsgspecError:
        return {}
    return {key: str(value) for key, value in values.items()}


def _check(request: FindSimilarRuns) -> None:
    if (request.run_id is None) == (request.params is None):
        raise Invalid("ask about a run or about parameters, not both", field="params")
    if len(request.params or {}) > MAX_PARAMS or len(request.defaults) > MAX_PARAMS:
        raise Invalid(f"at most {MAX_PARAMS} parameters", field="params")
    if not 1 <= request.limit <= MAX_SIMILAR:
        raise Invalid(f"between 1 and {MAX_SIMILAR} runs", field="limit")
