"""Which model versions exist and what they are compared with: cached for a moment, else from the database."""

from __future__ import annotations

import contextlib
import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from math import inf

from services.contracts.base import Envelope
from services.contracts.errors import Conflict, NotFound, Unavailable
from services.contracts.monitor import BatchHeader
from services.contracts.registry import GetVersions, VersionKey
from services.monitor.references.rules import encode_reference
from services.monitor.versions.naming import Naming, learned
from services.monitor.versions.rules import ActiveReference, Watched
from services.monitor.versions.store import REFERENCES, VERSIONS, MongoVersions
from services.runtime.bus import Bus
from services.runtime.context import Context
from services.runtime.event_numbers import EventNumbers
from services.runtime.outbox import Change, Duplicate, Outbox

CACHE_SECONDS = 1.0
"""How long another process's change of a reference may go unnoticed."""
NAMES_KEPT = 4_096
MOVING_SECONDS = 10.0
"""So long after a name was deleted batches wait: its version may have got another, which is said by another event."""
REFERENCES_KEPT = 128
"""Decoded references kept in memory, about a megabyte each."""


class Versions:
    """One per process."""

    def __init__(
        self, versions: MongoVersions, naming: Naming, numbers: EventNumbers, outbox: Outbox, bus: Bus
    ) -> None:
        self._versions = versions
        self._naming = naming
        self.numbers = numbers
        self._outbox = outbox
        self._bus = bus
        self._cache: dict[str, tuple[float, Watched]] = {}
        self._keys: dict[tuple[str, str], tuple[float, str]] = {}
        self._references: OrderedDict[str, ActiveReference] = OrderedDict()

    async def known(self, model_name: str, version: str, context: Context) -> Watched:
        """The version, asking the registry about one whose event hasn't come yet.

        Raises NotFound with the way to register it.
        """
        found = await self.called(model_name, version)
        if found is None:
            await self._ask_registry(model_name, version, context)
            found = await self.called(model_name, version)
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

    async def called(self, model_name: str, version: str) -> Watched | None:
        """The version that goes by this name; if none does, the one that did last."""
        name = (model_name, version)
        at, key = self._keys.get(name, (-inf, ""))
        if time.monotonic() - at >= CACHE_SECONDS:
            row = await self._versions.called(*name) or await self._versions.formerly(*name)
            if row is None:
                return None
            key = str(row["_id"])
            if len(self._keys) >= NAMES_KEPT:
                self._keys.clear()
            self._keys[name] = time.monotonic(), key
        return await self.find(key)

    async def of_batch(self, header: BatchHeader) -> Watched:
        """The version that a batch from the stream was taken in for.

        Raises NotFound; Unavailable while it isn't known yet whether its name was deleted or changed.
        """
        watched = await (self.find(header.key) if header.key else self.called(header.model_name, header.version))
        if watched is not None:
            return watched
        row = await self._versions.called(header.model_name, header.version)
        at = None if row is None else row.get("deleted_at")
        if at is not None and (datetime.now(UTC) - at).total_seconds() < MOVING_SECONDS:
            raise Unavailable(f"{header.model_name} may have a new name", code="VERSION_MOVING")
        raise NotFound(
            f"version {header.version} of {header.model_name} isn't monitored any more", code="VERSION_NOT_FOUND"
        )

    async def find(self, key: str) -> Watched | None:
        """The version by its key, or None; one without a reference is never taken from the cache."""
        cached = self._cache.get(key)
        if cached is not None and time.monotonic() - cached[0] < CACHE_SECONDS:
            return cached[1]
        row = await self._versions.find(key)
        if row is None or row.get("deleted") or row.get("gone"):
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
        if view.registered_as and await self.called(view.registered_as, version) is not None:
            raise Unavailable(f"{view.registered_as} is being renamed to {model_name}", code="VERSION_MOVING")
        if await self._versions.called(model_name, version) is not None:
            return
        change = Change(context, "learn_version")
        change.unaudited()
        change.insert(VERSIONS, await learned(self._versions, self.numbers, model_name, version))
        with contextlib.suppress(Duplicate):  # learned by somebody else at the same moment
            await self._outbox.commit(change)

    async def project(self, events: list[Envelope], change: Change) -> None:
        """Takes over which versions the registry has, and what they are called."""
        await self._naming.take(events, change)
        self._cache.clear()
        self._keys.clear()


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
    change.update(VERSIONS, _seen(watched), {"$set": {"v": watched.v + 1, "reference_id": made.id}})
    return watched.v + 1


def told(change: Change, watched: Watched, v: int) -> None:
    """Adds the write that says that the version's events up to number `v` have been told."""
    change.update(VERSIONS, _seen(watched), {"$set": {"v": v}})


def _seen(watched: Watched) -> dict[str, object]:
    """Its events are numbered by its name: both must still be what they were."""
    return {"_id": watched.key, "v": watched.v, "model_name": watched.model_name}


def unknown_version(model_name: str, version: str) -> NotFound:
    return NotFound(
        f"the registry has no version {version} of a model {model_name}",
        code="VERSION_NOT_FOUND",
        fix="Register it first: mlflow.register_model(model_uri, name), then use the version number it returns.",
    )
