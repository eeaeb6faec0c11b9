"""Audit rows and the chain's head in MongoDB. The outbox writes the rows; only seals are added here."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from pymongo import ASCENDING, DESCENDING, IndexModel

from services.contracts.audit import AuditHead, AuditView, ListAudit
from services.contracts.paging import Page
from services.registry.audit.rules import SEAL, START, canonical
from services.registry.paging import page_of
from services.runtime import conditions
from services.runtime.conditions import Field
from services.runtime.outbox import AUDIT, Change
from services.runtime.store import Store, translated

HEAD = "audit_head"
_ID = "head"
INDEXES: Mapping[str, list[IndexModel]] = {
    AUDIT: [
        # Rows without a seal stand under null, so that the sealer finds them by the same index.
        IndexModel([(f"{SEAL}.n", ASCENDING), ("_id", ASCENDING)]),
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


def seal(change: Change, former: AuditHead, links: Sequence[tuple[Any, AuditHead]]) -> None:
    """Numbers the rows and moves the head, if it is still where it was: of two sealers one loses."""
    for row_id, link in links:
        change.update(AUDIT, {"_id": row_id, SEAL: None}, {"$set": {SEAL: {"n": link.number, "h": link.hash}}})
    last = links[-1][1]
    if former == START:
        change.insert(HEAD, {"_id": _ID, "n": last.number, "h": last.hash})
    else:
        change.update(HEAD, {"_id": _ID, "n": former.number}, {"$set": {"n": last.number, "h": last.hash}})


class MongoAudit:
    def __init__(self, store: Store) -> None:
        self._rows = store[AUDIT]
        self._head = store[HEAD]

    async def head(self) -> AuditHead:
        with translated():
            row = await self._head.find_one({"_id": _ID})
        return START if row is None else AuditHead(number=row["n"], hash=row["h"])

    async def unsealed(self, most: int) -> list[dict[str, Any]]:
        """The oldest rows that aren't in the chain."""
        with translated():
            return await self._rows.find({f"{SEAL}.n": None}).sort("_id", ASCENDING).limit(most).to_list(most)

    async def count_unsealed(self, most: int) -> int:
        with translated():
            return int(await self._rows.count_documents({f"{SEAL}.n": None}, limit=most))

    async def after(self, number: int, most: int) -> list[dict[str, Any]]:
        """Sealed rows with the numbers after `number`, in their order."""
        with translated():
            found = self._rows.find({f"{SEAL}.n": {"$gt": number}}).sort([(f"{SEAL}.n", ASCENDING), ("_id", ASCENDING)])
            return await found.limit(most).to_list(most)

    async def page(self, matching: Mapping[str, Any], request: ListAudit, *, with_remote: bool) -> Page[AuditView]:
        """Newest first, unless another order is asked for."""
        wanted = {"$and": [dict(matching), conditions.query(request.where, FIELDS)]}
        order = conditions.keys(request.order, FIELDS, [("_id", -1)])
        return await page_of(self._rows, wanted, order, request.paging, lambda row: _view(row, with_remote))


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


def _json(value: Any) -> str | None:
    return None if value is None else json.dumps(json.loads(canonical({"value": value}))["value"])
