"""The dashboard before 100 open browsers: `python -m tests.benchmarks.dashboard_load`; starts a stack of its own.

One real Chromium, and simulated browsers that speak its live protocol. Measured: how long an event takes to the pixels
and to every browser, whether a burst loses any, how the open page comes back after a part is killed, what pages weigh,
and how soon they stand there. Times: just before the request is sent, against the browser's clock two animation frames
after the change; all on this machine.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import re
import signal
import tempfile
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import numpy as np
from playwright.async_api import Browser, Page, Request, async_playwright
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

from deploy.local.stack import Stack, Urls
from tests.benchmarks.looking import WITHIN, looked
from tests.e2e.conftest import CHROMIUM
from tests.support.waiting import until

MODEL = "load-check"
AREAS = ("Projects", "Runs", "Datasets", "Models", "Reviews", "Monitoring", "Alerts", "Insights", "Events", "Overview")
PROBE = """() => {
    window.words = new Set(); window.seen = {};
    const look = () => {
        for (const line of document.querySelectorAll('#feed li'))
            for (const word of window.words)
                if (line.textContent.includes(word)) {
                    window.words.delete(word);
                    requestAnimationFrame(() => requestAnimationFrame(() => { window.seen[word] = Date.now(); }));
                }
    };
    new MutationObserver(look).observe(document.body, {childList: true, subtree: true});
    window.await1 = (word) => { window.words.add(word); look(); };
}"""
STANDS = """title => [...document.querySelectorAll('h1')].some(h => h.textContent === title)
    && !document.querySelector('#page [aria-busy]')"""


# ---------------------------------------------------------------- what happens


class Registry:
    """Makes events the way clients do: over MLflow's API."""

    def __init__(self, http: httpx.AsyncClient, url: str) -> None:
        self._http = http
        self._api = f"{url}/api/2.0/mlflow"

    async def post(self, path: str, **body: object) -> dict[str, dict[str, dict[str, str]]]:
        answer = await self._http.post(f"{self._api}/{path}", json=body)
        answer.raise_for_status()
        found: dict[str, dict[str, dict[str, str]]] = answer.json()
        return found

    async def event(self) -> tuple[str, float]:
        """Registers a model: its name, which stands in the event's line, and when it was sent (ms)."""
        name, sent = f"m{uuid.uuid4().hex[:10]}", time.time() * 1000
        await self.post("registered-models/create", name=name)
        return name, sent


async def seeded(http: httpx.AsyncClient, urls: Urls, registry: Registry) -> None:
    """Runs with figures, a version under watch, and forty windows of its predictions."""
    rng = np.random.default_rng(3)
    await registry.post("registered-models/create", name=MODEL)
    run = ""
    for number in range(30):
        run = (await registry.post("runs/create", experiment_id="0", run_name=f"run {number}"))["run"]["info"]["run_id"]
        metrics = [{"key": "roc_auc", "value": 0.5 + step / 100, "timestamp": step, "step": step} for step in range(40)]
        await registry.post("runs/log-batch", run_id=run, metrics=metrics, params=[{"key": "depth", "value": "6"}])
    await registry.post("model-versions/create", name=MODEL, source=f"runs:/{run}/model", run_id=run)
    base = f"{urls.monitor}/v1/models/{MODEL}/versions/1"
    features = {f"x{i}": rng.normal(size=2000).tolist() for i in range(12)}
    body = {"columns": {"score": rng.random(2000).tolist(), "features": features}}
    reference = f"{base}/references/training"
    (await http.put(reference, params={"window": "1h", "task": "binary"}, json=body)).raise_for_status()
    now = datetime.now(UTC)
    for hours in range(40, 0, -1):
        await _batch(http, base, rng, now - timedelta(hours=hours))


async def _batch(http: httpx.AsyncClient, base: str, rng: np.random.Generator, at: datetime, rows: int = 200) -> None:
    columns = {
        "id": [uuid.uuid4().hex for _ in range(rows)],
        "timestamp": [at.isoformat()] * rows,
        "score": rng.random(rows).tolist(),
        "features": {f"x{i}": rng.normal(size=rows).tolist() for i in range(12)},
    }
    sent = await http.post(f"{base}/predictions", json={"columns": columns}, headers={"Batch-Id": uuid.uuid4().hex})
    sent.raise_for_status()


# ---------------------------------------------------------------- who looks


@dataclass
class Client:
    """A simulated browser on the overview: connects again for ever, as `live.js` does."""

    url: str
    origin: str
    at: dict[str, float] = field(default_factory=dict)  # by word: when its frame arrived, ms
    words: set[str] = field(default_factory=set)
    newest: str = ""  # the newest frame with the feed
    connected: bool = False

    async def live(self) -> None:
        pause = 0.25
        while True:
            try:
                async with connect(self.url, origin=self.origin, max_size=None) as socket:  # type: ignore[arg-type]
                    await socket.send('{"watch":["overview","feed"]}')
                    self.connected, pause = True, 0.25
                    async for text in socket:
                        self._take(str(text))
            except (OSError, WebSocketException):
                pass
            self.connected = False
            await asyncio.sleep(pause)
            pause = min(4.0, 2 * pause)

    def _take(self, text: str) -> None:
        if '"feed":[' not in text:
            return
        self.newest = text
        for word in [word for word in self.words if word in text]:
            self.words.discard(word)
            self.at[word] = time.time() * 1000


