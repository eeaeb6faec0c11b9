"""Ticks the items of boards as events come in: the registry's own and the monitor's."""

from __future__ import annotations

import msgspec

from services.contracts.base import Envelope
from services.registry.clock import Now
from services.registry.projects.evidence import TYPES
from services.registry.projects.owners import Owners
from services.registry.projects.project import BoardEvent
from services.registry.projects.shown import Reading, owned, read
from services.registry.projects.store import put
from services.runtime.outbox import Change


class Following:
    """`take_in` is what an `EventConsumer` calls: its writes are part of the consumer's one transaction."""

    def __init__(self, owners: Owners, reading: Reading, now: Now) -> None:
        self._owners = owners
        self._reading = reading
        self._now = now

    async def take_in(self, envelopes: list[Envelope], change: Change) -> None:
        """Adds to `change` what the events show, on the boards of the projects that own what they are about."""
        events = [
            (envelope.id, msgspec.json.decode(envelope.data, type=TYPES[envelope.type]))
            for envelope in envelopes
            if envelope.type in TYPES
        ]
        shown = await self._reading.shown(events, change.context)
        if not shown:
            return
        owners, before = await self._owners.boards(change.context, [one for entry in shown for one in entry.things])
        after = dict(before)
        new: dict[str, list[BoardEvent]] = {}
        who = change.context.principal.user
        for entry in shown:
            thing = owned(entry.things, owners)
            project = owners[thing]
            if project not in after:
                continue
            after[project], told = read(after[project], entry, thing, self._now(), who, loop=True)
            new.setdefault(project, []).extend(told)
        for project, told in new.items():
            put(change, before[project], told)
