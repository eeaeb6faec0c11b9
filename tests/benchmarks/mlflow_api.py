"""The registry beside a real `mlflow server` in its best configurations, doing the same work, one after the other.

    python -m tests.benchmarks.mlflow_api

The peer runs on SQLite with one worker, and with four workers whose connections have TCP_NODELAY set (without it each
request loses 45 ms to a fault of uvicorn's); both keep enough connections to their database. Clients are two processes
on the same machine, so that their work counts against every server alike. A run is: create it, log 10 parameters and 10
metrics in one batch, end it; through `MlflowClient`, and as the same requests over bare connections. Each client has
recorded one before the clock runs. An `MlflowClient` looks at the run that it has ended besides, for the line that it
prints. The runs to search lie in the databases beforehand.

Prints each figure, then all beside the better of the peer's two, with the ratio that was asked for.
"""

import argparse
import contextlib
import http.client
import itertools
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

import httpx
import psutil

from deploy.local.ports import choose
from tests.benchmarks import mlflow_seeding
from tests.contract.mlflow.conftest import PEER
from tests.integration.registry.processes import RegistryProcess
from tests.support.servers import running
from tests.support.waiting import wait_until

API = "/api/2.0/mlflow"
PROCESSES = 2
"""That the clients are spread over: as many as the machine has cores. Sixteen processes of one client each take half as
much processor time again for the same work (17 ms a run instead of 11 against a server that answers at once), and three
gigabytes: on two cores that would measure their caches rather than the servers."""
POOL = 32
"""Connections to its database that the peer keeps, so that every client finds one: 15, its default, ran out."""
NODELAY = """
import asyncio.base_events, socket
def set_nodelay(sock):
    if sock.family in (socket.AF_INET, socket.AF_INET6) and sock.type == socket.SOCK_STREAM:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
asyncio.base_events._set_nodelay = set_nodelay
"""
_WITH_PARENT = "import os, subprocess, sys; subprocess.Popen(sys.argv[1:], stdin=-3); sys.stdin.read(); os.killpg(0, 9)"


class Client:
    """One kept-alive connection."""

    def __init__(self, url: str) -> None:
        parts = urllib.parse.urlsplit(url)
        self._connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=120)
        self._connection.connect()

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        return self.ask("POST", f"{API}/{path}", json.dumps(body))

    def get(self, path: str) -> dict[str, Any]:
        return self.ask("GET", f"{API}/{path}")

    def ask(self, method: str, path: str, body: str | None = None) -> dict[str, Any]:
        self._connection.request(method, path, body, {"content-type": "application/json"})
        answer = self._connection.getresponse()
        content = answer.read()
        assert answer.status == 200, content[:500]
        decoded: dict[str, Any] = json.loads(content)
        return decoded

    def close(self) -> None:
        self._connection.close()


def metrics(count: int, run: int = 0) -> list[dict[str, Any]]:
    return [{"key": f"m{n}", "value": random.random(), "timestamp": 1000 + run, "step": 0} for n in range(count)]


def one_run(client: Client, experiment: str, number: int) -> None:
    name = f"r{number} {random.random()}"  # as clients make up their own; the same bytes twice look like a retry
    body = {"experiment_id": experiment, "start_time": 1000 + number, "run_name": name}
    run = client.post("runs/create", body)["run"]["info"]["run_id"]
    params = [{"key": f"p{n}", "value": f"{random.random():.6f}"} for n in range(10)]  # no two runs are duplicates
    client.post("runs/log-batch", {"run_id": run, "metrics": metrics(10), "params": params})
    client.post("runs/update", {"run_id": run, "status": "FINISHED", "end_time": 2000 + number})


def points(client: Client, experiment: str, number: int) -> None:
    run = _own_run(client, experiment)
    batch = [{"key": f"m{n % 5}", "value": 1.5 * n, "timestamp": 1000, "step": number * 1000 + n} for n in range(1000)]
    client.post("runs/log-batch", {"run_id": run, "metrics": batch})


def one_point(client: Client, experiment: str, number: int) -> None:
    run = _own_run(client, experiment)
    client.post("runs/log-metric", {"run_id": run, "key": "m", "value": 0.5, "timestamp": 1, "step": number})


