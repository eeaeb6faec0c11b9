"""Webhooks and what waits to be sent, in MongoDB."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from pymongo import ASCENDING, IndexModel, ReturnDocument

from services.monitor.webhooks.rules import MAX_WEBHOOKS, Webhook
from services.runtime.documents import from_document
from services.runtime.store import Store, translated

WEBHOOKS = "webhooks"
DELIVERIES = "webhook_deliveries"
STANDINGS = "webhook_standings"
INDEXES: Mapping[str, list[IndexModel]] = {
    DELIVERIES: [IndexModel([("due", ASCENDING)]), IndexModel([("webhook", ASCENDING), ("due", ASCENDING)])]
}


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message to one webhook. `attempts` counts this one."""

    id: str
    webhook: str
    type: str
    body: bytes
    made: datetime
    attempts: int


def waiting(event_id: str, webhook: Webhook, type_: str, body: bytes, now: datetime) -> dict[str, Any]:
    """The document of a new delivery; its id is stable for the event and the webhook."""
    return {
        "_id": f"{event_id}-{webhook.id}",
        "webhook": webhook.id,
        "type": type_,
        "body": body,
        "made": now,
        "due": now,
        "attempts": 0,
    }


class MongoWebhooks:
    """Webhooks are written through a `Change`; a delivery's progress is bookkeeping of the one who sends."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def all(self) -> list[Webhook]:
        with translated():
            rows = await self._store[WEBHOOKS].find().sort("_id", 1).limit(MAX_WEBHOOKS).to_list(MAX_WEBHOOKS)
        return [from_document(row, Webhook) for row in rows]

    async def get(self, webhook_id: str) -> Webhook | None:
        with translated():
            row = await self._store[WEBHOOKS].find_one({"_id": webhook_id})
        return None if row is None else from_document(row, Webhook)

    async def waiting(self, webhook_id: str) -> int:
        with translated():
            return int(await self._store[DELIVERIES].count_documents({"webhook": webhook_id}))

    async def standing(self, webhook_id: str) -> tuple[str | None, datetime | None]:
        """The newest attempt's problem (None: it was accepted) and when one was accepted last."""
        with translated():
            row = await self._store[STANDINGS].find_one({"_id": webhook_id})
        return (None, None) if row is None else (row.get("problem"), row.get("delivered_at"))

    async def take(self, lease: timedelta) -> Delivery | None:
        """The delivery that is due longest; nobody else takes it within `lease`."""
        now = datetime.now(UTC)
        with translated():
            row = await self._store[DELIVERIES].find_one_and_update(
                {"due": {"$lte": now}},
                {"$set": {"due": now + lease}, "$inc": {"attempts": 1}},
                sort=[("due", 1)],
                return_document=ReturnDocument.AFTER,
            )
        if row is None:
            return None
        return Delivery(row["_id"], row["webhook"], row["type"], bytes(row["body"]), row["made"], int(row["attempts"]))

    async def delivered(self, delivery: Delivery) -> None:
        now = datetime.now(UTC)
        with translated():
            await self._store[DELIVERIES].delete_one({"_id": delivery.id})
            await self._store[STANDINGS].update_one(
                {"_id": delivery.webhook}, {"$set": {"delivered_at": now, "problem": None}}, upsert=True
            )

    async def failed(self, delivery: Delivery, problem: str, again_in: timedelta | None) -> None:
        """`again_in` None: it is given up."""
        with translated():
            if again_in is None:
                await self._store[DELIVERIES].delete_one({"_id": delivery.id})
            else:
                await self._store[DELIVERIES].update_one(
                    {"_id": delivery.id}, {"$set": {"due": datetime.now(UTC) + again_in}}
                )
            await self._store[STANDINGS].update_one(
                {"_id": delivery.webhook}, {"$set": {"problem": problem}}, upsert=True
            )

    async def drop(self, delivery: Delivery) -> None:
        """Its webhook is no more."""
        with translated():
            await self._store[DELIVERIES].delete_one({"_id": delivery.id})
