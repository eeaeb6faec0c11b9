"""Describes and shows where data come from."""

from __future__ import annotations

from services.contracts.datasets import DescribeSource, GetSources, ListSources, SourceView
from services.contracts.errors import Invalid
from services.contracts.identity import Action, require
from services.contracts.paging import Page
from services.contracts.written import Written
from services.registry.clock import Now
from services.registry.datasets import source as rules
from services.registry.datasets.registered import SOURCES, MongoSources
from services.registry.documents import put
from services.registry.once import once
from services.runtime.context import Context
from services.runtime.outbox import Change, Outbox

MAX_NAMES = 100


class Sources:
    def __init__(self, outbox: Outbox, store: MongoSources, now: Now) -> None:
        self._outbox = outbox
        self._store = store
        self._now = now

    async def describe(self, request: DescribeSource, context: Context) -> Written:
        require(context.principal, Action.RECORD_RUNS)

        async def decide() -> tuple[Change, Written]:
            former = (await self._store.get_many([request.source])).get(request.source)
            after, event = rules.described(former, request, self._now(), context.principal.user)
            change = Change(context, "describe_source")
            if event is not None:
                put(change, SOURCES, former, after)
                change.emit(event, after.v)
            return change, Written(id=after.id, revision=after.revision)

        return await once(self._outbox, request, context, decide, again_on_duplicate=True)

    async def get(self, request: GetSources, context: Context) -> list[SourceView | None]:
        require(context.principal, Action.READ)
        if len(request.names) > MAX_NAMES:
            raise Invalid(f"at most {MAX_NAMES} names at once", field="names")
        found = await self._store.get_many(request.names)
        return [rules.view(found[name]) if name in found else None for name in request.names]

    async def page(self, request: ListSources, context: Context) -> Page[SourceView]:
        require(context.principal, Action.READ)
        return await self._store.page(request)