def _own_run(client: Client, experiment: str) -> str:
    if not hasattr(client, "run"):
        run = client.post("runs/create", {"experiment_id": experiment, "start_time": 1})["run"]["info"]["run_id"]
        setattr(client, "run", run)  # noqa: B010  # a benchmark's shortcut
    run_id: str = getattr(client, "run")  # noqa: B009
    return run_id


WORK: dict[str, Callable[[Client, str, int], None]] = {"run": one_run, "points": points, "point": one_point}


def repeat(url: str, experiment: str, work: str, threads: int, seconds: float) -> float:
    """How often a second `work` was done over bare connections, by so many threads together."""

    @contextlib.contextmanager
    def doing() -> Iterator[Callable[[], None]]:
        number = itertools.count()
        with contextlib.closing(Client(url)) as client:
            yield lambda: WORK[work](client, experiment, next(number))

    return _together(doing, threads, seconds)


def repeat_with_mlflow(url: str, experiment: str, _: str, threads: int, seconds: float) -> float:
    """How many runs a second were recorded by so many MlflowClients together."""
    from mlflow import MlflowClient
    from mlflow.entities import Metric, Param

    @contextlib.contextmanager
    def doing() -> Iterator[Callable[[], None]]:
        client = MlflowClient(url, url)

        def once() -> None:
            run = client.create_run(experiment).info.run_id
            values = [Metric(f"m{n}", random.random(), 1, 0) for n in range(10)]
            client.log_batch(run, values, [Param(f"p{n}", f"{random.random():.6f}") for n in range(10)])
            client.set_terminated(run)

        yield once

    return _together(doing, threads, seconds)


def _together(
    doing: Callable[[], contextlib.AbstractContextManager[Callable[[], None]]], threads: int, seconds: float
) -> float:
    """Times a second that all threads together did it. The clock runs once each has done it once."""
    times: list[float] = []
    done = itertools.count()
    ready = threading.Barrier(threads, action=lambda: times.append(time.monotonic()))

    def loop() -> None:
        try:
            with doing() as once:
                once()
                ready.wait()
                while time.monotonic() < times[0] + seconds:
                    once()
                    next(done)
        except BaseException:
            ready.abort()
            raise

    with ThreadPoolExecutor(threads) as working:
        for worker in [working.submit(loop) for _ in range(threads)]:
            worker.result()
    return next(done) / (time.monotonic() - times[0])


def warm(barrier: Barrier) -> None:
    """What a client process does before the clock runs. What MlflowClient prints about each run goes nowhere."""
    os.environ.update(MLFLOW_DISABLE_TELEMETRY="true", DO_NOT_TRACK="true")
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    import mlflow  # noqa: F401

    barrier.wait()


