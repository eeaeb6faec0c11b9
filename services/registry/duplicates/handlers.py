"""Answers whether something was tried before, and tells it on each run that ends."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from services.contracts.base import Envelope
from services.contracts.duplicates import MAX_SIMILAR, Difference, FindSimilarRuns, SimilarRun, SimilarRunsFound
from services.contracts.errors import Invalid, NotAllowedNow, NotFound, Unavailable
from services.contracts.identity import Action, require
from services.contracts.registry import GetRuns, RunEnded, RunView
from services.registry.brevity import cut
from services.registry.duplicates import rules
from services.registry.duplicates.rules import Fingerprint
from services.registry.duplicates.store import BUCKET, Kept, MongoFingerprints, keep, kept
from services.registry.experiments.handlers import Experiments
from services.registry.runs.freshness import FreshRunIndex
from services.registry.runs.handlers import Runs
from services.registry.runs.near import Likeness, Normalised
from services.registry.runs.queries import MAX_IDS, RunQueries
from services.registry.runs.rules import Batch
from services.registry.values import ACTIVE, KeyValue, mapping
from services.runtime.context import Context
from services.runtime.outbox import Change

MAX_PARAMS = 1000
NEAREST = 20
"""Runs beyond twice as many as asked for that are compared because they differ least in their parameters."""
TOLD = 10
"""Similar runs that an event names, of each kind."""

Neighbour = tuple[Kept, list[Difference]]


class Ended(msgspec.Struct, frozen=True):
    """A run's start in milliseconds since 1970, its fingerprint, its experiment's defaults, and if it is in a run."""

    start: int
    one: Fingerprint
    defaults: Mapping[str, str]
    nested: bool


class Duplicates:
    def __init__(
        self,
        store: MongoFingerprints,
        index: FreshRunIndex,
        runs: Runs,
        queries: RunQueries,
        experiments: Experiments,
    ) -> None:
        self._store = store
        self._index = index
        self._normalised = Normalised(rules.normalised)
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
            defaults = {**await self._defaults(context, asked_run), **request.defaults}
            asked = fingerprint_of(asked_run, defaults)
        else:
            defaults = request.defaults
            asked = rules.fingerprint(
                request.params or {}, request.datasets, request.code_version, request.entry_point, defaults
            )
        if not rules.comparable(asked):
            return []
        near = [entry for entry in await self._nearest(asked, defaults, request.limit) if entry[0].id != request.run_id]
        return await self._shown(context, near[: 2 * request.limit], asked_run, request.limit)

    async def _nearest(self, asked: Fingerprint, defaults: Mapping[str, str], limit: int) -> list[Neighbour]:
        """Of all runs: the index knows which differ least in their parameters, tokens which are the same."""
        wanted = _likeness(asked, defaults, 2 * limit + NEAREST)
        ids = await self._index.near(wanted, self._normalised)
        if ids is None:
            return await self._neighbours(asked)
        looks = [look for look in _looks(asked) if len(look[0]) == 1]
        parts = await asyncio.gather(
            self._store.by_ids(ids),
            *(self._store.with_tokens(tokens, data, newest=newest) for tokens, data, newest in looks),
        )
        return _compared(asked, {entry.id: entry for part in parts for entry in part}.values())

    async def _neighbours(self, asked: Fingerprint) -> list[Neighbour]:
        """Runs that don't differ much: first the same parameters, then all but a few, then other data."""
        return _compared(asked, (await self._sharing(asked))[0].values())

    async def _sharing(self, asked: Fingerprint) -> tuple[dict[str, Kept], bool]:
        """Runs that share a token with it, by id, and whether these are all that share one."""
        found: dict[str, Kept] = {}
        complete = True
        for wanted, of_data, newest in _looks(asked):
            some = await self._store.with_tokens(wanted, of_data, newest=newest)
            found.update({entry.id: entry for entry in some})
            complete = complete and len(some) < BUCKET
        return found, complete

    async def _earlier(
        self, asked: Fingerprint, defaults: Mapping[str, str], known: Iterable[Kept], *, alone: bool
    ) -> list[Neighbour]:
        """The nearest of all runs that are kept or among the `known` ones, which aren't kept yet.

        Where few runs share a token, comparing these is enough. In a study where many do, and the newest of them aren't
        as near as can be already, the index of all runs names the nearest: one look in memory, and one at MongoDB.
        `alone`: none that is kept shares one. Raises Unavailable while the index is being filled: the event comes again
        then.
        """
        found = {entry.id: entry for entry in known}
        sharing, complete = ({}, True) if alone else await self._sharing(asked)
        found.update(sharing)
        near = _compared(asked, found.values())
        if complete or sum(len(differing) == 1 for _, differing in near) > TOLD:  # one may be the run itself
            return near
        ids = await self._index.near(_likeness(asked, defaults, 2 * TOLD + NEAREST), self._normalised)
        if ids is None:
            raise Unavailable("the index of runs is being filled; runs that ended are compared when it is full")
        found.update({entry.id: entry for entry in await self._store.by_ids(ids)})
        return _compared(asked, found.values())

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
        ones = await self._fingerprints(list(ended), change.context)
        if not ones:
            return
        versions = await self._store.versions(list(ones))
        entries = [kept(run_id, versions.get(run_id, 0) + 1, own.start, own.one) for run_id, own in ones.items()]
        taken = await self._store.taken([token for entry in entries for token in entry.t])
        new: dict[int, list[Kept]] = {}  # by token
        repeats: dict[str, str] = {}
        for entry in entries:
            known = {other.id: other for token in entry.t for other in new.get(token, ())}
            alone = taken is not None and taken.isdisjoint(entry.t)
            own = ones[entry.id]
            near = await self._earlier(own.one, own.defaults, known.values(), alone=alone)
            others = [other for other in near if other[0].id != entry.id]
            first = _tell(change, ended[entry.id], others, entry.v)
            if first is not None and not own.nested:  # within a search, autologging's runs have MLflow's tags only
                repeats[entry.id] = first
            keep(change, entry)
            for token in entry.t:
                new.setdefault(token, []).append(entry)
        await asyncio.gather(*(self._tag(change.context, run_id, first) for run_id, first in repeats.items()))

    async def _fingerprints(self, run_ids: Sequence[str], context: Context) -> dict[str, Ended]:
        """Of those that exist and can be compared."""
        found: dict[str, Ended] = {}
        defaults: dict[str, Mapping[str, str]] = {}
        for at in range(0, len(run_ids), MAX_IDS):
            for run in await self._queries.get(GetRuns(ids=list(run_ids[at : at + MAX_IDS])), context):
                if run is None:
                    continue
                if run.experiment_id not in defaults:
                    defaults[run.experiment_id] = await self._defaults(context, run)
                one = fingerprint_of(run, defaults[run.experiment_id])
                if rules.comparable(one):
                    start = round(run.start_time.timestamp() * 1000)
                    found[run.id] = Ended(start, one, defaults[run.experiment_id], run.parent_run_id is not None)
        return found

    async def _tag(self, context: Context, run_id: str, first: str) -> None:
        """At once, beside the change: setting it again changes nothing."""
        with contextlib.suppress(NotAllowedNow):  # deleted meanwhile
            await self._runs.log(context, run_id, Batch(tags=[KeyValue(rules.DUPLICATE_TAG, first)]))


