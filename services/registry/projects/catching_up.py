"""Evidence from before a thing belonged to a project: its events are read again when it is claimed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from services.contracts.projects import Thing
from services.registry.clock import Now
from services.registry.projects.evidence import TYPES
from services.registry.projects.project import BoardEvent, Project
from services.registry.projects.rules import DEFAULT_ID
from services.registry.projects.shown import Reading, owned, read
from services.registry.projects.store import MongoProjects
from services.runtime.context import Context

MOST_EVENTS = 5000
"""The newest events about what was claimed; a board needs ten good findings of a kind."""
BATCH = 200


class CatchingUp:
    def __init__(self, store: MongoProjects, reading: Reading, now: Now) -> None:
        self._store = store
        self._reading = reading
        self._now = now

    async def events(
        self, board: Project, claimed: Sequence[Thing], owners: Mapping[Thing, str], context: Context
    ) -> list[BoardEvent]:
        """What the past of the things that the project has claimed shows on its board.

        `owners` says whose other things are: an event about several counts for one project only.
        """
        past = await self._store.past(claimed, most=MOST_EVENTS)
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
