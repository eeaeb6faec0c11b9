"""Writes, changes, finds and shows notes."""

from __future__ import annotations

import msgspec

from services.contracts.errors import Invalid, NotFound
from services.contracts.identity import Action, may, require
from services.contracts.insights import (
    CommentInsight,
    GetInsight,
    InsightSummary,
    InsightView,
    ListInsights,
    RemoveInsight,
    WriteInsight,
)
from services.contracts.paging import Page
from services.contracts.written import Written
from services.registry.clock import Now
from services.registry.documents import insert, save
from services.registry.insights import rules
from services.registry.insights.rules import Insight
from services.registry.insights.store import INSIGHTS, MongoInsights, keep_former
from services.registry.once import once
from services.runtime.context import Context
from services.runtime.ids import new_id
from services.runtime.outbox import Change, Outbox

MAX_WORDS = 1000
MAX_LINKS = 100


class Insights:
    def __init__(self, outbox: Outbox, store: MongoInsights, now: Now) -> None:
        self._outbox = outbox
        self._store = store
        self._now = now

    async def write(self, request: WriteInsight, context: Context) -> Written:
        require(context.principal, Action.WRITE_INSIGHT)
        who = context.principal.user

        async def new() -> tuple[Change, Written]:
            insight, event = rules.written(new_id(), request.title, request.text, request.links, self._now(), who)
            change = Change(context, "write_insight")
            insert(change, INSIGHTS, insight)
            change.emit(event, insight.v)
            return change, Written(id=insight.id, revision=1)

        async def again() -> tuple[Change, Written]:
            before = await self._get(request.insight_id or "")
            after, event = rules.rewritten(
                before,
                request.title,
                request.text,
                request.links,
                self._now(),
                who,
                may_all=may(context.principal, Action.OPERATE),
                expected=request.expected,
            )
            change = Change(context, "rewrite_insight")
            save(change, INSIGHTS, before, after)
            keep_former(change, before)
            change.emit(event, after.v)
            return change, Written(id=after.id, revision=after.revision)

        return await once(self._outbox, request, context, new if request.insight_id is None else again)

    async def comment(self, request: CommentInsight, context: Context) -> Written:
        require(context.principal, Action.WRITE_INSIGHT)

        async def decide() -> tuple[Change, Written]:
            before = await self._get(request.insight_id)
            after, event = rules.commented(before, new_id(), request.text, self._now(), context.principal.user)
            change = Change(context, "comment_insight")
            save(change, INSIGHTS, before, after)
            change.emit(event, after.v)
            return change, Written(id=event.comment_id, revision=1)

        return await once(self._outbox, request, context, decide)

    async def remove(self, request: RemoveInsight, context: Context) -> Written:
        require(context.principal, Action.WRITE_INSIGHT)

        async def decide() -> tuple[Change, Written]:
            before = await self._get(request.insight_id)
            may_all = may(context.principal, Action.OPERATE)
            after, event = rules.removed(before, request.reason, context.principal.user, may_all=may_all)
            change = Change(context, "remove_insight")
            save(change, INSIGHTS, before, after)
            change.emit(event, after.v)
            return change, Written(id=after.id, revision=after.revision)

        return await once(self._outbox, request, context, decide)

    async def get(self, request: GetInsight, context: Context) -> InsightView:
        require(context.principal, Action.READ)
        insight = await self._get(request.insight_id)
        if insight.removed:
            raise NotFound(f"the insight {request.insight_id!r} was removed", field="insight_id")
        if request.revision in (None, insight.revision):
            return rules.view(insight)
        former = await self._store.former(insight.id, request.revision or 0)
        if former is None:
            raise NotFound(f"the insight has no revision {request.revision}", field="revision")
        title, text = former
        return msgspec.structs.replace(rules.view(insight), revision=request.revision, title=title, text=text)

    async def page(self, request: ListInsights, context: Context) -> Page[InsightSummary]:
        require(context.principal, Action.READ)
        if len(request.words) > MAX_WORDS:
            raise Invalid(f"at most {MAX_WORDS} characters to search for", field="words")
        if len(request.links) > MAX_LINKS:
            raise Invalid(f"at most {MAX_LINKS} links", field="links")
        if not request.words.strip():
            return await self._store.page(request)
        if request.order:
            raise Invalid("a search has its own order: best first", field="order", fix="Leave out words or order.")
        return await self._store.search(request)

    async def _get(self, insight_id: str) -> Insight:
        insight = await self._store.get(insight_id)
        if insight is None:
            raise NotFound(f"there is no insight {insight_id!r}", field="insight_id")
        return insight
