"""Saves, removes, lists and shows the views of whoever asks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from services.contracts.base import Request
from services.contracts.identity import Action, require
from services.contracts.paging import Page
from services.contracts.saved_views import (
    GetSavedView,
    ListSavedViews,
    RemoveSavedView,
    SavedViewView,
    SaveView,
)
from services.contracts.written import Written
from services.registry.clock import Now
from services.registry.documents import insert, save
from services.registry.once import once
from services.registry.saved_views import rules
from services.registry.saved_views.rules import SavedView
from services.registry.saved_views.store import SAVED_VIEWS, MongoSavedViews
from services.runtime.context import Context
from services.runtime.ids import new_id
from services.runtime.outbox import Change, Duplicate, Outbox

CheckProject = Callable[[str], Awaitable[object]]
"""Raises NotFound unless there is a project with that id."""


class SavedViews:
    """Whoever may read may keep views: they are of no concern to anybody else."""

    def __init__(self, outbox: Outbox, store: MongoSavedViews, check_project: CheckProject, now: Now) -> None:
        self._outbox = outbox
        self._store = store
        self._check_project = check_project
        self._now = now

    def requests(self) -> dict[type[Request[Any]], Callable[[Any, Any], Coroutine[Any, Any, Any]]]:
        return {
            SaveView: self.save,
            RemoveSavedView: self.remove,
            GetSavedView: self.get,
            ListSavedViews: self.page,
        }

    async def save(self, request: SaveView, context: Context) -> Written:
        """Raises Conflict if the caller has another one with this title, page and project."""
        require(context.principal, Action.READ)
        if request.project_id is not None:
            await self._check_project(request.project_id)
        who = context.principal.user

        async def new() -> tuple[Change, Written]:
            rules.check_room(await self._store.count(who))
            view, event = rules.written(
                new_id(), who, request.title, request.page, request.state, request.project_id, self._now()
            )
            change = Change(context, "save_view")
            insert(change, SAVED_VIEWS, view)
            change.emit(event, view.v)
            return change, Written(id=view.id, revision=view.revision)

        async def again() -> tuple[Change, Written]:
            before = await self._own(request.view_id or "", context)
            after, event = rules.replaced(
                before,
                request.title,
                request.page,
                request.state,
                request.project_id,
                self._now(),
                request.expected,
            )
            change = Change(context, "save_view")
            save(change, SAVED_VIEWS, before, after)
            change.emit(event, after.v)
            return change, Written(id=after.id, revision=after.revision)

        try:
            return await once(self._outbox, request, context, new if request.view_id is None else again)
        except Duplicate as error:
            raise rules.taken(request.title.strip()) from error

    async def remove(self, request: RemoveSavedView, context: Context) -> Written:
        require(context.principal, Action.READ)

        async def decide() -> tuple[Change, Written]:
            before = await self._own(request.view_id, context)
            change = Change(context, "remove_saved_view")
            change.delete(SAVED_VIEWS, {"_id": before.id, "r": before.r})
            change.emit(rules.removed(before), before.v + 1)
            return change, Written(id=before.id, revision=before.revision)

        return await once(self._outbox, request, context, decide)

    async def get(self, request: GetSavedView, context: Context) -> SavedViewView:
        require(context.principal, Action.READ)
        return rules.view(await self._own(request.view_id, context))

    async def page(self, request: ListSavedViews, context: Context) -> Page[SavedViewView]:
        require(context.principal, Action.READ)
        return await self._store.page(request, context.principal.user)

    async def _own(self, view_id: str, context: Context) -> SavedView:
        return rules.own(await self._store.get(view_id), view_id, context.principal.user)
