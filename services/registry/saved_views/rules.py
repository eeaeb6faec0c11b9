"""What a saved view is, and who may change it."""

from __future__ import annotations

import msgspec

from services.contracts.errors import Conflict, NotFound, TooLarge
from services.contracts.saved_views import MAX_STATE_BYTES, SavedViewRemoved, SavedViewView, SavedViewWritten
from services.registry.names import checked_line
from services.registry.runs.times import moment
from services.registry.values import Aggregate

TITLE_LENGTH = 200
PAGE_LENGTH = 200
MAX_VIEWS = 500
"""Of one user."""


class SavedView(Aggregate, frozen=True, kw_only=True):
    """Times in milliseconds since 1970. `project_id` is empty where the page isn't about a project."""

    revision: int
    owner: str
    title: str
    page: str
    state: str
    project_id: str
    created: int
    updated: int


def written(
    view_id: str, owner: str, title: str, page: str, state: str, project_id: str | None, now: int
) -> tuple[SavedView, SavedViewWritten]:
    """A new one. Raises Invalid, TooLarge."""
    view = SavedView(
        id=view_id,
        v=1,
        revision=1,
        owner=owner,
        title=checked_line("title", title, TITLE_LENGTH),
        page=checked_line("page", page, PAGE_LENGTH),
        state=_state(state),
        project_id=project_id or "",
        created=now,
        updated=now,
    )
    return view, _told(view)


def replaced(
    before: SavedView, title: str, page: str, state: str, project_id: str | None, now: int, expected: int | None
) -> tuple[SavedView, SavedViewWritten]:
    """Raises Conflict if it isn't at `expected`, Invalid, TooLarge."""
    if expected is not None and expected != before.revision:
        raise Conflict(
            f"the view has changed meanwhile: it is at revision {before.revision}, not {expected}",
            code="CHANGED_MEANWHILE",
            field="expected",
            fix="Load it, look at the change, and try again.",
        )
    after = msgspec.structs.replace(
        before,
        v=before.v + 1,
        revision=before.revision + 1,
        title=checked_line("title", title, TITLE_LENGTH),
        page=checked_line("page", page, PAGE_LENGTH),
        state=_state(state),
        project_id=project_id or "",
        updated=now,
    )
    return after, _told(after)


def removed(view: SavedView) -> SavedViewRemoved:
    return SavedViewRemoved(view_id=view.id, owner=view.owner)


def own(view: SavedView | None, view_id: str, who: str) -> SavedView:
    """Raises NotFound also for somebody else's: what others keep is their own affair."""
    if view is None or view.owner != who:
        raise NotFound(f"you have no saved view {view_id!r}", field="view_id")
    return view


def check_room(count: int) -> None:
    if count >= MAX_VIEWS:
        raise TooLarge(
            f"you have {count} saved views; {MAX_VIEWS} is the most", field="title", fix="Remove one that is not used."
        )


def taken(title: str) -> Conflict:
    return Conflict(
        f"you have a view {title!r} of this page already",
        code="ALREADY_EXISTS",
        field="title",
        fix="Choose another title, or replace that one by its id.",
    )


def view(view: SavedView) -> SavedViewView:
    return SavedViewView(
        id=view.id,
        revision=view.revision,
        owner=view.owner,
        title=view.title,
        page=view.page,
        state=view.state,
        project_id=view.project_id or None,
        created_at=moment(view.created),
        updated_at=moment(view.updated),
    )


def _told(view: SavedView) -> SavedViewWritten:
    return SavedViewWritten(
        view_id=view.id,
        revision=view.revision,
        owner=view.owner,
        title=view.title,
        page=view.page,
        project_id=view.project_id or None,
    )


def _state(text: str) -> str:
    size = len(text.encode("utf-8", "surrogatepass"))
    if size > MAX_STATE_BYTES:
        raise TooLarge(f"the state has {size} bytes; the most is {MAX_STATE_BYTES}", field="state")
    return text
