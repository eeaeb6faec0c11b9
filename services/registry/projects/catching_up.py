"""Evidence from before a thing belonged to a project: its events are read again when it is claimed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from services.contracts.paging import Paging
from services.contracts.projects import Thing
from services.contracts.registry import ListRuns
from services.registry.clock import Now
from services.registry.projects.evidence import BASELINE_TAG, TYPES
from services.registry.projects.project import BoardEvent, Project
from services.registry.projects.rules import DEFAULT_ID
from services.registry.projects.shown import Reading, owned, read
from services.registry.projects.store import MongoProjects
from services.registry.runs.queries import RunQueries
from services.runtime.context import Context

MOST_EVENTS = 5000
"""The newest events about what was claimed; a board needs ten good findings of a kind."""
BATCH = 200
PAGE, PAGES = 100, 5
"""Runs a page, and pages of runs, whose past is read."""


class CatchingUp:
    def __init__(self, store: MongoProjects, reading: Reading, runs: RunQueries, now: Now) -> None:
        self._store = store
        self._runs = runs
        self._reading = reading
        self._now = now

    async def events(
        self, board: Project, claimed: Sequence[Thing], owners: Mapping[Thing, str], context: Context
    ) -> list[BoardEvent]:
        """What the past of the things that the project has claimed shows on its board.

        `owners` says whose other things are: an event about several counts for one project only.
        """
        past = await self._store.past(claimed, await self._newest_runs(claimed, context), most=MOST_EVENTS)
        new: list[BoardEvent] = []
        for at in range(0, len(past), BATCH):
            batch = [(row.id, msgspec.json.decode(row.data, type=TYPES[row.type])) for row in past[at : at + BATCH]]
            for entry in await self._reading.shown(batch, context):
                whose = {thing: owners.get(thing, DEFAULT_ID) for thing in entry.things}
                whose |= {thing: board.id for thing in entry.things if thing in claimed}
                thing = owned(entry.things, whose)
                if whose[thing] == board.id:
                    board, told = read(board, entry, thing, self._now(), context.principal.user)
                    new.extend(told)
        return new

    async def _newest_runs(self, claimed: Sequence[Thing], context: Context) -> list[str]:
        """Of the claimed experiments, with all that are tagged as baselines, however old."""
        experiments = [thing.id for thing in claimed if thing.kind == "experiment"]
        found: dict[str, None] = {}
        for wanted in ("", f"tags.`{BASELINE_TAG}` != ''") if experiments else ():
            after: str | None = None
            for _ in range(PAGES):
                request = ListRuns(paging=Paging(first=PAGE, after=after), experiment_ids=experiments, filter=wanted)
                page = await self._runs.page(request, context)
                found.update(dict.fromkeys(edge.node.id for edge in page.edges))
                if not page.has_next:
                    break
                after = page.edges[-1].cursor
        return list(found)
