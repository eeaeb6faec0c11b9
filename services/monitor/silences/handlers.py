"""Sets, ends and lists silences."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec

from services.contracts.errors import NotFound
from services.contracts.identity import Action, require
from services.contracts.paging import Edge, Page
from services.contracts.silences import EndSilence, ListSilences, ListSilencesByPage, SetSilence, SilenceView
from services.contracts.written import Written
from services.monitor.silences import rules
from services.monitor.silences.store import SILENCES, MongoSilences
from services.runtime.context import Context
from services.runtime.documents import insert, save
from services.runtime.ids import new_id
from services.runtime.once import once
from services.runtime.outbox import Change, Outbox


class Silences:
    """One per process."""

    def __init__(self, silences: MongoSilences, outbox: Outbox) -> None:
        self._silences = silences
        self._outbox = outbox

    async def set(self, request: SetSilence, context: Context) -> Written:
        require(context.principal, Action.HANDLE_ALERTS)

        async def decide() -> tuple[Change, Written]:
            silence, event = rules.silence_set(new_id(), request, context.principal.user, datetime.now(UTC))
            change = Change(context, "set_silence")
            insert(change, SILENCES, silence)
            change.emit(event, silence.v)
            return change, Written(id=silence.id, revision=silence.r)

        return await once(self._outbox, request, context, decide)

    async def end(self, request: EndSilence, context: Context) -> Written:
        require(context.principal, Action.HANDLE_ALERTS)

        async def decide() -> tuple[Change, Written]:
            before = await self._silences.get(request.silence_id)
            if before is None:
                raise NotFound(f"there is no silence {request.silence_id!r}", field="silence_id")
            after, event = rules.silence_ended(before, context.principal.user, datetime.now(UTC))
            change = Change(context, "end_silence")
            save(change, SILENCES, before, after)
            change.emit(event, after.v)
            return change, Written(id=after.id, revision=before.r + 1)

        return await once(self._outbox, request, context, decide)

    async def listed(self, request: ListSilences, context: Context) -> list[SilenceView]:
        require(context.principal, Action.READ)
        found = await self._silences.listed(request.model_name, request.active_at)
        return [rules.silence_view(silence) for silence in found]

    async def page(self, request: ListSilencesByPage, context: Context) -> Page[SilenceView]:
        require(context.principal, Action.READ)
        page = await self._silences.page(request)
        edges = [Edge(cursor=edge.cursor, node=rules.silence_view(edge.node)) for edge in page.edges]
        return Page(edges=edges, has_next=page.has_next, has_previous=page.has_previous, total=page.total)

    async def over(self, model_name: str, version: str, start: datetime, end: datetime) -> list[SilenceView]:
        """Those of this version that overlap [start, end)."""
        return [rules.silence_view(s) for s in await self._silences.over(model_name, version, start, end)]

    async def renamed(self, change: Change, former: str, name: str) -> None:
        """What silences a model follows it to its new name."""
        for silence in await self._silences.of_model(former):
            save(change, SILENCES, silence, msgspec.structs.replace(silence, model_name=name))
