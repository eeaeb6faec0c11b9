"""Consuming without double effect: inbox row, effect and version watermark in one transaction, then acknowledge.

Two consumers share it. `BatchConsumer` takes ingest batches, which know no order. `EventConsumer` takes domain
events in order per aggregate: a version seen is skipped, one from the future is parked until the gap closes.
"""

from __future__ import annotations

import asyncio
import random
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, unquote

import msgspec
import nats.errors
import structlog
from nats.aio.msg import Msg
from prometheus_client import Counter, Gauge
from pymongo import ASCENDING, IndexModel
from pymongo.errors import PyMongoError

from services.contracts.base import Envelope
from services.contracts.errors import Invalid, LifecycleError, Unavailable, manner_of
from services.contracts.monitor import BatchHeader
from services.contracts.streams import Consumer
from services.runtime import cloudevents
from services.runtime.bus import Bus
from services.runtime.context import service_context, using
from services.runtime.outbox import Change, Duplicate, Outbox, Stale
from services.runtime.store import translated

log = structlog.get_logger()

INBOX = "inbox"
DEAD = "dead_letters"
PARKED = "parked"
WATERMARKS = "watermarks"
INBOX_SECONDS = 14 * 24 * 3600
"""A redelivery later than this is not recognised; JetStream redelivers within seconds."""
MAX_NAK_SECONDS = 10.0
PARKED_LOOK_SECONDS = 5.0
STALE_TRIES = 5
"""Times a group that lost a race to another replica is decided anew before it is split."""

INDEXES = {
    INBOX: [IndexModel([("time", ASCENDING)], expireAfterSeconds=INBOX_SECONDS)],
    DEAD: [IndexModel([("consumer", ASCENDING), ("time", ASCENDING)])],
    PARKED: [IndexModel([("consumer", ASCENDING), ("aggregate", ASCENDING), ("version", ASCENDING)], unique=True)],
}

_consumed = Counter("lifecycle_consumed_total", "Messages consumed by outcome", ["consumer", "outcome"])
_parked_age = Gauge("lifecycle_parked_age_seconds", "Age of the oldest event that waits for a gap", ["consumer"])


@dataclass(frozen=True, slots=True)
class Delivery:
    """An ingest batch as it arrived. `message_id` is the same for every repeat of the batch."""

    message_id: str
    header: BatchHeader
    body: bytes
    delivered: int


HEADER = "Lifecycle-Batch"


def batch_headers(header: BatchHeader) -> dict[str, str]:
    """The NATS headers of an ingest message (plain ASCII)."""
    return {HEADER: quote(msgspec.json.encode(header).decode(), safe="")}


class _Consumer(ABC):
    """What both have in common: reading groups, acknowledging, dead letters, patience."""

    def __init__(self, bus: Bus, outbox: Outbox, spec: Consumer, *, most: int, linger: float = 0.0) -> None:
        self.bus = bus
        self.outbox = outbox
        self.spec = spec
        self._most = most
        self._linger = linger
        self._stopping = False
        self._finished = asyncio.Event()

    async def prepare(self) -> None:
        await self.outbox.store.ensure(INDEXES)

    async def stop(self) -> None:
        """Finishes the group under way; `run` returns then."""
        self._stopping = True
        await self._finished.wait()

    async def run(self) -> None:
        """Runs until stopped or cancelled."""
        await self.prepare()
        pull = self.bus.pull(self.spec, batch=self._most)
        reading: asyncio.Task[list[Msg]] | None = None
        try:
            while not self._stopping:
                reading = asyncio.create_task(pull.next_group(self._most, self._linger))
                while not reading.done() and not self._stopping:
                    await asyncio.wait({reading}, timeout=0.1)
                if reading.done():
                    await self._handle_group(await reading)
        finally:
            if reading is not None and not reading.done():
                reading.cancel()
            self._finished.set()
            if not self.bus.client.is_closed:
                await pull.close()

    async def _handle_group(self, messages: Sequence[Msg], tries: int = STALE_TRIES) -> None:
        context = service_context(self.spec.name)
        with using(context):
            try:
                await self._handle(messages)
            except Stale:
                if tries > 1:  # another replica was faster: decide again on what it wrote
                    await asyncio.sleep(random.random() * 0.01)
                    await self._handle_group(messages, tries - 1)
                    return
                if len(messages) == 1:
                    await self._later(messages)
                else:
                    await self._one_by_one(messages)
            except Duplicate:
                await self._one_by_one(messages) if len(messages) > 1 else await self._later(messages)
            except Exception as error:  # noqa: BLE001  # the bus boundary: retried or dead-lettered, never dropped
                await self._failed(messages, error)

    async def _failed(self, messages: Sequence[Msg], error: Exception) -> None:
        if manner_of(error).acknowledge == "retry" or _is_driver_error(error):
            log.warning("will be tried again", consumer=self.spec.name, messages=len(messages), error=str(error))
            await self._later(messages)
        elif len(messages) > 1:
            await self._one_by_one(messages)
        else:
            await self._bury(messages[0], error)

    async def _one_by_one(self, messages: Sequence[Msg]) -> None:
        for message in messages:
            await self._handle_group([message])

    async def _later(self, messages: Sequence[Msg]) -> None:
        _consumed.labels(self.spec.name, "retried").inc(len(messages))
        for message in messages:
            tries = message.metadata.num_delivered or 1
            await _quietly(message.nak(delay=min(MAX_NAK_SECONDS, 0.1 * 2 ** min(tries, 8))))

    async def _bury(self, message: Msg, error: Exception) -> None:
        """A message that can never succeed goes to the dead letters, for an operator to retry or skip."""
        log.error("a message can't be handled; it is in the dead letters", consumer=self.spec.name, exc_info=error)
        change = Change(service_context(self.spec.name), "dead_letter")
        change.unaudited()
        change.upsert(
            DEAD,
            {"_id": f"{self.spec.name}/{_message_id(message)}"},
            {
                "$set": {
                    "consumer": self.spec.name,
                    "subject": message.subject,
                    "headers": dict(message.headers or {}),
                    "body": message.data,
                    "error": str(error),
                    "code": error.code if isinstance(error, LifecycleError) else type(error).__name__,
                    "time": datetime.now(UTC),
                }
            },
        )
        try:
            await self.outbox.commit(change)
        except Unavailable:
            await self._later([message])
            return
        _consumed.labels(self.spec.name, "dead").inc()
        await _quietly(message.ack())

    async def _unseen(self, ids: Sequence[str]) -> set[str]:
        keys = [f"{self.spec.name}/{message_id}" for message_id in ids]
        with translated():
            rows = await self.outbox.store[INBOX].find({"_id": {"$in": keys}}, {"_id": 1}).to_list(len(keys))
        seen = {row["_id"] for row in rows}
        return {message_id for message_id, key in zip(ids, keys, strict=True) if key not in seen}

    def _mark(self, change: Change, message_id: str) -> None:
        change.insert(INBOX, {"_id": f"{self.spec.name}/{message_id}", "time": datetime.now(UTC)})

    async def _acknowledge(self, messages: Sequence[Msg], applied: int) -> None:
        for message in messages:
            await _quietly(message.ack())
        _consumed.labels(self.spec.name, "applied").inc(applied)
        _consumed.labels(self.spec.name, "repeated").inc(len(messages) - applied)

    @abstractmethod
    async def _handle(self, messages: Sequence[Msg]) -> None: ...


