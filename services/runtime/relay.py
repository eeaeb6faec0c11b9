"""Publishes the event log to JetStream, in order, and again whatever the stream has lost."""

from __future__ import annotations

import asyncio
import contextlib
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import nats.errors
import nats.js.errors
import structlog
from prometheus_client import Counter, Gauge
from pymongo import UpdateOne
from pymongo.errors import DuplicateKeyError, PyMongoError

from services.contracts.errors import LifecycleError, Unavailable
from services.contracts.streams import EVENTS as STREAM
from services.runtime import cloudevents
from services.runtime.bus import Bus
from services.runtime.ids import new_id
from services.runtime.outbox import EVENTS, Outbox
from services.runtime.store import translated

log = structlog.get_logger()

BATCH = 256
PAUSE_SECONDS = 0.05
"""Between two batches, so that one batch holds what many requests said."""
TOLD_SECONDS = 5.0
"""So long the note that an event was published may take to be on a majority; then it is published again."""
POLL_SECONDS = 0.5
"""The log is looked through this often even if nobody signals: another replica may have written."""
PUBLISH_SECONDS = 10.0
LEASE = "relay"
LEASE_SECONDS = 2.0
LOOK_BACK_BATCH = 200

_relayed = Counter("lifecycle_events_relayed_total", "Events acknowledged by JetStream", ["database"])
_republished = Counter("lifecycle_events_republished_total", "Events the stream had lost", ["database"])
_pending = Gauge("lifecycle_events_pending", "Events committed, not yet published (at most one batch)", ["database"])


