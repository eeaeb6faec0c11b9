"""Many open event subscriptions: memory of each, and the time from an event to its last client.

    python -m tests.benchmarks.gateway_subscriptions [--subscriptions 1000] [--events 50]

A NATS server and a gateway are started for it. The clients share this process and a few WebSockets, as many
subscriptions to each as the gateway takes; time is from publishing an event to reading it from the socket, so it
includes these clients' own work. Memory is the gateway's resident set before and after, divided.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import resource
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import httpx
import msgspec
import websockets

from services.contracts.base import Envelope
from services.contracts.registry import RunStarted
from services.runtime import cloudevents
from services.runtime.bus import Bus
from services.runtime.ids import new_id
from tests.support.servers import running
from tests.support.waiting import until

EACH = 100
"""Subscriptions of one WebSocket: the gateway's own limit."""
QUIET = 1.0
"""Seconds without a message that say that all are there."""
WITHIN = 60.0
"""Seconds that anything here may take."""


def resident(pid: int) -> int:
    """Bytes of memory that the process has."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * resource.getpagesize()


class Client:
    """One WebSocket with its subscriptions; `seen` holds when each message came, by the event's run."""

    def __init__(self) -> None:
        self.seen: dict[str, list[float]] = {}
        self.received = 0

    async def run(self, url: str, subscriptions: int, ready: asyncio.Semaphore) -> None:
        """Reads until it is cancelled."""
        async with websockets.connect(url, subprotocols=["graphql-transport-ws"]) as opened:  # type: ignore[list-item]
            await opened.send('{"type": "connection_init"}')
            await opened.recv()
            query = "subscription { events { event { aggregateId } } }"
            for number in range(subscriptions):
                message = {"type": "subscribe", "id": str(number), "payload": {"query": query}}
                await opened.send(msgspec.json.encode(message).decode())
            ready.release()
            async for received in opened:
                now = time.perf_counter()
                message = msgspec.json.decode(received)
                if message["type"] == "next":
                    run = message["payload"]["data"]["events"]["event"]["aggregateId"]
                    self.seen.setdefault(run, []).append(now)
                    self.received += 1


async def emit(bus: Bus, run_id: str) -> float:
    """Publishes an event; when that began."""
    now = datetime.now(UTC)
    event = RunStarted(run_id=run_id, experiment_id="1", run_name="r", user="anna", start_time=now)
    envelope = Envelope(
        id=new_id(),
        type=event.type(),
        service=event.service,
        aggregate=event.aggregate,
        aggregate_id=event.aggregate_id(),
        version=1,
        time=now,
        actor="anna",
        correlation_id="c",
        data=msgspec.json.encode(event),
    )
    began = time.perf_counter()
    headers = cloudevents.to_headers(envelope)
    await bus.publish(envelope.subject(), envelope.data, message_id=envelope.id, headers=headers)
    return began


async def ready_url(port: int) -> None:
    """Waits until the gateway answers."""
    async with httpx.AsyncClient() as http, asyncio.timeout(WITHIN):
        while True:
            with contextlib.suppress(httpx.TransportError):
                if (await http.get(f"http://127.0.0.1:{port}/readyz")).status_code == 200:
                    return
            await asyncio.sleep(0.1)


async def all_received(clients: list[Client], count: int) -> None:
    """Waits until all clients together have so many messages."""

    async def received() -> bool:
        return sum(client.received for client in clients) >= count

    await until(received, WITHIN)


async def measure(nats_url: str, port: int, pid: int, subscriptions: int, events: int) -> None:
    """Prints what it finds."""
    await ready_url(port)
    async with Bus.connect(nats_url, "benchmark") as bus:
        clients = [Client() for _ in range((subscriptions + EACH - 1) // EACH)]
        ready = asyncio.Semaphore(0)
        url = f"ws://127.0.0.1:{port}/graphql"
        warm, tasks = Client(), []
        tasks.append(asyncio.create_task(warm.run(url, 1, ready)))
        await ready.acquire()
        while not warm.received:
            await emit(bus, "warm")
            await asyncio.sleep(0.2)
        before = resident(pid)
        for number, client in enumerate(clients):
            tasks.append(asyncio.create_task(client.run(url, min(EACH, subscriptions - number * EACH), ready)))
        for _ in clients:
            await ready.acquire()
        while sum(client.received for client in clients) < subscriptions:
            await emit(bus, "first")
            await asyncio.sleep(0.5)
        after = resident(pid)
        print(f"{subscriptions} subscriptions: {(after - before) / subscriptions / 1024:.1f} KiB each")
        had = -1
        while had != (had := sum(client.received for client in clients)):  # noqa: ASYNC110  # waits for quiet
            await asyncio.sleep(QUIET)
        last: list[float] = []
        every: list[float] = []
        for number in range(events):
            began = await emit(bus, f"r{number}")
            await all_received(clients, had + (number + 1) * subscriptions)
            times = [moment - began for client in clients for moment in client.seen.get(f"r{number}", [])]
            every += times
            last.append(max(times))
        cuts = statistics.quantiles(every, n=100)
        print(
            f"event to client: p50 {cuts[49] * 1000:.1f} ms, p95 {cuts[94] * 1000:.1f} ms, p99 {cuts[98] * 1000:.1f} ms"
        )
        print(f"event to the last of all clients: median {statistics.median(last) * 1000:.1f} ms")
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def main() -> None:
    """Starts the servers, measures, stops them."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--subscriptions", type=int, default=1_000)
    parser.add_argument("--events", type=int, default=50)
    given = parser.parse_args()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as directory, running("nats", Path(directory)) as nats:
        settings = {"NATS_URL": nats.url, "GATEWAY_PORT": str(port), "LIFECYCLE_LOG_LEVEL": "warning"}
        gateway = subprocess.Popen([sys.executable, "-m", "services.gateway"], env={**os.environ, **settings})
        try:
            asyncio.run(measure(nats.url, port, gateway.pid, given.subscriptions, given.events))
        finally:
            gateway.terminate()
            gateway.wait()


if __name__ == "__main__":
    main()
