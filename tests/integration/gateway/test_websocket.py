"""graphql-transport-ws, message by message, as its specification says."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import websockets
from websockets.exceptions import InvalidStatus

from services.contracts.registry import RunMetricsMoved
from services.gateway.subscriptions.live import LiveTopics
from services.runtime.bus import Bus
from tests.integration.gateway.doubles import NOON, RegistryDouble
from tests.integration.gateway.harness import PROTOCOL, Gateway, gateway_on
from tests.support.servers import Server
from tests.support.waiting import until

RUN_METRICS = "subscription($id: String!) { runMetrics(runId: $id) { metrics { key value step } } }"


def _metrics(run_id: str = "r1", **values: float) -> RunMetricsMoved:
    return RunMetricsMoved(run_id=run_id, experiment_id="1", metrics=values, steps=dict.fromkeys(values, 1), time=NOON)


async def test_a_query_answers_once_and_completes(gateway: Gateway, registry: RegistryDouble) -> None:
    async with gateway.socket() as socket:
        await socket.subscribe("1", "{ models { nodes { name } } }")
        answer = await socket.next()
        assert (answer["type"], answer["id"]) == ("next", "1")
        assert answer["payload"]["data"] == {"models": {"nodes": [{"name": "delays"}]}}
        assert answer["payload"]["extensions"]["cost"]["objects"] == 61
        assert await socket.next() == {"type": "complete", "id": "1"}
        await socket.subscribe("1", "{ viewer { user } }")  # a completed id may be used again
        assert (await socket.next())["payload"]["data"] == {"viewer": {"user": "anonymous"}}


async def test_a_mutation_works_too(gateway: Gateway, registry: RegistryDouble) -> None:
    async with gateway.socket() as socket:
        await socket.subscribe(
            "m", 'mutation { setAlias(input: {model: "delays", alias: "a", version: "1"}) { errors { code } } }'
        )
        assert (await socket.next())["payload"]["data"] == {"setAlias": {"errors": []}}


async def test_an_error_in_one_operation_leaves_the_other_alone(gateway: Gateway, bus: Bus) -> None:
    async with gateway.socket() as socket:
        await socket.subscribe("good", RUN_METRICS, {"id": "r1"})
        for id_, query in (
            ("syntax", "{"),
            ("unknown", "{ nothing }"),
            ("cursor", 'subscription { events(after: "nonsense") { cursor } }'),
            ("variables", "query($id: ID!) { node(id: $id) { id } }"),
        ):
            await socket.subscribe(id_, query)
            message = await socket.next()
            assert (message["type"], message["id"]) == ("error", id_)
            assert message["payload"][0]["message"]
            assert message["payload"][0]["extensions"]["code"]
        message = await _first_figure(socket, bus, _metrics(auc=0.7))
        assert message == {
            "type": "next",
            "id": "good",
            "payload": {"data": {"runMetrics": {"metrics": [{"key": "auc", "value": 0.7, "step": 1}]}}},
        }


async def _first_figure(socket: Any, bus: Bus, update: RunMetricsMoved) -> dict[str, Any]:
    """Sends the figure until it arrives: a client isn't told when its subscription stands."""
    waiting = asyncio.create_task(socket.next())

    async def arrived() -> bool:
        await bus.live(update)
        return waiting.done()

    await until(arrived)
    message: dict[str, Any] = waiting.result()
    return message


async def test_two_subscriptions_run_side_by_side_and_end_one_by_one(gateway: Gateway, bus: Bus) -> None:
    async with gateway.socket() as socket:
        await socket.subscribe("a", RUN_METRICS, {"id": "ra"})
        await socket.subscribe("b", RUN_METRICS, {"id": "rb"})
        assert (await _first_figure(socket, bus, _metrics("ra", auc=1.0)))["id"] == "a"
        await socket.send(type="complete", id="a")
        message = await _first_figure(socket, bus, _metrics("rb", auc=1.0))
        while message["id"] == "a":  # figures of `a` that were on their way
            message = await socket.next()
        assert message["id"] == "b"
        for _ in range(20):
            await bus.live(_metrics("ra", auc=2.0))
        await bus.live(_metrics("rb", auc=3.0))
        seen: list[dict[str, Any]] = []
        while not seen or seen[-1]["payload"]["data"]["runMetrics"]["metrics"][0]["value"] != 3.0:
            seen.append(await socket.next())
        assert {message["id"] for message in seen} == {"b"}


async def test_ping_is_answered_with_its_payload(gateway: Gateway) -> None:
    async with gateway.socket(greet=False) as socket:
        await socket.send(type="ping", payload={"at": 1})
        assert await socket.next() == {"type": "pong", "payload": {"at": 1}}
        await socket.send(type="ping")
        assert await socket.next() == {"type": "pong"}
        await socket.send(type="pong")
        await socket.send(type="connection_init")
        assert await socket.next() == {"type": "connection_ack"}


