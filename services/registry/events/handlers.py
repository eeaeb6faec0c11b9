"""Lists events, and takes in those of other services."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pymongo import ASCENDING, DESCENDING, IndexModel

from services.contracts.base import Envelope
from services.contracts.identity import Action, require
from services.contracts.paging import Page
from services.contracts.registry import EventView, ListEvents
from services.registry.paging import page_of
from services.runtime import conditions
from services.runtime.conditions import Field
from services.runtime.context import Context
from services.runtime.outbox import EVENTS, Change
from services.runtime.store import Store

INDEXES: Mapping[str, list[IndexModel]] = {
    EVENTS: [
        IndexModel([("type", ASCENDING), ("_id", DESCENDING)]),
        IndexModel([("aggregate", ASCENDING), ("aggregate_id", ASCENDING), ("_id", DESCENDING)]),
        IndexModel([("actor", ASCENDING), ("_id", DESCENDING)]),
    ]
}


FIELDS: Mapping[str, Field] = {
    "type": Field("type"),
    "service": Field("service"),
    "aggregate": Field("aggregate"),
    "aggregate_id": Field("aggregate_id"),
    "actor": Field("actor"),
    "correlation_id": Field("correlation_id"),
    "data": Field("data", orders=False),
    "time": Field("time", "time"),
}
"""What lists can be asked for."""


class Events:
    def __init__(self, store: Store) -> None:
        self._collection = store[EVENTS]

    async def page(self, request: ListEvents, context: Context) -> Page[EventView]:
        """Newest first: ids sort by the time of their making."""
        require(context.principal, Action.READ)
        said = {"aggregate": request.aggregate, "aggregate_id": request.aggregate_id, "actor": request.actor}
        matching: dict[str, Any] = {key: value for key, value in said.items() if value is not None}
        if request.types:
            matching["type"] = {"$in": request.types}
        wanted = {"$and": [matching, conditions.query(request.where, FIELDS)]}
        order = conditions.keys(request.order, FIELDS, [("_id", -1)])
        return await page_of(self._collection, wanted, order, request.paging, _view)

    async def take_in(self, events: list[Envelope], change: Change) -> None:
        """Adds other services' events to the log; they count as published already."""
        for event in events:
            row = {
                "type": event.type,
                "service": event.service,
                "aggregate": event.aggregate,
                "aggregate_id": event.aggregate_id,
                "version": event.version,
                "time": event.time,
                "actor": event.actor,
                "correlation_id": event.correlation_id,
                "cause": event.cause,
                "data": event.data.decode(),
            }
            change.upsert(EVENTS, {"_id": event.id}, {"$setOnInsert": row})


def _view(row: Mapping[str, Any]) -> EventView:
    return EventView(
        id=row["_id"],
        type=row["type"],
        service=row["service"],
        aggregate=row["aggregate"],
        aggregate_id=row["aggregate_id"],
        version=row["version"],
        time=row["time"],
        actor=row["actor"],
        correlation_id=row["correlation_id"],
        data=row["data"],
    )
