"""Evaluations in MongoDB: what lists need in one collection, all the rest of each in another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from pymongo import ASCENDING, DESCENDING, IndexModel

from services.contracts.evaluations import EvaluationSummary, EvaluationView, ListEvaluations, RowScores
from services.contracts.paging import Page
from services.registry.documents import from_document, insert, save
from services.registry.evaluations.rules import Evaluation, model_about, version_about
from services.registry.paging import page_of
from services.runtime import conditions
from services.runtime.conditions import Field
from services.runtime.outbox import Change
from services.runtime.store import Store, translated

EVALUATIONS = "evaluations"
PARTS = "evaluation_parts"
NEWEST_FIRST = [("at", DESCENDING), ("_id", DESCENDING)]
INDEXES: Mapping[str, list[IndexModel]] = {
    EVALUATIONS: [
        IndexModel([("about", ASCENDING), *NEWEST_FIRST]),
        IndexModel([("split_key", ASCENDING), *NEWEST_FIRST]),
        IndexModel(NEWEST_FIRST),
    ],
}


FIELDS: Mapping[str, Field] = {
    "split": Field("split_name"),
    "sealed": Field("sealed", "flag"),
    "at": Field("at", "milliseconds"),
}
"""What lists can be asked for."""


class Parts(msgspec.Struct, frozen=True, kw_only=True):
    """As MessagePack: names of metrics and slices may hold any character, which MongoDB's keys may not."""

    id: str = msgspec.field(name="_id")
    view: bytes
    rows: bytes


def add(change: Change, evaluation: Evaluation, shown: EvaluationView, row_scores: Sequence[RowScores]) -> None:
    insert(change, EVALUATIONS, evaluation)
    encode = msgspec.msgpack.encode
    insert(change, PARTS, Parts(id=evaluation.id, view=encode(shown), rows=encode(list(row_scores))))


def rename(change: Change, evaluation: Evaluation, shown: EvaluationView, former_name: str, model_name: str) -> None:
    """The same evaluation, of a model with a new name."""
    about = [_renamed(entry, former_name, model_name) for entry in evaluation.about]
    summary = msgspec.msgpack.decode(evaluation.summary, type=EvaluationSummary)
    if summary.model_name == former_name:
        summary = msgspec.structs.replace(summary, model_name=model_name)
        shown = msgspec.structs.replace(shown, model_name=model_name)
    after = msgspec.structs.replace(evaluation, about=about, summary=msgspec.msgpack.encode(summary))
    save(change, EVALUATIONS, evaluation, after)
    change.update(PARTS, {"_id": evaluation.id}, {"$set": {"view": msgspec.msgpack.encode(shown)}})


def _renamed(about: str, former_name: str, model_name: str) -> str:
    if about == model_about(former_name):
        return model_about(model_name)
    start = version_about(former_name, "")
    return version_about(model_name, about.removeprefix(start)) if about.startswith(start) else about


class MongoEvaluations:
    def __init__(self, store: Store) -> None:
        self._evaluations = store[EVALUATIONS]
        self._parts = store[PARTS]

    async def view(self, evaluation_id: str) -> EvaluationView | None:
        with translated():
            row = await self._parts.find_one({"_id": evaluation_id}, {"view": 1})
        return None if row is None else msgspec.msgpack.decode(row["view"], type=EvaluationView)

    async def row_scores(self, evaluation_id: str) -> list[RowScores]:
        with translated():
            row = await self._parts.find_one({"_id": evaluation_id}, {"rows": 1})
        return [] if row is None else msgspec.msgpack.decode(row["rows"], type=list[RowScores])

    async def newest(self, about: Sequence[str], split_name: str | None, *, most: int) -> list[Evaluation]:
        """Of any of `about`, newest first."""
        matching: dict[str, Any] = {"about": {"$in": list(about)}}
        if split_name is not None:
            matching["split_name"] = split_name
        with translated():
            rows = await self._evaluations.find(matching).sort(NEWEST_FIRST).limit(most).to_list(most)
        return [from_document(row, Evaluation) for row in rows]

    async def of_model(self, model_name: str) -> list[Evaluation]:
        """All that are of it."""
        with translated():
            rows = await self._evaluations.find({"about": model_about(model_name)}).to_list(None)
        return [from_document(row, Evaluation) for row in rows]

    async def of_split(self, split_key: str, *, most: int) -> list[Evaluation]:
        """Sealed ones on the same rows, oldest first."""
        with translated():
            rows = (
                await self._evaluations.find({"split_key": split_key, "sealed": True})
                .sort([("at", ASCENDING), ("_id", ASCENDING)])
                .limit(most)
                .to_list(most)
            )
        return [from_document(row, Evaluation) for row in rows]

    async def page(
        self, request: ListEvaluations, about: Sequence[str] | None, *, by: int | None
    ) -> Page[EvaluationSummary]:
        """Newest first, unless another order is asked for; with `by`, those recorded by then, in milliseconds."""
        matching: dict[str, Any] = {"$and": [conditions.query(request.where, FIELDS)]}
        if by is not None:
            matching["at"] = {"$lte": by}
        if about is not None:
            matching["about"] = {"$in": list(about)}
        if request.split is not None:
            matching["split_name"] = request.split
        if request.sealed is not None:
            matching["sealed"] = request.sealed
        order = conditions.keys(request.order, FIELDS, NEWEST_FIRST)
        return await page_of(self._evaluations, matching, order, request.paging, summary_of)


def summary_of(row: Mapping[str, Any]) -> EvaluationSummary:
    return msgspec.msgpack.decode(row["summary"], type=EvaluationSummary)
