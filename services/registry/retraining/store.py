"""Requests for retraining in MongoDB."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pymongo import ASCENDING, DESCENDING, IndexModel

from services.contracts.paging import Page
from services.contracts.retraining import ListRetrainings, RetrainingView
from services.registry.documents import from_document
from services.registry.paging import page_of
from services.registry.retraining import rules
from services.registry.retraining.rules import Retraining
from services.runtime import conditions
from services.runtime.conditions import Field
from services.runtime.store import Store, translated

RETRAININGS = "retrainings"
NEWEST_FIRST = [("requested", DESCENDING), ("_id", DESCENDING)]
INDEXES: Mapping[str, list[IndexModel]] = {
    RETRAININGS: [
        IndexModel(
            [("model_name", ASCENDING), ("version", ASCENDING)],
            name="one_waiting",
            unique=True,
            partialFilterExpression={"waiting": True},
        ),
        IndexModel([("model_name", ASCENDING), *NEWEST_FIRST]),
        IndexModel([("run_id", ASCENDING)]),
        IndexModel([("cause_id", ASCENDING)]),
        IndexModel(NEWEST_FIRST),
    ],
}


FIELDS: Mapping[str, Field] = {
    "model": Field("model_name"),
    "version": Field("version"),
    "state": Field("state"),
    "cause": Field("cause"),
    "requested_by": Field("requested_by"),
    "run_id": Field("run_id", orders=False),
    "reason": Field("reason", orders=False),
    "requested_at": Field("requested", "milliseconds"),
}
"""What lists can be asked for."""


class MongoRetrainings:
    def __init__(self, store: Store) -> None:
        self._retrainings = store[RETRAININGS]

    async def get(self, retraining_id: str) -> Retraining | None:
        return await self._one({"_id": retraining_id})

    async def waiting(self, model_name: str, version: str) -> Retraining | None:
        return await self._one({"model_name": model_name, "version": version, "waiting": True})

    async def caused_by(self, cause_id: str) -> Retraining | None:
        return await self._one({"cause_id": cause_id})

    async def _one(self, matching: Mapping[str, Any]) -> Retraining | None:
        with translated():
            row = await self._retrainings.find_one(matching)
        return None if row is None else from_document(row, Retraining)

    async def of_runs(self, run_ids: Sequence[str]) -> list[Retraining]:
        """Those that any of the runs means to answer, or has answered."""
        with translated():
            rows = await self._retrainings.find({"run_id": {"$in": list(run_ids)}}).to_list(None)
        return [from_document(row, Retraining) for row in rows]

    async def of_model(self, model_name: str) -> list[Retraining]:
        with translated():
            rows = await self._retrainings.find({"model_name": model_name}).to_list(None)
        return [from_document(row, Retraining) for row in rows]

    async def page(self, request: ListRetrainings) -> Page[RetrainingView]:
        matching: dict[str, Any] = {}
        if request.model_name is not None:
            matching["model_name"] = request.model_name
        if request.version is not None:
            matching["version"] = request.version
        if request.states:
            matching["state"] = {"$in": list(request.states)}
        return await page_of(
            self._retrainings,
            {"$and": [matching, conditions.query(request.where, FIELDS)]},
            conditions.keys(request.order, FIELDS, NEWEST_FIRST),
            request.paging,
            lambda row: rules.view(from_document(row, Retraining)),
        )
