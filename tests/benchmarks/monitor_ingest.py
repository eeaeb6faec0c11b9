"""Rows a second from HTTP to counts in MongoDB, labels a second, and the delay to live figures, on this machine.

    python -m tests.benchmarks.monitor_ingest --rows 1000000 --batch 20000

Starts its own mongod, nats-server and monitors, and stops them. Everything shares the machine, the producer included.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import httpx
import msgspec
import numpy as np
import psutil
import pyarrow as pa

from deploy.local.leash import leashed
from deploy.local.ports import choose
from services.contracts.monitor import ListWindows, WindowMoved, WindowView
from services.contracts.registry import GetVersions, VersionView
from services.runtime.bus import Bus
from services.runtime.context import Context, service_context
from tests.support.servers import running
from tests.support.waiting import until, wait_until

ARROW = "application/vnd.apache.arrow.stream"
NUMERIC, CATEGORICAL = 15, 5
VALUES = [f"value-{i}" for i in range(12)]
START = int(datetime(2026, 3, 1, tzinfo=UTC).timestamp() * 1000)
WINDOW_MS = 600_000
PATH = "/v1/models/bench/versions/1"


def table(rows: int, first: int, seed: int, *, outputs_only: bool = False) -> pa.Table:
    made = np.random.default_rng(seed)
    score = made.uniform(size=rows)
    columns: dict[str, object] = (
        {}
        if outputs_only
        else {
            "id": [f"request-{i:012d}" for i in range(first, first + rows)],
            "timestamp": START + (first + np.arange(rows)) * 2,
        }
    )
    columns["score"] = score
    columns["prediction"] = (score > 0.5).astype(np.int64)
    for i in range(NUMERIC):
        columns[f"n{i}"] = made.normal(i, 1 + i / 3, rows)
    for i in range(CATEGORICAL):
        codes = made.integers(0, len(VALUES), rows).astype(np.int32)
        columns[f"c{i}"] = pa.DictionaryArray.from_arrays(pa.array(codes), pa.array(VALUES))
    return pa.table(columns)


def arrow(rows: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, rows.schema) as writer:
        writer.write_table(rows)
    return bytes(sink.getvalue())


def json_body(rows: pa.Table) -> bytes:
    columns = rows.to_pydict()
    features = {name: columns.pop(name) for name in list(columns) if name[0] in "nc" and name[1:].isdigit()}
    return msgspec.json.encode({"columns": {**columns, "features": features}})


@contextmanager
def monitors(count: int, mongodb: str, nats: str, directory: Path) -> Iterator[list[tuple[str, psutil.Process]]]:
    started: list[subprocess.Popen[bytes]] = []
    found = []
    try:
        for number in range(count):
            port = choose(["port"])["port"]
            environment = {
                **os.environ, "MONGODB_URI": mongodb, "NATS_URL": nats, "MONITOR_DATABASE": "bench",
                "MONITOR_PORT": str(port), "LIFECYCLE_LOG_LEVEL": "warning",
            }  # fmt: skip
            with (directory / f"monitor-{number}.log").open("wb") as log:
                process = subprocess.Popen(
                    leashed([sys.executable, "-m", "services.monitor"]), stdout=log, stderr=log, env=environment
                )
            started.append(process)
            found.append((f"http://127.0.0.1:{port}", psutil.Process(process.pid)))
        for url, _ in found:
            wait_until(partial(_ready, url), 120, "monitor ready")
        yield found
    finally:
        for process in started:
            process.kill()
            process.wait()


def _ready(url: str) -> bool:
    with contextlib.suppress(httpx.TransportError):
        return httpx.get(f"{url}/readyz", timeout=1).status_code == 200
    return False


@asynccontextmanager
async def registry(nats: str) -> AsyncIterator[Bus]:
    async with Bus.connect(nats, "bench") as bus:

        async def versions(question: GetVersions, _: Context) -> list[VersionView | None]:
            now = datetime.now(UTC)
            return [
                VersionView(model_name=key.model_name, version=key.version, status="READY", stage="None", source="",
                            user="", created_at=now, updated_at=now)
                for key in question.keys
            ]  # fmt: skip

        await bus.serve("registry", "0.1.0", {GetVersions: versions})
        yield bus


async def windows(bus: Bus) -> list[WindowView]:
    return await bus.request(ListWindows(model_name="bench", version="1", features=[]), service_context("bench"), 30)


async def send(http: httpx.AsyncClient, urls: list[str], what: str, bodies: list[bytes], kind: str, tasks: int) -> None:
    """All bodies, `tasks` at a time; a full stream is waited out."""
    queue = list(enumerate(bodies))[::-1]

    async def worker() -> None:
        while queue:
            number, body = queue.pop()
            while True:
                answer = await http.post(
                    f"{urls[number % len(urls)]}{PATH}/{what}", content=body, headers={"content-type": kind}
                )
                if answer.status_code == 202:
                    break
                assert answer.status_code == 503, answer.text
                await asyncio.sleep(0.2)

    await asyncio.gather(*(worker() for _ in range(tasks)))


async def measure(arguments: argparse.Namespace, mongodb: str, nats: str, directory: Path) -> None:
    with monitors(arguments.monitors, mongodb, nats, directory) as running:
        urls = [url for url, _ in running]
        async with registry(nats) as bus, httpx.AsyncClient(timeout=120) as http:
            answer = await http.put(
                f"{urls[0]}{PATH}/references/training", content=arrow(table(100_000, 0, 1, outputs_only=True)),
                params={"window": f"{WINDOW_MS // 1000}s"}, headers={"content-type": ARROW},
            )  # fmt: skip
            assert answer.status_code == 201, answer.text
            done = 0
            for kind, rows in ((ARROW, arguments.rows), ("application/json", arguments.json_rows)):
                batch = arguments.batch if kind == ARROW else min(arguments.batch, 5_000)
                made = [table(batch, done + i * batch, i) for i in range(max(1, rows // batch))]
                bodies = [arrow(rows) if kind == ARROW else json_body(rows) for rows in made]
                before = _cpu(running)
                began = time.perf_counter()
                await send(http, urls, "predictions", bodies, kind, arguments.tasks)
                taken = time.perf_counter() - began
                done += batch * len(bodies)
                await until(lambda: _rows(bus, done), 600, "all rows counted")  # noqa: B023  # awaited at once
                total = time.perf_counter() - began
                cpu = _cpu(running) - before
                n = batch * len(bodies)
                print(
                    f"{kind.rpartition('/')[2]:28} {n:>9,} rows of {NUMERIC + CATEGORICAL} columns in batches of "
                    f"{batch:,}: accepted {n / taken:>9,.0f}/s, counted {n / total:>9,.0f}/s, "
                    f"monitor CPU {cpu / n * 1e6:.2f} µs/row"
                )
            step = arguments.label_batch
            labels = [
                arrow(
                    pa.table(
                        {
                            "id": [f"request-{i:012d}" for i in range(first, min(first + step, done))],
                            "label": np.random.default_rng(first).integers(0, 2, min(step, done - first)),
                        }
                    )
                )
                for first in range(0, done, step)
            ]
            before = _cpu(running)
            began = time.perf_counter()
            await send(http, urls, "labels", labels, ARROW, 4)
            await until(lambda: _labelled(bus, done), 600, "all labels joined")
            total = time.perf_counter() - began
            print(
                f"labels {done:,} in batches of {step:,}: joined {done / total:,.0f}/s, "
                f"monitor CPU {(_cpu(running) - before) / done * 1e6:.2f} µs/label"
            )
            await latency(http, urls, bus, done)
            for url, process in running:
                print(f"monitor {url}: resident {process.memory_info().rss / 2**20:.0f} MiB")


async def latency(http: httpx.AsyncClient, urls: list[str], bus: Bus, done: int) -> None:
    """From an acknowledged batch of 1,000 rows to the live update that holds it."""
    delays = []
    async with bus.hear(WindowMoved, "bench", "1") as updates:
        for number in range(30):
            body = arrow(table(1_000, done + number * 1_000, number))
            at = time.perf_counter()
            rows = done + (number + 1) * 1_000  # all rows so far lie 2 ms apart, so each window's count is known
            window = (START + (rows - 1) * 2) // WINDOW_MS * WINDOW_MS
            expected = rows - max(0, window - START) // 2
            answer = await http.post(f"{urls[0]}{PATH}/predictions", content=body, headers={"content-type": ARROW})
            assert answer.status_code == 202
            while True:
                update = await asyncio.wait_for(updates.get(), 10)
                if update.window.start.timestamp() * 1000 == window and update.window.rows >= expected:
                    break
            delays.append(time.perf_counter() - at)
            await asyncio.sleep(0.25)
    p50, p95 = np.quantile(delays, [0.5, 0.95])
    print(f"batch of 1,000 sent to live figure: p50 {p50 * 1000:.0f} ms, p95 {p95 * 1000:.0f} ms")


async def _rows(bus: Bus, wanted: int) -> bool:
    return sum(view.rows for view in await windows(bus)) >= wanted


async def _labelled(bus: Bus, wanted: int) -> bool:
    return sum(view.performance.labelled for view in await windows(bus) if view.performance) >= wanted


def _cpu(running: list[tuple[str, psutil.Process]]) -> float:
    return sum(sum(process.cpu_times()[:2]) for _, process in running)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--json-rows", type=int, default=200_000)
    parser.add_argument("--batch", type=int, default=20_000)
    parser.add_argument("--label-batch", type=int, default=10_000)
    parser.add_argument("--tasks", type=int, default=6)
    parser.add_argument("--processes", "--monitors", dest="monitors", type=int, default=1, help="monitors that share")
    arguments = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_NOFILE, (4096, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        with running("mongod", directory / "m") as mongod, running("nats", directory / "n") as nats:
            asyncio.run(measure(arguments, mongod.url, nats.url, directory))


if __name__ == "__main__":
    main()
