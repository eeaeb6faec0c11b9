"""Setting the reference of a model version: one change with the reference, the version and the event."""

from __future__ import annotations

from services.contracts.errors import NotFound
from services.contracts.identity import Action, require
from services.contracts.monitor import ReferenceSet
from services.monitor.versions.handlers import Versions, set_reference, unknown_version
from services.monitor.versions.rules import ActiveReference, Watched, key_of
from services.runtime.context import Context
from services.runtime.outbox import Change, Outbox


class References:
    """Commands on references."""

    def __init__(self, versions: Versions, outbox: Outbox) -> None:
        self._versions = versions
        self._outbox = outbox

    async def set(self, model_name: str, version: str, made: ActiveReference, content: str, context: Context) -> bool:
        """Makes `made` what current data are compared with; False if just this (same `content`) is in force already.

        `content`: a digest of what was sent, so that a repeated request changes nothing.
        """
        require(context.principal, Action.SET_REFERENCE)
        key = key_of(model_name, version)
        changed = True

        async def decide() -> Change | None:
            nonlocal changed
            self._versions.forget(key)
            watched = await self._versions.find(key)
            if watched is None:
                raise unknown_version(model_name, version)
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
