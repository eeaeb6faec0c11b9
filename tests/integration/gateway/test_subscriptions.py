"""Subscriptions: events in order without a gap, live figures with the newest winning."""

from __future__ import annotations

import asyncio
import socket as stream_socket
from collections.abc import Sequence
from typing import Any

import pytest

from services.contracts.monitor import FeatureDrift, WindowMoved
from services.contracts.registry import AliasSet, RunStarted
from services.contracts.streams import EVENTS
from services.gateway.subscriptions.cursors import Cursor
from services.runtime.bus import Bus
from tests.integration.gateway.doubles import NOON, emit, window
from tests.integration.gateway.harness import Gateway, Socket
from tests.support.servers import Server
from tests.support.waiting import until

EVENTS_QUERY = """subscription($after: String, $types: [String!]) { events(after: $after, types: $types) {
    cursor event { type aggregateId actor summary data } } }"""


def _started(number: int) -> RunStarted:
    return RunStarted(run_id=f"r{number}", experiment_id="1", run_name=f"run {number}", user="anna", start_time=NOON)


async def _next_event(socket: Socket) -> dict[str, Any]:
    message = await socket.next()
    assert message["type"] == "next", message
    found: dict[str, Any] = message["payload"]["data"]["events"]
    return found


async def test_events_resume_behind_a_cursor_without_a_gap_or_a_repeat(gateway: Gateway, bus: Bus) -> None:
    first = await emit(bus, _started(0))
    for number in range(1, 6):
        await emit(bus, _started(number))
    async with gateway.socket() as socket:
        await socket.subscribe("1", EVENTS_QUERY, {"after": first})
        messages = [await _next_event(socket) for _ in range(3)]
    assert [message["event"]["aggregateId"] for message in messages] == ["r1", "r2", "r3"]
    assert messages[0]["event"]["summary"] == "started the run run 1"
    assert messages[0]["event"]["data"]["run_id"] == "r1"
    await emit(bus, _started(6))
    async with gateway.socket() as socket:
        await socket.subscribe("1", EVENTS_QUERY, {"after": messages[-1]["cursor"]})
        again = [await _next_event(socket) for _ in range(3)]
        assert [message["event"]["aggregateId"] for message in again] == ["r4", "r5", "r6"]
        await emit(bus, _started(7))
        assert (await _next_event(socket))["event"]["aggregateId"] == "r7"


async def test_without_a_cursor_events_come_from_now_on(gateway: Gateway, bus: Bus) -> None:
    await emit(bus, _started(0))
    async with gateway.socket() as socket:
        await socket.subscribe("1", EVENTS_QUERY)
        waiting = asyncio.create_task(_next_event(socket))
        sent = 0

        async def arrived() -> bool:
            nonlocal sent
            sent += 1
            await emit(bus, _started(sent), sent)
            return waiting.done()

        await until(arrived)
        assert waiting.result()["event"]["aggregateId"] != "r0"


async def test_events_can_be_narrowed_to_types(gateway: Gateway, bus: Bus) -> None:
    first = await emit(bus, _started(0))
    await emit(bus, _started(1))
    await emit(bus, AliasSet(model_name="delays.with dots", alias="champion", version="2"))
    async with gateway.socket() as socket:
        await socket.subscribe("1", EVENTS_QUERY, {"after": first, "types": [AliasSet.type()]})
        assert (await _next_event(socket))["event"]["aggregateId"] == "delays.with dots"


@pytest.mark.parametrize(
    ("variables", "reason"),
    [
        ({"after": "nonsense"}, "INVALID"),
        ({"after": str(Cursor(10**9, "x"))}, "CURSOR_UNKNOWN"),
        ({"types": ["registry.run.exploded.v1"]}, "INVALID"),
        ({"types": ["registry.run.started.v1"] * 101}, "INVALID"),
    ],
)
async def test_a_subscription_that_cannot_start_says_why(
    gateway: Gateway, variables: dict[str, Any], reason: str
) -> None:
    async with gateway.socket() as socket:
        await socket.subscribe("1", EVENTS_QUERY, variables)
        message = await socket.next()
    assert message["type"] == "error"
    assert message["payload"][0]["extensions"]["reason"] == reason
    assert message["payload"][0]["extensions"]["fix"]


async def test_a_cursor_older_than_what_is_kept_is_a_typed_error(gateway: Gateway, bus: Bus) -> None:
    first = await emit(bus, _started(0))
    for number in range(1, 4):
        await emit(bus, _started(number))
    await bus.jetstream.purge_stream(EVENTS.name, keep=1)
    async with gateway.socket() as socket:
        await socket.subscribe("1", EVENTS_QUERY, {"after": first})
        message = await socket.next()
    assert message["type"] == "error"
    assert message["payload"][0]["extensions"]["reason"] == "CURSOR_TOO_OLD"


async def test_events_go_on_after_nats_was_killed(own_nats: Server, gateway: Gateway, bus: Bus) -> None:
    first = await emit(bus, _started(0))
    async with gateway.socket() as socket:
        await socket.subscribe("1", EVENTS_QUERY, {"after": first})
        await emit(bus, _started(1))
        assert (await _next_event(socket))["event"]["aggregateId"] == "r1"
        bus.reconnected.clear()
        own_nats.restart()
        await asyncio.wait_for(bus.reconnected.wait(), 10)
        await emit(bus, _started(2))
        message = await socket.next(within=20)
        assert message["payload"]["data"]["events"]["event"]["aggregateId"] == "r2"


