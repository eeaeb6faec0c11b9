"""Which share of every window's counts this process writes: a small number, leased, so that few shares ever exist."""

from __future__ import annotations

import asyncio
import contextlib

import structlog
from pymongo.errors import PyMongoError

from services.contracts.errors import LifecycleError, Unavailable
from services.runtime.ids import new_id
from services.runtime.lease import taken
from services.runtime.store import Store, translated

log = structlog.get_logger()

SLOTS = "slots"
MOST = 256
LEASE_SECONDS = 15.0
RENEW_SECONDS = 4.0


class Slot:
    """A lease on the lowest free number. It only keeps writers apart for speed: should two processes ever use one
    number, compare-and-set on every document keeps their counts right (docs/adr/0010)."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.holder = new_id()
        self.number = -1

    async def claim(self) -> int:
        """Takes the lowest free number. Raises Unavailable if there is none."""
        for number in range(MOST):
            if await self._take(number):
                self.number = number
                return number
        raise Unavailable(f"all {MOST} slots are taken", code="NO_SLOT")

    async def run(self) -> None:
        """Renews the lease until cancelled; takes another number if it was lost."""
        while True:
            await asyncio.sleep(RENEW_SECONDS)
            try:
                if not await self._take(self.number):
                    lost = self.number
                    log.warning("the slot was taken by somebody else", lost=lost, now=await self.claim())
            except (LifecycleError, PyMongoError) as error:
                log.warning("can't renew the slot at the moment", error=str(error))

    async def release(self) -> None:
        with contextlib.suppress(LifecycleError, PyMongoError), translated():
            await self._store[SLOTS].delete_one({"_id": self.number, "holder": self.holder})

    async def _take(self, number: int) -> bool:
        return await taken(self._store[SLOTS], number, self.holder, LEASE_SECONDS)
