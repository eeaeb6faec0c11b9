"""Each message has its effect exactly once, in order per aggregate."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from nats.js.api import StreamInfo
from nats.js.errors import NotFoundError
from prometheus_client import REGISTRY

from services.contracts import streams
from services.contracts.base import Envelope
from services.contracts.dead_letters import DecideDeadLetter, ListDeadLetters
from services.contracts.errors import Forbidden, Invalid, NotFound, Unavailable
from services.contracts.identity import Principal, Role
from services.contracts.monitor import BatchHeader
from services.contracts.streams import Consumer
from services.runtime import cloudevents, consuming, inbox
from services.runtime.bus import Bus, stream_config
from services.runtime.context import Context, new_correlation_id
from services.runtime.dead_letters import DeadLetters
from services.runtime.ids import new_id
from services.runtime.inbox import BatchConsumer, Delivery, EventConsumer, batch_headers
from services.runtime.outbox import Change, Outbox
from services.runtime.store import Store
from tests.integration.runtime.conftest import in_background
from tests.integration.runtime.facts import Counted
from tests.support.waiting import until

COUNTERS = Consumer("test-counters", streams.EVENTS, ("events.registry.counter.>",), ack_wait_seconds=1.0)
BATCHES = Consumer("test-batches", streams.PREDICTIONS, ("ingest.predictions.>",), ack_wait_seconds=1.0)

OPERATOR = Context(Principal(user="operator", role=Role.ADMIN, via="service"), new_correlation_id())


async def send_event(bus: Bus, version: int, counter: str = "a", event_id: str | None = None) -> str:
    event = Counted(counter=counter, value=version)
    envelope = Envelope(
        id=event_id or new_id(), type=event.type(), service="registry", aggregate="counter", aggregate_id=counter,
        version=version, time=datetime.now(UTC), actor="anna", correlation_id="c", data=msgspec.json.encode(event),
    )  # fmt: skip
    await bus.publish(envelope.subject(), envelope.data, message_id=new_id(), headers=cloudevents.to_headers(envelope))
    return envelope.id


async def send_batch(bus: Bus, batch_id: str, body: bytes = b"rows") -> bool:
    """Whether the stream took it as a new message."""
    header = BatchHeader(
        batch_id=batch_id, model_name="m", version="1", rows=1, actor="Ännä", correlation_id="c",
        received_at=datetime.now(UTC),
    )  # fmt: skip
    headers = {**batch_headers(header), "Nats-Msg-Id": batch_id}
    acknowledged = await bus.jetstream.publish("ingest.predictions.m.1", body, headers=headers)
    return not acknowledged.duplicate


async def sent_when_forgotten(bus: Bus, batch_id: str) -> bool:
    """As `send_batch`, once the stream may have forgotten the id: after a fraction of a second instead of two minutes.

    The server looks through what it remembers when the time is changed, so that is done at each try.
    """
    config = stream_config(streams.PREDICTIONS)
    for window in (0.1, 0.2):
        await bus.jetstream.update_stream(replace(config, duplicate_window=window))
        await asyncio.sleep(2 * window)
    return await send_batch(bus, batch_id)


def steps(store: Store, outbox: Outbox, bus: Bus) -> EventConsumer:
    """Writes every applied event's version down, in the order applied."""

    async def decide(events: list[Envelope], change: Change) -> None:
        for event in events:
            change.insert("steps", {"_id": new_id(), "counter": event.aggregate_id, "version": event.version})

    return EventConsumer(bus, outbox, COUNTERS, decide)


async def applied(store: Store, counter: str = "a") -> list[int]:
    return [row["version"] async for row in store["steps"].find({"counter": counter}).sort("_id", 1)]


async def test_events_are_applied_in_order_whatever_order_they_come_in(bus: Bus, outbox: Outbox, store: Store) -> None:
    async with in_background(steps(store, outbox, bus).run):
        for version in (2, 4, 1):
            await send_event(bus, version)
            await until(lambda v=version: _seen(store, v))
        assert await applied(store) == [1, 2]
        assert await store["parked"].count_documents({}) == 1
        await send_event(bus, 3)
        await until(lambda: _applied_count(store, 4))

    assert await applied(store) == [1, 2, 3, 4]
    assert await store["parked"].count_documents({}) == 0


