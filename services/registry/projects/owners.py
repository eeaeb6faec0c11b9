"""Whose things are, as patterns and assignments say now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from services.contracts.projects import Thing
from services.registry.projects import ownership
from services.registry.projects.project import Project
from services.registry.projects.store import MongoProjects
from services.registry.projects.things import Things
from services.runtime.context import Context


class Owners:
    def __init__(self, store: MongoProjects, things: Things) -> None:
        self._store = store
        self._things = things

    async def of(self, context: Context, things: Sequence[Thing]) -> list[str]:
        """The project of each thing, in order."""
        return await self._of(things, await self._things.names(context, things))

    async def boards(self, context: Context, things: Sequence[Thing]) -> tuple[dict[Thing, str], dict[str, Project]]:
        """The project of each thing, and these projects by their ids.

        Whoever takes a thing over changes the board that it leaves. A commit on that board notices it only if the board
        was read before, so the owners must still be the same once the boards are read.
        """
        distinct = list(dict.fromkeys(things))
        names = await self._things.names(context, distinct)
        owners = await self._of(distinct, names)
        while True:
            boards = await self._store.get_many(list(set(owners)))
            before, owners = owners, await self._of(distinct, names)
            if owners == before:
                return dict(zip(distinct, owners, strict=True)), boards

    async def _of(self, things: Sequence[Thing], names: Mapping[Thing, str]) -> list[str]:
        assigned = await self._store.assigned(things)
        claims = await self._store.claims()
        return [ownership.owner(thing, names.get(thing, ""), assigned, claims) for thing in things]
