"""Which model versions exist and what they are compared with: cached for a moment, else from the database."""

from __future__ import annotations

import contextlib
import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence

import msgspec

from services.contracts.base import Envelope
from services.contracts.errors import Conflict, NotFound
from services.contracts.registry import GetVersions, VersionKey, VersionRegistered, VersionUpdated
from services.monitor.references.rules import encode_reference
from services.monitor.versions.rules import ActiveReference, Watched, key_of
from services.monitor.versions.store import REFERENCES, VERSIONS, MongoVersions
from services.runtime.bus import Bus
from services.runtime.context import Context
from services.runtime.outbox import Change, Duplicate, Outbox

CACHE_SECONDS = 1.0
"""How long another process's change of a reference may go unnoticed."""
REFERENCES_KEPT = 128
"""Decoded references kept in memory, about a megabyte each."""


class Versions:
    """One per process."""

    def __init__(self, versions: MongoVersions, outbox: Outbox, bus: Bus) -> None:
        self._versions = versions
        self._outbox = outbox
        self._bus = bus
        self._cache: dict[str, tuple[float, Watched]] = {}
        self._references: OrderedDict[str, ActiveReference] = OrderedDict()

    async def known(self, model_name: str, version: str, context: Context) -> Watched:
        """The version, asking the registry about one whose event hasn't come yet.

        Raises NotFound with the way to register it.
        """
        key = key_of(model_name, version)
        found = await self.find(key)
        if found is None:
            await self._ask_registry(model_name, version, context)
            found = await self.find(key)
        if found is None:
            raise unknown_version(model_name, version)
        return found

    async def watched(self, model_name: str, version: str, context: Context) -> tuple[Watched, ActiveReference]:
        """The version with its reference. Raises NotFound, or Conflict with code REFERENCE_MISSING."""
        watched = await self.known(model_name, version, context)
        if watched.active is None:
            raise Conflict(
                f"version {version} of {model_name} has no reference yet, so there is nothing to compare with",
                code="REFERENCE_MISSING",
                fix=f"PUT /v1/models/{model_name}/versions/{version}/references/NAME with the rows it was trained on.",
            )
        return watched, watched.active

    async def find(self, key: str) -> Watched | None:
        """The version by its key, or None; one without a reference is never taken from the cache."""
        cached = self._cache.get(key)
        if cached is not None and time.monotonic() - cached[0] < CACHE_SECONDS:
            return cached[1]
        row = await self._versions.find(key)
        if row is None or row.get("deleted"):
            self._cache.pop(key, None)
            return None
        active = None if row.get("reference_id") is None else await self.reference(row["reference_id"])
        watched = Watched(key=key, model_name=row["model_name"], version=row["version"], v=int(row["v"]), active=active)
        if active is not None:
            self._cache[key] = (time.monotonic(), watched)
        return watched

    async def monitored(self, model_name: str | None, version: str | None) -> list[Watched]:
        """Versions with a reference: all, those of a model, or one; by name and number."""
        return [
            Watched(
                key=row["_id"],
                model_name=row["model_name"],
                version=row["version"],
                v=int(row["v"]),
                active=await self.reference(row["reference_id"]),
            )
            for row in await self._versions.list(model_name, version)
        ]

    def forget(self, key: str) -> None:
        """Makes the next look read the database."""
        self._cache.pop(key, None)

    async def reference(self, reference_id: str) -> ActiveReference:
        """A reference by its id; references never change once set."""
        active = self._references.get(reference_id)
        if active is None:
            active = await self._versions.reference(reference_id)
            if active is None:
                raise NotFound(f"there is no reference {reference_id}")
            self._references[reference_id] = active
            while len(self._references) > REFERENCES_KEPT:
                self._references.popitem(last=False)
        self._references.move_to_end(reference_id)
        return active

    async def named(self, key: str, name: str) -> ActiveReference | None:
        """The newest reference of this name that the version had."""
        reference_id = await self._versions.named(key, name)
        return None if reference_id is None else await self.reference(reference_id)

    async def names(self, keys: Sequence[str]) -> Mapping[str, Sequence[str]]:
        """By version, the names of all references it had, the newest first."""
        return await self._versions.names(keys)

    async def content(self, reference_id: str) -> str:
        """The digest of what a reference was made from."""
        return await self._versions.content(reference_id)

    async def _ask_registry(self, model_name: str, version: str, context: Context) -> None:
        question = GetVersions(keys=[VersionKey(model_name=model_name, version=version)])
        [view] = await self._bus.request(question, context)
        if view is None or view.version != version:
            return
        change = Change(context, "learn_version")
        change.unaudited()
        _learn(change, model_name, version)
        with contextlib.suppress(Duplicate):  # learned by somebody else at the same moment
            await self._outbox.commit(change)

    async def project(self, events: list[Envelope], change: Change) -> None:
        """Takes over which versions the registry has."""
        for envelope in events:
            if envelope.type == VersionRegistered.type():
                registered = msgspec.json.decode(envelope.data, type=VersionRegistered)
                _learn(change, registered.model_name, registered.version)
            elif envelope.type == VersionUpdated.type():
                updated = msgspec.json.decode(envelope.data, type=VersionUpdated)
                key = key_of(updated.model_name, updated.version)
                change.upsert(
                    VERSIONS,
                    {"_id": key},
                    {
                        "$set": {"deleted": updated.deleted},
                        "$setOnInsert": _new(updated.model_name, updated.version),
                    },
                )
                self.forget(key)


def set_reference(change: Change, watched: Watched, made: ActiveReference, content: str) -> int:
    """Adds the writes that put `made` in force; returns the version's new event number."""
    change.insert(
        REFERENCES,
        {
            "_id": made.id,
            "key": watched.key,
            "name": made.name,
            "set_at": made.set_at,
            "window_ms": made.window_ms,
            "lateness_ms": made.lateness_ms,
            "task": made.task,
            "positive": made.positive,
            "center": made.center,
            "content": content,
            "encoded": encode_reference(made.reference),
            "performance": made.performance,
            "segments": made.segments,
            "sample": made.sample,
            "sample_wander": made.sample_wander,
        },
    )
    change.update(
        VERSIONS, {"_id": watched.key, "v": watched.v}, {"$set": {"v": watched.v + 1, "reference_id": made.id}}
    )
    return watched.v + 1


def told(change: Change, watched: Watched, v: int) -> None:
    """Adds the write that says that the version's events up to number `v` have been told."""
    change.update(VERSIONS, {"_id": watched.key, "v": watched.v}, {"$set": {"v": v}})


def unknown_version(model_name: str, version: str) -> NotFound:
    return NotFound(
        f"the registry has no version {version} of a model {model_name}",
        code="VERSION_NOT_FOUND",
        fix="Register it first: mlflow.register_model(model_uri, name), then use the version number it returns.",
    )


def _learn(change: Change, model_name: str, version: str) -> None:
    change.upsert(VERSIONS, {"_id": key_of(model_name, version)}, {"$setOnInsert": _new(model_name, version)})


def _new(model_name: str, version: str) -> dict[str, object]:
    return {"model_name": model_name, "version": version, "v": 0, "reference_id": None}
