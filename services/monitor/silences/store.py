"""Silences in MongoDB."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pymongo import ASCENDING, DESCENDING, IndexModel

from services.contracts.paging import Page
from services.contracts.silences import ListSilencesByPage
from services.monitor.silences.rules import Silence
from services.runtime import conditions
from services.runtime.conditions import Field
from services.runtime.documents import from_document
from services.runtime.paging import page_of
from services.runtime.store import Store, translated

SILENCES = "silences"
MOST_LISTED = 200
FIELDS: Mapping[str, Field] = {
    "model": Field("model_name", orders=False),
    "version": Field("version", orders=False),
    "rule": Field("rule", orders=False),
    "reason": Field("reason"),
    "by": Field("by"),
    "start": Field("start_ms", "milliseconds"),
    "end": Field("end_ms", "milliseconds"),
    "ended_by": Field("ended_by", orders=False),
}
"""What lists can be asked for."""
INDEXES: Mapping[str, list[IndexModel]] = {
    SILENCES: [IndexModel([("end_ms", ASCENDING)]), IndexModel([("model_name", ASCENDING), ("_id", DESCENDING)])]
}


class MongoSilences:
    """Reads; what is written goes through a `Change`."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def get(self, silence_id: str) -> Silence | None:
        with translated():
            row = await self._store[SILENCES].find_one({"_id": silence_id})
        return None if row is None else from_document(row, Silence)

    async def over(self, model_name: str, version: str, start: datetime, end: datetime) -> list[Silence]:
        """Those of this version that overlap [start, end)."""
        return await self._find(
            {
                "end_ms": {"$gt": int(start.timestamp() * 1000)},
                "start_ms": {"$lt": int(end.timestamp() * 1000)},
                "model_name": {"$in": [None, model_name]},
                "version": {"$in": [None, version]},
            }
        )

    async def listed(self, model_name: str | None, active_at: datetime | None) -> list[Silence]:
        """Newest first."""
        return await self._find(_concerning(model_name, active_at))

    async def page(self, request: ListSilencesByPage) -> Page[Silence]:
        """Newest first, unless another order is asked for."""
        wanted = {
            "$and": [
                _concerning(request.model_name, request.active_at),
                conditions.query(request.where, FIELDS),
            ]
        }
        order = conditions.keys(request.order, FIELDS, [("_id", DESCENDING)])
        return await page_of(
            self._store[SILENCES], wanted, order, request.paging, lambda row: from_document(row, Silence)
        )

    async def of_model(self, model_name: str) -> list[Silence]:
        """Those that name this model."""
        with translated():
            rows = await self._store[SILENCES].find({"model_name": model_name}).sort("_id", 1).to_list(None)
        return [from_document(row, Silence) for row in rows]

    async def _find(self, wanted: Mapping[str, Any]) -> list[Silence]:
        with translated():
            rows = await self._store[SILENCES].find(wanted).sort("_id", -1).limit(MOST_LISTED).to_list(MOST_LISTED)
        return [from_document(row, Silence) for row in rows]


def _concerning(model_name: str | None, active_at: datetime | None) -> dict[str, Any]:
    wanted: dict[str, Any] = {}
    if model_name is not None:
        wanted["model_name"] = {"$in": [None, model_name]}
    if active_at is not None:
        moment = int(active_at.timestamp() * 1000)
        wanted |= {"start_ms": {"$lte": moment}, "end_ms": {"$gt": moment}}
    return wanted
