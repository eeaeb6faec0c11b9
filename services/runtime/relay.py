"""Publishes the event log to JetStream, in order, and again whatever the stream has lost; seals the audit rows.

Each transaction leaves one document in the outbox: which events are to be published, which audit rows to be sealed. The
relay hears of its own process's transactions directly, and finds the others in the database. What is done is settled
together, twice a second, in one transaction: outbox documents go, one block of audit rows comes.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import nats.errors
import nats.js.errors
import structlog
from prometheus_client import Counter, Gauge
from pymongo import DeleteMany, InsertOne, UpdateMany
from pymongo.errors import PyMongoError

from services.contracts.audit import AuditHead
from services.contracts.errors import LifecycleError, Unavailable
from services.contracts.streams import EVENTS as STREAM
from services.runtime import adoption, cloudevents
from services.runtime.bus import Bus
from services.runtime.chain import block_of
from services.runtime.change import Record
from services.runtime.ids import new_id
from services.runtime.lease import Lease
from services.runtime.outbox import EVENTS, OUTBOX, PUBLISHED, Outbox
from services.runtime.store import Refused, Step, Unmet, translated
from services.runtime.trail import Trail, sealing

log = structlog.get_logger()

BATCH = 256
PAUSE_SECONDS = 0.05
"""Between two batches, so that one batch holds what many requests said."""
SETTLE_SECONDS = 0.5
"""Whoever dies in between publishes what lay between again, and it is recognised."""
LATE_SECONDS = 5.0
"""Rows whose events can't be published for so long are sealed all the same."""
POLL_SECONDS = 0.5
"""The outbox is looked through this often even if nobody signals: another replica may have written."""
PUBLISH_SECONDS = 10.0
LEASE = "relay"
LEASE_SECONDS = 2.0
LOOK_BACK_BATCH = 200

_relayed = Counter("lifecycle_events_relayed_total", "Events acknowledged by JetStream", ["database"])
_republished = Counter("lifecycle_events_republished_total", "Events the stream had lost", ["database"])
_pending = Gauge("lifecycle_events_pending", "Events committed, not yet published (at most one batch)", ["database"])


@dataclass(slots=True)
class _Open:
    """A transaction that isn't settled yet; `sequences` are those of its events, once all are in the stream."""

    record: Record
    sequences: list[int] | None = None
    since: float = field(default_factory=time.monotonic)


