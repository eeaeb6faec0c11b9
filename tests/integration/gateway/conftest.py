"""A NATS server of its own, doubles of the services on it, and a gateway before them."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from services.runtime.bus import Bus
from tests.integration.gateway.doubles import MonitorDouble, RegistryDouble
from tests.integration.gateway.harness import Gateway, gateway_on
from tests.support.servers import Server, Start


@pytest.fixture
def own_nats(start_nats: Start) -> Server:
    """Services and streams are named for the whole server, so each test has its own."""
    return start_nats()


@pytest.fixture
async def bus(own_nats: Server) -> AsyncIterator[Bus]:
    """The connection of the services."""
    async with Bus.connect(own_nats.url, "doubles") as bus:
        yield bus


@pytest.fixture
async def registry(bus: Bus) -> RegistryDouble:
    """A registry with one model, one version and one run."""
    double = RegistryDouble()
    await double.serve(bus)
    return double


@pytest.fixture
async def monitor(own_nats: Server) -> AsyncIterator[MonitorDouble]:
    """A monitor that watches that version."""
    double = MonitorDouble()
    async with Bus.connect(own_nats.url, "monitor-double") as bus:
        await double.serve(bus)
        yield double


@pytest.fixture
async def gateway(own_nats: Server) -> AsyncIterator[Gateway]:
    """Without authentication, on loopback."""
    async with gateway_on(own_nats.url) as gateway:
        yield gateway
