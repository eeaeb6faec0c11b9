"""The registry beside a real `mlflow server` in its best configurations, doing the same work, one after the other.

    python -m tests.benchmarks.mlflow_api

The peer runs on SQLite with one worker, and with four workers whose connections have TCP_NODELAY set (without it each
request loses 45 ms to a fault of uvicorn's); both keep enough connections to their database. Clients are two processes
on the same machine, so that their work counts against every server alike. A run is: create it, log 10 parameters and 10
metrics in one batch, end it; through `MlflowClient`, and as the same requests over bare connections. Each client has
recorded one before the clock runs. Unless told not to (MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT), an `MlflowClient` reads
each run before it ends it, for a line that it prints: a fourth request, measured besides. The runs to search lie in the
databases beforehand.

Beside the rate of sixteen clients stands the processor time that all processes of the server took for one of their
runs, and in the end what the same clients reach against a server that answers at once and does nothing: no server on
this machine can have more of them.

Prints each figure, then all beside the better of the peer's two, with the ratio that was asked for.
"""

import argparse
import contextlib
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from tests.benchmarks.mlflow_canned import canned
from tests.benchmarks.mlflow_clients import PRINTED, PROCESSES, Client, metrics, rate, repeat, repeat_with_mlflow, warm
from tests.benchmarks.mlflow_servers import Subject, peer, registry


@dataclass(frozen=True)
class Row:
    """A figure and the ratio to the peer's better one that was asked for; of a time or a size, less is better."""

    name: str
    asked: float | None
    less: bool = False


MEMORY = Row("memory at rest, MiB", None, less=True)
MEMORY_ASKED = 2.3 * 1024 / 10
"""MiB: a tenth of what the peer takes with its job execution, which is switched off here."""
SIXTEEN = Row("runs/s, 16 MlflowClients", 5)
SERVERS_TIME = Row("the servers' processor time, ms a run of these", None, less=True)
FOLLOWS_SECONDS = 2
"""In which the servers do what follows from the last runs; it counts as well."""
RATES = (
    (Row("runs/s, 1 MlflowClient", 1.5), repeat_with_mlflow, "run", 1, 1),
    (SIXTEEN, repeat_with_mlflow, "run", 16, 1),
    (Row("runs/s, 1 MlflowClient that prints them", 1.5), repeat_with_mlflow, PRINTED, 1, 1),
    (Row("runs/s, 16 MlflowClients that print them", 5), repeat_with_mlflow, PRINTED, 16, 1),
    (Row("runs/s, 1 bare connection", None), repeat, "run", 1, 1),
    (Row("runs/s, 16 bare connections", None), repeat, "run", 16, 1),
    (Row("metric points/s, batches of 1,000, 1 client", 5), repeat, "points", 1, 1000),
    (Row("metric points/s, batches of 1,000, 4 clients", 5), repeat, "points", 4, 1000),
    (Row("metric points/s, one a request, 1 client", None), repeat, "point", 1, 1),
)
ORDERED = Row("search, m0 > 0.5 by m1, p95 ms", 50, less=True)
SELECTIVE = Row("search, two selective metrics, p95 ms", None, less=True)
GET = Row("get a run, p50 ms", 2, less=True)
ALIAS = Row("version by alias, p50 ms", 2, less=True)
ROWS = (*(row for row, *_ in RATES), SERVERS_TIME, ORDERED, SELECTIVE, GET, ALIAS, MEMORY)
SEARCHES: tuple[tuple[Row, dict[str, Any]], ...] = (
    (ORDERED, {"filter": "metrics.m0 > 0.5", "order_by": ["metrics.m1 DESC"]}),
    (SELECTIVE, {"filter": "metrics.m0 > 0.99 AND metrics.m1 > 0.9"}),
)


def times(ask: Callable[[], object], most: int, seconds: float) -> tuple[float, float]:
    """p50 and p95 in milliseconds, of at most so many askings within about that time, but five at least."""
    took: list[float] = []
    ends = time.monotonic() + seconds
    while len(took) < 5 or (len(took) < most and time.monotonic() < ends):
        started = time.perf_counter()
        ask()
        took.append((time.perf_counter() - started) * 1000)
    return statistics.median(took), statistics.quantiles(took, n=100, method="inclusive")[94]


