"""The one way facts are written: a change (documents, events, audit row, idempotency row) in one transaction.

A `Change` is plain data. Changes that arrive while a transaction is under way are committed together in the next
one (group commit): one durable commit pays for many. If a group fails on one of its changes, each is tried alone.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

import msgspec
import structlog
from prometheus_client import Counter, Histogram
from pymongo import ASCENDING, DeleteMany, DeleteOne, IndexModel, InsertOne, ReplaceOne, UpdateOne
from pymongo.errors import BulkWriteError

from services.contracts.base import MAX_EVENT_BYTES, Event
from services.contracts.errors import Conflict, LifecycleError, TooLarge
from services.runtime.context import Context
from services.runtime.ids import new_id
from services.runtime.store import Session, Store
from services.runtime.telemetry import SECONDS_BUCKETS

log = structlog.get_logger()

EVENTS = "events"
AUDIT = "audit"
ONCE = "idempotency"
ONCE_SECONDS = 7 * 24 * 3600
"""How long the answer to a request with an idempotency key is kept."""

MAX_GROUP = 64
MAX_TRIES = 20
DUPLICATE_KEY = 11000

INDEXES: Mapping[str, list[IndexModel]] = {
    EVENTS: [
        IndexModel([("aggregate", ASCENDING), ("aggregate_id", ASCENDING), ("version", ASCENDING)], unique=True),
        IndexModel([("pending", ASCENDING), ("_id", ASCENDING)], sparse=True),
        IndexModel([("sequence", ASCENDING)], sparse=True),
    ],
    AUDIT: [IndexModel([("time", ASCENDING)])],
    ONCE: [IndexModel([("time", ASCENDING)], expireAfterSeconds=ONCE_SECONDS)],
}

_commit_seconds = Histogram(
    "lifecycle_commit_seconds", "Time of one durable MongoDB transaction", ["database"], buckets=SECONDS_BUCKETS
)
_changes = Counter("lifecycle_changes_total", "Changes by outcome", ["database", "outcome"])

Operation = InsertOne[dict[str, Any]] | UpdateOne | ReplaceOne[dict[str, Any]] | DeleteOne | DeleteMany
Expectation = Literal["insert", "match", "delete", "any"]


class Duplicate(LifecycleError):
    """A document with that unique key exists in `collection`; `key` names the fields of the key."""

    kind = Conflict.kind
    default_code = "ALREADY_EXISTS"

    def __init__(self, collection: str, key: tuple[str, ...]) -> None:
        super().__init__(f"there is already one in {collection} with the same {', '.join(key)}")
        self.collection = collection
        self.key = key


class Stale(LifecycleError):
    """Somebody else changed what was to be changed; load it again and decide again."""

    kind = Conflict.kind
    default_code = "CHANGED_MEANWHILE"

    def __init__(self, collection: str) -> None:
        super().__init__(f"what was to be changed in {collection} has changed meanwhile", fix="Load it and try again.")
        self.collection = collection


class AlreadyDone(LifecycleError):
    """The idempotency key was used before: `answer` is what was said then."""

    kind = Conflict.kind
    default_code = "ALREADY_DONE"

    def __init__(self, reply: bytes) -> None:
        super().__init__("this request was carried out before")
        self.answer = reply


@dataclass(slots=True)
class Change:
    """What is to become true at once. Build it, then `commit` it; `events` are numbered by their aggregate."""

    context: Context
    action: str
    writes: dict[tuple[str, Expectation], list[Operation]] = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)
    once_key: str | None = None
    audited: dict[str, Any] | None = None
    silent: bool = False

    def _add(self, collection: str, expectation: Expectation, operation: Operation) -> None:
        self.writes.setdefault((collection, expectation), []).append(operation)

    def insert(self, collection: str, document: dict[str, Any]) -> None:
        """Fails the commit with `Duplicate` if a unique key is taken."""
        self._add(collection, "insert", InsertOne(document))

    def update(self, collection: str, filter_: Mapping[str, Any], update: Mapping[str, Any] | list[Any]) -> None:
        """Fails the commit with `Stale` unless a document matches: put the version you saw into `filter_`."""
        self._add(collection, "match", UpdateOne(filter_, update))

    def replace(self, collection: str, filter_: Mapping[str, Any], document: dict[str, Any]) -> None:
        """Fails the commit with `Stale` unless a document matches."""
        self._add(collection, "match", ReplaceOne(filter_, document))

    def upsert(self, collection: str, filter_: Mapping[str, Any], update: Mapping[str, Any] | list[Any]) -> None:
        self._add(collection, "any", UpdateOne(filter_, update, upsert=True))

    def delete(self, collection: str, filter_: Mapping[str, Any]) -> None:
        """Fails the commit with `Stale` unless a document matches."""
        self._add(collection, "delete", DeleteOne(filter_))

    def delete_many(self, collection: str, filter_: Mapping[str, Any]) -> None:
        self._add(collection, "any", DeleteMany(filter_))

    def emit(self, event: Event, version: int) -> str:
        """Adds `event` as number `version` (from 1, without gaps) of its aggregate; returns the event's id.

        Raises `TooLarge` if its JSON exceeds `MAX_EVENT_BYTES`.
        """
        data = msgspec.json.encode(event)
        if len(data) > MAX_EVENT_BYTES:
            raise TooLarge(
                f"the event {event.type()} would be {len(data)} bytes; the most is {MAX_EVENT_BYTES}",
                fix="Send less at once.",
            )
        event_id = new_id()
        self.events.append(
            {
                "_id": event_id,
                "pending": True,
                "type": event.type(),
                "service": event.service,
                "aggregate": event.aggregate,
                "aggregate_id": event.aggregate_id(),
                "version": version,
                "time": datetime.now(UTC),
                "actor": self.context.principal.user,
                "correlation_id": self.context.correlation_id,
                "cause": self.context.cause,
                "data": data.decode(),
            }
        )
        return event_id

    def audit(self, *, before: Any = None, after: Any = None) -> None:
        """Adds what was and what is to the audit row that every change gets."""
        self.audited = {"before": before, "after": after}

    def once(self, key: str, reply: bytes) -> None:
        """Makes a second commit with `key` fail with `AlreadyDone(reply)`."""
        self.once_key = key
        self.insert(ONCE, {"_id": key, "reply": reply, "time": datetime.now(UTC)})

    def unaudited(self) -> None:
        """For work of our own that no person asked for (merging counts): no audit row."""
        self.silent = True

    @property
    def empty(self) -> bool:
        return not self.writes and not self.events


@dataclass(slots=True)
class _Waiting:
    change: Change
    done: asyncio.Future[None]


def _audit_row(change: Change) -> dict[str, Any]:
    who = change.context.principal
    return {
        "_id": new_id(),
        "time": datetime.now(UTC),
        "action": change.action,
        "user": who.user,
        "role": who.role.value,
        "via": who.via,
        "token_id": who.token_id,
        "remote": change.context.remote,
        "correlation_id": change.context.correlation_id,
        "events": [event["_id"] for event in change.events],
        **(change.audited or {}),
    }


class Outbox:
    """Commits changes to one store and tells the relay that there is something to publish."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.published = asyncio.Event()
        """Set after each commit that holds events; the relay waits for it."""
        self._queue: list[_Waiting] = []
        self._running: asyncio.Task[None] | None = None

    async def prepare(self) -> None:
        """Creates the collections' indexes; to be awaited once before the first commit."""
        await self.store.ensure(INDEXES)

    async def commit(self, change: Change) -> None:
        """Makes `change` durable on a majority, all of it or nothing.

        Raises Duplicate, Stale, AlreadyDone (nothing was written), or Unavailable (the outcome may be unknown: a
        repeat with the same idempotency key is safe).
        """
        if change.empty:
            return
        waiting = _Waiting(change, asyncio.get_running_loop().create_future())
        self._queue.append(waiting)
        if self._running is None:
            self._running = asyncio.create_task(self._work_off(), name=f"commit:{self.store.name}")
        await asyncio.shield(waiting.done)

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

    async def drain(self) -> None:
        """Waits until everything handed in is committed."""
        while self._running is not None:
            await asyncio.shield(self._running)

    async def _work_off(self) -> None:
        try:
            while self._queue:
                group, self._queue = self._queue[:MAX_GROUP], self._queue[MAX_GROUP:]
                await self._commit_group(group)
        finally:
            self._running = None
            if self._queue:  # handed in while the last await was finishing
                self._running = asyncio.create_task(self._work_off(), name=f"commit:{self.store.name}")

    async def _commit_group(self, group: list[_Waiting]) -> None:
        try:
            await self._transact([waiting.change for waiting in group])
        except Exception as error:  # noqa: BLE001  # handed to whoever waits for the commit
            if len(group) > 1 and isinstance(error, (BulkWriteError, Stale)):
                for waiting in group:
                    await self._commit_group([waiting])
                return
            for waiting in group:
                outcome = await self._translated(waiting.change, error)
                _changes.labels(self.store.name, type(outcome).__name__).inc()
                if not waiting.done.done():
                    waiting.done.set_exception(outcome)
            return
        _changes.labels(self.store.name, "committed").inc(len(group))
        for waiting in group:
            if not waiting.done.done():
                waiting.done.set_result(None)
        if any(waiting.change.events for waiting in group):
            self.published.set()

    async def _translated(self, change: Change, error: Exception) -> Exception:
        if not isinstance(error, BulkWriteError):
            return error
        for failure in (error.details or {}).get("writeErrors", []):
            if failure.get("code") == DUPLICATE_KEY:
                collection = _collection_of(failure)
                if collection == ONCE and change.once_key is not None:
                    reply = await self.recall(change.once_key)
                    return AlreadyDone(reply or b"")
                if collection == EVENTS:
                    return Stale(EVENTS)
                return Duplicate(collection, tuple(failure.get("keyPattern", {})))
        return error

    async def _transact(self, changes: list[Change]) -> None:
        merged: dict[tuple[str, Expectation], list[Operation]] = {}
        for change in changes:
            for target, operations in change.writes.items():
                merged.setdefault(target, []).extend(operations)
        events = [InsertOne(event) for change in changes for event in change.events]
        if events:
            merged[(EVENTS, "insert")] = list(events)
        audit = [InsertOne(_audit_row(change)) for change in changes if not change.silent]
        if audit:
            merged[(AUDIT, "insert")] = list(audit)

        async def work(session: Session) -> None:
            for (collection, expectation), operations in merged.items():
                result = await self.store[collection].bulk_write(operations, session=session)
                hit = {
                    "insert": result.inserted_count,
                    "match": result.matched_count,
                    "delete": result.deleted_count,
                    "any": len(operations),
                }[expectation]
                if hit != len(operations):
                    raise Stale(collection)

        with _commit_seconds.labels(self.store.name).time():
            await self.store.transact(work)


def _collection_of(failure: Mapping[str, Any]) -> str:
    """The collection that a duplicate-key failure names: `E11000 ... collection: database.collection index: ...`."""
    message = str(failure.get("errmsg", ""))
    _, _, rest = message.partition("collection: ")
    namespace = rest.split(" ", 1)[0]
    return namespace.partition(".")[2]