@contextlib.asynccontextmanager
async def opened(count: int, dashboard: str) -> AsyncIterator[list[Client]]:
    clients = [Client(f"{dashboard.replace('http', 'ws', 1)}/live/ws", dashboard) for _ in range(count)]
    tasks = [asyncio.create_task(client.live()) for client in clients]
    await until(_all(clients, lambda client: client.connected), WITHIN, "every simulated browser is connected")
    yield clients
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _all(clients: list[Client], fits: Callable[[Client], object]) -> Callable[[], Awaitable[bool]]:
    async def look() -> bool:
        return all(fits(client) for client in clients)

    return look


async def awaited(page: Page, clients: list[Client], word: str) -> None:
    for client in clients:
        client.words.add(word)
    await page.evaluate("word => window.await1(word)", word)


async def seen(page: Page, clients: list[Client], word: str, sent: float) -> tuple[float, list[float]]:
    """Milliseconds to the pixels of the real browser, and to each simulated one."""
    await page.wait_for_function("word => word in window.seen", arg=word, timeout=WITHIN * 1000)
    await until(_all(clients, lambda client: word in client.at), WITHIN, "every simulated browser heard of it")
    pixels: float = await page.evaluate("word => window.seen[word]", word)
    return pixels - sent, [client.at.pop(word) - sent for client in clients]


# ---------------------------------------------------------------- what is measured


async def events(page: Page, clients: list[Client], registry: Registry, count: int) -> list[str]:
    pixels, heard = [], []
    for _ in range(count):
        name, sent = f"m{uuid.uuid4().hex[:10]}", time.time() * 1000
        await awaited(page, clients, name)
        sent = time.time() * 1000
        await registry.post("registered-models/create", name=name)
        one, others = await seen(page, clients, name, sent)
        pixels.append(one)
        heard += others
        await asyncio.sleep(0.15)
    return [line("event to pixels (Chromium)", pixels), line(f"event to each of {len(clients)} browsers", heard)]


async def burst(page: Page, clients: list[Client], registry: Registry, http: httpx.AsyncClient, urls: Urls) -> str:
    """1,000 events as fast as the registry takes them; all are heard, and every browser ends with the newest lines."""
    size, lanes = 1000, asyncio.Semaphore(16)
    before = await _heard(http, urls.dashboard)
    began = time.monotonic()

    async def one() -> None:
        async with lanes:
            await registry.event()

    await asyncio.gather(*(one() for _ in range(size)))
    made = time.monotonic() - began
    last, sent = f"m{uuid.uuid4().hex[:10]}", time.time() * 1000
    await awaited(page, clients, last)
    await registry.post("registered-models/create", name=last)
    pixels, heard = await seen(page, clients, last, sent)

    async def all_heard() -> bool:
        return await _heard(http, urls.dashboard) - before >= size + 1

    await until(all_heard, WITHIN, "the dashboard heard of every event")
    lines = await page.eval_on_selector_all("#feed li", "all => all.map(one => one.dataset.event)")
    query = {"query": "{ events(first: 30) { nodes { id } } }"}
    newest = [one["id"] for one in (await http.post(urls.graphql, json=query)).json()["data"]["events"]["nodes"]]
    short = sum(any(name not in client.newest for name in newest) for client in clients)
    lost = len([name for name in newest if name not in lines])
    total = await _heard(http, urls.dashboard) - before
    words = (
        f"made in {made:.1f} s; heard {total:.0f} of {size + 1}",
        f"the last after {pixels:.0f} ms in pixels, {max(heard):.0f} ms in the slowest browser",
        f"lines missing in Chromium: {lost}, browsers with a line missing: {short}",
    )
    return f"{f'burst of {size:,} events':<34} {'; '.join(words)}"


async def _heard(http: httpx.AsyncClient, dashboard: str) -> float:
    text = (await http.get(f"{dashboard}/metrics")).text
    found = re.search(r"^lifecycle_dashboard_events_total ([\d.e+]+)$", text, re.MULTILINE)
    return float(found[1]) if found else 0.0


