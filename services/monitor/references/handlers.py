"""Setting the reference of a model version: one change with the reference, the version and the event."""

from __future__ import annotations

import asyncio
import hashlib
from datetime import UTC, datetime
from typing import Final

import msgspec

from services.contracts.errors import Invalid, NotFound
from services.contracts.identity import Action, require
from services.contracts.monitor import ReferenceSet
from services.monitor.counts.counting import BatchCounts
from services.monitor.counts.packing import pack
from services.monitor.references.rules import Reference
from services.monitor.references.variability import window_variability
from services.monitor.versions.handlers import Versions, set_reference, unknown_version
from services.monitor.versions.rules import ActiveReference, Watched
from services.monitor.windows.views import WindowViews, milliseconds
from services.runtime.context import Context
from services.runtime.ids import new_id
from services.runtime.outbox import Change, Outbox

MOST_WINDOWS: Final = 400
"""Parts of a past period whose distance from the rest shows its own variability, as for a reference from rows."""


class References:
    """Commands on references."""

    def __init__(self, versions: Versions, views: WindowViews, outbox: Outbox) -> None:
        self._versions = versions
        self._views = views
        self._outbox = outbox

    async def from_windows(
        self, model_name: str, version: str, name: str, start: datetime, end: datetime, context: Context
    ) -> tuple[ActiveReference, bool]:
        """Makes what was counted in the windows within [start, end) the reference; and whether that changed anything.

        The grid stays that of the reference they were counted over (the newest, if several). Raises NotFound without
        any such window.
        """
        watched, _ = await self._versions.watched(model_name, version, context)
        buckets = await self._views.buckets.between(watched, milliseconds(start), milliseconds(end))
        whole = await self._views.merged(watched, buckets)
        if whole is None:
            raise NotFound(
                f"{watched.key} has no windows between {start.isoformat()} and {end.isoformat()}",
                code="NO_WINDOWS",
                fix="Choose a period with predictions.",
            )
        base, own = whole
        if not own.rows:
            raise Invalid("these windows hold no rows", code="EMPTY_REFERENCE", field="start")
        step = max(1, -(-len(buckets) // MOST_WINDOWS))
        merged = [
            (buckets[i].start_ms // base.window_ms, await self._views.merged(watched, buckets[i : i + step]))
            for i in range(0, len(buckets), step)
        ]
        parts = [(number, part[1]) for number, part in merged if part is not None and part[0].id == base.id]
        reference = await asyncio.to_thread(_over_the_same_grid, base.reference, own, parts)
        made = msgspec.structs.replace(
            base,
            id=new_id(),
            name=name,
            set_at=datetime.now(UTC),
            reference=reference,
            performance=await self._views.packed_performance(buckets, base),
        )
        content = hashlib.blake2b(reference.counts, digest_size=16, key=name.encode()[:64]).hexdigest()
        return made, await self.set(model_name, version, made, content, context)

    async def set(self, model_name: str, version: str, made: ActiveReference, content: str, context: Context) -> bool:
        """Makes `made` what current data are compared with; False if just this (same `content`) is in force already.

        `content`: a digest of what was sent, so that a repeated request changes nothing.
        """
        require(context.principal, Action.SET_REFERENCE)
        changed = True
        key = ""

        async def decide() -> Change | None:
            nonlocal changed, key
            self._versions.forget(key)
            watched = await self._versions.called(model_name, version)
            if watched is None:
                raise unknown_version(model_name, version)
            key = watched.key
            if await self._in_force(watched, content):
                changed = False
                return None
            changed = True
            return self._change(watched, made, content, context)

        await self._outbox.retrying(decide)
        self._versions.forget(key)
        return changed

    async def _in_force(self, watched: Watched, content: str) -> bool:
        if watched.active is None:
            return False
        try:
            return (await self._versions.content(watched.active.id)) == content
        except NotFound:
            return False

    def _change(self, watched: Watched, made: ActiveReference, content: str, context: Context) -> Change:
        change = Change(context, "set_reference")
        v = set_reference(change, watched, made, content)
        change.emit(
            ReferenceSet(
                model_name=watched.model_name,
                version=watched.version,
                reference=made.name,
                rows=made.reference.rows,
                features=made.features,
                window_seconds=max(1, made.window_ms // 1000),
            ),
            v,
        )
        before = None if watched.active is None else {"reference": watched.active.name, "id": watched.active.id}
        change.audit(before=before, after={"reference": made.name, "id": made.id, "version": watched.key})
        return change


def _over_the_same_grid(base: Reference, own: BatchCounts, parts: list[tuple[int, BatchCounts]]) -> Reference:
    return Reference(
        rows=own.rows,
        features=base.features,
        counts=pack(own),
        variability=window_variability(base.grid, own, parts),
        segments=base.segments,
    )
