"""A dashboard process in front of a gateway double, and a browser page that fails on anything unclean."""

from __future__ import annotations

import os
import signal
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, Response, expect

from deploy.local.ports import choose
from tests.e2e.double.gateway import GatewayDouble
from tests.support.waiting import wait_until
from tests.support.zygote import Spawned, spawn

ROOT = Path(__file__).parents[2]
CHROMIUM = "/usr/bin/chromium"
SECRET = "a-secret-of-the-browser-tests-only-32"
WITHIN = 30.0  # seconds that a busy machine may take; what must be quick is measured where it matters

expect.set_options(timeout=WITHIN * 1000)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, object]) -> dict[str, object]:
    """The system's Chromium: Playwright's own would have to be downloaded."""
    return {
        **browser_type_launch_args,
        "executable_path": os.environ.get("CHROMIUM", CHROMIUM),
        "args": ["--no-sandbox", "--disable-dev-shm-usage", "--force-color-profile=srgb"],
    }


class DashboardProcess:
    """`python -m dashboard` on a fixed port, which a test may kill and restart."""

    def __init__(self, gateway_url: str, log: Path, **environment: str) -> None:
        self.port = choose(["dashboard"])["dashboard"]
        self.url = f"http://127.0.0.1:{self.port}"
        self._log = log
        self._process: Spawned | None = None
        self._environment = {
            **os.environ,
            "DASHBOARD_PORT": str(self.port),
            "GATEWAY_URL": gateway_url,
            "LIFECYCLE_LOG_FORMAT": "console",
            **environment,
        }

    def start(self) -> None:
        self._process = spawn("dashboard", self._environment, self._log)
        wait_until(self.ready, within=60, what=f"the dashboard is ready\n{self._log.read_text()[-2000:]}")

    def ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/readyz", timeout=1) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def kill(self) -> None:
        if self._process:
            self._process.kill()
            self._process.wait()
            self._process = None

    def freeze(self) -> None:
        assert self._process
        os.kill(self._process.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        assert self._process
        os.kill(self._process.pid, signal.SIGCONT)

    @property
    def log(self) -> str:
        return self._log.read_text()


class Guard:
    """Collects whatever a clean page must not do. `outage` says that lost connections are part of the test."""

    def __init__(self, context: BrowserContext) -> None:
        self.problems: list[str] = []
        self.outage = False
        context.on("console", self._console)
        context.on("weberror", lambda error: self.problems.append(f"page error: {error.error.stack or error.error}"))
        context.on("requestfailed", self._failed)
        context.on("response", self._response)
        context.on("request", self._request)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not (self.outage and _is_about_connections(message.text)):
            self.problems.append(f"console {message.type}: {message.text}")

    def _failed(self, request: Request) -> None:
        aborted = request.failure == "net::ERR_ABORTED"  # the page went elsewhere meanwhile
        if not (self.outage or aborted):
            self.problems.append(f"request failed: {request.url} {request.failure}")

    def _response(self, response: Response) -> None:
        if response.status >= 400 and not self.outage:
            self.problems.append(f"status {response.status}: {response.url}")

    def _request(self, request: Request) -> None:
        if not request.url.startswith(("http://127.0.0.1:", "data:", "blob:http://127.0.0.1:")):
            self.problems.append(f"leaves the machine: {request.url}")


def _is_about_connections(text: str) -> bool:
    signs = ("WebSocket connection to", "Failed to load resource", "Failed to fetch", "the server did not respond")
    return any(sign in text for sign in signs)


@pytest.fixture
def gateway() -> Iterator[GatewayDouble]:
    double = GatewayDouble()
    double.start()
    yield double
    double.stop()


@pytest.fixture
def dashboard(gateway: GatewayDouble, tmp_path: Path) -> Iterator[DashboardProcess]:
    """In open mode, in front of this test's own gateway double."""
    process = DashboardProcess(gateway.url, tmp_path / "dashboard.log")
    process.start()
    yield process
    process.kill()
    assert "a callback failed" not in process.log, process.log[-4000:]


@pytest.fixture(scope="session")
def settled_gateway() -> Iterator[GatewayDouble]:
    """Shared by tests that only look."""
    double = GatewayDouble()
    double.start()
    yield double
    double.stop()


@pytest.fixture(scope="session")
def settled_dashboard(
    settled_gateway: GatewayDouble, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[DashboardProcess]:
    """Shared by tests that only look."""
    process = DashboardProcess(settled_gateway.url, tmp_path_factory.mktemp("dashboard") / "dashboard.log")
    process.start()
    yield process
    process.kill()
    assert "a callback failed" not in process.log, process.log[-4000:]


OpenPage = Callable[..., Page]


@pytest.fixture
def guards() -> list[Guard]:
    return []


@pytest.fixture
def open_page(browser: Browser, guards: list[Guard]) -> Iterator[OpenPage]:
    """Opens pages, each in a fresh browser context; afterwards every one of them must have been clean."""
    contexts: list[BrowserContext] = []

    def go(url: str, *, width: int = 1400, height: int = 900, dark: bool = False) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",
            locale="en-GB",
            timezone_id="UTC",
        )
        contexts.append(context)
        guards.append(Guard(context))
        page = context.new_page()
        page.goto(url)
        return page

    yield go
    for context in contexts:
        context.close()
    problems = [problem for guard in guards for problem in guard.problems]
    assert not problems, "\n".join(problems)