async def recovery(part: str, stack: Stack, page: Page, clients: list[Client], registry: Registry) -> str:
    """Kills a part, says when the page says so and when it is live again with what happened meanwhile."""
    record = stack.record.parts[part]
    assert record.process is not None
    began = time.monotonic()
    os.kill(record.process.pid, signal.SIGKILL)
    badge = "document.querySelector('#live-badge').textContent"
    said = "live all along"
    with contextlib.suppress(Exception):  # it may be back before the page notices
        await page.wait_for_function(f"() => {badge} !== 'Live'", timeout=8000)
        said = f"page says so after {time.monotonic() - began:.1f} s"
    name = f"m{uuid.uuid4().hex[:10]}"
    await awaited(page, clients, name)
    await registry.post("registered-models/create", name=name)
    await page.wait_for_function(f"() => {badge} === 'Live'", timeout=WITHIN * 1000)
    live = time.monotonic() - began
    await seen(page, clients, name, 0)
    everywhere = time.monotonic() - began
    return f"{part + ' killed':<34} {said}; live again after {live:.1f} s; all caught up after {everywhere:.1f} s"


async def weights(browser: Browser, dashboard: str, run: str) -> list[str]:
    """Each page in a fresh browser: what travels (compressed), requests, and when it stands there."""
    pages = {
        "overview": ("/", "h1"),
        "runs": ("/runs", ".ag-row"),
        "run (chart)": (f"/runs/{run}", ".js-plotly-plot .cartesianlayer .trace"),
        "version": (f"/models/{MODEL}/1", "#version-head"),
        "monitoring (charts)": (f"/monitoring/{MODEL}/1", ".js-plotly-plot .cartesianlayer .trace"),
    }
    lines = []
    for name, (path, stands) in pages.items():
        charts = "chart" in name
        times = [await looked(browser, dashboard + path, stands, everything=charts) for _ in range(5)]
        stood = [one.stands for one in times]
        lines.append(
            f"cold: {name:<28} {np.median([one.kilobytes for one in times]):6.0f} kB in "
            f"{int(np.median([one.requests for one in times])):3} requests   "
            f"stands after p50 {np.median(stood):5.0f} ms, most {max(stood):5.0f} ms"
            + (f"; all charts {np.median([one.everything for one in times]):5.0f} ms" if charts else "")
        )
    return lines


async def changes(page: Page, rounds: int) -> AsyncIterator[str]:
    """From a click in the navigation to the page that stands there; of that, until the server has answered."""
    taken: dict[str, list[float]] = {}
    answered: dict[str, list[float]] = {}
    for _ in range(rounds):
        for area in AREAS:
            heard: list[float] = []
            began = time.monotonic()

            def hear(request: Request, heard: list[float] = heard, began: float = began) -> None:
                if "..page.children" in (request.post_data or ""):
                    heard.append((time.monotonic() - began) * 1000)

            page.on("requestfinished", hear)
            await page.locator(".nav-link", has_text=area).first.click()
            await page.wait_for_function(STANDS, arg=area, timeout=WITHIN * 1000, polling="raf")
            taken.setdefault(area, []).append((time.monotonic() - began) * 1000)
            await page.wait_for_timeout(100)
            page.remove_listener("requestfinished", hear)
            answered.setdefault(area, []).append(heard[0] if heard else 0)
    yield line("change of page", [one for area in taken.values() for one in area])
    for area in AREAS:
        yield f"{line('  to ' + area, taken[area])}   answered p50 {np.median(answered[area]):5.0f} ms"


def line(name: str, taken: list[float]) -> str:
    p50, p95, most = np.percentile(taken, [50, 95, 100])
    return f"{name:<34} {len(taken):>5} times   p50 {p50:5.0f} ms   p95 {p95:5.0f} ms   most {most:5.0f} ms"


async def measured(given: argparse.Namespace, stack: Stack) -> AsyncIterator[str]:
    urls = stack.urls
    dashboard = urls.dashboard.rstrip("/")
    async with httpx.AsyncClient(timeout=30, trust_env=False) as http, async_playwright() as playwright:
        registry = Registry(http, urls.registry)
        await seeded(http, urls, registry)
        run = (await registry.post("runs/search", experiment_ids=["0"], max_results=1))["runs"][0]["info"]["run_id"]  # type: ignore[index]
        browser = await playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM", CHROMIUM), args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        for one in await weights(browser, dashboard, run):
            yield one
        page = await browser.new_page()
        await page.goto(dashboard)
        await page.wait_for_selector("#live-badge:has-text('Live')")
        async for one in changes(page, given.rounds):
            yield one
        await page.evaluate(PROBE)
        async with opened(given.browsers, dashboard) as clients:
            for one in await events(page, clients, registry, given.count):
                yield one
            yield await burst(page, clients, registry, http, urls)
            for part in ("gateway", "nats-server", "dashboard"):
                yield await recovery(part, stack, page, clients, registry)
        await browser.close()


async def run(given: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory(prefix="dashboard-load-") as state:
        async with Stack(Path(state)) as stack:
            async for one in measured(given, stack):
                print(one, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--browsers", type=int, default=100, help="simulated, beside the real one")
    parser.add_argument("--count", type=int, default=60, help="events that are timed")
    parser.add_argument("--rounds", type=int, default=4, help="through all areas")
    asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
