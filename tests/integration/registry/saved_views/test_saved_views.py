"""Saved views of a running registry: kept, replaced, removed, and seen by nobody but their owner."""

import uuid
from collections.abc import AsyncIterator
from typing import TypeVar

import pytest

from services.contracts.base import Request
from services.contracts.errors import Conflict, Invalid, NotFound, TooLarge
from services.contracts.identity import Role
from services.contracts.paging import Paging
from services.contracts.saved_views import (
    MAX_STATE_BYTES,
    GetSavedView,
    ListSavedViews,
    RemoveSavedView,
    SaveView,
)
from tests.integration.registry.asking import Asker, asking
from tests.integration.registry.processes import RegistryProcess

R = TypeVar("R")


class Viewer:
    """A user of one test, who may only read."""

    def __init__(self, asker: Asker) -> None:
        self._asker = asker
        self._user = f"u{uuid.uuid4().hex[:8]}"

    async def __call__(self, request: Request[R]) -> R:
        return await self._asker(request, self._user, Role.VIEWER)


@pytest.fixture
async def asker(registry: RegistryProcess, nats: str) -> AsyncIterator[Asker]:
    async with asking(nats) as asker:
        yield asker


@pytest.fixture
def ask(asker: Asker) -> Viewer:
    return Viewer(asker)


async def titles(ask: Asker | Viewer, request: ListSavedViews) -> list[str]:
    return [edge.node.title for edge in (await ask(request)).edges]


async def test_a_view_is_kept_replaced_and_removed(ask: Viewer) -> None:
    made = await ask(SaveView(title=" Best runs ", page="/runs", state='{"sort": "auc"}', project_id="default"))
    again = SaveView(view_id=made.id, title="Best runs", page="/runs", state="?sort=f1", expected=1)
    assert (await ask(again)).revision == 2
    view = await ask(GetSavedView(view_id=made.id))
    assert (view.title, view.state, view.project_id, view.revision) == ("Best runs", "?sort=f1", None, 2)
    with pytest.raises(Conflict):
        await ask(again)
    await ask(RemoveSavedView(view_id=made.id))
    with pytest.raises(NotFound):
        await ask(GetSavedView(view_id=made.id))


async def test_own_views_are_listed_by_title_page_and_project(ask: Viewer) -> None:
    for title, page, project in (("b", "/runs", None), ("a", "/runs", "default"), ("c", "/models", None)):
        await ask(SaveView(title=title, page=page, state="", project_id=project))
    assert await titles(ask, ListSavedViews()) == ["a", "b", "c"]
    assert await titles(ask, ListSavedViews(page="/runs")) == ["a", "b"]
    assert await titles(ask, ListSavedViews(project_id="default")) == ["a"]
    first = await ask(ListSavedViews(paging=Paging(first=2, with_total=True)))
    assert (first.total, first.has_next) == (3, True)


async def test_two_views_of_a_page_have_different_titles(ask: Viewer) -> None:
    await ask(SaveView(title="x", page="/runs", state=""))
    await ask(SaveView(title="x", page="/models", state=""))
    with pytest.raises(Conflict, match="already"):
        await ask(SaveView(title="x", page="/runs", state=""))


async def test_what_a_page_remembers_is_bounded_and_its_project_exists(ask: Viewer) -> None:
    await ask(SaveView(title="full", page="/runs", state="ä" * (MAX_STATE_BYTES // 2)))
    with pytest.raises(TooLarge):
        await ask(SaveView(title="too full", page="/runs", state="ä" * (MAX_STATE_BYTES // 2) + "x"))
    with pytest.raises(Invalid):
        await ask(SaveView(title=" ", page="/runs", state=""))
    with pytest.raises(NotFound):
        await ask(SaveView(title="nowhere", page="/runs", state="", project_id="none"))


async def test_nobody_else_sees_or_changes_a_view(ask: Viewer, asker: Asker) -> None:
    made = await ask(SaveView(title="mine", page="/runs", state="", idempotency_key="k"))
    assert await ask(SaveView(title="mine", page="/runs", state="", idempotency_key="k")) == made
    assert "mine" not in await titles(asker, ListSavedViews())
    with pytest.raises(NotFound):
        await asker(GetSavedView(view_id=made.id))
    with pytest.raises(NotFound):
        await asker(RemoveSavedView(view_id=made.id))