def _tell(change: Change, event: RunEnded, near: list[Neighbour], version: int) -> str | None:
    """The first of the runs that were the same, if any was."""
    exact = [entry for entry, differing in near if not differing]
    found = SimilarRunsFound(
        run_id=event.run_id,
        experiment_id=event.experiment_id,
        run_name=cut(event.run_name),
        user=cut(event.user),
        exact=[entry.id for entry in exact[:TOLD]],
        near=[entry.id for entry, differing in near if differing][:TOLD],
    )
    change.emit(found, version)
    return min(exact, key=lambda entry: (entry.s, entry.id)).id if exact else None


def _compared(asked: Fingerprint, found: Iterable[Kept]) -> list[Neighbour]:
    compared = [(entry, rules.differences(asked, entry.fingerprint())) for entry in found]
    near = [neighbour for neighbour in compared if rules.is_near(neighbour[1])]
    return sorted(near, key=lambda neighbour: (len(neighbour[1]), -neighbour[0].s, neighbour[0].id))


def _likeness(asked: Fingerprint, defaults: Mapping[str, str], limit: int) -> Likeness:
    usual = {key: rules.normalised(value) for key, value in defaults.items() if key not in asked.params}
    return Likeness(
        params={**usual, **asked.params},
        usual=frozenset(usual),
        digests=asked.datasets,
        most=rules.NEAR,
        limit=limit,
    )


def _looks(asked: Fingerprint) -> list[tuple[list[int], int | None, bool]]:
    """Tokens, datasets (None for any), and whether the newest come first."""
    tokens = rules.tokens(asked.params)
    data = None if asked.datasets is None else rules.data_token(asked.datasets)
    # The oldest with the same parameters: a duplicate names the first of its kind, however many there are.
    looks: list[tuple[list[int], int | None, bool]] = [([tokens.whole], data, False), (tokens.one, data, True)]
    return looks + [(tokens.two, data, True)] + ([([tokens.whole], None, True)] if data is not None else [])


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
