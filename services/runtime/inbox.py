"""Consuming without double effect: what was seen and its effect are noted in one transaction, then acknowledged.

Two consumers share it. `BatchConsumer` takes ingest batches, which know no order: an inbox row each. `EventConsumer`
takes domain events in order per aggregate, and notes how far it has come in each: a version seen is skipped, one from
the future is parked until the gap closes.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, unquote

import msgspec
import structlog
from prometheus_client import Gauge
from pymongo import ASCENDING, IndexModel
from pymongo.errors import PyMongoError

from services.contracts.base import Envelope
from services.contracts.errors import Invalid, LifecycleError
from services.contracts.monitor import BatchHeader
from services.contracts.streams import Consumer
from services.runtime import cloudevents
from services.runtime.bus import Bus
from services.runtime.consuming import Consuming, message_id
from services.runtime.context import service_context
from services.runtime.dead_letters import Message
from services.runtime.outbox import Change, Duplicate, Outbox
from services.runtime.sharing import Share, Shared
from services.runtime.store import translated

log = structlog.get_logger()

PARKED = "parked"
WATERMARKS = "watermarks"
PARKED_LOOK_SECONDS = 5.0
LINGER_SECONDS = 0.2
"""How long the first event of a group waits for more: a transaction costs the same for one event as for many."""
PATIENCE_SECONDS = 0.8
"""How long it waits besides for a lull in the requests: they come first, and what follows from them comes in groups."""
PACED_BYTES = 4 * 1024 * 1024
"""Ingest batches of so many bytes together are taken as fast as they come, and so is a full group of them."""
LARGE_ROWS = 4_000
"""Batches of so many rows may have a pace of their own: what a group costs is little beside what they cost."""

PARKED_INDEXES = {
    PARKED: [IndexModel([("consumer", ASCENDING), ("aggregate", ASCENDING), ("version", ASCENDING)], unique=True)],
}

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


class BatchConsumer(Consuming):
    """Takes ingest batches in groups. `decide` adds its writes for all deliveries of a group to one change.

    `committed` is told of the deliveries whose change has become durable. `pace`: seconds from one small group to the
    next: a transaction costs the same for one batch as for many. The first batch after a pause is taken at once, and
    large or full groups follow each other without one.
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
        pace: float = 0.0,
        large_pace: float | None = None,
        committed: Callable[[list[Delivery]], None] | None = None,
    ) -> None:
        super().__init__(bus, outbox, spec, most=most, linger=linger)
        self._decide = decide
        self._committed = committed
        self._pace = pace
        self._large_pace = pace if large_pace is None else large_pace
        self._next_group = 0.0

    async def _lull(self, full: asyncio.Event) -> None:
        await super()._lull(full)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout_at(self._next_group):
                await full.wait()

    async def _handle(self, messages: Sequence[Message], *, skip: bool = False) -> None:
        deliveries: dict[str, Delivery] = {}
        for message in messages:
            delivery = _delivery(message)
            deliveries.setdefault(delivery.message_id, delivery)
        self._next_group = asyncio.get_running_loop().time() + self._rest(list(deliveries.values()))
        if any(delivery.delivered > 1 for delivery in deliveries.values()):
            await self._take(messages, deliveries, await self._unseen(list(deliveries)), skip=skip)
            return
        try:  # hardly ever was one of them here before: its inbox row would be refused
            await self._take(messages, deliveries, set(deliveries), skip=skip)
        except Duplicate:
            await self._take(messages, deliveries, await self._unseen(list(deliveries)), skip=skip)

    def _rest(self, group: Sequence[Delivery]) -> float:
        """Seconds until the next group."""
        if sum(len(delivery.body) for delivery in group) >= PACED_BYTES:
            return 0.0
        large = sum(delivery.header.rows for delivery in group) >= LARGE_ROWS * len(group)
        return self._large_pace if large else self._pace

    async def _take(
        self, messages: Sequence[Message], deliveries: Mapping[str, Delivery], fresh: set[str], *, skip: bool
    ) -> None:
        new = [delivery for delivery in deliveries.values() if delivery.message_id in fresh]
        if new:
            change = Change(service_context(self.spec.name, new[0].header.correlation_id), "ingest")
            change.unaudited()
            for delivery in new:
                self._mark(change, delivery.message_id)
            if not skip:
                await self._decide(new, change)
            await self.outbox.commit(change, behind=True)
            if self._committed is not None and not skip:
                self._committed(new)
        await self._acknowledge(messages, len(new))


