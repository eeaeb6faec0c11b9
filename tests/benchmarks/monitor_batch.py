"""What one more batch of 1,000 rows costs the monitor: counting and figures alone, and its whole process.

    python -m tests.benchmarks.monitor_batch

The whole process: HTTP, checks, JetStream, counting, keeping rows for their labels, MongoDB, live figures, and all that
goes on beside. Starts its own mongod, nats-server and monitor, and stops them. CPU seconds of the monitor's process by
the system's own account, above what it takes while nothing comes (printed, too).
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import psutil

from services.contracts.monitor import ListMonitored
from services.monitor.counts.arrow import columns_from_arrow
from services.monitor.references.rules import build_reference
from services.monitor.windows.rules import count_batch, drift, merge
from services.runtime.bus import Bus
from services.runtime.context import service_context
from tests.benchmarks.monitor_ingest import ARROW, PATH, WINDOW_MS, arrow, json_body, monitors, registry, send, table
from tests.support.servers import running
from tests.support.waiting import until

JSON = "application/json"
ROWS = 1_000
WARM = 60
REPEATS = 30


def alone() -> float:
    """CPU seconds to count a batch, merge it into its window and make all figures anew; the best of several."""
    reference = build_reference(columns_from_arrow(table(100_000, 0, 1, outputs_only=True)))
    columns = columns_from_arrow(table(ROWS, 0, 2, outputs_only=True))
    whole = count_batch(reference, columns)

    def once() -> None:
        drift(reference, merge([whole, count_batch(reference, columns)]))

    return min(_timed(once) for _ in range(REPEATS))


def _timed(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


async def measure(arguments: argparse.Namespace, mongodb: str, nats: str, directory: Path) -> None:
    with monitors(1, mongodb, nats, directory) as [(url, process)]:
        async with registry(nats) as bus, httpx.AsyncClient(timeout=120) as http:
            answer = await http.put(
                f"{url}{PATH}/references/training", content=arrow(table(100_000, 0, 1, outputs_only=True)),
                params={"window": f"{WINDOW_MS // 1000}s"}, headers={"content-type": ARROW},
            )  # fmt: skip
            assert answer.status_code == 201, answer.text
            done = 0

            def bodies(count: int, kind: str) -> list[bytes]:
                made = [table(ROWS, done + i * ROWS, i) for i in range(count)]
                return [arrow(rows) if kind == ARROW else json_body(rows) for rows in made]

            await send(http, [url], "predictions", bodies(WARM, ARROW), ARROW, 2)
            done += WARM * ROWS
            await until(lambda: counted(bus, done), 60, "all rows counted")
            await asyncio.sleep(4)
            before = cpu(process)
            await asyncio.sleep(arguments.seconds)
            idle = (cpu(process) - before) / arguments.seconds
            print(f"{'counting, merging, all figures':52} {alone() * 1000:6.2f} ms a batch")
            print(f"{'the process while nothing comes':52} {idle * 1000:6.2f} ms a second", flush=True)
            for kind in (ARROW, JSON):
                for a_second in (*arguments.rates, 0):
                    count = int(a_second * arguments.seconds) if a_second else arguments.many
                    made = bodies(count, kind)
                    before, began = cpu(process), time.perf_counter()
                    if a_second:
                        for number, body in enumerate(made):
                            await asyncio.sleep(max(0.0, began + number / a_second - time.perf_counter()))
                            await send(http, [url], "predictions", [body], kind, 1)
                    else:
                        await send(http, [url], "predictions", made, kind, arguments.tasks)
                    done += count * ROWS
                    await until(lambda: counted(bus, done), 120, "all rows counted")  # noqa: B023  # awaited at once
                    await asyncio.sleep(0.5)
                    taken = time.perf_counter() - began
                    each = (cpu(process) - before - idle * taken) / count
                    pace = (
                        f"{a_second:g} a second" if a_second else f"as fast as they go ({count / taken:,.0f} a second)"
                    )
                    name = "Arrow" if kind == ARROW else "JSON columns"
                    print(f"{f'whole process: {name}, {pace}':52} {each * 1000:6.2f} ms a batch", flush=True)


async def counted(bus: Bus, wanted: int) -> bool:
    [view] = await bus.request(ListMonitored(), service_context("bench"), 30)
    return view.rows >= wanted


def cpu(process: psutil.Process) -> float:
    return float(sum(process.cpu_times()[:2]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=10.0, help="at each pace")
    parser.add_argument("--rates", type=float, nargs="*", default=[2, 20], help="batches a second")
    parser.add_argument("--many", type=int, default=400, help="batches sent as fast as they go")
    parser.add_argument("--tasks", type=int, default=6, help="sent at the same time, as fast as they go")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        with running("mongod", directory / "m") as mongod, running("nats", directory / "n") as nats:
            asyncio.run(measure(arguments, mongod.url, nats.url, directory))


if __name__ == "__main__":
    main()
