"""Saved views: what a page was set to, kept under a title by the one who comes back to it."""

from __future__ import annotations

from collections.abc import Awaitable
from datetime import datetime
from typing import Any

import strawberry

from services.contracts.saved_views import SavedViewView
from services.gateway.ids import global_id
from services.gateway.operation import Info
from services.gateway.types.fields import viewed
from services.gateway.types.limits import Size
from services.gateway.types.node import ID_DESCRIPTION, Node, reads
from services.gateway.types.projects import Project


def _id(parent: strawberry.Parent[SavedViewView]) -> strawberry.ID:
    return strawberry.ID(global_id("SavedView", parent.id))


def _view_id(parent: strawberry.Parent[SavedViewView]) -> str:
    return parent.id


def _project(parent: strawberry.Parent[SavedViewView], info: Info) -> Awaitable[Any] | None:
    return None if parent.project_id is None else info.context.relatives.projects.load(parent.project_id)


@strawberry.type(description="What a page was set to, kept under a title. Only its owner ever sees it.")
class SavedView(Node):
    is_type_of = reads(SavedViewView)

    id: strawberry.ID = viewed(resolver=_id, description=ID_DESCRIPTION)
    view_id: str = viewed(resolver=_view_id, description="The id that mutations and arguments take.")
    title: str = strawberry.field(description="What its owner calls it.")
    page: str = strawberry.field(description="The page that it is of, such as `/runs`.")
    state: str = strawberry.field(
        description="What the page remembers, as only the page understands it: a query string or JSON, up to 64 KB."
    )
    project_id: str | None = strawberry.field(
        description="The project that it is of; null if its page isn't about one."
    )
    project: Project | None = viewed(
        resolver=_project, size=Size(asks=True), description="The project that it is of, itself."
    )
    revision: int = strawberry.field(description="Counts how often it was saved, from 1.")
    created_at: datetime = strawberry.field(description="When it was first saved.")
    updated_at: datetime = strawberry.field(description="When it was last saved.")
