"""A NATS server of its own, doubles of the services on it, and a gateway before them."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.monitor.app import build as build_monitor
from services.monitor.settings import MonitorSettings
from services.registry.app import build as build_registry
from services.registry.settings import RegistrySettings
from services.runtime.bus import Bus
from services.runtime.run import running
from tests.integration.gateway.doubles import MonitorDouble, RegistryDouble
from tests.integration.gateway.harness import Gateway, gateway_on
from tests.integration.gateway.stacks import Stack
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


@pytest.fixture
async def stack(mongodb: str, database: str, own_nats: Server, tmp_path: Path) -> AsyncIterator[Stack]:
    """The gateway before a real registry and a real monitor."""
    shared: dict[str, Any] = {"port": 0, "mongodb_uri": mongodb, "nats_url": own_nats.url}
    registry = RegistrySettings(**shared, database=database, artifacts=str(tmp_path))
    monitor = MonitorSettings(**shared, database=database)
    async with contextlib.AsyncExitStack() as open_:
        url = await open_.enter_async_context(running(registry, build_registry))
        await open_.enter_async_context(running(monitor, build_monitor))
        gateway = await open_.enter_async_context(gateway_on(own_nats.url, request_seconds=5.0))
        mlflow = await open_.enter_async_context(httpx.AsyncClient(base_url=url, auth=("anna", ""), timeout=20))
        yield Stack(gateway, mlflow)
