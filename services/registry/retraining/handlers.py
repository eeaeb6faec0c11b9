"""Opens requests for retraining, hears of the runs that answer them, and shows them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from services.contracts.alerts import RetrainingRequested
from services.contracts.base import Envelope, Event
from services.contracts.errors import NotFound
from services.contracts.identity import Action, require
from services.contracts.paging import Page
from services.contracts.registry import (
    GetRuns,
    GetVersions,
    RunDataLogged,
    RunEnded,
    RunStarted,
    RunView,
    VersionKey,
    VersionRegistered,
    VersionView,
)
from services.contracts.retraining import (
    RETRAINING_TAG,
    AnswerRetraining,
    DeclineRetraining,
    GetRetraining,
    ListRetrainings,
    RequestRetraining,
    RetrainingView,
)
from services.contracts.written import Written
from services.registry.clock import Now
from services.registry.documents import insert, save
from services.registry.models.queries import ModelQueries
from services.registry.once import once
from services.registry.retraining import rules
from services.registry.retraining.rules import Retraining
from services.registry.retraining.store import RETRAININGS, MongoRetrainings
from services.registry.runs.queries import MAX_IDS, RunQueries
from services.runtime.context import Context
from services.runtime.ids import new_id
from services.runtime.outbox import Change, Duplicate, Outbox

Heard = RunStarted | RunDataLogged | RunEnded | VersionRegistered | RetrainingRequested
TYPES: dict[str, type[Heard]] = {
    event.type(): event for event in (RunStarted, RunDataLogged, RunEnded, VersionRegistered, RetrainingRequested)
}
REASON_IN_EVENT = 2000

Command = AnswerRetraining | DeclineRetraining
Decide = Callable[[Retraining], tuple[Retraining, Event]]


class Retrainings:
    def __init__(
        self, outbox: Outbox, store: MongoRetrainings, models: ModelQueries, runs: RunQueries, now: Now
    ) -> None:
        self._outbox = outbox
        self._store = store
        self._models = models
        self._runs = runs
        self._now = now

    async def request(self, request: RequestRetraining, context: Context) -> Written:
        """Raises NotFound for a version that doesn't exist, NotAllowedNow while one for it waits for an answer."""
        require(context.principal, Action.HANDLE_ALERTS)
        version = await self._version(request.model_name, request.version, context)
        if version is None:
            raise NotFound(f"there is no version {request.version} of {request.model_name!r}", field="version")

        async def decide() -> tuple[Change, Written]:
            if await self._store.waiting(version.model_name, version.version) is not None:
                raise rules.exists(version.model_name, version.version)
            retraining, event = rules.opened(
                new_id(),
                model_name=version.model_name,
                version=version.version,
                cause="person" if request.alert_id is None else "alert",
                cause_id=request.alert_id or "",
                reason=request.reason,
                back_to=request.back_to,
                now=self._now(),
                who=context.principal.user,
            )
            change = Change(context, "request_retraining")
            insert(change, RETRAININGS, retraining)
            change.emit(event, retraining.v)
            return change, Written(id=retraining.id, revision=retraining.v)

        try:
            return await once(self._outbox, request, context, decide)
        except Duplicate as error:
            raise rules.exists(version.model_name, version.version) from error

    async def answer(self, request: AnswerRetraining, context: Context) -> Written:
        """Raises NotFound for a run that doesn't exist, NotAllowedNow for one that hasn't finished."""
        require(context.principal, Action.RECORD_RUNS)
        [run] = await self._runs.get(GetRuns(ids=[request.run_id]), context)
        if run is None:
            raise NotFound(f"there is no run {request.run_id!r}", field="run_id")
        status, who = run.status, context.principal.user

        def decide(before: Retraining) -> tuple[Retraining, Event]:
            return rules.answered(
                before, request.run_id, status, request.note, expected=request.expected, now=self._now(), who=who
            )

        return await self._change(request, context, "answer_retraining", decide)

    async def decline(self, request: DeclineRetraining, context: Context) -> Written:
        require(context.principal, Action.HANDLE_ALERTS)
        who = context.principal.user

        def decide(before: Retraining) -> tuple[Retraining, Event]:
            return rules.declined(before, request.reason, expected=request.expected, now=self._now(), who=who)

        return await self._change(request, context, "decline_retraining", decide)

    async def _change(self, request: Command, context: Context, action: str, decide: Decide) -> Written:
        async def attempt() -> tuple[Change, Written]:
            before = await self._get(request.id)
            after, event = decide(before)
            change = Change(context, action)
            save(change, RETRAININGS, before, after)
            change.emit(event, after.v)
            return change, Written(id=after.id, revision=after.v)

        return await once(self._outbox, request, context, attempt)

    async def _get(self, retraining_id: str) -> Retraining:
        retraining = await self._store.get(retraining_id)
        if retraining is None:
            raise NotFound(f"there is no request for retraining {retraining_id!r}", field="id")
        return retraining

    async def _version(self, model_name: str, version: str, context: Context) -> VersionView | None:
        key = VersionKey(model_name=model_name, version=version)
        [found] = await self._models.get_versions(GetVersions(keys=[key]), context)
        return found

    # ------------------------------------------------------------ hearing of alerts, runs and versions

    async def take_in(self, envelopes: list[Envelope], change: Change) -> None:
        """Adds to `change` what the events mean for requests."""
        events = [
            msgspec.json.decode(envelope.data, type=TYPES[envelope.type])
            for envelope in envelopes
            if envelope.type in TYPES
        ]
        if not events:
            return
        heard = _Hearing(self._store, change, self._now())
        runs = await self._runs_of(events, change.context)
        for event in events:
            if isinstance(event, RetrainingRequested):
                await heard.asked(event)
            elif isinstance(event, VersionRegistered):
                if event.run_id:
                    await heard.registered(event.run_id, event.version)
            elif event.run_id in runs:
                await heard.run(runs[event.run_id])
        heard.put()

    async def _runs_of(self, events: Sequence[Heard], context: Context) -> dict[str, RunView]:
        """The runs that carry the tag, among those that the events are about."""
        ids = {
            event.run_id
            for event in events
            if isinstance(event, RunStarted | RunEnded) or (isinstance(event, RunDataLogged) and _tells(event))
        }
        runs: dict[str, RunView] = {}
        wanted = sorted(ids)
        for at in range(0, len(wanted), MAX_IDS):
            for run in await self._runs.get(GetRuns(ids=wanted[at : at + MAX_IDS]), context):
                if run is not None and run.tags.get(RETRAINING_TAG):
                    runs[run.id] = run
        return runs

    # ------------------------------------------------------------ reading

    async def renamed(self, change: Change, former_name: str, model_name: str) -> None:
        """Requests for retraining a model go on under its new name."""
        for before in await self._store.of_model(former_name):
            save(change, RETRAININGS, before, msgspec.structs.replace(before, model_name=model_name))

    async def get(self, request: GetRetraining, context: Context) -> RetrainingView:
        require(context.principal, Action.READ)
        return rules.view(await self._get(request.id))

    async def page(self, request: ListRetrainings, context: Context) -> Page[RetrainingView]:
        require(context.principal, Action.READ)
        return await self._store.page(request)