class EventConsumer(Consuming):
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
        most: int = 256,
        linger: float = LINGER_SECONDS,
        shared: Shared | None = None,
    ) -> None:
        super().__init__(bus, outbox, spec, most=most, linger=linger, patience=PATIENCE_SECONDS, shared=shared)
        self._decide = decide

    async def prepare(self) -> None:
        await super().prepare()
        await self.outbox.store.ensure(PARKED_INDEXES)

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

    async def _handle(self, messages: Sequence[Message], *, skip: bool = False) -> None:
        arrived = list({envelope.id: envelope for envelope in map(_envelope, messages)}.values())
        change = Change(service_context(self.spec.name, arrived[0].correlation_id, arrived[0].id), "consume")
        change.unaudited()
        new = await self._order(arrived, change, {envelope.id for envelope in arrived} if skip else set())
        await self.outbox.commit(change, behind=True)
        await self._acknowledge(messages, new)

    async def _order(self, arrived: list[Envelope], change: Change, skipped: set[str]) -> int:
        """Sorts arrivals into apply now, pass over, and park; takes along what was parked and is next now.

        How many hadn't been here before: an event's place in its aggregate is what it is known by, so that the
        watermark alone tells.
        """
        by_aggregate: dict[str, list[Envelope]] = {}
        for envelope in arrived:
            by_aggregate.setdefault(_key(self.spec, envelope), []).append(envelope)
        store, keys = self.outbox.store, list(by_aggregate)
        with translated():
            marks = await store[WATERMARKS].find({"_id": {"$in": keys}}).to_list(len(keys))
            parked = await store[PARKED].find({"consumer": self.spec.name, "aggregate": {"$in": keys}}).to_list(None)
        reached = {mark["_id"]: int(mark["version"]) for mark in marks}
        ready: list[Envelope] = []
        new = 0
        for aggregate, arrivals in by_aggregate.items():
            before = reached.get(aggregate, 0)
            waiting = {row["version"]: row for row in parked if row["aggregate"] == aggregate}
            here = {envelope.version: envelope for envelope in arrivals if envelope.version > before}
            new += len(here.keys() - waiting.keys())
            version = before
            while (version + 1) in here or (version + 1) in waiting:
                version += 1
                next_one = here.pop(version, None)
                if version in waiting:
                    row = waiting.pop(version)
                    change.delete(PARKED, {"_id": row["_id"]})
                    next_one = next_one or msgspec.json.decode(row["envelope"], type=Envelope)
                assert next_one is not None
                if next_one.id not in skipped:
                    ready.append(next_one)
            for envelope in here.values():
                self._park(change, aggregate, envelope, already=envelope.version in waiting)
            if version > before:
                self._advance(change, aggregate, before, version)
        if ready:
            ready.sort(key=lambda envelope: (envelope.time, envelope.id))
            ready = _in_version_order(ready)
            heard = {f"{envelope.aggregate}/{envelope.aggregate_id}": envelope.version for envelope in ready}
            change.context = replace(change.context, heard=heard)
            await self._decide(ready, change)
        return new

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


def _envelope(message: Message) -> Envelope:
    return message.envelope() if isinstance(message, Share) else cloudevents.from_message(message.headers, message.data)


def _delivery(message: Message) -> Delivery:
    raw = (message.headers or {}).get(HEADER)
    if raw is None:
        raise Invalid(f"an ingest message needs the header {HEADER}", field=HEADER)
    try:
        header = msgspec.json.decode(unquote(raw), type=BatchHeader)
    except msgspec.MsgspecError as error:
        raise Invalid(f"the header {HEADER} doesn't fit: {error}", field=HEADER) from error
    return Delivery(message_id(message), header, message.data, message.metadata.num_delivered or 1)
