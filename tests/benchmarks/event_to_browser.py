"""From an event to the pixels of an open browser, on a running stack: `python -m tests.benchmarks.event_to_browser`.

Two ways are timed: a lifecycle event (a model is registered over MLflow's API) to its line in the overview's feed, and
a batch of predictions to the moved chart of the live monitoring page. Clocks: the time just before the request is sent
against the browser's own clock at the first animation frame that shows the change; both run on this machine.
"""

from __future__ import annotations

import argparse
import time
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import numpy as np
from playwright.sync_api import Page, sync_playwright

from deploy.local.settings import LocalSettings
from deploy.local.state import StateDirectory
from tests.e2e.conftest import CHROMIUM

WATCH_TEXT = """() => {
    window.seen = {};
    const look = () => {
        const text = document.body.innerText;
        for (const word of window.words || [])
            if (!(word in window.seen) && text.includes(word)) window.seen[word] = Date.now();
        requestAnimationFrame(look);
    };
    look();
}"""
WATCH_ROWS = """() => {
    window.shown = [];
    const total = () => [...document.querySelectorAll('.dash-graph')].filter(e => e.id.includes('"volume"')).map(
        e => e.querySelector('.js-plotly-plot')).filter(p => p && p.data).map(
        p => p.data.reduce((sum, trace) => sum + trace.y.reduce((a, b) => a + (b || 0), 0), 0))[0];
    const look = () => {
        const rows = total(), last = window.shown[window.shown.length - 1];
        if (rows !== undefined && (!last || last.rows !== rows)) window.shown.push({rows, at: Date.now()});
        requestAnimationFrame(look);
    };
    look();
}"""
MODEL = "latency-check"


def events(page: Page, registry: str, dashboard: str, count: int) -> list[float]:
    """Milliseconds from each request to its line in the feed."""
    page.goto(dashboard)
    page.wait_for_selector("#live-badge:has-text('Live')")
    page.evaluate(WATCH_TEXT)
    taken = []
    with httpx.Client() as http:
        for _ in range(count):
            name = f"m{uuid.uuid4().hex[:10]}"
            page.evaluate("word => window.words = [word]", name)
            sent = time.time()
            http.post(f"{registry}/api/2.0/mlflow/registered-models/create", json={"name": name}).raise_for_status()
            page.wait_for_function("word => word in window.seen", arg=name, timeout=20_000)
            taken.append(page.evaluate("word => window.seen[word]", name) - sent * 1000)
            page.wait_for_timeout(50)
    return taken


def batches(page: Page, monitor: str, registry: str, dashboard: str, count: int, rows: int) -> list[float]:
    """Milliseconds from each batch to the chart that counts its rows."""
    rng = np.random.default_rng(3)
    now = datetime.now(UTC)
    with httpx.Client(timeout=30) as http:
        base = f"{monitor}/v1/models/{MODEL}/versions/1"
        _registered(http, registry)
        columns = {"score": rng.random(2000).tolist(), "features": {"x": rng.normal(size=2000).tolist()}}
        http.put(
            f"{base}/references/training", params={"window": "1h", "task": "binary"}, json={"columns": columns}
        ).raise_for_status()
        _send(http, base, rng, now, rows)
        page.goto(f"{dashboard}/monitoring/{MODEL}/1")
        page.wait_for_selector("#live-badge:has-text('Live')")
        page.wait_for_selector(".js-plotly-plot")
        page.evaluate(WATCH_ROWS)
        page.wait_for_function("() => window.shown.length > 0", timeout=30_000)
        page.wait_for_timeout(1500)
        taken = []
        for _ in range(count):
            before = page.evaluate("() => window.shown.length")
            sent = time.time()
            _send(http, base, rng, now, rows)
            page.wait_for_function("n => window.shown.length > n", arg=before, timeout=20_000)
            taken.append(page.evaluate("n => window.shown[n].at", before) - sent * 1000)
            page.wait_for_timeout(300)
    return taken


def _registered(http: httpx.Client, registry: str) -> None:
    api = f"{registry}/api/2.0/mlflow"
    http.post(f"{api}/registered-models/create", json={"name": MODEL})
    if http.get(f"{api}/model-versions/get", params={"name": MODEL, "version": "1"}).status_code != 200:
        run = http.post(f"{api}/runs/create", json={"experiment_id": "0"}).raise_for_status().json()["run"]["info"]
        version = {"name": MODEL, "source": f"runs:/{run['run_id']}/model", "run_id": run["run_id"]}
        http.post(f"{api}/model-versions/create", json=version).raise_for_status()


def _send(http: httpx.Client, base: str, rng: np.random.Generator, now: datetime, rows: int) -> None:
    batch = {
        "columns": {
            "id": [uuid.uuid4().hex for _ in range(rows)],
            "timestamp": [(now - timedelta(seconds=1)).isoformat()] * rows,
            "score": rng.random(rows).tolist(),
            "features": {"x": rng.normal(size=rows).tolist()},
        },
    }
    http.post(f"{base}/predictions", json=batch, headers={"Batch-Id": uuid.uuid4().hex}).raise_for_status()


def line(name: str, taken: list[float]) -> str:
    p50, p95, worst = np.percentile(taken, [50, 95, 100])
    return f"{name:<34} {len(taken):>4} times   p50 {p50:6.0f} ms   p95 {p95:6.0f} ms   most {worst:6.0f} ms"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--rows", type=int, default=1000, help="rows a batch")
    parser.add_argument("--state", type=Path, default=LocalSettings().state_dir, help="directory of the running stack")
    arguments = parser.parse_args()
    urls = StateDirectory(arguments.state).record().urls
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage"])
        page = browser.new_page()
        print(line("event to line in the feed", events(page, urls["registry"], urls["dashboard"], arguments.count)))
        moved = batches(page, urls["monitor"], urls["registry"], urls["dashboard"], arguments.count, arguments.rows)
        print(line(f"batch of {arguments.rows} rows to chart", moved))
        browser.close()


if __name__ == "__main__":
    main()