class Relay:
    """One per process; among replicas, the one that holds the lease publishes and seals."""

    def __init__(self, outbox: Outbox, bus: Bus) -> None:
        self._outbox = outbox
        self._store = outbox.store
        self._bus = bus
        self._trail = Trail(outbox.store)
        self._lease = Lease(outbox.store, LEASE, LEASE_SECONDS)
        self._turn = asyncio.Lock()
        self._open: dict[str, _Open] = {}
        self._head: AuditHead | None = None
        self._following = False
        """Whether everything that was there when it was last looked has been taken, so that what is told suffices."""
        self._looked = self._settled = 0.0
        self._adopted = False

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
            await self._lease.release()

    async def flush(self) -> None:
        """Publishes and seals what there is now; for an orderly stop."""
        while await self._lease.held():
            async with self._turn:
                self._looked = 0.0
                more = await self._publish_batch() > 0 or len(self._open) >= BATCH
                await self._settle()
                if not more:
                    return

    async def _work(self) -> None:
        while True:
            self._outbox.published.clear()
            if not await self._lease.held():
                self._forget()
                await asyncio.sleep(LEASE_SECONDS / 4)
                continue
            async with self._turn:
                if self._bus.reconnected.is_set():
                    await self._look_back()
                published = await self._publish_batch()
                if time.monotonic() - self._settled > SETTLE_SECONDS or len(self._open) >= BATCH:
                    await self._settle()
            if published:
                await asyncio.sleep(PAUSE_SECONDS)
            if published < BATCH:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(POLL_SECONDS):
                        await self._outbox.published.wait()

    async def _look_back(self) -> None:
        self._bus.reconnected.clear()
        try:
            await self.republish_lost()
        except BaseException:
            self._bus.reconnected.set()
            raise

    def _forget(self) -> None:
        """What somebody else does, or may have done: to be looked for in the database."""
        self._open.clear()
        self._outbox.fresh.clear()
        self._following = False
        self._head = None

    # ------------------------------------------------------------ taking

    def _unpublished(self) -> list[_Open]:
        return [entry for entry in self._open.values() if entry.sequences is None]

    async def _take(self) -> None:
        """Takes what this process has told of; from the database, what it hasn't."""
        fresh = self._outbox.fresh
        if len(fresh) == fresh.maxlen:  # the oldest may have fallen out
            self._following = False
        if self._following:
            for _ in range(len(fresh)):
                if len(self._open) >= BATCH:
                    break
                self._add(fresh.popleft())
            if time.monotonic() - self._looked < POLL_SECONDS:
                return
        else:
            fresh.clear()  # committed before the look that follows, which finds it
        if len(self._open) < BATCH:
            self._following = await self._look() < BATCH
            self._looked = time.monotonic()

    def _add(self, record: Record) -> None:
        if record.id not in self._open:
            self._open[record.id] = _Open(record, sequences=None if record.events else [])

    async def _look(self) -> int:
        """How many there are that weren't known; of those that a majority has, which are those that can't be undone."""
        if not self._adopted:
            await adoption.adopt(self._store)
            self._adopted = True
        unknown = {"_id": {"$nin": list(self._open)}}
        with translated():
            outbox = self._store.relayed(OUTBOX)
            found: list[dict[str, Any]] = await outbox.find(unknown).sort("_id", 1).limit(BATCH).to_list(BATCH)
            ids = [event for row in found for event in row["events"]]
            events = {row["_id"]: row async for row in self._store.relayed(EVENTS).find({"_id": {"$in": ids}})}
        for row in found:
            rows = list(zip(row.get("rows", ()), row.get("hashes", ()), strict=True))
            self._add(Record(row["_id"], [events[event] for event in row["events"] if event in events], rows))
        return len(found)

    # ------------------------------------------------------------ publishing

    async def _publish_batch(self) -> int:
        """How many events."""
        await self._take()
        batch: list[_Open] = []
        size = 0
        for entry in self._unpublished():
            batch.append(entry)
            size += len(entry.record.events)
            if size >= BATCH:
                break
        _pending.labels(self._store.name).set(size)
        if not batch:
            return 0
        futures = []
        for row in (event for entry in batch for event in entry.record.events):
            envelope = cloudevents.from_row(row)
            headers = {**cloudevents.to_headers(envelope), "Nats-Msg-Id": envelope.id}
            futures.append(await self._bus.jetstream.publish_async(envelope.subject(), envelope.data, headers=headers))
        async with asyncio.timeout(PUBLISH_SECONDS):
            outcomes = await asyncio.gather(*futures, return_exceptions=True)
        failures = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
        _relayed.labels(self._store.name).inc(len(outcomes) - len(failures))
        following = iter(outcomes)
        for entry in batch:
            said = [next(following) for _ in entry.record.events]
            if not any(isinstance(outcome, BaseException) for outcome in said):
                entry.sequences = [int(outcome.seq) for outcome in said]  # type: ignore[union-attr]  # no failure
        if failures:
            if isinstance(failures[0], nats.js.errors.NoStreamResponseError | nats.errors.NoRespondersError):
                await self._bus.ensure_stream(STREAM)
            raise Unavailable(f"{len(failures)} of {size} events weren't taken: {failures[0]!r}")
        return size

    # ------------------------------------------------------------ settling

    async def _settle(self) -> None:
        """Takes what is published out of the outbox and puts audit rows into the chain, all in one transaction."""
        self._settled = now = time.monotonic()
        done = [entry for entry in self._open.values() if entry.sequences is not None]
        late = [
            entry
            for entry in self._open.values()
            if entry.sequences is None and entry.record.rows and now - entry.since > LATE_SECONDS
        ]
        if not done and not late:
            return
        try:
            await self._store.write(await self._steps(done, late))
        except (Unmet, Refused) as error:
            log.warning("another replica has settled this already", error=str(error))
            self._forget()
            return
        except BaseException:
            self._forget()  # it may have been committed
            raise
        for entry in done:
            del self._open[entry.record.id]
        settled = {entry.record.id for entry in done}
        told = [record for record in self._outbox.fresh if record.id not in settled]  # the look may have been faster
        self._outbox.fresh.clear()
        self._outbox.fresh.extend(told)
        for entry in late:
            entry.record.rows = []

    async def _steps(self, done: Sequence[_Open], late: Sequence[_Open]) -> list[Step]:
        steps: list[Step] = []
        rows = [row for entry in (*done, *late) for row in entry.record.rows]
        if rows:
            self._head = self._head or await self._trail.head()
            block = block_of(self._head, rows)
            steps += sealing(block)
            self._head = block.head
        if done:
            gone = DeleteMany({"_id": {"$in": [entry.record.id for entry in done]}})
            steps.append(Step(OUTBOX, "delete", [gone], found=len(done)))
        if late:
            ids = [entry.record.id for entry in late]
            sealed = UpdateMany(
                {"_id": {"$in": ids}, "rows": {"$exists": True}}, {"$unset": {"rows": "", "hashes": ""}}
            )
            steps.append(Step(OUTBOX, "match", [sealed], found=len(late)))
        places = sorted(
            (sequence, event["_id"])
            for entry in done
            for sequence, event in zip(entry.sequences or (), entry.record.events, strict=True)
        )
        if places:
            note = {
                "_id": new_id(),
                "last": places[-1][0],
                "events": [event for _, event in places],
                "sequences": [sequence for sequence, _ in places],
            }
            steps.append(Step(PUBLISHED, "insert", [InsertOne(note)]))
        return steps

    # ------------------------------------------------------------ lost tails

    async def republish_lost(self) -> int:
        """Puts into the outbox whatever is noted as published but isn't in the stream under its sequence.

        A stream that lost its tail gives the lost sequences out again, also to other services: so each event,
        newest first, is held against what the stream has at its sequence, until one is found in place.
        Returns how many had been lost.
        """
        await self._bus.ensure_stream(STREAM)
        for entry in self._open.values():
            if entry.record.events:
                entry.sequences = None
        lost = await self._lost()
        records = [Record(events=[{"_id": event} for event in part]) for part in _parts(sorted(lost))]
        if records:
            await self._store.write([Step(OUTBOX, "insert", [InsertOne(record.document()) for record in records])])
            self._following = False
            log.warning("the stream had lost events; publishing them again", count=len(lost))
            _republished.labels(self._store.name).inc(len(lost))
        return len(lost)

    async def _lost(self) -> set[str]:
        state = (await self._bus.jetstream.stream_info(STREAM.name)).state
        lost: set[str] = set()
        with translated():
            async for note in self._store[PUBLISHED].find().sort("last", -1):
                for event, sequence in zip(reversed(note["events"]), reversed(note["sequences"]), strict=True):
                    if await self._in_place(event, sequence, state.first_seq, state.last_seq):
                        return lost
                    lost.add(event)
            # As former versions noted it.
            async for row in self._store[EVENTS].find({"sequence": {"$exists": True}}).sort("sequence", -1):
                if await self._in_place(row["_id"], row["sequence"], state.first_seq, state.last_seq):
                    break
                lost.add(row["_id"])
        return lost

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


def _parts(ids: Sequence[str]) -> Iterable[Sequence[str]]:
    return (ids[start : start + LOOK_BACK_BATCH] for start in range(0, len(ids), LOOK_BACK_BATCH))
