"""Notes in MongoDB, with a text index; what a note said before stays in `insight_texts`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pymongo import ASCENDING, DESCENDING, TEXT, IndexModel

from services.contracts.errors import Invalid
from services.contracts.insights import InsightSummary, ListInsights
from services.contracts.paging import Edge, Page
from services.contracts.projects import Thing
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
_OF_MODELS = ("version", "window")
_INSIDE = {
    "model": (("version", "/", "0"), ("window", "/", "0")),
    "dataset": (("feature", "/", "0"), ("figure", "/", "0"), ("dataset", "@", "A")),
}
"""By the kind of a thing, what is named with its name in front: the kind, what follows the name, and what follows that
character ("0" comes after "/", "A" after "@")."""
Query = dict[str, Any]
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

    async def about_model(self, model_name: str) -> list[Insight]:
        """Those that are about it, its versions or their windows."""
        inside = [
            {"keys": {"$elemMatch": {"$gte": f"{kind}/{model_name}/", "$lt": f"{kind}/{model_name}0"}}}
            for kind in _OF_MODELS
        ]
        with translated():
            rows = await self._insights.find({"$or": [{"keys": f"model/{model_name}"}, *inside]}).to_list(None)
        return [from_document(row, Insight) for row in rows]

    async def runs_written_about(self, most: int) -> list[str]:
        """Of the newest insights about runs, which runs these are."""
        stages: list[dict[str, Any]] = [
            {"$match": {**NEVER_SHOWN, "keys": {"$elemMatch": {"$gte": "run/", "$lt": "run0"}}}},
            {"$sort": {"_id": -1}},
            {"$limit": most},
            {"$project": {"keys": 1}},
        ]
        with translated():
            rows = await self._insights.aggregate(stages).to_list(most)
        keys = (key for row in rows for key in row["keys"] if key.startswith("run/"))
        return list(dict.fromkeys(key.removeprefix("run/") for key in keys))

    async def page(self, request: ListInsights, about: Sequence[Query] | None) -> Page[InsightSummary]:
        """Newest first, unless another order is asked for."""
        order = conditions.keys(request.order, FIELDS, [("_id", -1)])
        return await page_of(
            self._insights,
            _matching(request, about),
            order,
            request.paging,
            lambda row: rules.summary(from_document(row, Insight)),
        )

    async def search(self, request: ListInsights, about: Sequence[Query] | None) -> Page[InsightSummary]:
        """Best first: a cursor holds how well its insight fits, and which it is."""
        count, cursor, backward = window(request.paging)
        down = "$gt" if backward else "$lt"
        direction = 1 if backward else -1
        matching = {**_matching(request, about), "$text": {"$search": request.words}}
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


def about_project(project_id: str, things: Sequence[Thing], runs: Sequence[str]) -> list[Query]:
    """Alternatives that each find insights about a project, about things of it, or what belongs to these."""
    keys = [f"project/{project_id}", *(f"{thing.kind}/{thing.id}" for thing in things), *(f"run/{run}" for run in runs)]
    inside = [
        {"keys": {"$elemMatch": {"$gte": f"{kind}/{thing.id}{mark}", "$lt": f"{kind}/{thing.id}{after}"}}}
        for thing in things
        for kind, mark, after in _INSIDE.get(thing.kind, ())
    ]
    return [{"keys": {"$in": keys}}, *inside]


def _matching(request: ListInsights, about: Sequence[Query] | None) -> Query:
    matching: dict[str, Any] = {**NEVER_SHOWN, "$and": [conditions.query(request.where, FIELDS)]}
    if request.links:
        matching["keys"] = {"$in": [link_key(link) for link in request.links]}
    if about is not None:
        matching["$or"] = list(about)
    if request.author is not None:
        matching["author"] = request.author
    return matching