async def test_live_windows_arrive_and_never_go_back(gateway: Gateway, bus: Bus) -> None:
    async with gateway.socket() as socket:
        await _watching(socket, bus)
        for sequence in range(2, 500):
            await bus.live(_moved(sequence % 2, sequence))
        newest: dict[str, int] = {}
        while set(newest.values()) != {498, 499}:
            moved = (await socket.next())["payload"]["data"]["windowMoved"]
            assert moved["sequence"] >= newest.get(moved["window"]["start"], 0)
            newest[moved["window"]["start"]] = moved["sequence"]


async def test_a_client_that_does_not_read_gets_only_the_newest_state_of_each_window(
    gateway: Gateway, bus: Bus
) -> None:
    features = [FeatureDrift(feature=f"feature {i}", kind="numeric", rows=i, psi=0.1) for i in range(100)]
    last = 800
    narrow = stream_socket.socket()
    narrow.setsockopt(stream_socket.SOL_SOCKET, stream_socket.SO_RCVBUF, 16 * 1024)
    narrow.setblocking(False)
    host, _, port = gateway.url.removeprefix("http://").partition(":")
    await asyncio.get_running_loop().sock_connect(narrow, (host, int(port)))
    async with gateway.socket(sock=narrow, max_queue=1, compression=None) as socket:
        await _watching(socket, bus)
        for sequence in range(2, last + 1):  # about 17 KB each: far more than all buffers on the way hold
            await bus.live(_moved(sequence % 2, sequence, features))
            await bus.client.flush()
        newest: dict[str, int] = {}
        received = 0
        while set(newest.values()) != {last, last - 1}:
            moved = (await socket.next())["payload"]["data"]["windowMoved"]
            newest[moved["window"]["start"]] = moved["sequence"]
            received += 1
        assert received < last / 2


async def _watching(socket: Socket, bus: Bus) -> None:
    """Subscribes, and returns when figures arrive: a client isn't told when its subscription stands."""
    query = """subscription { windowMoved(model: "delays") { model version boot sequence
        window { start rows features { feature kind rows psi js ks wasserstein missingShare drifted } } } }"""
    await socket.subscribe("1", query)
    waiting = asyncio.create_task(socket.next())

    async def arrived() -> bool:
        await bus.live(_moved(0, 1))
        return waiting.done()

    await until(arrived)
    assert waiting.result()["payload"]["data"]["windowMoved"]["model"] == "delays"


def _moved(hour: int, sequence: int, features: Sequence[FeatureDrift] = ()) -> WindowMoved:
    moved = window(hour, features=list(features), rows=sequence)
    return WindowMoved(model_name="delays", version="1", boot="b1", sequence=sequence, window=moved)


async def test_a_version_without_its_model_is_refused(gateway: Gateway) -> None:
    async with gateway.socket() as socket:
        await socket.subscribe("1", 'subscription { windowMoved(version: "1") { sequence } }')
        message = await socket.next()
    assert message["payload"][0]["extensions"]["field"] == "version"


async def test_events_also_come_as_server_sent_events(gateway: Gateway, bus: Bus) -> None:
    first = await emit(bus, _started(0))
    await emit(bus, _started(1))
    body = {"query": EVENTS_QUERY, "variables": {"after": first}}
    async with gateway.client.stream(
        "POST", "/graphql", json=body, headers={"accept": "text/event-stream"}
    ) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        text = ""
        async for chunk in response.aiter_text():
            text += chunk
            if '"r1"' in text:
                break
    assert "event: next\ndata: {" in text


async def test_a_cursor_whose_sequence_went_to_another_event_is_refused(gateway: Gateway, bus: Bus) -> None:
    first = Cursor.parse(await emit(bus, _started(0)))
    await emit(bus, _started(1))
    async with gateway.socket() as socket:
        await socket.subscribe("1", EVENTS_QUERY, {"after": str(Cursor(first.sequence, "an id of before"))})
        message = await socket.next()
    assert message["payload"][0]["extensions"]["reason"] == "CURSOR_UNKNOWN"


async def test_many_subscribers_share_one_reader_of_the_stream(gateway: Gateway, bus: Bus) -> None:
    first = await emit(bus, _started(0))
    async with gateway.socket() as socket:
        for number in range(30):
            await socket.subscribe(f"s{number}", EVENTS_QUERY, {"after": first})
        await emit(bus, _started(1))
        messages = [await socket.next() for _ in range(30)]
        assert {message["id"] for message in messages} == {f"s{number}" for number in range(30)}

        async def shared() -> bool:
            return len(await bus.jetstream.consumers_info(EVENTS.name)) == 1

        await until(shared)
        await emit(bus, _started(2))
        again = [await socket.next() for _ in range(30)]
    assert {m["payload"]["data"]["events"]["event"]["aggregateId"] for m in again} == {"r2"}

    async def none() -> bool:
        return len(await bus.jetstream.consumers_info(EVENTS.name)) == 0

    await until(none)


async def test_a_subscriber_that_starts_far_back_joins_the_others_without_a_gap(gateway: Gateway, bus: Bus) -> None:
    first = await emit(bus, _started(0))
    for number in range(1, 300):
        await emit(bus, _started(number))
    async with gateway.socket() as early, gateway.socket() as late:
        await early.subscribe("1", EVENTS_QUERY)  # starts the shared reader at the end
        await late.subscribe("1", EVENTS_QUERY, {"after": first})
        for number in range(300, 310):
            await emit(bus, _started(number))
        seen = [(await _next_event(late))["event"]["aggregateId"] for _ in range(309)]
        assert seen == [f"r{number}" for number in range(1, 310)]
