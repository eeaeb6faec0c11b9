"""Gives a repeated creation the answer that the first one should have got.

MLflow's client sends a request again, byte for byte, when the connection broke or the server failed; it has no
idempotency keys. Each creation therefore commits, in its own transaction, what it is about to answer; the record goes
away once the answer has been handed to the connection. Who then finds a record for the same bytes from the same
principal is the retry of a request whose answer was lost: its process died, its connection was gone, or its commit's
outcome was unknown. The limits are in docs/adr/0012-retried-creations.md.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections import OrderedDict
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import structlog
from pymongo import ASCENDING, IndexModel
from pymongo.errors import PyMongoError

from services.contracts.identity import Principal
from services.runtime.ids import new_id
from services.runtime.outbox import Change
from services.runtime.store import Store, translated

log = structlog.get_logger()

CREATIONS = "unanswered_creations"
KEPT_SECONDS = 600
INDEXES: Mapping[str, list[IndexModel]] = {
    CREATIONS: [IndexModel([("time", ASCENDING)], expireAfterSeconds=KEPT_SECONDS)]
}
LOST_AT_MOST = 10_000
FORGET_SECONDS = 0.2
"""Answered creations are forgotten together, this often."""


def digest_of(principal: Principal, path: str, body: bytes) -> str:
    """The same for requests that are the same in every byte, from the same principal."""
    hashed = hashlib.sha256()
    for part in (principal.user.encode(), (principal.token_id or "").encode(), path.encode(), body):
        hashed.update(len(part).to_bytes(8, "big"))
        hashed.update(part)
    return hashed.hexdigest()


class Retries:
    def __init__(self, store: Store) -> None:
        self._collection = store[CREATIONS]
        self._boot = new_id()
        self._lost: OrderedDict[str, None] = OrderedDict()
        self._open: dict[str, int] = {}
        """Digests of what this process is about to answer, or has answered and not forgotten, and how many times."""
        self._answered: list[str] = []
        self._wake = asyncio.Event()

    def known(self, digest: str) -> bool:
        """Whether this process has had the same bytes just now, and no doubt that it answers them: this is a second
        wish. Clients that begin runs within the same millisecond send the same bytes."""
        return digest in self._open and digest not in self._lost

    async def answer_to(self, digest: str) -> bytes | None:
        """What an earlier request with this digest should have been answered, if its answer was lost.

        The record is this process's own from then on: asked once more, the same bytes are a new wish.
        """
        with translated():
            row = await self._collection.find_one({"_id": digest})
        if row is None or (row["boot"] == self._boot and digest not in self._lost):
            return None
        if (datetime.now(UTC) - row["time"]).total_seconds() > KEPT_SECONDS:
            return None
        with translated():
            await self._collection.update_one({"_id": digest}, {"$set": {"boot": self._boot}})
        self._lost.pop(digest, None)
        return bytes(row["answer"])

    def begun(self, digest: str) -> None:
        """Somebody asks for a creation; to be followed by `answered`, or by `ended` if nothing was created."""
        self._open[digest] = self._open.get(digest, 0) + 1

    def ended(self, digest: str) -> None:
        left = self._open.pop(digest, 1) - 1
        if left:
            self._open[digest] = left

    def record(self, change: Change, digest: str, answer: bytes, *, first: bool = False) -> None:
        """Adds to the change that creates something what is going to be answered.

        `first`: nothing has been recorded for the digest, else the commit fails with Duplicate.
        """
        document: dict[str, Any] = {"boot": self._boot, "answer": answer, "time": datetime.now(UTC)}
        if first:
            change.insert(CREATIONS, {"_id": digest, **document})
        else:
            change.upsert(CREATIONS, {"_id": digest}, {"$set": document})

    def answered(self, digest: str) -> None:
        """The answer went out: the same bytes again are a new wish."""
        self._lost.pop(digest, None)
        self._answered.append(digest)
        self._wake.set()

    def lost(self, digest: str) -> None:
        """The answer couldn't be given, or the commit's outcome is unknown."""
        self._lost[digest] = None
        while len(self._lost) > LOST_AT_MOST:
            self._lost.popitem(last=False)

    async def run(self) -> None:
        """Forgets answered creations, for ever. One that stays by accident ages out."""
        while True:
            await self._wake.wait()
            await asyncio.sleep(FORGET_SECONDS)
            self._wake.clear()
            answered, self._answered = self._answered, []
            with contextlib.suppress(PyMongoError):
                await self._collection.delete_many({"_id": {"$in": answered}, "boot": self._boot})
            for digest in answered:
                self.ended(digest)
