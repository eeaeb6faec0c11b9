"""Requests are answered with typed replies or typed errors; live updates and followed events arrive."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from services.contracts import streams
from services.contracts.errors import Internal, NotFound, Unavailable
from services.contracts.identity import FindToken, Role, TokenView
from services.contracts.registry import GetExperiment, RunMetricsMoved
from services.runtime.bus import Bus
from services.runtime.context import Context
from services.runtime.follow import follow_events
from services.runtime.outbox import Outbox
from services.runtime.relay import Relay
from tests.integration.runtime.facts import ANNA, count_up
from tests.support.servers import Server


async def test_a_request_is_answered_with_its_typed_reply_and_knows_who_asked(bus: Bus) -> None:
    view = TokenView(id="t", user="ben", role=Role.VIEWER, created_at=datetime(2026, 1, 1, tzinfo=UTC))
    heard: list[Context] = []

    async def find(request: FindToken, context: Context) -> TokenView | None:
        heard.append(context)
        return view if request.digest == "known" else None

    await bus.serve("registry", "1.0.0", {FindToken: find})

    assert await bus.request(FindToken(digest="known"), ANNA) == view
    assert await bus.request(FindToken(digest="other"), ANNA) is None
    assert (heard[0].principal, heard[0].correlation_id) == (ANNA.principal, ANNA.correlation_id)


async def test_a_typed_error_crosses_the_bus_and_a_bug_shows_no_detail(bus: Bus) -> None:
    async def get(request: GetExperiment, _: Context) -> None:
        if request.id == "missing":
            raise NotFound("no experiment missing", field="id", fix="List them.")
        raise ZeroDivisionError("secret detail")

    await bus.serve("registry", "1.0.0", {GetExperiment: get})

    with pytest.raises(NotFound, match="no experiment missing") as caught:
        await bus.request(GetExperiment(id="missing"), ANNA)
    assert (caught.value.field, caught.value.fix) == ("id", "List them.")
    with pytest.raises(Internal) as bug:
        await bus.request(GetExperiment(id="bug"), ANNA)
    assert "secret" not in str(bug.value)


async def test_a_service_that_does_not_run_is_unavailable_at_once(bus: Bus) -> None:
    with pytest.raises(Unavailable) as caught:
        await bus.request(GetExperiment(id="1"), ANNA)
    assert caught.value.code == "SERVICE_UNAVAILABLE"


async def test_slow_requests_are_answered_side_by_side(bus: Bus) -> None:
    together = asyncio.Barrier(8)

    async def find(_: FindToken, __: Context) -> None:
        await asyncio.wait_for(together.wait(), 5)

    await bus.serve("registry", "1.0.0", {FindToken: find})
    await asyncio.gather(*(bus.request(FindToken(digest=str(i)), ANNA) for i in range(8)))


async def test_a_message_for_a_full_stream_is_refused_as_retryable(own_nats: Server, bus: Bus) -> None:
    small = streams.Stream("PREDICTIONS", ("ingest.predictions.>",), max_bytes=100_000, max_message_bytes=50_000)
    await bus.jetstream.delete_stream("PREDICTIONS")
    await bus.ensure_stream(small)
    for number in range(2):
        await bus.publish("ingest.predictions.m.1", b"x" * 40_000, message_id=str(number))
    with pytest.raises(Unavailable) as caught:
        await bus.publish("ingest.predictions.m.1", b"x" * 40_000, message_id="2")
    assert caught.value.code == "STREAM_FULL"


async def test_a_listener_hears_the_live_updates_of_its_key_and_the_newest_win(bus: Bus) -> None:
    def update(run_id: str, value: float) -> RunMetricsMoved:
        return RunMetricsMoved(
            run_id=run_id, experiment_id="1", metrics={"loss": value}, steps={"loss": 1}, time=datetime.now(UTC)
        )

    async with (
        bus.hear(RunMetricsMoved, "run.1", most=2) as queue,
        bus.hear(RunMetricsMoved, "run.1", most=10) as roomy,
    ):
        await bus.client.flush()
        await bus.live(update("other", 9.0))
        for value in (1.0, 2.0, 3.0):
            await bus.live(update("run.1", value))
        arrived = [(await asyncio.wait_for(roomy.get(), 2)).metrics["loss"] for _ in range(3)]
        assert arrived == [1.0, 2.0, 3.0]
        values = [(await asyncio.wait_for(queue.get(), 2)).metrics["loss"] for _ in range(2)]
    assert values == [2.0, 3.0]


async def test_following_goes_on_after_a_cursor_and_survives_a_restart(
    bus: Bus, outbox: Outbox, relay: Relay, own_nats: Server
) -> None:
    for value in range(1, 4):
        await outbox.commit(count_up("a", value))
    seen: list[tuple[int, int]] = []

    async def follow(after: int, count: int) -> None:
        async for sequence, envelope in follow_events(bus, after, ["events.registry.counter.>"]):
            seen.append((sequence, envelope.version))
            if len(seen) == count:
                return

    await asyncio.wait_for(follow(0, 3), 10)
    assert [version for _, version in seen] == [1, 2, 3]
    more = asyncio.create_task(follow(seen[-1][0], 5))
    await outbox.commit(count_up("a", 4))
    own_nats.restart()
    await outbox.commit(count_up("a", 5))
    await asyncio.wait_for(more, 30)
    assert [version for _, version in seen] == [1, 2, 3, 4, 5]


async def test_a_cursor_older_than_the_stream_is_said_to_be_too_old(bus: Bus, outbox: Outbox, relay: Relay) -> None:
    for value in range(1, 6):
        await outbox.commit(count_up("a", value))
    await asyncio.wait_for(relay.flush(), 10)
    await bus.jetstream.purge_stream(streams.EVENTS.name, keep=1)
    with pytest.raises(NotFound) as caught:
        async for _ in follow_events(bus, 1):
            pass
    assert caught.value.code == "CURSOR_TOO_OLD"
