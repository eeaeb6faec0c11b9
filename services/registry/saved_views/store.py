"""Saved views in MongoDB."""

from __future__ import annotations

from collections.abc import Mapping

from pymongo import ASCENDING, IndexModel

from services.contracts.paging import Page
from services.contracts.saved_views import ListSavedViews, SavedViewView
from services.registry.documents import from_document
from services.registry.paging import page_of
from services.registry.saved_views import rules
from services.registry.saved_views.rules import SavedView
from services.runtime import conditions
from services.runtime.conditions import Field
from services.runtime.store import Store, translated

SAVED_VIEWS = "saved_views"
INDEXES: Mapping[str, list[IndexModel]] = {
    SAVED_VIEWS: [
        IndexModel([(name, ASCENDING) for name in ("owner", "project_id", "page", "title")], unique=True),
        IndexModel([("owner", ASCENDING), ("title", ASCENDING), ("_id", ASCENDING)]),
    ]
}
FIELDS: Mapping[str, Field] = {
    "title": Field("title"),
    "page": Field("page"),
    "project_id": Field("project_id"),
    "created_at": Field("created", "milliseconds"),
    "updated_at": Field("updated", "milliseconds"),
}
"""What lists can be asked for."""


class MongoSavedViews:
    def __init__(self, store: Store) -> None:
        self._views = store[SAVED_VIEWS]

    async def get(self, view_id: str) -> SavedView | None:
        with translated():
            row = await self._views.find_one({"_id": view_id})
        return None if row is None else from_document(row, SavedView)

    async def count(self, owner: str) -> int:
        with translated():
            return await self._views.count_documents({"owner": owner})

    async def page(self, request: ListSavedViews, owner: str) -> Page[SavedViewView]:
        """By title, unless another order is asked for."""
        matching = {"owner": owner, "$and": [conditions.query(request.where, FIELDS)]}
        if request.page is not None:
            matching["page"] = request.page
        if request.project_id is not None:
            matching["project_id"] = request.project_id
        order = conditions.keys(request.order, FIELDS, [("title", 1), ("_id", 1)])
        return await page_of(
            self._views, matching, order, request.paging, lambda row: rules.view(from_document(row, SavedView))
        )
