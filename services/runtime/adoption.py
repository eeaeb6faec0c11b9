"""Takes over what former versions left to be done: events to be published, audit rows without a place in the chain."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from pymongo import InsertOne, UpdateMany

from services.runtime.chain import SEAL, digest_of
from services.runtime.change import AUDIT, EVENTS, OUTBOX, Record
from services.runtime.store import Step, Store, translated

MARK = "pending_1__id_1"
"""The index of the events by which former versions are recognised; it goes when nothing of theirs is left to do."""
AT_ONCE = 200


async def adopt(store: Store) -> None:
    """Harmless when it is repeated after a crash: rows that are in the outbox or in a block aren't taken again."""
    with translated():
        if MARK not in await store[EVENTS].index_information():
            return
        async for ids in _groups(store, EVENTS, {"pending": True}, {"_id": 1}):
            events = [event["_id"] for event in ids]
            record = Record(events=ids).document()
            unmarked = UpdateMany({"_id": {"$in": events}}, {"$unset": {"pending": ""}})
            await store.write(
                [Step(OUTBOX, "insert", [InsertOne(record)]), Step(EVENTS, "match", [unmarked], found=len(events))]
            )
        async for rows in _groups(store, AUDIT, {SEAL: None}, None):
            row_ids = [row["_id"] for row in rows]
            known: set[str] = set()
            for collection in (OUTBOX, "audit_blocks"):
                async for found in store[collection].find({"rows": {"$in": row_ids}}, {"rows": 1}):
                    known.update(found["rows"])
            new = [(row["_id"], digest_of(row)) for row in rows if row["_id"] not in known]
            if new:
                await store.write([Step(OUTBOX, "insert", [InsertOne(Record(rows=new).document())])])
        await store[EVENTS].drop_index(MARK)


async def _groups(
    store: Store, collection: str, wanted: dict[str, Any], shown: dict[str, Any] | None
) -> AsyncIterator[list[dict[str, Any]]]:
    last = ""
    while True:
        found = store[collection].find({**wanted, "_id": {"$gt": last}}, shown).sort("_id", 1).limit(AT_ONCE)
        rows = await found.to_list(AT_ONCE)
        if not rows:
            return
        yield rows
        last = rows[-1]["_id"]
