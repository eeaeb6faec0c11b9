"""Audit rows in MongoDB, of this version and of former ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pymongo import ASCENDING, IndexModel

from services.runtime import audit_list
from services.runtime.audit_list import FIELDS, AuditList
from services.runtime.chain import SEAL
from services.runtime.outbox import AUDIT
from services.runtime.store import Store, translated

__all__ = ["FIELDS", "INDEXES", "MongoAudit"]

INDEXES: Mapping[str, list[IndexModel]] = {
    AUDIT: [
        IndexModel([(f"{SEAL}.n", ASCENDING)], sparse=True),  # rows of former versions
        *audit_list.INDEXES[AUDIT],
    ]
}


class MongoAudit(AuditList):
    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self._former = store[AUDIT]

    async def after(self, number: int, most: int) -> list[dict[str, Any]]:
        """Rows that former versions have sealed, with the numbers after `number`, in their order."""
        with translated():
            found = self._former.find({f"{SEAL}.n": {"$gt": number}}).sort(f"{SEAL}.n", ASCENDING)
            return await found.limit(most).to_list(most)