@pytest.mark.parametrize(
    ("messages", "code", "reason"),
    [
        (["not json"], 4400, "Messages must be JSON"),
        (["[]"], 4400, "Messages must be objects with a `type`"),
        (['{"type": 1}'], 4400, "Messages must be objects with a `type`"),
        (['{"type": "start"}'], 4400, "Unknown message type start"),
        (['{"type": "connection_init", "payload": 1}'], 4400, "`payload` of connection_init must be an object"),
        (['{"type": "connection_init"}', '{"type": "connection_init"}'], 4429, "Too many initialisation requests"),
        (['{"type": "subscribe", "id": "1", "payload": {"query": "{ viewer { user } }"}}'], 4401, "Unauthorized"),
        (['{"type": "connection_init"}', '{"type": "subscribe", "id": "", "payload": {}}'], 4400, "`id` must be"),
        (['{"type": "connection_init"}', '{"type": "subscribe", "payload": {}}'], 4400, "`id` must be"),
        (['{"type": "connection_init"}', '{"type": "subscribe", "id": "1"}'], 4400, "`payload` of subscribe"),
        (['{"type": "complete"}'], 4400, "`id` must be"),
    ],
)
async def test_a_breach_of_the_protocol_closes_the_connection(
    gateway: Gateway, messages: list[str], code: int, reason: str
) -> None:
    async with gateway.socket(greet=False) as socket:
        for message in messages:
            await socket.connection.send(message)
        closed, why = await socket.closed()
    assert closed == code
    assert why is not None
    assert why.startswith(reason)


async def test_binary_messages_are_not_taken(gateway: Gateway) -> None:
    async with gateway.socket(greet=False) as socket:
        await socket.connection.send(b'{"type": "ping"}')
        assert (await socket.closed())[0] == 4400


async def test_an_id_in_use_closes_the_connection(gateway: Gateway) -> None:
    async with gateway.socket() as socket:
        await socket.subscribe("1", RUN_METRICS, {"id": "r"})
        await socket.subscribe("1", RUN_METRICS, {"id": "r"})
        assert await socket.closed() == (4409, "Subscriber for 1 already exists")


async def test_an_operation_without_a_query_is_an_error_of_that_operation(gateway: Gateway) -> None:
    async with gateway.socket() as socket:
        await socket.send(type="subscribe", id="1", payload={})
        message = await socket.next()
        assert (message["type"], message["id"]) == ("error", "1")


async def test_a_connection_that_stays_silent_is_closed(own_nats: Server) -> None:
    async with gateway_on(own_nats.url, connection_init_seconds=0.1) as gateway, gateway.socket(greet=False) as socket:
        assert (await socket.closed())[0] == 4408


async def test_too_many_operations_at_once_close_the_connection(own_nats: Server) -> None:
    async with gateway_on(own_nats.url, subscriptions_per_connection=2) as gateway, gateway.socket() as socket:
        for id_ in "abc":
            await socket.subscribe(id_, RUN_METRICS, {"id": "r"})
        assert (await socket.closed())[0] == 4400


async def test_only_the_new_protocol_is_spoken(gateway: Gateway) -> None:
    async with websockets.connect(gateway.socket_url, subprotocols=["graphql-ws"]) as connection:  # type: ignore[list-item]
        await asyncio.wait_for(connection.wait_closed(), 5)
        assert connection.close_code == 4406


@pytest.mark.parametrize(
    ("origin", "welcome"),
    [
        ("http://localhost:8050", True),
        ("http://127.0.0.1:9", True),
        ("https://board.example", True),
        ("https://evil.example", False),
        ("http://127.0.0.1.evil.example", False),
        ("null", False),
    ],
)
async def test_pages_of_other_origins_get_no_connection(own_nats: Server, origin: str, welcome: bool) -> None:
    async with gateway_on(own_nats.url, allowed_origins=("https://board.example",)) as gateway:
        if welcome:
            async with gateway.socket(origin=origin):
                return
        with pytest.raises(InvalidStatus) as refused:
            async with gateway.socket(origin=origin):
                pass
        assert refused.value.response.status_code == 403


async def test_a_page_that_reached_loopback_by_another_name_gets_no_connection(gateway: Gateway) -> None:
    port = gateway.url.rpartition(":")[2]
    with pytest.raises(InvalidStatus):
        async with websockets.connect(
            gateway.socket_url,
            subprotocols=[PROTOCOL],  # type: ignore[list-item]
            origin=f"http://rebound.example:{port}",  # type: ignore[arg-type]
            additional_headers={},
        ):
            pass


async def test_a_closed_connection_leaves_no_subscription_behind(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[LiveTopics] = []
    watch = LiveTopics.watch

    def watched(self: LiveTopics, *arguments: Any) -> Any:
        seen.append(self)
        return watch(self, *arguments)

    monkeypatch.setattr(LiveTopics, "watch", watched)
    async with gateway.socket() as one, gateway.socket() as other:
        await one.subscribe("1", RUN_METRICS, {"id": "r"})
        await other.subscribe("1", RUN_METRICS, {"id": "r"})
        await other.subscribe("2", RUN_METRICS, {"id": "other"})

        async def both() -> bool:
            return len(seen) == 3 and seen[0].upstream == 2

        await until(both)  # three watchers, two topics, one upstream subscription each

    async def none() -> bool:
        return seen[0].upstream == 0

    await until(none)