def _tells(event: RunDataLogged) -> bool:
    return RETRAINING_TAG in event.tags


class _Hearing:
    """One batch of events: a request that several of them concern is saved once, with all its events."""

    def __init__(self, store: MongoRetrainings, change: Change, now: int) -> None:
        self._store = store
        self._change = change
        self._now = now
        self._before: dict[str, Retraining] = {}
        self._after: dict[str, Retraining] = {}
        self._new: dict[str, Retraining] = {}
        self._who = change.context.principal.user

    async def asked(self, event: RetrainingRequested) -> None:
        """Once for an alert, and not while another request for the version waits."""
        known = [entry for entry in self._new.values() if _same(entry, event)]
        if known or await self._store.caused_by(event.alert_id) is not None:
            return
        waiting = await self._store.waiting(event.model_name, event.version)
        if waiting is not None and self._now_of(waiting).waiting:
            return
        retraining, opened = rules.opened(
            new_id(),
            model_name=event.model_name,
            version=event.version,
            cause="alert",
            cause_id=event.alert_id,
            reason=event.reason.strip()[:REASON_IN_EVENT] or f"alert {event.rule}",
            back_to="gathering" if event.metric in rules.DRIFT_METRICS else "building",
            now=self._now,
            who="monitor",
        )
        self._new[retraining.id] = retraining
        self._change.emit(opened, retraining.v)

    async def run(self, run: RunView) -> None:
        """A run with the tag: under way or ended, as it is now."""
        wanted = run.tags[RETRAINING_TAG].strip()
        retraining = await self._store.get(wanted)
        if retraining is None and "/" in wanted:
            model_name, _, version = wanted.rpartition("/")
            retraining = await self._store.waiting(model_name, version)
        if retraining is None:
            return
        before = self._now_of(retraining)
        if run.end_time is None:
            self._add(retraining, rules.started(before, run.id, run.user))
        else:
            self._add(retraining, rules.run_ended(before, run.id, run.status, self._now, run.user))

    async def registered(self, run_id: str, version: str) -> None:
        found = {entry.id: entry for entry in await self._store.of_runs([run_id])}
        found |= {key: self._before[key] for key, entry in self._after.items() if entry.run_id == run_id}
        for retraining in found.values():
            self._add(retraining, rules.became_version(self._now_of(retraining), version))

    def _now_of(self, retraining: Retraining) -> Retraining:
        return self._after.get(retraining.id, retraining)

    def _add(self, before: Retraining, decided: tuple[Retraining, Event] | None) -> None:
        if decided is None:
            return
        self._before.setdefault(before.id, before)
        self._after[before.id] = decided[0]
        self._change.emit(decided[1], decided[0].v)

    def put(self) -> None:
        for key, after in self._after.items():
            save(self._change, RETRAININGS, self._before[key], after)
        for retraining in self._new.values():
            insert(self._change, RETRAININGS, retraining)


def _same(retraining: Retraining, event: RetrainingRequested) -> bool:
    return (retraining.model_name, retraining.version) == (event.model_name, event.version)
