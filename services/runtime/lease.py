"""One among replicas: a lease in the database, by the database's clock."""

from __future__ import annotations

import contextlib
import time
from datetime import UTC, datetime, timedelta
from typing import Any

from pymongo.errors import DuplicateKeyError, PyMongoError

from services.contracts.errors import LifecycleError
from services.runtime.ids import new_id
from services.runtime.store import Collection, Store, translated

LEASES = "leases"


class Lease:
    """Whoever holds it does what only one should do; it passes on `seconds` after its holder is gone."""

    def __init__(self, store: Store, name: str, seconds: float) -> None:
        self._store = store
        self._name = name
        self._seconds = seconds
        self._holder = new_id()
        self._renewed = -seconds

    async def held(self) -> bool:
        """Takes or renews it; not anew while most of it is left. Raises `Unavailable`."""
        began = time.monotonic()
        if began - self._renewed < self._seconds / 4:
            return True
        held = await taken(self._store[LEASES], self._name, self._holder, self._seconds)
        self._renewed = began if held else -self._seconds
        return held

    async def release(self) -> None:
        """Lets somebody else have it at once; a database out of reach is no reason to fail."""
        with contextlib.suppress(PyMongoError, LifecycleError), translated():
            await self._store[LEASES].delete_one({"_id": self._name, "holder": self._holder})


async def taken(leases: Collection[dict[str, Any]], name: str | int, holder: str, seconds: float) -> bool:
    """Whether `holder` has the lease `name` from now on for so many seconds. Raises `Unavailable`."""
    mine = {"_id": name, "$or": [{"holder": holder}, {"$expr": {"$lt": ["$until", "$$NOW"]}}]}
    renewal = [{"$set": {"holder": holder, "until": {"$add": ["$$NOW", int(seconds * 1000)]}}}]
    with translated():
        if (await leases.update_one(mine, renewal)).matched_count == 1:
            return True
        if await leases.find_one({"_id": name}) is not None:
            return False
        until = datetime.now(UTC) + timedelta(seconds=seconds)
        try:
            await leases.insert_one({"_id": name, "holder": holder, "until": until})
        except DuplicateKeyError:
            return False
    return True