class Relay:
    """One per process; among replicas, the one that holds the lease publishes."""

    def __init__(self, outbox: Outbox, bus: Bus) -> None:
        self._outbox = outbox
        self._store = outbox.store
        self._bus = bus
        self._holder = new_id()
        self._renewed = -LEASE_SECONDS
        self._told: dict[str, float] = {}  # events published lately, and when

    async def run(self) -> None:
        """Runs until cancelled; waits out whatever is unavailable."""
        self._bus.reconnected.set()
        try:
            while True:
                try:
                    await self._work()
                except (LifecycleError, PyMongoError, nats.errors.Error, TimeoutError, OSError) as error:
                    log.warning("the relay waits", error=str(error))
                    await asyncio.sleep(0.2)
        finally:
            with contextlib.suppress(PyMongoError, LifecycleError):
                await self._store["leases"].delete_one({"_id": LEASE, "holder": self._holder})

    async def flush(self) -> None:
        """Publishes what is pending now; for an orderly stop."""
        while await self._lead() and await self._publish_batch():
            continue

    async def _work(self) -> None:
        while True:
            self._outbox.published.clear()
            if not await self._lead():
                await asyncio.sleep(LEASE_SECONDS / 4)
                continue
            if self._bus.reconnected.is_set():
                self._bus.reconnected.clear()
                try:
                    await self.republish_lost()
                except BaseException:
                    self._bus.reconnected.set()
                    raise
            published = await self._publish_batch()
            if published:
                await asyncio.sleep(PAUSE_SECONDS)
            if published < BATCH:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(POLL_SECONDS):
                        await self._outbox.published.wait()

    async def _lead(self) -> bool:
        """Takes or renews the lease, by the database's clock; not anew while most of it is left."""
        began = time.monotonic()
        if began - self._renewed < LEASE_SECONDS / 4:
            return True
        self._renewed = began if await self._leased() else -LEASE_SECONDS
        return self._renewed == began

    async def _leased(self) -> bool:
        milliseconds = int(timedelta(seconds=LEASE_SECONDS).total_seconds() * 1000)
        mine = {"_id": LEASE, "$or": [{"holder": self._holder}, {"$expr": {"$lt": ["$until", "$$NOW"]}}]}
        renewal = [{"$set": {"holder": self._holder, "until": {"$add": ["$$NOW", milliseconds]}}}]
        leases = self._store["leases"]
        with translated():
            if (await leases.update_one(mine, renewal)).matched_count == 1:
                return True
            if await leases.find_one({"_id": LEASE}) is not None:
                return False
            try:
                await leases.insert_one({"_id": LEASE, "holder": self._holder, "until": datetime.now(UTC)})
            except DuplicateKeyError:
                return False
        return True

    async def _publish_batch(self) -> int:
        """How many events: of those that a majority has, which are those that can't be undone."""
        events = self._store.relayed(EVENTS)
        most = BATCH + len(self._told)
        with translated():
            found: list[dict[str, Any]] = await events.find({"pending": True}).sort("_id", 1).limit(most).to_list(most)
        known, long_ago = {row["_id"] for row in found}, time.monotonic() - TOLD_SECONDS
        self._told = {key: told for key, told in self._told.items() if key in known and told > long_ago}
        rows = [row for row in found if row["_id"] not in self._told][:BATCH]
        _pending.labels(self._store.name).set(len(rows))
        if not rows:
            return 0
        futures = []
        for row in rows:
            envelope = cloudevents.from_row(row)
            headers = {**cloudevents.to_headers(envelope), "Nats-Msg-Id": envelope.id}
            futures.append(await self._bus.jetstream.publish_async(envelope.subject(), envelope.data, headers=headers))
        async with asyncio.timeout(PUBLISH_SECONDS):
            outcomes = await asyncio.gather(*futures, return_exceptions=True)
        done = [
            UpdateOne({"_id": row["_id"]}, {"$set": {"sequence": int(outcome.seq)}, "$unset": {"pending": ""}})
            for row, outcome in zip(rows, outcomes, strict=True)
            if not isinstance(outcome, BaseException)
        ]
        if done:
            with translated():
                await events.bulk_write(done, ordered=False)
            now = time.monotonic()
            self._told |= {row["_id"]: now for row, sent in zip(rows, outcomes, strict=True) if hasattr(sent, "seq")}
            _relayed.labels(self._store.name).inc(len(done))
        failures = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
        if failures:
            if isinstance(failures[0], nats.js.errors.NoStreamResponseError | nats.errors.NoRespondersError):
                await self._bus.ensure_stream(STREAM)
            raise Unavailable(f"{len(failures)} of {len(rows)} events weren't taken: {failures[0]!r}")
        return len(rows)

    async def republish_lost(self) -> int:
        """Marks as pending whatever is recorded as published but isn't in the stream under its sequence.

        A stream that lost its tail gives the lost sequences out again, also to other services: so each event,
        newest first, is held against what the stream has at its sequence, until one is found in place.
        Returns how many had been lost.
        """
        await self._bus.ensure_stream(STREAM)
        self._told.clear()
        state = (await self._bus.jetstream.stream_info(STREAM.name)).state
        lost: list[str] = []
        with translated():
            async for row in self._store[EVENTS].find({"sequence": {"$exists": True}}).sort("sequence", -1):
                if await self._in_place(row["_id"], row["sequence"], state.first_seq, state.last_seq):
                    break
                lost.append(row["_id"])
            for start in range(0, len(lost), LOOK_BACK_BATCH):
                await self._store[EVENTS].update_many(
                    {"_id": {"$in": lost[start : start + LOOK_BACK_BATCH]}},
                    {"$set": {"pending": True}, "$unset": {"sequence": ""}},
                )
        if lost:
            log.warning("the stream had lost events; publishing them again", count=len(lost))
            _republished.labels(self._store.name).inc(len(lost))
        return len(lost)

    async def _in_place(self, event_id: str, sequence: int, first: int, last: int) -> bool:
        if sequence > last:
            return False
        if sequence < first:
            return True  # aged out of the stream by its limits, not lost
        try:
            message = await self._bus.jetstream.get_msg(STREAM.name, seq=sequence)
        except nats.js.errors.NotFoundError:
            return False
        return (message.headers or {}).get("Nats-Msg-Id") == event_id
