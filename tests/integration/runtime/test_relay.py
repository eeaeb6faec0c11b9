"""What is in the event log gets into the stream, in order, also after the stream lost something."""

from __future__ import annotations

import asyncio

import pytest

from services.contracts import streams
from services.runtime import cloudevents
from services.runtime import relay as relaying
from services.runtime.bus import Bus
from services.runtime.outbox import Outbox
from services.runtime.relay import Relay
from services.runtime.store import Store
from tests.integration.runtime.conftest import in_background
from tests.integration.runtime.facts import count_up
from tests.support.servers import Server
from tests.support.waiting import until


async def stream_ids(bus: Bus) -> list[str]:
    state = (await bus.jetstream.stream_info(streams.EVENTS.name)).state
    ids = []
    for sequence in range(state.first_seq, state.last_seq + 1):
        message = await bus.jetstream.get_msg(streams.EVENTS.name, seq=sequence)
        ids.append((message.headers or {})["ce-id"])
    return ids


async def logged_ids(store: Store) -> list[str]:
    return [row["_id"] async for row in store["events"].find().sort("_id", 1)]


async def all_published(store: Store) -> bool:
    return await store["outbox"].count_documents({}) == 0


async def test_events_reach_the_stream_in_order_as_cloudevents(
    outbox: Outbox, bus: Bus, store: Store, relay: Relay
) -> None:
    for value in range(1, 21):
        await outbox.commit(count_up("a.b c", value))
    await until(lambda: all_published(store))

    assert await stream_ids(bus) == await logged_ids(store)
    message = await bus.jetstream.get_msg(streams.EVENTS.name, seq=1)
    assert message.subject == "events.registry.counter.counted.v1.a%2Eb%20c"
    envelope = cloudevents.from_message(message.headers, message.data or b"")
    assert (envelope.aggregate_id, envelope.version, envelope.actor) == ("a.b c", 1, "anna")


async def test_events_written_while_nats_was_down_follow_when_it_is_back(
    outbox: Outbox, bus: Bus, store: Store, relay: Relay, own_nats: Server
) -> None:
    await outbox.commit(count_up("a", 1))
    await until(lambda: all_published(store))
    own_nats.kill9()
    for value in range(2, 12):
        await outbox.commit(count_up("a", value))
    own_nats.start()

    await until(lambda: all_published(store), within=20)
    assert await stream_ids(bus) == await logged_ids(store)


async def test_a_lost_tail_is_published_again_even_if_others_have_filled_the_sequences(
    outbox: Outbox, bus: Bus, store: Store
) -> None:
    relay = Relay(outbox, bus)
    async with in_background(relay.run):
        for value in range(1, 11):
            await outbox.commit(count_up("a", value))
        await until(lambda: all_published(store))
    kept = (await stream_ids(bus))[:6]
    messages = [await bus.jetstream.get_msg(streams.EVENTS.name, seq=sequence) for sequence in range(1, 7)]
    await bus.jetstream.delete_stream(streams.EVENTS.name)
    await bus.ensure_stream(streams.EVENTS)
    for message in messages:  # the stream as a backup would have it: the first six
        await bus.jetstream.publish(message.subject, message.data or b"", headers=message.headers)
    for _ in range(8):  # another service's events take the sequences that were lost
        await bus.jetstream.publish("events.monitor.other.happened.v1.x", b"{}", headers={"ce-id": "other"})

    assert await relay.republish_lost() == 4
    async with in_background(relay.run):
        await until(lambda: all_published(store))

    ids = await stream_ids(bus)
    assert ids[:6] == kept
    assert [event_id for event_id in ids if event_id != "other"] == await logged_ids(store)


async def test_two_replicas_publish_each_event_once(outbox: Outbox, bus: Bus, store: Store) -> None:
    second = Outbox(store)
    async with in_background(Relay(outbox, bus).run), in_background(Relay(second, bus).run):
        await asyncio.gather(*(outbox.commit(count_up(f"a{i}", 1)) for i in range(20)))
        await asyncio.gather(*(second.commit(count_up(f"b{i}", 1)) for i in range(20)))
        await until(lambda: all_published(store))

    ids = await stream_ids(bus)
    assert len(ids) == 40
    assert set(ids) == set(await logged_ids(store))


async def test_what_is_found_in_the_database_is_not_taken_once_more_from_what_is_told(
    outbox: Outbox, bus: Bus, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("POLL_SECONDS", "SETTLE_SECONDS", "PAUSE_SECONDS"):  # always looking, always settling
        monkeypatch.setattr(relaying, name, 0.0)
    heard = await bus.client.subscribe("events.>")
    await bus.client.flush()
    async with in_background(Relay(outbox, bus).run):
        for group in range(5):
            await asyncio.gather(*(outbox.commit(count_up(f"a{group}-{i}", 1)) for i in range(12)))
        await until(lambda: all_published(store))
        await bus.client.flush()

    ids = [(await heard.next_msg()).headers["ce-id"] for _ in range(heard.pending_msgs)]
    assert len(ids) == len(set(ids)) == 60
