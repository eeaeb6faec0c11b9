"""Notes in MongoDB, with a text index; what a note said before stays in `insight_texts`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pymongo import ASCENDING, DESCENDING, TEXT, IndexModel

from services.contracts.insights import InsightSummary, Link
from services.contracts.paging import Edge, Page, Paging
from services.registry.documents import from_document
from services.registry.insights import rules
from services.registry.insights.rules import Insight, link_key
from services.registry.paging import cursor_of, page_of, values_of, window
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

    async def page(self, paging: Paging, links: Sequence[Link], author: str | None) -> Page[InsightSummary]:
        """Newest first."""
        matching = _matching(links, author)
        return await page_of(
            self._insights, matching, [("_id", -1)], paging, lambda row: rules.summary(from_document(row, Insight))
        )

    async def search(
        self, paging: Paging, words: str, links: Sequence[Link], author: str | None
    ) -> Page[InsightSummary]:
        """Best first; a cursor counts positions."""
        count, cursor, _ = window(paging)
        start = int(values_of(cursor, 1)[0]) + 1 if cursor else 0
        matching = {**_matching(links, author), "$text": {"$search": words}}
        score = {"$meta": "textScore"}
        with translated():
            found = self._insights.find(matching, {"score": score}).sort([("score", score), ("_id", -1)])
            rows = await found.skip(start).limit(count + 1).to_list(count + 1)
            total = await self._insights.count_documents(matching) if paging.with_total else None
        edges = [
            Edge(
                cursor=cursor_of([start + number]),
                node=rules.summary(from_document(row, Insight), round(row["score"], 4)),
            )
            for number, row in enumerate(rows[:count])
        ]
        return Page(edges=edges, has_next=len(rows) > count, has_previous=start > 0, total=total)


def _matching(links: Sequence[Link], author: str | None) -> dict[str, Any]:
    matching: dict[str, Any] = dict(NEVER_SHOWN)
    if links:
        matching["keys"] = {"$in": [link_key(link) for link in links]}
    if author is not None:
        matching["author"] = author
    return matching
