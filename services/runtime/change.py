"""What is to become true at once, as plain data: documents, events, an audit row, an idempotency row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import msgspec
from pymongo import DeleteMany, DeleteOne, InsertOne, ReplaceOne, UpdateOne

from services.contracts.base import MAX_EVENT_BYTES, Event
from services.contracts.errors import Conflict, LifecycleError, TooLarge
from services.runtime.context import Context
from services.runtime.ids import new_id
from services.runtime.store import Expectation, Operation

EVENTS = "events"
AUDIT = "audit"
OUTBOX = "outbox"
ONCE = "idempotency"


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
class Record:
    """What one transaction leaves to be done: events to be published, audit rows (ids and hashes) to be sealed."""

    id: str = field(default_factory=new_id)
    events: list[dict[str, Any]] = field(default_factory=list)
    rows: list[tuple[str, str]] = field(default_factory=list)

    def document(self) -> dict[str, Any]:
        document: dict[str, Any] = {"_id": self.id, "events": [event["_id"] for event in self.events]}
        if self.rows:
            document |= {"rows": [row for row, _ in self.rows], "hashes": [digest for _, digest in self.rows]}
        return document


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

    @property
    def size(self) -> int:
        """How many writes it is."""
        return len(self.events) + sum(len(operations) for operations in self.writes.values())

    def audit_row(self) -> dict[str, Any]:
        who = self.context.principal
        return {
            "_id": new_id(),
            "time": datetime.now(UTC),
            "action": self.action,
            "user": who.user,
            "role": who.role.value,
            "via": who.via,
            "token_id": who.token_id,
            "remote": self.context.remote,
            "correlation_id": self.context.correlation_id,
            "events": [event["_id"] for event in self.events],
            **(self.audited or {}),
        }
