"""Webhooks in MongoDB."""

from __future__ import annotations

from services.monitor.webhooks.rules import MAX_WEBHOOKS, Webhook
from services.runtime.documents import from_document
from services.runtime.store import Store, translated

WEBHOOKS = "webhooks"


class MongoWebhooks:
    """Reads; what is written goes through a `Change`."""

    def __init__(self, store: Store) -> None:
        self._webhooks = store[WEBHOOKS]

    async def all(self) -> list[Webhook]:
        """Oldest first."""
        with translated():
            rows = await self._webhooks.find().sort("_id", 1).limit(MAX_WEBHOOKS).to_list(MAX_WEBHOOKS)
        return [from_document(row, Webhook) for row in rows]

    async def get(self, webhook_id: str) -> Webhook | None:
        with translated():
            row = await self._webhooks.find_one({"_id": webhook_id})
        return None if row is None else from_document(row, Webhook)
