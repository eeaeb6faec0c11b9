"""A service's audit rows as they are listed. The outbox writes them, and nothing touches them after that."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import msgspec
from pymongo import ASCENDING, DESCENDING, IndexModel

from services.contracts.audit import AuditHead, AuditView, ListAudit
from services.contracts.identity import Action, may, require
from services.contracts.paging import Page
from services.runtime import conditions
from services.runtime.chain import SEAL, canonical
from services.runtime.conditions import Field
from services.runtime.context import Context
from services.runtime.outbox import AUDIT
from services.runtime.paging import page_of
from services.runtime.store import Store
from services.runtime.trail import Trail

INDEXES: Mapping[str, list[IndexModel]] = {
    AUDIT: [
        IndexModel([("user", ASCENDING), ("_id", DESCENDING)]),
        IndexModel([("action", ASCENDING), ("_id", DESCENDING)]),
        IndexModel([("correlation_id", ASCENDING), ("_id", DESCENDING)]),
    ]
}
FIELDS: Mapping[str, Field] = {
    "user": Field("user"),
    "action": Field("action"),
    "role": Field("role"),
    "via": Field("via"),
    "correlation_id": Field("correlation_id"),
    "time": Field("time", "time"),
}
"""What lists can be asked for."""


class AuditList:
    """The rows of one service's database."""

    def __init__(self, store: Store) -> None:
        self._rows = store[AUDIT]
        self._trail = Trail(store)

    async def page(self, request: ListAudit, context: Context) -> Page[AuditView]:
        """Newest first, unless another order is asked for."""
        require(context.principal, Action.READ)
        named = {"user": request.user, "action": request.action, "correlation_id": request.correlation_id}
        matching: dict[str, Any] = {key: value for key, value in named.items() if value is not None}
        between = {"$gte": request.start, "$lt": request.end}
        if any(between.values()):
            matching["time"] = {key: value for key, value in between.items() if value is not None}
        wanted = {"$and": [matching, conditions.query(request.where, FIELDS)]}
        order = conditions.keys(request.order, FIELDS, [("_id", -1)])
        with_remote = may(context.principal, Action.OPERATE)
        page = await page_of(self._rows, wanted, order, request.paging, lambda row: _view(row, with_remote))
        places = await self._trail.places([edge.node.id for edge in page.edges if edge.node.number is None])
        edges = [
            msgspec.structs.replace(edge, node=_placed(edge.node, places.get(edge.node.id))) for edge in page.edges
        ]
        return msgspec.structs.replace(page, edges=edges)


def _view(row: Mapping[str, Any], with_remote: bool) -> AuditView:
    place = row.get(SEAL) or {}
    return AuditView(
        id=row["_id"],
        time=row["time"],
        action=row["action"],
        user=row["user"],
        role=row["role"],
        via=row["via"],
        remote=row["remote"] if with_remote else "",
        correlation_id=row["correlation_id"],
        events=row["events"],
        before=_json(row.get("before")),
        after=_json(row.get("after")),
        number=place.get("n"),
        hash=place.get("h"),
    )


def _placed(view: AuditView, place: AuditHead | None) -> AuditView:
    return view if place is None else msgspec.structs.replace(view, number=place.number, hash=place.hash)


def _json(value: Any) -> str | None:
    return None if value is None else json.dumps(json.loads(canonical({"value": value}))["value"])
