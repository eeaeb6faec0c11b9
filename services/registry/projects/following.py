"""Ticks the items of boards as events come in: the registry's own and the monitor's."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from services.contracts.base import Envelope, Event
from services.contracts.projects import Thing
from services.contracts.registry import GetRuns
from services.registry.clock import Now
from services.registry.projects import evidence, rules
from services.registry.projects.evidence import TYPES, Facts
from services.registry.projects.handlers import Projects, put
from services.registry.projects.project import BoardEvent, Project, applied
from services.registry.projects.store import MongoProjects
from services.registry.runs.queries import MAX_IDS, RunQueries
from services.runtime.context import Context
from services.runtime.outbox import Change


class Following:
    """`take_in` is what an `EventConsumer` calls: its writes are part of the consumer's one transaction."""

    def __init__(self, projects: Projects, store: MongoProjects, runs: RunQueries, now: Now) -> None:
        self._projects = projects
        self._store = store
        self._runs = runs
        self._now = now

    async def take_in(self, envelopes: list[Envelope], change: Change) -> None:
        """Adds to `change` what the events show, on the boards of the projects that own what they are about."""
        events = [
            (envelope.id, msgspec.json.decode(envelope.data, type=TYPES[envelope.type]))
            for envelope in envelopes
            if envelope.type in TYPES
        ]
        facts = await self._facts([event for _, event in events], change.context)
        found = [(cause, evidence.thing_of(event, facts), evidence.found_in(event, facts)) for cause, event in events]
        found = [entry for entry in found if entry[1] is not None and entry[2]]
        if not found:
            return
        owners = await self._owners(change, [thing for _, thing, _ in found if thing is not None])
        before = await self._store.get_many(list(set(owners.values())))
        after = dict(before)
        events_of: dict[str, list[BoardEvent]] = {}
        for cause, thing, findings in found:
            assert thing is not None
            project = owners[thing]
            for finding in findings:
                board = after.get(project)
                event = None if board is None else self._event(board, finding, thing, cause, change)
                if board is not None and event is not None:
                    after[project] = applied(board, event)
                    events_of.setdefault(project, []).append(event)
        for project, new in events_of.items():
            put(change, before[project], new)

    def _event(
        self, board: Project, finding: rules.Found, thing: Thing, cause: str, change: Change
    ) -> BoardEvent | None:
        return rules.evidence_found(board, self._now(), change.context.principal.user, finding, thing, cause)

    async def _owners(self, change: Change, things: Sequence[Thing]) -> dict[Thing, str]:
        distinct = list(dict.fromkeys(things))
        return dict(zip(distinct, await self._projects.owners(change.context, distinct), strict=True))

    async def _facts(self, events: Sequence[Event], context: Context) -> Facts:
        ids = list({run for event in events for run in evidence.runs_of(event)})
        runs = {}
        for at in range(0, len(ids), MAX_IDS):
            views = await self._runs.get(GetRuns(ids=ids[at : at + MAX_IDS]), context)
            runs.update({view.id: view for view in views if view is not None})
        return Facts(runs=runs)
