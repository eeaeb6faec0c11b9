"""Notes in MongoDB, with a text index; what a note said before stays in `insight_texts`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pymongo import ASCENDING, DESCENDING, TEXT, IndexModel

from services.contracts.errors import Invalid
from services.contracts.insights import InsightSummary, ListInsights
from services.contracts.paging import Edge, Page
from services.registry.documents import from_document
from services.registry.insights import rules
from services.registry.insights.rules import Insight, link_key
from services.registry.paging import cursor_of, page_of, values_of, window
from services.runtime import conditions
from services.runtime.conditions import Field
from services.runtime.outbox import Change
from services.runtime.store import Store, translated

INSIGHTS = "insights"
FORMER = "insight_texts"
INDEXES: Mapping[str, list[IndexModel]] = {
    INSIGHTS: [
        # No language: notes are written in any, and a stemmer for the wrong one loses words.
        IndexModel(
            [("title", TEXT), ("text", TEXT)],
            weights={"title": 5, "text": 1},
            default_language="none",
            language_override="no_such_field",
        ),
        IndexModel([("keys", ASCENDING), ("_id", DESCENDING)]),
        IndexModel([("author", ASCENDING), ("_id", DESCENDING)]),
    ],
}
NEVER_SHOWN = {"removed": False}


FIELDS: Mapping[str, Field] = {
    "title": Field("title"),
    "text": Field("text", orders=False),
    "author": Field("author"),
    "links": Field("keys", "texts"),
    "created_at": Field("created", "milliseconds"),
    "updated_at": Field("updated", "milliseconds"),
}
"""What lists can be asked for."""


def keep_former(change: Change, insight: Insight) -> None:
    """What it said until now, so that an insight never gets lost by rewriting."""
    change.insert(FORMER, {"_id": f"{insight.id}/{insight.revision}", "title": insight.title, "text": insight.text})


class MongoInsights:
    def __init__(self, store: Store) -> None:
        self._insights = store[INSIGHTS]
        self._former = store[FORMER]

    async def get(self, insight_id: str) -> Insight | None:
        with translated():
            row = await self._insights.find_one({"_id": insight_id})
        return None if row is None else from_document(row, Insight)

    async def former(self, insight_id: str, revision: int) -> tuple[str, str] | None:
        """Title and text as they were."""
        with translated():
            row = await self._former.find_one({"_id": f"{insight_id}/{revision}"})
        return None if row is None else (row["title"], row["text"])

    async def page(self, request: ListInsights) -> Page[InsightSummary]:
        """Newest first, unless another order is asked for."""
        order = conditions.keys(request.order, FIELDS, [("_id", -1)])
        return await page_of(
            self._insights,
            _matching(request),
            order,
            request.paging,
            lambda row: rules.summary(from_document(row, Insight)),
        )

    async def search(self, request: ListInsights) -> Page[InsightSummary]:
        """Best first: a cursor holds how well its insight fits, and which it is."""
        count, cursor, backward = window(request.paging)
        down = "$gt" if backward else "$lt"
        direction = 1 if backward else -1
        matching = {**_matching(request), "$text": {"$search": request.words}}
        stages: list[dict[str, Any]] = [{"$match": matching}, {"$addFields": {"score": {"$meta": "textScore"}}}]
        if cursor:
            score, id_ = values_of(cursor, 2)
            if type(score) not in (int, float) or not isinstance(id_, str):
                raise Invalid("the cursor isn't one of this list", field="after", fix="Start without a cursor.")
            stages.append({"$match": {"$or": [{"score": {down: score}}, {"score": score, "_id": {down: id_}}]}})
        stages += [{"$sort": {"score": direction, "_id": direction}}, {"$limit": count + 1}]
        with translated():
            rows = await self._insights.aggregate(stages).to_list(count + 1)
            total = await self._insights.count_documents(matching) if request.paging.with_total else None
        more, rows = len(rows) > count, rows[:count]
        edges = [
            Edge(
                cursor=cursor_of([row["score"], row["_id"]]),
                node=rules.summary(from_document(row, Insight), round(row["score"], 4)),
            )
            for row in (reversed(rows) if backward else rows)
        ]
        return Page(
            edges=edges,
            has_next=bool(cursor) if backward else more,
            has_previous=more if backward else bool(cursor),
            total=total,
        )


def _matching(request: ListInsights) -> dict[str, Any]:
    matching: dict[str, Any] = {**NEVER_SHOWN, "$and": [conditions.query(request.where, FIELDS)]}
    if request.links:
        matching["keys"] = {"$in": [link_key(link) for link in request.links]}
    if request.author is not None:
        matching["author"] = request.author
    return matching