class BatchConsumer(_Consumer):
    """Takes ingest batches in groups. `decide` adds its writes for all deliveries of a group to one change.

    `committed` is told of the deliveries whose change has become durable.
    """

    def __init__(
        self,
        bus: Bus,
        outbox: Outbox,
        spec: Consumer,
        decide: Callable[[list[Delivery], Change], Awaitable[None]],
        *,
        most: int = 64,
        linger: float = 0.0,
        committed: Callable[[list[Delivery]], None] | None = None,
    ) -> None:
        super().__init__(bus, outbox, spec, most=most, linger=linger)
        self._decide = decide
        self._committed = committed

    async def _handle(self, messages: Sequence[Msg]) -> None:
        deliveries: dict[str, Delivery] = {}
        for message in messages:
            delivery = _delivery(message)
            deliveries.setdefault(delivery.message_id, delivery)
        fresh = await self._unseen(list(deliveries))
        new = [delivery for delivery in deliveries.values() if delivery.message_id in fresh]
        if new:
            change = Change(service_context(self.spec.name, new[0].header.correlation_id), "ingest")
            change.unaudited()
            for delivery in new:
                self._mark(change, delivery.message_id)
            await self._decide(new, change)
            await self.outbox.commit(change)
            if self._committed is not None:
                self._committed(new)
        await self._acknowledge(messages, len(new))


