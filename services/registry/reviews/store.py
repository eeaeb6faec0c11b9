"""Reviews in MongoDB."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pymongo import ASCENDING, DESCENDING, IndexModel

from services.contracts.paging import Page
from services.contracts.reviews import ListReviews, ReviewView
from services.registry.documents import from_document
from services.registry.paging import page_of
from services.registry.reviews import rules
from services.registry.reviews.rules import Review
from services.runtime import conditions
from services.runtime.conditions import Field
from services.runtime.store import Store, translated

REVIEWS = "reviews"
INDEXES: Mapping[str, list[IndexModel]] = {
    REVIEWS: [
        IndexModel([("state", ASCENDING), ("requested", DESCENDING), ("_id", ASCENDING)]),
        IndexModel([("model_name", ASCENDING), ("requested", DESCENDING), ("_id", ASCENDING)]),
        IndexModel([("made_from", ASCENDING), ("state", ASCENDING)]),
    ]
}


FIELDS: Mapping[str, Field] = {
    "model": Field("model_name"),
    "version": Field("version"),
    "state": Field("state"),
    "requested_by": Field("requested_by"),
    "author": Field("authors", "texts"),
    "reviewer": Field("reviewers", "texts"),
    "requested_at": Field("requested", "milliseconds"),
    "updated_at": Field("updated", "milliseconds"),
}
"""What lists can be asked for."""


class MongoReviews:
    def __init__(self, store: Store) -> None:
        self._reviews = store[REVIEWS]

    async def get(self, model_name: str, version: str) -> Review | None:
        with translated():
            row = await self._reviews.find_one({"_id": rules.review_id(model_name, version)})
        return None if row is None else from_document(row, Review)

    async def of_model(self, model_name: str) -> list[Review]:
        with translated():
            rows = await self._reviews.find({"model_name": model_name}).to_list(None)
        return [from_document(row, Review) for row in rows]

    async def under_way_from(self, sources: Sequence[str]) -> list[tuple[str, str]]:
        """Models and versions under review that were made from any of these runs or logged models."""
        matching = {"made_from": {"$in": list(sources)}, "state": {"$in": list(rules.UNDER_WAY)}}
        with translated():
            rows = await self._reviews.find(matching, {"model_name": 1, "version": 1}).to_list(None)
        return [(row["model_name"], row["version"]) for row in rows]

    async def page(self, request: ListReviews) -> Page[ReviewView]:
        """Newest request first."""
        matching: dict[str, Any] = {}
        if request.states:
            matching["state"] = {"$in": list(request.states)}
        if request.model_name is not None:
            matching["model_name"] = request.model_name
        if request.waiting_for is not None:
            who = request.waiting_for
            matching["$and"] = [
                {"state": {"$in": ["open", "changes_asked"]}},
                {"authors": {"$ne": who}},
                {"$or": [{"reviewers": who}, {"reviewers": []}]},
                {"decisions": {"$not": {"$elemMatch": {"by": who, "decision": "approve"}}}},
            ]
        return await page_of(
            self._reviews,
            {"$and": [matching, conditions.query(request.where, FIELDS)]},
            conditions.keys(request.order, FIELDS, [("requested", -1), ("_id", 1)]),
            request.paging,
            lambda row: rules.view(from_document(row, Review)),
        )
