"""Several consumers read what is delivered once: to each it is as if it had it by itself."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import pytest
from nats.js.api import ConsumerConfig
from nats.js.errors import NotFoundError

from services.contracts import streams
from services.contracts.base import Envelope
from services.contracts.errors import Invalid, Unavailable
from services.contracts.streams import Consumer, joint
from services.runtime.bus import Bus
from services.runtime.inbox import EventConsumer
from services.runtime.outbox import Change, Outbox
from services.runtime.sharing import Shared
from services.runtime.store import Store
from tests.integration.runtime.conftest import in_background
from tests.integration.runtime.test_inbox import send_event
from tests.support.waiting import until

ONE = Consumer("test-one", streams.EVENTS, ("events.registry.counter.>",), ack_wait_seconds=2.0)
OTHER = Consumer("test-other", streams.EVENTS, ("events.registry.>",), ack_wait_seconds=2.0)
NONE = Consumer("test-none", streams.EVENTS, ("events.monitor.alert.>",), ack_wait_seconds=2.0)
SHARERS = (ONE, OTHER, NONE)
BOTH = joint("test-shared", SHARERS)


class Taker:
    """Counts what it takes; refuses whatever it is told to, with that error."""

    def __init__(self, bus: Bus, outbox: Outbox, spec: Consumer, shared: Shared) -> None:
        self.refused: dict[int, Exception] = {}
        self.looks = 0
        self._name = spec.name
        self.run = EventConsumer(bus, outbox, spec, self._take, linger=0.0, shared=shared).run

    async def _take(self, events: list[Envelope], change: Change) -> None:
        self.looks += 1
        for event in events:
            if event.version in self.refused:
                raise self.refused[event.version]
            change.upsert("taken", {"_id": f"{self._name}/{event.version}"}, {"$inc": {"times": 1}})


async def taken(store: Store, spec: Consumer) -> list[tuple[int, int]]:
    """Each version that was taken, and how often."""
    rows = await store["taken"].find({"_id": {"$regex": f"^{spec.name}/"}}).sort("_id", 1).to_list(None)
    return [(int(row["_id"].rpartition("/")[2]), row["times"]) for row in rows]


async def _open(bus: Bus) -> int:
    info = await bus.jetstream.consumer_info(streams.EVENTS.name, BOTH.name)
    return (info.num_pending or 0) + (info.num_ack_pending or 0)


def test_a_joint_consumer_asks_for_nothing_twice() -> None:
    assert BOTH.subjects == ("events.monitor.alert.>", "events.registry.>")


async def test_each_takes_each_event_once_and_one_that_fails_holds_up_no_other(
    bus: Bus, outbox: Outbox, store: Store
) -> None:
    shared = Shared(bus, BOTH, SHARERS)
    one, other = (Taker(bus, outbox, spec, shared) for spec in (ONE, OTHER))
    await bus.jetstream.add_consumer(streams.EVENTS.name, ConsumerConfig(durable_name=ONE.name))  # of a former version

    async def both(first: int, second: int) -> bool:
        return len(await taken(store, ONE)) == first and len(await taken(store, OTHER)) == second

    async with AsyncExitStack() as running:
        for work in (one.run, other.run, shared.run):
            await running.enter_async_context(in_background(work))
        await send_event(bus, 1)
        await until(lambda: both(1, 1))
        one.refused = {2: Unavailable("not yet")}
        other.refused = {3: Invalid("never")}
        for version in (2, 3, 4):
            await send_event(bus, version)
        await until(lambda: both(1, 2))  # the fourth waits until an operator says what is to become of the third
        await until(lambda: store["dead_letters"].count_documents({"consumer": OTHER.name}))
        assert await _open(bus) > 0  # the one that comes again
        one.refused = {}
        await until(lambda: both(4, 2))
        await until(lambda: _none_open(bus))

    assert await taken(store, ONE) == [(version, 1) for version in (1, 2, 3, 4)]
    assert await taken(store, OTHER) == [(1, 1), (2, 1)]
    with pytest.raises(NotFoundError):
        await bus.jetstream.consumer_info(streams.EVENTS.name, ONE.name)


async def _none_open(bus: Bus) -> bool:
    return await _open(bus) == 0


async def test_what_one_had_not_taken_when_the_process_ended_comes_again(
    bus: Bus, outbox: Outbox, store: Store
) -> None:
    shared = Shared(bus, BOTH, SHARERS)
    one = Taker(bus, outbox, ONE, shared)

    async def reached(spec: Consumer, count: int) -> bool:
        return len(await taken(store, spec)) == count

    async with in_background(one.run), in_background(shared.run):
        for version in (1, 2):
            await send_event(bus, version)
        await until(lambda: reached(ONE, 2))
        await asyncio.sleep(0)
        assert await _open(bus) == 2
    again = Shared(bus, BOTH, SHARERS)
    one, other = (Taker(bus, outbox, spec, again) for spec in (ONE, OTHER))
    async with in_background(one.run), in_background(other.run), in_background(again.run):
        await until(lambda: reached(OTHER, 2))
        await until(lambda: _none_open(bus))
    assert await taken(store, ONE) == [(1, 1), (2, 1)]
    assert one.looks == 0
