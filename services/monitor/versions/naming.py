"""Which version goes by which name: what the registry registers, renames and deletes, as the monitor's documents.

A version's key never changes: counts, rows and what rules remember lie under it. Only the name that leads to the key
does, so a rename is a few small writes, and whatever comes under a former name still finds its version
(docs/adr/0018).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from services.contracts.base import Envelope
from services.contracts.monitor import ReferenceSet
from services.contracts.registry import VersionRegistered, VersionUpdated
from services.monitor.versions.rules import key_of
from services.monitor.versions.store import VERSIONS, MongoVersions
from services.runtime.event_numbers import EventNumbers
from services.runtime.ids import new_id
from services.runtime.outbox import Change

Document = dict[str, Any]
FollowVersion = Callable[[Change, str, str, str, str], Awaitable[None]]
"""Adds to a change what follows from a version's new name: its key, number, former name, and name."""
FollowModel = Callable[[Change, str, str], Awaitable[None]]
"""Adds to a change what follows from a model's new name: its former name, and name."""


class Naming:
    """Takes over what the registry says."""

    def __init__(self, versions: MongoVersions, numbers: EventNumbers) -> None:
        self._versions = versions
        self._numbers = numbers
        self._of_versions: Sequence[FollowVersion] = ()
        self._of_models: Sequence[FollowModel] = ()

    def follow(self, *, versions: Sequence[FollowVersion], models: Sequence[FollowModel]) -> None:
        """Who keeps something under the name of a version, or of a model."""
        self._of_versions, self._of_models = versions, models

    async def take(self, events: Sequence[Envelope], change: Change) -> None:
        """In their order; adds the writes."""
        book = _Book(self._versions)
        for envelope in events:
            if envelope.type == VersionRegistered.type():
                await self._registered(book, msgspec.json.decode(envelope.data, type=VersionRegistered))
            elif envelope.type == VersionUpdated.type():
                await self._updated(book, msgspec.json.decode(envelope.data, type=VersionUpdated))
        moved = book.moved()
        for row, former in moved:
            for follow in self._of_versions:
                await follow(change, row["_id"], row["version"], former, row["model_name"])
        for former, name in dict.fromkeys((former, row["model_name"]) for row, former in moved):
            for follow_model in self._of_models:
                await follow_model(change, former, name)
        book.write(change)

    async def _registered(self, book: _Book, event: VersionRegistered) -> None:
        there = await book.called(event.model_name, event.version)
        moved = await book.called(event.former_name, event.version) if event.former_name else None
        if there is not None and there is not moved and (moved is not None or there.get("deleted")):
            there["gone"] = there["_id"]  # a version that was deleted, or met in the moment before it got its name
            there = None
        if moved is None or event.former_name is None:
            if there is None:
                await self._learn(book, event.model_name, event.version)
            return
        moved["former"] = list(dict.fromkeys([*moved.get("former", []), event.former_name]))
        moved["model_name"] = event.model_name
        moved["deleted"] = False
        moved["v"] = await self._last(event.model_name, event.version)

    async def _updated(self, book: _Book, event: VersionUpdated) -> None:
        row = await book.called(event.model_name, event.version)
        if row is None:
            if await self._versions.formerly(event.model_name, event.version) is None and not book.moved_from(
                event.model_name, event.version
            ):
                row = await self._learn(book, event.model_name, event.version)
                row["deleted"] = event.deleted
            return  # else a rename: the name is deleted, its version has another
        if event.deleted and not row.get("deleted"):
            row["deleted_at"] = datetime.now(UTC)
        row["deleted"] = event.deleted

    async def _learn(self, book: _Book, model_name: str, version: str) -> Document:
        return book.add(await learned(self._versions, self._numbers, model_name, version))

    async def _last(self, model_name: str, version: str) -> int:
        return await self._numbers.last(ReferenceSet.aggregate, key_of(model_name, version))


async def learned(versions: MongoVersions, numbers: EventNumbers, model_name: str, version: str) -> Document:
    """A new version's document. Its key is its name, unless a version that was renamed or deleted has it."""
    key = key_of(model_name, version)
    if await versions.find(key) is not None:
        key = f"{key}~{new_id()}"
    last = await numbers.last(ReferenceSet.aggregate, key_of(model_name, version))
    return {"_id": key, "model_name": model_name, "version": version, "v": last, "reference_id": None}


class _Book:
    """Documents as they stand after the events so far."""

    def __init__(self, versions: MongoVersions) -> None:
        self._versions = versions
        self._before: dict[str, Document | None] = {}
        self._rows: dict[str, Document] = {}

    async def called(self, model_name: str, version: str) -> Document | None:
        """The version that goes by this name, a deleted one too."""
        for row in self._rows.values():
            if (row["model_name"], row["version"]) == (model_name, version) and "gone" not in row:
                return row
        found = await self._versions.called(model_name, version)
        if found is None or found["_id"] in self._rows:
            return None
        self._before[found["_id"]] = dict(found)
        self._rows[found["_id"]] = found
        return found

    def moved_from(self, model_name: str, version: str) -> bool:
        return any(row["version"] == version and model_name in row.get("former", ()) for row in self._rows.values())

    def moved(self) -> list[tuple[Document, str]]:
        """Documents with another name than before, and that one."""
        pairs = ((row, self._before[key]) for key, row in self._rows.items())
        return [(row, before["model_name"]) for row, before in pairs if before and _name(before) != _name(row)]

    def add(self, row: Document) -> Document:
        self._before[row["_id"]] = None
        self._rows[row["_id"]] = row
        return row

    def write(self, change: Change) -> None:
        for key, row in sorted(self._rows.items(), key=lambda item: "gone" not in item[1]):  # names are freed first
            before = self._before[key]
            if before is None:
                change.insert(VERSIONS, row)
                continue
            moved = {name: value for name, value in row.items() if name not in before or before[name] != value}
            if moved:
                seen = {"_id": key, "v": before["v"], "model_name": before["model_name"]}
                change.update(VERSIONS, seen, {"$set": moved})


def _name(row: Document) -> str:
    return str(row["model_name"])
