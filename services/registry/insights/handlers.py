"""Writes, changes, finds and shows notes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

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
from services.contracts.projects import Thing
from services.contracts.registry import GetRuns
from services.contracts.written import Written
from services.registry.clock import Now
from services.registry.documents import insert, save
from services.registry.insights import rules
from services.registry.insights.rules import Insight
from services.registry.insights.store import INSIGHTS, MongoInsights, about_project, keep_former
from services.registry.once import once
from services.registry.runs.queries import MAX_IDS, RunQueries
from services.runtime.context import Context
from services.runtime.ids import new_id
from services.runtime.outbox import Change, Outbox

MAX_WORDS = 1000
MAX_LINKS = 100
MOST_RUNS = 2000
"""Newest insights about runs that are looked through for those of a project."""

ThingsOf = Callable[[Context, str], Awaitable[list[Thing]]]
"""What a project owns, by its id."""


class Insights:
    def __init__(self, outbox: Outbox, store: MongoInsights, things_of: ThingsOf, runs: RunQueries, now: Now) -> None:
        self._outbox = outbox
        self._store = store
        self._things_of = things_of
        self._runs = runs
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

    async def renamed(self, change: Change, former_name: str, model_name: str) -> None:
        """What is about a model stays about it under its new name."""
        for before in await self._store.about_model(former_name):
            save(change, INSIGHTS, before, rules.renamed(before, former_name, model_name))

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
        about = None if request.project_id is None else await self._about(request.project_id, context)
        if not request.words.strip():
            return await self._store.page(request, about)
        if request.order:
            raise Invalid("a search has its own order: best first", field="order", fix="Leave out words or order.")
        return await self._store.search(request, about)

    async def _about(self, project_id: str, context: Context) -> list[dict[str, Any]]:
        """What asks for insights about a project: about itself, what it owns, and what belongs to that."""
        things = await self._things_of(context, project_id)
        experiments = {thing.id for thing in things if thing.kind == "experiment"}
        of_runs = await self._store.runs_written_about(MOST_RUNS)
        whose: dict[str, str] = {}
        for start in range(0, len(of_runs), MAX_IDS):
            runs = await self._runs.get(GetRuns(ids=of_runs[start : start + MAX_IDS]), context)
            whose |= {run.id: run.experiment_id for run in runs if run is not None}
        return about_project(project_id, things, [run for run in of_runs if whose.get(run) in experiments])

    async def _get(self, insight_id: str) -> Insight:
        insight = await self._store.get(insight_id)
        if insight is None:
            raise NotFound(f"there is no insight {insight_id!r}", field="insight_id")
        return insight
