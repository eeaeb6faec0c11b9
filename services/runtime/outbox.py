"""The one way facts are written: a change (documents, events, audit row, idempotency row) in one transaction."""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from pymongo import ASCENDING, IndexModel

from services.contracts.errors import Conflict
from services.runtime import trail
from services.runtime.change import AUDIT, EVENTS, ONCE, OUTBOX, AlreadyDone, Change, Duplicate, Record, Stale
from services.runtime.commits import Commits
from services.runtime.store import Refused, Store
from services.runtime.turns import Turns

__all__ = ["AUDIT", "EVENTS", "MAX_TRIES", "ONCE", "OUTBOX", "AlreadyDone", "Change", "Duplicate", "Outbox", "Stale"]

ONCE_SECONDS = 7 * 24 * 3600
"""How long the answer to a request with an idempotency key is kept."""

LULL_SECONDS = 0.05
"""So long nothing was asked: whoever works through requests one after the other is done, or takes a rest."""
MAX_TRIES = 20
DUPLICATE_KEY = 11000

PUBLISHED = "published"
FRESH_AT_MOST = 2000
"""Transactions that the relay is told of directly; what it doesn't hear of so, it finds in the database."""

INDEXES: Mapping[str, list[IndexModel]] = {
    EVENTS: [
        IndexModel([("aggregate", ASCENDING), ("aggregate_id", ASCENDING), ("version", ASCENDING)], unique=True),
        IndexModel([("sequence", ASCENDING)], sparse=True),  # of former versions
    ],
    AUDIT: [IndexModel([("time", ASCENDING)])],
    ONCE: [IndexModel([("time", ASCENDING)], expireAfterSeconds=ONCE_SECONDS)],
    PUBLISHED: [IndexModel([("last", ASCENDING)])],
    **trail.INDEXES,
}


class Outbox:
    """Commits changes to one store and tells the relay that there is something to publish."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.published = asyncio.Event()
        """Set after each commit that leaves the relay something to do; it waits for it."""
        self.fresh: deque[Record] = deque(maxlen=FRESH_AT_MOST)
        """What this process has committed since the relay last took it from here."""
        self.turns = Turns()
        """Of requests with the same idempotency key: the later ones find what the first one has committed."""
        self._asked = Commits(store, self._committed)
        self._own = Commits(store, self._committed, before=self._asked)
        self._asked_at = 0.0

    async def prepare(self) -> None:
        """Creates the collections' indexes; to be awaited once before the first commit."""
        await self.store.ensure(INDEXES)

    async def commit(self, change: Change, *, behind: bool = False) -> None:
        """Makes `change` durable on a majority, all of it or nothing.

        `behind`: work of our own that nobody waits for; it lets requests go first. Raises Duplicate, Stale,
        AlreadyDone (nothing was written), or Unavailable (the outcome may be unknown: a repeat with the same
        idempotency key is safe).
        """
        if change.empty:
            return
        signature = change.context.signature
        if signature is not None:
            signature.add_to(change)
        if not behind:
            self._asked_at = asyncio.get_running_loop().time()
        try:
            await (self._own if behind else self._asked).commit(change)
        except Refused as error:
            raise await self._translated(change, error) from error
        if signature is not None:
            signature.committed(change)

    async def retrying(self, decide: Callable[[], Awaitable[Change | None]]) -> None:
        """Loads, decides and commits; again when somebody else was faster. None means: nothing to do.

        Raises `Conflict` after `MAX_TRIES` lost races.
        """
        for attempt in range(MAX_TRIES):
            change = await decide()
            if change is None:
                return
            try:
                await self.commit(change)
            except Stale:
                await asyncio.sleep(random.random() * 0.005 * (attempt + 1))
            else:
                return
        raise Conflict("too many others are changing this at the same time", fix="Try again.", code="CHANGED_MEANWHILE")

    async def recall(self, key: str) -> bytes | None:
        """The answer given to an earlier request with this idempotency key."""
        row = await self.store[ONCE].find_one({"_id": key})
        return None if row is None else bytes(row["reply"])

    async def lull(self, most: float) -> None:
        """Waits until nothing has been asked to be committed for a moment, but at most so many seconds."""
        now = asyncio.get_running_loop().time
        ends = now() + most
        while now() < ends and (self._asked.busy or now() - self._asked_at < LULL_SECONDS):  # noqa: ASYNC110  # no event
            await asyncio.sleep(LULL_SECONDS / 2)

    async def drain(self) -> None:
        """Waits until everything handed in is committed."""
        await self._asked.drain()
        await self._own.drain()

    def _committed(self, record: Record) -> None:
        self.fresh.append(record)
        self.published.set()

    async def _translated(self, change: Change, refused: Refused) -> Exception:
        if refused.failure.get("code") != DUPLICATE_KEY:
            return refused
        collection = _collection_of(refused.failure)
        if collection == ONCE and change.once_key is not None:
            reply = await self.recall(change.once_key)
            return AlreadyDone(reply or b"")
        if collection == EVENTS:
            return Stale(EVENTS)
        return Duplicate(collection, tuple(refused.failure.get("keyPattern", {})))


def _collection_of(failure: Mapping[str, Any]) -> str:
    """The collection that a duplicate-key failure names: `E11000 ... collection: database.collection index: ...`."""
    message = str(failure.get("errmsg", ""))
    _, _, rest = message.partition("collection: ")
    namespace = rest.split(" ", 1)[0]
    return namespace.partition(".")[2]
