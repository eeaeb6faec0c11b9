"""A small service on the real runtime: an outbox on its own database, a bus on its own NATS server."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from services.runtime.bus import Bus
from services.runtime.outbox import Outbox
from services.runtime.relay import Relay
from services.runtime.store import Store
from tests.support.servers import Server, Start


@pytest.fixture
def own_nats(start_nats: Start) -> Server:
    """Consumers and streams are named for the whole server, so each test has its own."""
    return start_nats()


@pytest.fixture
async def store(mongodb: str, database: str) -> AsyncIterator[Store]:
    async with Store.open(mongodb, database) as store:
        yield store


@pytest.fixture
async def bus(own_nats: Server) -> AsyncIterator[Bus]:
    async with Bus.connect(own_nats.url, "test") as bus:
        yield bus


@pytest.fixture
async def outbox(store: Store) -> Outbox:
    outbox = Outbox(store)
    await outbox.prepare()
    return outbox


@asynccontextmanager
async def in_background(work: Callable[[], Awaitable[Any]]) -> AsyncIterator[None]:
    """Runs an endless piece of work beside the test; its failure is the test's."""

    async def run() -> None:
        await work()

    task = asyncio.create_task(run())
    try:
        yield
        if task.done():
            task.result()
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


@pytest.fixture
async def relay(outbox: Outbox, bus: Bus) -> AsyncIterator[Relay]:
    relay = Relay(outbox, bus)
    async with in_background(relay.run):
        yield relay
