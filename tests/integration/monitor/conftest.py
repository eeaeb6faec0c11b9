"""A running monitor, a stand-in registry that knows some versions, and a client that speaks to both."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pyarrow as pa
import pytest
from pydantic import SecretStr

from deploy.local.ports import choose
from services.contracts.drift import GetDistribution
from services.contracts.monitor import ListMonitored, ListWindows, WindowView
from services.contracts.registry import GetVersions, VersionView
from services.monitor.app import build
from services.monitor.settings import MonitorSettings
from services.runtime.bus import Bus
from services.runtime.context import Context, service_context
from services.runtime.run import running
from services.runtime.store import Store
from tests.integration.monitor import rows
from tests.support.servers import Server, Start
from tests.support.waiting import until, wait_until
from tests.support.zygote import Spawned, spawn

PATIENCE = 30.0  # seconds for an answer, on a machine that has other work

MODEL, VERSION = "late flights", "1"


@pytest.fixture
def own_nats(start_nats: Start) -> Server:
    """Streams and consumers belong to the whole server, so each test has its own."""
    return start_nats()


@pytest.fixture
def settings(mongodb: str, own_nats: Server, database: str) -> MonitorSettings:
    return MonitorSettings(
        mongodb_uri=SecretStr(mongodb),
        nats_url=SecretStr(own_nats.url),
        database=database,
        port=0,
        idle_close_seconds=3600,
    )


@pytest.fixture
async def bus(own_nats: Server) -> AsyncIterator[Bus]:
    async with Bus.connect(own_nats.url, "test") as bus:
        yield bus


@pytest.fixture
async def store(mongodb: str, database: str) -> AsyncIterator[Store]:
    """The monitor's own database, to look into."""
    async with Store.open(mongodb, database) as store:
        yield store


@pytest.fixture
async def registry(bus: Bus) -> set[tuple[str, str]]:
    """The versions that a stand-in for the registry knows; it answers the one request the monitor asks."""
    known = {(MODEL, VERSION)}

    async def versions(question: GetVersions, _: Context) -> list[VersionView | None]:
        now = datetime.now(UTC)
        return [
            VersionView(
                model_name=key.model_name, version=key.version, status="READY", stage="None", source="", user="",
                created_at=now, updated_at=now,
            )
            if (key.model_name, key.version) in known
            else None
            for key in question.keys
        ]  # fmt: skip

    await bus.serve("registry", "0.1.0", {GetVersions: versions})
    return known


class Monitor:
    """A monitor under test, seen from outside."""

    def __init__(self, url: str, http: httpx.AsyncClient, bus: Bus, model: str = MODEL, version: str = VERSION) -> None:
        self.url = url
        self.http = http
        self.bus = bus
        self.model = model
        self.version = version

    @property
    def path(self) -> str:
        return f"{self.url}/v1/models/{self.model}/versions/{self.version}"

    async def send(
        self, what: str, body: bytes | pa.Table, content_type: str = rows.ARROW, batch: str | None = None
    ) -> httpx.Response:
        content = rows.arrow(body) if isinstance(body, pa.Table) else body
        headers = {"content-type": content_type, **({"batch-id": batch} if batch else {})}
        return await self.http.post(f"{self.path}/{what}", content=content, headers=headers)

    async def send_json(self, what: str, body: Any) -> httpx.Response:
        return await self.http.post(f"{self.path}/{what}", json=body)

    async def set_reference(
        self,
        body: bytes | pa.Table | None = None,
        content_type: str = rows.ARROW,
        name: str = "training",
        **options: str,
    ) -> httpx.Response:
        table = rows.reference() if body is None else body
        content = rows.arrow(table) if isinstance(table, pa.Table) else table
        return await self.http.put(
            f"{self.path}/references/{name}",
            content=content,
            headers={"content-type": content_type},
            params={"window": "1h", **options},
        )

    async def windows(self, **question: Any) -> list[WindowView]:
        wanted = ListWindows(model_name=self.model, version=self.version, **question)
        return await self.bus.request(wanted, service_context("test"), PATIENCE)

    async def distribution(self, feature: str, **question: Any) -> Any:
        wanted = GetDistribution(model_name=self.model, version=self.version, feature=feature, **question)
        return await self.bus.request(wanted, service_context("test"), PATIENCE)

    async def monitored(self) -> Any:
        return await self.bus.request(ListMonitored(), service_context("test"), PATIENCE)

    async def counted(self, rows: int, labelled: int = 0, within: float = 20.0) -> list[WindowView]:
        """Waits until the windows hold at least so many rows and labels; returns them."""

        async def reached() -> list[WindowView]:
            views = await self.windows()
            have = sum(view.rows for view in views)
            joined = sum(view.performance.labelled for view in views if view.performance)
            return views if have >= rows and joined >= labelled else []

        return await until(reached, within, f"{rows} rows and {labelled} labels in the windows")


Run = Callable[[MonitorSettings], Any]


@pytest.fixture
def run_monitor(bus: Bus) -> Run:
    """Runs a monitor inside the test's own process."""

    @asynccontextmanager
    async def run(settings: MonitorSettings) -> AsyncIterator[Monitor]:
        async with running(settings, build) as url, httpx.AsyncClient(timeout=30) as http:
            yield Monitor(url, http, bus)

    return run


@pytest.fixture
async def monitor(
    settings: MonitorSettings, run_monitor: Run, registry: set[tuple[str, str]]
) -> AsyncIterator[Monitor]:
    """A running monitor with nothing in it."""
    async with run_monitor(settings) as monitor:
        yield monitor


class MonitorProcess:
    """`python -m services.monitor` as a process that a test may kill and start again on the same port."""

    def __init__(self, settings: MonitorSettings, log: Path) -> None:
        self.port = choose(["port"])["port"]
        self._log = log
        self._process: Spawned | None = None
        self._environment = {
            **os.environ,
            "MONGODB_URI": settings.mongodb_uri.get_secret_value(),
            "NATS_URL": settings.nats_url.get_secret_value(),
            "MONITOR_DATABASE": settings.database,
            "MONITOR_PORT": str(self.port),
            "MONITOR_IDLE_CLOSE_SECONDS": str(settings.idle_close_seconds),
        }

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        self._process = spawn("services.monitor", self._environment, self._log)
        wait_until(self._ready, 60, f"monitor ready; its log: {self._log}")

    def _ready(self) -> bool:
        try:
            return httpx.get(f"{self.url}/readyz", timeout=1).status_code == 200
        except httpx.TransportError:
            return False

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def kill9(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


@pytest.fixture
def start_monitor(settings: MonitorSettings, tmp_path: Path) -> Iterator[Callable[[], MonitorProcess]]:
    """Starts monitors as processes of their own on the test's servers and database."""
    started: list[MonitorProcess] = []

    def start() -> MonitorProcess:
        process = MonitorProcess(settings, tmp_path / f"monitor-{len(started)}.log")
        started.append(process)
        process.start()
        return process

    yield start
    for process in started:
        process.kill9()
