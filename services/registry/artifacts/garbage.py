"""Removes content that no artifact has any more.

An upload may be about to take over content that lies here unused. So unused content is moved out of reach first and
looked up once more; whoever has committed by then gets it back, whoever commits later notices that it is gone and has
the client send it again (`handlers.py`).
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from services.contracts.identity import Action, require
from services.contracts.registry import CollectContent, ContentReport
from services.registry.artifacts.store import CONTENT, DOOMED, STAGING, Blobs, MongoArtifacts, Stored
from services.runtime.context import Context

AGE = timedelta(days=1)
"""Younger content may belong to an upload under way."""
PARTS = 256
"""Content is looked through by the first two digits of its SHA-256, one part for each request."""


class Garbage:
    def __init__(self, store: MongoArtifacts, blobs: Blobs) -> None:
        self._store = store
        self._blobs = blobs

    async def collect(self, request: CollectContent, context: Context) -> ContentReport:
        require(context.principal, Action.DELETE_FOR_EVER)
        if request.after is None:
            await self._finish()
        number = 0 if request.after is None else int(request.after, 16) + 1
        found = await self._blobs.below(f"{CONTENT}/{number:02x}")
        before = datetime.now(UTC) - AGE
        old = [entry for entry in found if entry.modified < before]
        used = await self._store.referenced([_digest(entry) for entry in old])
        unused = [entry for entry in old if _digest(entry) not in used]
        for entry in unused:
            await self._blobs.doom(entry.key)
        taken = await self._store.referenced([_digest(entry) for entry in unused])
        removed = [entry for entry in unused if _digest(entry) not in taken]
        for entry in unused:
            if _digest(entry) in taken:
                await self._blobs.spare(entry.key)
            else:
                await self._blobs.drop(f"{DOOMED}/{entry.key}")
        return ContentReport(
            looked_at=len(found),
            removed=len(removed),
            bytes=sum(entry.size for entry in removed),
            next=f"{number:02x}" if number < PARTS - 1 else None,
        )

    async def _finish(self) -> None:
        """What a collection or an upload that was killed left behind."""
        doomed = await self._blobs.below(DOOMED)
        used = await self._store.referenced([_digest(entry) for entry in doomed])
        for entry in doomed:
            if _digest(entry) in used:
                await self._blobs.spare(entry.key.removeprefix(f"{DOOMED}/"))
            else:
                await self._blobs.drop(entry.key)
        before = datetime.now(UTC) - AGE
        for entry in await self._blobs.below(STAGING):
            if entry.modified < before:
                await self._blobs.drop(entry.key)


def _digest(entry: Stored) -> str:
    return entry.key.rpartition("/")[2]
