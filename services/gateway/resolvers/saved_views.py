"""Saved views: what can be asked and changed of one's own."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Annotated

import strawberry

from services.contracts import saved_views as contracts
from services.contracts.paging import Page
from services.contracts.saved_views import ListSavedViews, SavedViewView
from services.gateway.conditions import condition, ordering
from services.gateway.lookahead import Selected
from services.gateway.operation import Info
from services.gateway.types.commands import (
    EXPECTED_DESCRIPTION,
    KEY_DESCRIPTION,
    Outcome,
    WrittenPayload,
    commanded,
)
from services.gateway.types.fields import viewed
from services.gateway.types.limits import Size
from services.gateway.types.list_filters import SavedViewFilter
from services.gateway.types.list_orders import SavedViewOrder
from services.gateway.types.node import reads
from services.gateway.types.paging import After, Before, Connection, First, Last, Sort, Where, paging
from services.gateway.types.saved_views import SavedView


async def _views(
    info: Info,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
    page: Annotated[str | None, strawberry.argument(description="Only of this page.")] = None,
    project_id: Annotated[str | None, strawberry.argument(description="Only of this project.")] = None,
    where: Where[SavedViewFilter] = None,
    sort: Sort[SavedViewOrder] = None,
) -> Page[SavedViewView]:
    return await info.context.ask(
        ListSavedViews(
            paging=paging(first, after, last, before, Selected.of(info)),
            page=page,
            project_id=project_id,
            where=condition(where),
            order=ordering(sort),
        )
    )


async def _view(
    info: Info, id_: Annotated[str, strawberry.argument(name="id", description="Its `viewId`.")]
) -> SavedViewView | None:
    return await info.context.relatives.saved_views.load(id_)


@strawberry.type
class SavedViewQueries:
    """What can be asked."""

    saved_views: Connection[SavedView] | None = viewed(
        resolver=_views, size=Size(asks=True), description="The caller's own saved views, by title."
    )
    saved_view: SavedView | None = viewed(
        resolver=_view, description="One of the caller's own saved views; null for anybody else's."
    )


def _changed(parent: strawberry.Parent[Outcome], info: Info) -> Awaitable[SavedViewView | None] | None:
    if parent.answer is None or isinstance(parent.request, contracts.RemoveSavedView):
        return None
    return info.context.relatives.saved_views.load(parent.answer.id)


@strawberry.type(description="What a change of a saved view did.")
class SavedViewPayload(WrittenPayload):
    is_type_of = reads(Outcome)

    saved_view: SavedView | None = viewed(
        resolver=_changed, description="The view now; null if there were errors or it was removed."
    )


@strawberry.input(description="A view as it is to be kept; a new one without `viewId`.")
class SaveViewInput:
    view_id: str | None = strawberry.field(default=None, description="Which one to replace; a new one without.")
    title: str = strawberry.field(description="What to call it: another one of the same page has another title.")
    page: str = strawberry.field(description="The page that it is of, such as `/runs`.")
    state: str = strawberry.field(description="What the page is to remember: a query string or JSON, up to 64 KB.")
    project_id: str | None = strawberry.field(default=None, description="The project that it is of, if it is of one.")
    expected: int | None = strawberry.field(default=None, description=EXPECTED_DESCRIPTION)
    idempotency_key: str | None = strawberry.field(default=None, description=KEY_DESCRIPTION)


@strawberry.input(description="A saved view that is no longer wanted.")
class RemoveSavedViewInput:
    view_id: str = strawberry.field(description="The view.")
    idempotency_key: str | None = strawberry.field(default=None, description=KEY_DESCRIPTION)


@strawberry.type
class SavedViewMutations:
    """What can be changed."""

    save_view: SavedViewPayload = commanded(
        SaveViewInput, contracts.SaveView, "Keeps what a page is set to, or replaces what was kept."
    )
    remove_saved_view: SavedViewPayload = commanded(
        RemoveSavedViewInput, contracts.RemoveSavedView, "Forgets one of the caller's own saved views."
    )
