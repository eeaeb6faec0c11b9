"""What a monitor holds in memory after 1, 3, 10, 30 … million rows, with day windows that roll on.

    python -m tests.benchmarks.monitor_memory --rows 30000000
    python -m tests.benchmarks.monitor_memory --rows 100000000

Real service, real mongod and nats-server, which it starts and stops. 200,000 rows of 20 columns make a day of event
time; a tenth gets labels, and at each mark all windows are asked for. Nothing is extrapolated: each line is measured.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import httpx
import numpy as np
import psutil
import pyarrow as pa

from services.contracts.monitor import ListMonitored, ListWindows
from services.runtime.bus import Bus
from services.runtime.context import service_context
from tests.benchmarks.monitor_ingest import ARROW, PATH, arrow, monitors, registry, send, table
from tests.support.servers import running
from tests.support.waiting import until

START = int(datetime(2015, 1, 1, tzinfo=UTC).timestamp() * 1000)
"""Far enough back for a thousand million rows."""
ROWS_A_DAY = 200_000
EVERY_US = 86_400_000_000 // ROWS_A_DAY
STEP = 1_000_000
"""Rows that are sent before the monitor is waited for: what lies in the stream is bounded, too."""
LABELLED = 0.1
MARKS = (1, 3, 10, 30, 100, 300, 1_000)
"""Millions."""


class Rows:
    """Batches that differ in ids, times and a little noise; made fast enough not to be what is measured."""

    def __init__(self, batch: int) -> None:
        self.batch = batch
        self._templates = [table(batch, 0, seed) for seed in range(8)]

    def predictions(self, first: int) -> bytes:
        rows = self._templates[first // self.batch % len(self._templates)]
        numbers = np.arange(first, first + self.batch)
        rows = rows.set_column(0, "id", pa.array(numbers))
        return arrow(rows.set_column(1, "timestamp", pa.array(START + numbers * EVERY_US // 1_000)))

    def labels(self, first: int, rows: int) -> bytes:
        ids = np.arange(first, first + rows)
        return arrow(pa.table({"id": ids, "timestamp": START + ids * EVERY_US // 1_000, "label": ids % 3 == 0}))


async def measure(arguments: argparse.Namespace, mongodb: str, nats: str, directory: Path) -> None:
    with monitors(1, mongodb, nats, directory) as [(url, process)]:
        async with registry(nats) as bus, httpx.AsyncClient(timeout=120) as http:
            print(f"{'rows':>12} {'windows':>8} {'under load':>11} {'quiet':>10} {'most so far':>12} {'rows/s':>9}")
            show(0, 0, process, resident(process), 0.0)
            answer = await http.put(
                f"{url}{PATH}/references/training", content=arrow(table(100_000, 0, 1, outputs_only=True)),
                params={"window": "1d", **({"segments": "c0"} if arguments.segments else {})},
                headers={"content-type": ARROW},
            )  # fmt: skip
            assert answer.status_code == 201, answer.text
            rows = Rows(arguments.batch)
            done, busy = 0, 0.0
            for mark in (mark * 1_000_000 for mark in MARKS if mark * 1_000_000 <= arguments.rows):
                began = time.perf_counter()
                while done < mark:
                    firsts = range(done, done + STEP, rows.batch)
                    for some in (firsts[i : i + 8] for i in range(0, len(firsts), 8)):
                        bodies = [rows.predictions(first) for first in some]
                        await send(http, [url], "predictions", bodies, ARROW, 4)
                    labels = [rows.labels(done, int(STEP * LABELLED))]
                    await send(http, [url], "labels", labels, ARROW, 1)
                    done += STEP
                    await until(lambda: _counted(bus, done), 120, "all rows counted")  # noqa: B023  # awaited at once
                windows = await bus.request(
                    ListWindows(model_name="bench", version="1", last=1_000), service_context("bench"), 60
                )
                busy += time.perf_counter() - began
                loaded = resident(process)
                await asyncio.sleep(arguments.rest)
                show(done, len(windows), process, loaded, done / busy)


def resident(process: psutil.Process) -> float:
    return float(process.memory_info().rss / 2**20)


def show(rows: int, windows: int, process: psutil.Process, loaded: float, rate: float) -> None:
    status = Path(f"/proc/{process.pid}/status").read_text()
    most = int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) / 1024
    print(
        f"{rows:>12,} {windows:>8} {loaded:>7.0f} MiB {resident(process):>6.0f} MiB {most:>8.0f} MiB {rate:>9,.0f}",
        flush=True,
    )


async def _counted(bus: Bus, wanted: int) -> bool:
    [view] = await bus.request(ListMonitored(), service_context("bench"), 30)
    return view.rows >= wanted and view.labelled >= int(wanted * LABELLED)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=30_000_000)
    parser.add_argument("--batch", type=int, default=50_000)
    parser.add_argument("--segments", action="store_true", help="count by segment, too")
    parser.add_argument("--join-days", type=float, default=3.0, help="event days that rows wait for their labels")
    parser.add_argument("--rest", type=float, default=12.0, help="seconds of quiet at each mark")
    arguments = parser.parse_args()
    os.environ["MONITOR_JOIN_DAYS"] = str(arguments.join_days)
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        with running("mongod", directory / "m") as mongod, running("nats", directory / "n") as nats:
            asyncio.run(measure(arguments, mongod.url, nats.url, directory))


if __name__ == "__main__":
    main()