def rate(
    pool: ProcessPoolExecutor,
    repeated: Callable[[str, str, str, int, float], float],
    url: str,
    experiment: str,
    work: str,
    clients: int,
    seconds: float,
) -> float:
    """Times a second that `work` was done by so many clients."""
    processes = min(PROCESSES, clients)
    parts = [pool.submit(repeated, url, experiment, work, clients // processes, seconds) for _ in range(processes)]
    return sum(part.result() for part in parts)


def times(ask: Callable[[], object], most: int, seconds: float) -> tuple[float, float]:
    """p50 and p95 in milliseconds, of at most so many askings within about that time, but five at least."""
    took: list[float] = []
    ends = time.monotonic() + seconds
    while len(took) < 5 or (len(took) < most and time.monotonic() < ends):
        started = time.perf_counter()
        ask()
        took.append((time.perf_counter() - started) * 1000)
    return statistics.median(took), statistics.quantiles(took, n=100, method="inclusive")[94]


# ---------------------------------------------------------------- servers


@dataclass(frozen=True)
class Subject:
    """A server under measurement: its memory is that of `pid` and all below; `seed` puts runs into an experiment."""

    name: str
    url: str
    pid: int
    seed: Callable[[str], None]


@contextlib.contextmanager
def registry(directory: Path, runs: int) -> Iterator[Subject]:
    with running("mongod", directory / "mongo") as mongod, running("nats", directory / "nats") as nats:
        process = RegistryProcess(mongod.url, nats.url, directory / "registry", {"LIFECYCLE_LOG_LEVEL": "warning"})
        first = "1"
        mlflow_seeding.into_mongodb(mongod.url, process.database, first, runs)
        process.start()

        def seeded(experiment: str) -> None:
            assert experiment == first
            wait_until(lambda: _indexed(process.url) >= runs, within=120, what="the index of runs is full")

        try:
            yield Subject("registry", process.url, process.pid, seeded)
        finally:
            process.kill()


def _indexed(url: str) -> float:
    lines = httpx.get(f"{url}/metrics", timeout=60).text.splitlines()
    return max((float(line.split()[1]) for line in lines if line.startswith("lifecycle_run_index_runs ")), default=0)


@contextlib.contextmanager
def peer(directory: Path, workers: int, runs: int) -> Iterator[Subject]:
    directory.mkdir(parents=True)
    (directory / "sitecustomize.py").write_text(NODELAY)
    port = choose(["port"])["port"]
    command = [str(PEER), "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port)]
    command += ["--workers", str(workers), "--backend-store-uri", f"sqlite:///{directory}/mlflow.db"]
    command += ["--artifacts-destination", str(directory / "files"), "--serve-artifacts"]
    environment = {
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        "MLFLOW_SQLALCHEMYSTORE_POOL_SIZE": str(POOL),
        "PYTHONPATH": str(directory),
    }
    with (directory / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-c", _WITH_PARENT, *command],
            env={**os.environ, **environment},
            cwd=directory,
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    url = f"http://127.0.0.1:{port}"

    def up() -> bool:
        with contextlib.suppress(httpx.TransportError):
            return httpx.get(f"{url}/health", timeout=10).status_code == 200
        return False

    try:
        wait_until(up, within=270, what="mlflow server is up")
        yield Subject(
            f"mlflow, {workers} worker{'s' if workers > 1 else ''}",
            url,
            process.pid,
            lambda experiment: mlflow_seeding.into_sqlite(directory / "mlflow.db", experiment, runs),
        )
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, 9)
        process.communicate()


def memory(pid: int) -> float:
    """MiB of a process and all below it."""
    top = psutil.Process(pid)
    return float(sum(process.memory_info().rss for process in [top, *top.children(recursive=True)]) / 2**20)


# ---------------------------------------------------------------- figures


@dataclass(frozen=True)
class Row:
    """A figure and the ratio to the peer's better one that was asked for; of a time or a size, less is better."""

    name: str
    asked: float | None
    less: bool = False


MEMORY = Row("memory at rest, MiB", None, less=True)
MEMORY_ASKED = 2.3 * 1024 / 10
"""MiB: a tenth of what the peer takes with its job execution, which is switched off here."""
RATES = (
    (Row("runs/s, 1 MlflowClient", 1.5), repeat_with_mlflow, "run", 1, 1),
    (Row("runs/s, 16 MlflowClients", 5), repeat_with_mlflow, "run", 16, 1),
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
ROWS = (*(row for row, *_ in RATES), ORDERED, SELECTIVE, GET, ALIAS, MEMORY)
SEARCHES: tuple[tuple[Row, dict[str, Any]], ...] = (
    (ORDERED, {"filter": "metrics.m0 > 0.5", "order_by": ["metrics.m1 DESC"]}),
    (SELECTIVE, {"filter": "metrics.m0 > 0.99 AND metrics.m1 > 0.9"}),
)


def measure(subject: Subject, pool: ProcessPoolExecutor, seconds: float) -> Iterator[tuple[Row, float]]:
    """First what needs rest, last what leaves the server with work of its own."""
    url = subject.url
    yield MEMORY, memory(subject.pid)
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
        yield row, factor * rate(pool, repeated, url, experiment, work, clients, seconds)


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
    print(f"\n{arguments.runs:,} runs to be searched\n")
    print("\n".join(table(figures)))
    print(f"\n{time.monotonic() - started:.0f} s; load of the machine at the end: {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
