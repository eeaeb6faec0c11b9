"""The dashboard's pages before very much data, through the real services: `python -m tests.benchmarks.dashboard_scale`.

A year of minute windows of one version, 1,000 features of another, 100,000 runs: windows are made by the monitor from
real batches and then repeated in MongoDB for every minute, runs are stored as the registry keeps them. Once the
monitor, started again, has stored the hours and days of these windows (which it else does as time goes on), a real
Chromium with an empty cache opens the pages: until the first chart or row is painted, until all charts are drawn, the
longest time that the page's thread was busy without a pause, and the kilobytes that travelled. Smaller sizes
(`--minutes 20000 --features 100 --runs 5000`) show that it works.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import tempfile
import time
import uuid
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pymongo
from playwright.async_api import Browser, async_playwright

from deploy.local.stack import Stack, Urls
from services.monitor.rollups.rules import DAY
from services.monitor.rollups.store import MARKS
from services.monitor.windows.store import PERFORMANCES, WINDOWS
from tests.benchmarks.dashboard_load import Registry
from tests.benchmarks.looking import SETTLED, WITHIN, Looked, looked
from tests.benchmarks.registry_search import documents, full
from tests.e2e.conftest import CHROMIUM
from tests.support.waiting import until

MINUTES, FEATURES = "by-the-minute", "many-features"
ROWS = 200
MOST_ROLLING = 1200.0
BATCH = 5000
CHART = ".js-plotly-plot .cartesianlayer .trace"


async def watched(http: httpx.AsyncClient, urls: Urls, model: str, window: str, names: int) -> None:
    """A version under watch, with one window of predictions and labels."""
    registry = Registry(http, urls.registry)
    rng = np.random.default_rng(names)
    await registry.post("registered-models/create", name=model)
    await registry.post("model-versions/create", name=model, source="s3://bucket/model")
    base = f"{urls.monitor}/v1/models/{model}/versions/1"
    features = {f"x{i}": rng.normal(size=ROWS).tolist() for i in range(names)}
    body = {"columns": {"score": rng.random(ROWS).tolist(), "features": features}}
    reference = await http.put(f"{base}/references/training", params={"window": window, "task": "binary"}, json=body)
    reference.raise_for_status()
    at = datetime.now(UTC).replace(second=10, microsecond=0) - timedelta(hours=2)
    ids = [uuid.uuid4().hex for _ in range(ROWS)]
    features = {f"x{i}": rng.normal(0.3 * (i % 5 == 0), size=ROWS).tolist() for i in range(names)}
    columns = {
        "id": ids,
        "timestamp": [at.isoformat()] * ROWS,
        "score": rng.random(ROWS).tolist(),
        "features": features,
    }
    for path, sent in (("predictions", columns), ("labels", {"id": ids, "label": rng.integers(0, 2, ROWS).tolist()})):
        answer = await http.post(f"{base}/{path}", json={"columns": sent}, headers={"Batch-Id": uuid.uuid4().hex})
        answer.raise_for_status()


def repeated(template: dict[str, Any], width_ms: int, count: int) -> Iterator[dict[str, Any]]:
    """The same window again for each span of time before it."""
    start, told = template["w"], str(template["_id"])
    for number in range(1, count):
        earlier = start - number * width_ms
        row = {**template, "_id": told.replace(f"|{start}|", f"|{earlier}|"), "w": earlier}
        for field in ("open", "unjudged"):
            row.pop(field, None)  # looked at and closed long ago
        if "last_at" in row:
            row["last_at"] = row["last_at"] - number * width_ms
        yield row


async def multiplied(database: Any, model: str, width_ms: int, count: int) -> None:
    for name in (WINDOWS, PERFORMANCES):
        templates: list[dict[str, Any]] = []

        async def there(name: str = name, templates: list[dict[str, Any]] = templates) -> bool:
            templates[:] = [row for row in database[name].find() if model in str(row["k"])]
            return bool(templates)

        await until(there, WITHIN, f"{name} of {model} are counted")
        for template in templates:
            rows: list[dict[str, Any]] = []
            for row in repeated(template, width_ms, count):
                rows.append(row)
                if len(rows) == BATCH:
                    await asyncio.to_thread(database[name].insert_many, rows, ordered=False)
                    rows = []
            if rows:
                await asyncio.to_thread(database[name].insert_many, rows, ordered=False)


async def stored(given: argparse.Namespace, stack: Stack) -> None:
    async with httpx.AsyncClient(timeout=60, trust_env=False) as http:
        await watched(http, stack.urls, MINUTES, "1m", 4)
        await watched(http, stack.urls, FEATURES, "1h", given.features)
    client: pymongo.MongoClient[dict[str, Any]] = pymongo.MongoClient(stack.urls.mongodb)
    with client:
        await multiplied(client["monitor"], MINUTES, 60_000, given.minutes)
        await multiplied(client["monitor"], FEATURES, 3_600_000, 90)
        await asyncio.to_thread(client["monitor"][MARKS].delete_many, {})  # they are made anew when it starts
        for batch in documents(given.runs):
            await asyncio.to_thread(client["registry"]["runs"].insert_many, batch, ordered=False)
    for part in ("registry", "monitor"):  # they read what is stored when they start
        process = stack.record.parts[part].process
        assert process is not None
        os.kill(process.pid, signal.SIGKILL)

    async def back() -> bool:
        try:
            async with httpx.AsyncClient(timeout=5, trust_env=False) as http:
                ready = [await http.get(f"{url}/readyz") for url in (stack.urls.monitor, stack.urls.gateway)]
            return all(one.status_code == 200 for one in ready) and await asyncio.to_thread(full, stack.urls.registry)
        except httpx.HTTPError:
            return False

    await until(back, 4 * WITHIN, "the services have read what is stored")


async def rolled(stack: Stack) -> float:
    """Seconds until the monitor has stored all hours and days that are past."""
    began = time.monotonic()
    today = int(datetime.now(UTC).timestamp() * 1000) // DAY * DAY
    client: pymongo.MongoClient[dict[str, Any]] = pymongo.MongoClient(stack.urls.mongodb)
    with client:
        marks = client["monitor"][MARKS]

        async def there() -> bool:
            await asyncio.sleep(1)  # the machine has better things to do than to be asked
            due = {"due": True, "d": {"$lt": today - DAY}}
            return await asyncio.to_thread(marks.count_documents, due) == 0

        await until(there, MOST_ROLLING, "hours and days are stored")
    return time.monotonic() - began


async def scrolled(browser: Browser, url: str) -> str:
    """From the first run to far below: until rows stand there, and the longest freeze meanwhile."""
    page = await browser.new_page()
    await page.goto(url)
    await page.wait_for_selector(".ag-row", timeout=WITHIN * 1000)
    await page.wait_for_timeout(SETTLED)
    began = time.monotonic()
    longest = await page.evaluate(
        """async () => {
            let longest = 0;
            const watch = new PerformanceObserver(list => {
                for (const task of list.getEntries()) longest = Math.max(longest, task.duration);
            });
            watch.observe({entryTypes: ['longtask']});
            const grid = document.querySelector('.ag-body-viewport, .ag-grid-scrolling-container') ||
                document.querySelector('.ag-viewport');
            for (let step = 1; step <= 40; step++) {
                grid.scrollTop = step * 400;
                await new Promise(done => requestAnimationFrame(done));
            }
            return longest;
        }"""
    )
    await page.wait_for_function(
        "() => [...document.querySelectorAll('.ag-row')].some(row => +row.getAttribute('row-index') > 200)"
        " && !document.querySelector('.ag-row-loading')",
        timeout=WITHIN * 1000,
    )
    taken = (time.monotonic() - began) * 1000
    await page.close()
    return f"{'runs, scrolled by 16,000 pixels':<44} rows after {taken:5.0f} ms   longest freeze {longest:4.0f} ms"


async def measured(given: argparse.Namespace, stack: Stack) -> AsyncIterator[str]:
    began = time.monotonic()
    await stored(given, stack)
    yield (
        f"{given.minutes:,} minute windows, {given.features:,} features, {given.runs:,} runs stored "
        f"in {time.monotonic() - began:.0f} s, their hours and days {await rolled(stack):.0f} s later"
    )
    dashboard = stack.urls.dashboard.rstrip("/")
    now = datetime.now(UTC)
    year = f"start={now - timedelta(minutes=given.minutes):%Y-%m-%dT%H:%M:%S}&end={now:%Y-%m-%dT%H:%M:%S}"
    minutes = f"/monitoring/{MINUTES}/1"
    pages = {
        "minute windows, the newest 90": (minutes, CHART),
        "minute windows, all of them": (f"{minutes}?range=all", CHART),
        "minute windows, 90 days of a column each": (f"{minutes}?merged=1440", CHART),
        "minute windows, zoomed to their whole time": (f"{minutes}?{year}", CHART),
        f"{given.features:,} features": (f"/monitoring/{FEATURES}/1", CHART),
        "monitored versions": ("/monitoring", "h1"),
        f"{given.runs:,} runs": ("/runs", ".ag-row"),
        f"{given.runs:,} runs, filtered and sorted": ("/runs?filter=metrics.m0+%3E+0.5&sort=-metrics.m1", ".ag-row"),
    }
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM", CHROMIUM), args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        for name, (path, stands) in pages.items():
            times = [await looked(browser, dashboard + path, stands, everything=stands == CHART) for _ in range(2)]
            yield line(name, times)
        yield await scrolled(browser, dashboard + "/runs")
        await browser.close()


def line(name: str, times: list[Looked]) -> str:
    """The first look and the best of the others: the first may wait for what services keep afterwards."""
    first, again = times[0], min(times[1:], key=lambda one: one.stands)
    charts = f"all charts {again.everything:5.0f} ms   " if again.everything else ""
    return (
        f"{name:<44} stands {first.stands:5.0f} ms, then {again.stands:5.0f} ms   {charts}"
        f"longest freeze {max(one.longest for one in times):4.0f} ms   {again.kilobytes:5.0f} kB"
    )


async def run(given: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory(prefix="dashboard-scale-") as state:
        async with Stack(Path(state)) as stack:
            async for one in measured(given, stack):
                print(one, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=int, default=525_600)
    parser.add_argument("--features", type=int, default=1000)
    parser.add_argument("--runs", type=int, default=100_000)
    asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