def measure(subject: Subject, pool: ProcessPoolExecutor, seconds: float) -> Iterator[tuple[Row, float]]:
    """First what needs rest, last what leaves the server with work of its own."""
    url = subject.url
    yield MEMORY, subject.memory()
    with contextlib.closing(Client(url)) as client:
        searched = client.post("experiments/create", {"name": "searched"})["experiment_id"]
        subject.seed(searched)
        wish = {"experiment_ids": [searched], "max_results": 100}
        for row, more in SEARCHES:
            yield row, times(lambda more=more: client.post("runs/search", {**wish, **more}), 100, seconds)[1]  # type: ignore[misc]
        run = client.post("runs/create", {"experiment_id": searched, "start_time": 1})["run"]["info"]["run_id"]
        client.post("runs/log-batch", {"run_id": run, "metrics": metrics(10)})
        yield GET, times(lambda: client.get(f"runs/get?run_id={run}"), 300, seconds / 2)[0]
        client.post("registered-models/create", {"name": "m"})
        client.post("model-versions/create", {"name": "m", "source": "s3://b/m"})
        client.post("registered-models/alias", {"name": "m", "alias": "a", "version": "1"})
        yield ALIAS, times(lambda: client.get("registered-models/alias?name=m&alias=a"), 300, seconds / 2)[0]
        experiment = client.post("experiments/create", {"name": "rates"})["experiment_id"]
    for row, repeated, work, clients, factor in RATES:
        before = subject.processor_seconds()
        reached = rate(pool, repeated, url, experiment, work, clients, seconds)
        yield row, factor * reached
        if row is SIXTEEN:
            time.sleep(FOLLOWS_SECONDS)
            runs = reached * seconds + clients  # each has recorded one before the clock ran
            yield SERVERS_TIME, (subject.processor_seconds() - before) / runs * 1000


def table(figures: dict[str, dict[str, float]]) -> Iterator[str]:
    """Markdown: every figure of every server, and the registry's ratio to the best of the others."""
    ours, *others = figures
    yield f"| work | {' | '.join(figures)} | ratio | asked |"
    yield f"|---|{'---|' * (len(figures) + 2)}"
    for row in ROWS:
        values = " | ".join(f"{figures[name][row.name]:,.1f}" for name in figures)
        ratio, verdict = "", ""
        if others:
            best = (min if row.less else max)(figures[name][row.name] for name in others)
            reached = best / figures[ours][row.name] if row.less else figures[ours][row.name] / best
            ratio = f"{reached:.1f}"
            if row.asked is not None:
                verdict = f"{row.asked:g}: {'met' if reached >= row.asked else 'missed'}"
            if row is MEMORY:
                verdict = f"{MEMORY_ASKED:.0f} MiB: {'met' if figures[ours][row.name] < MEMORY_ASKED else 'missed'}"
        yield f"| {row.name} | {values} | {ratio} | {verdict} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=4, help="for each rate")
    parser.add_argument("--runs", type=int, default=10_000, help="to be searched")
    parser.add_argument("--only", choices=["registry", "peers"])
    arguments = parser.parse_args()
    figures: dict[str, dict[str, float]] = {}
    context = get_context("spawn")
    started = time.monotonic()
    with (
        tempfile.TemporaryDirectory() as directory,
        ProcessPoolExecutor(
            PROCESSES, mp_context=context, initializer=warm, initargs=(context.Barrier(PROCESSES),)
        ) as pool,
    ):
        for started_process in [pool.submit(os.getpid) for _ in range(PROCESSES)]:
            started_process.result()
        place = Path(directory)
        subjects: list[contextlib.AbstractContextManager[Subject]] = []
        if arguments.only != "peers":
            subjects.append(registry(place / "registry", arguments.runs))
        if arguments.only != "registry":
            subjects += [peer(place / "one", 1, arguments.runs), peer(place / "four", 4, arguments.runs)]
        for server in subjects:
            with server as subject:
                found = figures[subject.name] = {}
                for row, value in measure(subject, pool, arguments.seconds):
                    found[row.name] = value
                    print(f"{subject.name:20} {row.name:50} {value:12,.1f}", flush=True)
        with canned() as url:
            ceiling = rate(pool, repeat_with_mlflow, url, "1", "run", 16, arguments.seconds)
    print(
        f"\n{arguments.runs:,} runs to be searched; {SIXTEEN.name} reach {ceiling:.0f} if they are answered at once\n"
    )
    print("\n".join(table(figures)))
    print(f"\n{time.monotonic() - started:.0f} s; load of the machine at the end: {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