async def _seen(store: Store, version: int) -> bool:
    parked = await store["parked"].count_documents({"version": version})
    return bool(parked) or version in await applied(store)


async def _applied_count(store: Store, count: int) -> bool:
    return await store["steps"].count_documents({}) >= count


async def test_an_event_that_comes_twice_has_one_effect(bus: Bus, outbox: Outbox, store: Store) -> None:
    async with in_background(steps(store, outbox, bus).run):
        first = await send_event(bus, 1)
        await send_event(bus, 1, event_id=first)
        await send_event(bus, 1)  # another id, but a version already seen
        await send_event(bus, 2)
        await until(lambda: _applied_count(store, 2))

    assert await applied(store) == [1, 2]


async def test_a_parked_event_shows_its_age(
    bus: Bus, outbox: Outbox, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def age() -> float:
        return REGISTRY.get_sample_value("lifecycle_parked_age_seconds", {"consumer": COUNTERS.name}) or 0.0

    async def gone() -> bool:
        return await age() == 0

    monkeypatch.setattr(inbox, "PARKED_LOOK_SECONDS", 0.05)
    async with in_background(steps(store, outbox, bus).run):
        await send_event(bus, 2)
        await until(age)
        assert await applied(store) == []
        await send_event(bus, 1)
        await until(gone)
    assert await applied(store) == [1, 2]


async def test_a_repeated_batch_counts_once(bus: Bus, outbox: Outbox, store: Store) -> None:
    async def decide(deliveries: list[Delivery], change: Change) -> None:
        for delivery in deliveries:
            assert delivery.header.actor == "Ännä"
            change.upsert("totals", {"_id": "rows"}, {"$inc": {"rows": delivery.header.rows}})

    async with in_background(BatchConsumer(bus, outbox, BATCHES, decide).run):
        await send_batch(bus, "one")
        await until(lambda: _rows(store, 1))
        await until(lambda: sent_when_forgotten(bus, "one"))
        await send_batch(bus, "two")
        await until(lambda: _rows(store, 2), within=20)
        await until(lambda: _worked_off(bus))

    assert (await store["totals"].find_one())["rows"] == 2


async def test_full_groups_follow_each_other_whatever_the_pace(bus: Bus, outbox: Outbox, store: Store) -> None:
    async def decide(deliveries: list[Delivery], change: Change) -> None:
        change.upsert("totals", {"_id": "rows"}, {"$inc": {"rows": len(deliveries)}})

    for number in range(9):
        await send_batch(bus, f"b{number}")
    async with in_background(BatchConsumer(bus, outbox, BATCHES, decide, most=4, pace=3600.0).run):
        await until(lambda: _rows(store, 5))


async def _rows(store: Store, rows: int) -> bool:
    total: dict[str, Any] | None = await store["totals"].find_one()
    return total is not None and total["rows"] >= rows


async def _worked_off(bus: Bus) -> bool:
    info: StreamInfo = await bus.jetstream.stream_info(streams.PREDICTIONS.name)
    return info.state.messages == 0


async def test_a_batch_that_can_never_succeed_goes_to_the_dead_letters_and_blocks_no_other(
    bus: Bus, outbox: Outbox, store: Store
) -> None:
    async def decide(deliveries: list[Delivery], change: Change) -> None:
        for delivery in deliveries:
            if delivery.body == b"poison":
                raise Invalid("no rows in there")
            change.upsert("totals", {"_id": "rows"}, {"$inc": {"rows": 1}})

    for number in range(5):
        await send_batch(bus, f"b{number}", b"poison" if number == 2 else b"rows")
    async with in_background(BatchConsumer(bus, outbox, BATCHES, decide).run):
        await until(lambda: _worked_off(bus))

    dead = await store["dead_letters"].find().to_list(10)
    assert [(row["code"], row["body"]) for row in dead] == [("INVALID", b"poison")]
    assert (await store["totals"].find_one())["rows"] == 4


async def test_an_operator_has_a_dead_batch_tried_again_and_it_counts_once(
    bus: Bus, outbox: Outbox, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consuming, "DEAD_LOOK_SECONDS", 0.05)
    broken = True

    async def decide(deliveries: list[Delivery], change: Change) -> None:
        if broken:
            raise Invalid("the model isn't known")
        change.upsert("totals", {"_id": "rows"}, {"$inc": {"rows": len(deliveries)}})

    letters = DeadLetters(outbox)
    await send_batch(bus, "one")
    async with in_background(BatchConsumer(bus, outbox, BATCHES, decide).run):
        await until(lambda: _dead(letters, 1))
        (letter,) = (await letters.listed(ListDeadLetters(), OPERATOR)).letters
        await letters.decide(DecideDeadLetter(id=letter.id, decision="retry"), OPERATOR)
        await until(lambda: _undecided(letters, since=letter.time))
        broken = False
        await letters.decide(DecideDeadLetter(id=letter.id, decision="retry"), OPERATOR)
        await until(lambda: _dead(letters, 0))

    assert (await store["totals"].find_one())["rows"] == 1
    with pytest.raises(NotFound):
        await letters.decide(DecideDeadLetter(id=letter.id, decision="retry"), OPERATOR)


async def test_a_skipped_event_has_no_effect_and_later_ones_stop_waiting_for_it(
    bus: Bus, outbox: Outbox, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consuming, "DEAD_LOOK_SECONDS", 0.05)

    async def decide(events: list[Envelope], change: Change) -> None:
        for envelope in events:
            if envelope.version == 2:
                raise Invalid("this one never")
            change.upsert("totals", {"_id": "rows"}, {"$inc": {"rows": 1}})

    letters = DeadLetters(outbox)
    for version in (1, 2, 3):
        await send_event(bus, version)
    async with in_background(EventConsumer(bus, outbox, COUNTERS, decide).run):
        await until(lambda: _dead(letters, 1))
        await until(lambda: _rows_are(store, 1))
        (letter,) = (await letters.listed(ListDeadLetters(), OPERATOR)).letters
        await letters.decide(DecideDeadLetter(id=letter.id, decision="skip"), OPERATOR)
        await until(lambda: _rows_are(store, 2))
        await until(lambda: _dead(letters, 0))


async def test_only_an_operator_sees_dead_letters(outbox: Outbox) -> None:
    viewer = Context(Principal(user="ben", role=Role.VIEWER, via="token"), new_correlation_id())
    with pytest.raises(Forbidden):
        await DeadLetters(outbox).listed(ListDeadLetters(), viewer)


async def _dead(letters: DeadLetters, count: int) -> bool:
    return (await letters.listed(ListDeadLetters(), OPERATOR)).total == count


async def _undecided(letters: DeadLetters, since: datetime) -> bool:
    (letter,) = (await letters.listed(ListDeadLetters(), OPERATOR)).letters
    return letter.decision is None and letter.time > since


async def _rows_are(store: Store, rows: int) -> bool:
    total: dict[str, Any] | None = await store["totals"].find_one()
    return total is not None and total["rows"] == rows


async def test_a_batch_that_fails_for_the_moment_is_tried_again(bus: Bus, outbox: Outbox, store: Store) -> None:
    tries = 0

    async def decide(deliveries: list[Delivery], change: Change) -> None:
        nonlocal tries
        tries += 1
        if tries < 3:
            raise Unavailable("not now")
        change.upsert("totals", {"_id": "rows"}, {"$inc": {"rows": len(deliveries)}})

    await send_batch(bus, "one")
    async with in_background(BatchConsumer(bus, outbox, BATCHES, decide).run):
        await until(lambda: _worked_off(bus))

    assert tries == 3
    assert (await store["totals"].find_one())["rows"] == 1


async def test_a_consumer_goes_on_after_its_stream_was_made_anew(bus: Bus, outbox: Outbox, store: Store) -> None:
    async def decide(deliveries: list[Delivery], change: Change) -> None:
        change.upsert("totals", {"_id": "rows"}, {"$inc": {"rows": len(deliveries)}})

    async with in_background(BatchConsumer(bus, outbox, BATCHES, decide).run):
        await send_batch(bus, "one")
        await until(lambda: _rows(store, 1))
        await bus.jetstream.delete_stream(streams.PREDICTIONS.name)
        await until(lambda: _exists(bus), within=20)
        await send_batch(bus, "two")
        await until(lambda: _rows(store, 2), within=20)


async def _exists(bus: Bus) -> bool:
    try:
        await bus.jetstream.consumer_info(streams.PREDICTIONS.name, BATCHES.name)
    except NotFoundError:
        return False
    return True