class EventConsumer(_Consumer):
    """Takes domain events in order per aggregate. It must be subscribed to whole aggregates, or gaps never close.

    `decide` gets events that are next in their aggregate's order and adds its writes to the change; it must ignore
    types it doesn't know.
    """

    def __init__(
        self,
        bus: Bus,
        outbox: Outbox,
        spec: Consumer,
        decide: Callable[[list[Envelope], Change], Awaitable[None]],
        *,
        most: int = 128,
    ) -> None:
        super().__init__(bus, outbox, spec, most=most)
        self._decide = decide

    async def run(self) -> None:
        watching = asyncio.create_task(self._keep_watching())
        try:
            await super().run()
        finally:
            watching.cancel()

    async def _keep_watching(self) -> None:
        while True:
            try:
                await self.watch_parked()
            except (LifecycleError, PyMongoError) as error:
                log.debug("parked events can't be looked at now", consumer=self.spec.name, error=str(error))
            await asyncio.sleep(PARKED_LOOK_SECONDS)

    async def _handle(self, messages: Sequence[Msg]) -> None:
        arrived = {envelope.id: envelope for envelope in map(_envelope, messages)}
        fresh = await self._unseen(list(arrived))
        new = [envelope for envelope in arrived.values() if envelope.id in fresh]
        if new:
            change = Change(service_context(self.spec.name, new[0].correlation_id, new[0].id), "consume")
            change.unaudited()
            await self._order(new, change)
            await self.outbox.commit(change)
        await self._acknowledge(messages, len(new))

    async def _order(self, new: list[Envelope], change: Change) -> None:
        """Sorts arrivals into apply now, skip, and park; takes along what was parked and is next now."""
        by_aggregate: dict[str, list[Envelope]] = {}
        for envelope in new:
            by_aggregate.setdefault(_key(self.spec, envelope), []).append(envelope)
        store = self.outbox.store
        with translated():
            marks = await store[WATERMARKS].find({"_id": {"$in": list(by_aggregate)}}).to_list(len(by_aggregate))
            parked = await store[PARKED].find({"aggregate": {"$in": list(by_aggregate)}}).to_list(None)
        reached = {mark["_id"]: int(mark["version"]) for mark in marks}
        ready: list[Envelope] = []
        for aggregate, arrivals in by_aggregate.items():
            before = reached.get(aggregate, 0)
            waiting = {row["version"]: row for row in parked if row["aggregate"] == aggregate}
            here = {envelope.version: envelope for envelope in arrivals if envelope.version > before}
            version = before
            while (version + 1) in here or (version + 1) in waiting:
                version += 1
                arrived = here.get(version)
                if arrived is not None:
                    del here[version]
                if version in waiting:
                    row = waiting.pop(version)
                    change.delete(PARKED, {"_id": row["_id"]})
                    arrived = arrived or msgspec.json.decode(row["envelope"], type=Envelope)
                assert arrived is not None
                ready.append(arrived)
            for envelope in here.values():
                self._park(change, aggregate, envelope, already=envelope.version in waiting)
            if version > before:
                self._advance(change, aggregate, before, version)
        for envelope in new:
            self._mark(change, envelope.id)
        if ready:
            ready.sort(key=lambda envelope: (envelope.time, envelope.id))
            ready = _in_version_order(ready)
            await self._decide(ready, change)

    def _park(self, change: Change, aggregate: str, envelope: Envelope, *, already: bool) -> None:
        if already:
            return
        log.warning("an event came before its turn; parked", aggregate=aggregate, version=envelope.version)
        change.insert(
            PARKED,
            {
                "_id": f"{self.spec.name}/{envelope.id}",
                "consumer": self.spec.name,
                "aggregate": aggregate,
                "version": envelope.version,
                "envelope": msgspec.json.encode(envelope),
                "time": datetime.now(UTC),
            },
        )

    def _advance(self, change: Change, aggregate: str, before: int, version: int) -> None:
        if before == 0:
            change.insert(WATERMARKS, {"_id": aggregate, "version": version})
        else:
            change.update(WATERMARKS, {"_id": aggregate, "version": before}, {"$set": {"version": version}})

    async def watch_parked(self) -> float:
        """The age in seconds of the oldest event that waits for a gap to close (0: none); also a metric."""
        with translated():
            row: dict[str, Any] | None = await self.outbox.store[PARKED].find_one(
                {"consumer": self.spec.name}, sort=[("time", 1)]
            )
        age = 0.0 if row is None else (datetime.now(UTC) - row["time"]).total_seconds()
        _parked_age.labels(self.spec.name).set(age)
        return age


def _in_version_order(events: list[Envelope]) -> list[Envelope]:
    """Events in time order, but never a later version of an aggregate before an earlier one."""
    queues: dict[tuple[str, str, str], list[Envelope]] = {}
    for event in events:
        queues.setdefault((event.service, event.aggregate, event.aggregate_id), []).append(event)
    for queue in queues.values():
        queue.sort(key=lambda event: event.version, reverse=True)
    return [queues[(event.service, event.aggregate, event.aggregate_id)].pop() for event in events]


def _key(spec: Consumer, envelope: Envelope) -> str:
    return f"{spec.name}/{envelope.service}/{envelope.aggregate}/{envelope.aggregate_id}"


def _message_id(message: Msg) -> str:
    return (message.headers or {}).get("Nats-Msg-Id") or f"{message.metadata.stream}-{message.metadata.sequence.stream}"


def _envelope(message: Msg) -> Envelope:
    return cloudevents.from_message(message.headers, message.data)


def _delivery(message: Msg) -> Delivery:
    raw = (message.headers or {}).get(HEADER)
    if raw is None:
        raise Invalid(f"an ingest message needs the header {HEADER}", field=HEADER)
    try:
        header = msgspec.json.decode(unquote(raw), type=BatchHeader)
    except msgspec.MsgspecError as error:
        raise Invalid(f"the header {HEADER} doesn't fit: {error}", field=HEADER) from error
    return Delivery(_message_id(message), header, message.data, message.metadata.num_delivered or 1)


def _is_driver_error(error: Exception) -> bool:
    return isinstance(error, nats.errors.Error | PyMongoError | TimeoutError | OSError)


async def _quietly(acknowledgement: Awaitable[None]) -> None:
    """An acknowledgement that gets lost only means a redelivery, which the inbox recognises."""
    try:
        await acknowledgement
    except (nats.errors.Error, OSError) as error:
        log.debug("an acknowledgement was lost", error=str(error))
