"""The registry beside a real `mlflow server` in its best configurations, doing the same work, one after the other.

    python -m tests.benchmarks.mlflow_api --seconds 8

The peer runs on SQLite with one worker, and with four workers whose connections have TCP_NODELAY set (without it each
request loses 45 ms to a fault of uvicorn's). Clients are processes of their own on the same machine, so that their
work counts against every server alike. `MlflowClient` is asked to create a run, log 10 parameters and 10 metrics in
one batch and end the run; the other figures send the same requests without it.
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
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import httpx
import psutil

from deploy.local.ports import choose
from tests.contract.mlflow.conftest import PEER
from tests.integration.registry.processes import RegistryProcess
from tests.support.servers import running
from tests.support.waiting import wait_until

API = "/api/2.0/mlflow"
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


def repeat(url: str, experiment: str, work: str, threads: int, seconds: float) -> int:
    """How often `work` was done, by so many threads together."""
    done = itertools.count()
    ends = time.monotonic() + seconds

    def loop() -> None:
        client = Client(url)
        with contextlib.closing(client):
            for number in itertools.count():
                if time.monotonic() > ends:
                    return
                WORK[work](client, experiment, number)
                next(done)

    running_ = [threading.Thread(target=loop) for _ in range(threads)]
    for thread in running_:
        thread.start()
    for thread in running_:
        thread.join()
    return next(done)


def rate(pool: ProcessPoolExecutor, url: str, experiment: str, work: str, clients: int, seconds: float) -> float:
    """Times a second that `work` was done by so many clients, in at most two processes."""
    processes = min(2, clients)
    started = time.monotonic()
    parts = [pool.submit(repeat, url, experiment, work, clients // processes, seconds) for _ in range(processes)]
    total = sum(part.result() for part in parts)
    return total / (time.monotonic() - started)


def with_mlflow_client(url: str, experiment: str, seconds: float) -> float:
    """Runs a second through MlflowClient."""
    from mlflow import MlflowClient
    from mlflow.entities import Metric, Param

    client = MlflowClient(url, url)
    done, ends, started = 0, time.monotonic() + seconds, time.monotonic()
    while time.monotonic() < ends:
        run = client.create_run(experiment)
        values = [Metric(f"m{n}", float(n), 1, 0) for n in range(10)]
        client.log_batch(run.info.run_id, values, [Param(f"p{n}", f"{random.random():.6f}") for n in range(10)])
        client.set_terminated(run.info.run_id)
        done += 1
    return done / (time.monotonic() - started)


def times(ask: Callable[[], object], count: int) -> tuple[float, float]:
    """p50 and p95 in milliseconds."""
    took = []
    for _ in range(count):
        started = time.perf_counter()
        ask()
        took.append((time.perf_counter() - started) * 1000)
    took.sort()
    return statistics.median(took), took[int(len(took) * 0.95)]


# ---------------------------------------------------------------- servers


@dataclass(frozen=True)
class Subject:
    name: str
    url: str
    pid: int


@contextlib.contextmanager
def registry(directory: Path) -> Iterator[Subject]:
    with running("mongod", directory / "mongo") as mongod, running("nats", directory / "nats") as nats:
        process = RegistryProcess(mongod.url, nats.url, directory / "registry", {"LIFECYCLE_LOG_LEVEL": "warning"})
        process.start()
        try:
            yield Subject("registry", process.url, process.pid)
        finally:
            process.kill()


@contextlib.contextmanager
def peer(directory: Path, workers: int) -> Iterator[Subject]:
    directory.mkdir(parents=True)
    (directory / "sitecustomize.py").write_text(NODELAY)
    port = choose(["port"])["port"]
    command = [str(PEER), "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port)]
    command += ["--workers", str(workers), "--backend-store-uri", f"sqlite:///{directory}/mlflow.db"]
    command += ["--artifacts-destination", str(directory / "files"), "--serve-artifacts"]
    environment = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "PYTHONPATH": str(directory)}
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
        yield Subject(f"mlflow, {workers} worker{'s' if workers > 1 else ''}", url, process.pid)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, 9)
        process.communicate()


def memory(pid: int) -> float:
    """MiB of a process and all below it."""
    top = psutil.Process(pid)
    return float(sum(process.memory_info().rss for process in [top, *top.children(recursive=True)]) / 2**20)


def measure(subject: Subject, pool: ProcessPoolExecutor, seconds: float, runs: int) -> dict[str, str]:
    url = subject.url
    rows = {"memory at rest, MiB": f"{memory(subject.pid):.0f}"}
    client = Client(url)
    experiment = client.post("experiments/create", {"name": "rates"})["experiment_id"]
    rows["runs/s, MlflowClient"] = f"{pool.submit(with_mlflow_client, url, experiment, seconds).result():.1f}"
    for name, work, clients, factor in (
        ("runs/s, raw, 1 client", "run", 1, 1),
        ("runs/s, raw, 16 clients", "run", 16, 1),
        ("points/s, batches of 1,000, 1 client", "points", 1, 1000),
        ("points/s, batches of 1,000, 4 clients", "points", 4, 1000),
        ("single points/s, 1 client", "point", 1, 1),
    ):
        rows[name] = f"{factor * rate(pool, url, experiment, work, clients, seconds):,.1f}"
    searched = client.post("experiments/create", {"name": "search"})["experiment_id"]
    for number in range(runs):
        body = {"experiment_id": searched, "start_time": number, "run_name": f"r{number}"}
        run = client.post("runs/create", body)["run"]["info"]["run_id"]
        client.post("runs/log-batch", {"run_id": run, "metrics": metrics(4)})
    wish = {"experiment_ids": [searched], "max_results": 100}
    for name, more in (
        ("m0 > 0.5 by m1", {"filter": "metrics.m0 > 0.5", "order_by": ["metrics.m1 DESC"]}),
        ("two selective metrics", {"filter": "metrics.m0 > 0.99 AND metrics.m1 > 0.9"}),
    ):
        p50, p95 = times(lambda more=more: client.post("runs/search", {**wish, **more}), 20)  # type: ignore[misc]
        rows[f"search {runs:,} runs, {name}, p50/p95 ms"] = f"{p50:.1f}/{p95:.1f}"
    p50, p95 = times(lambda: client.get(f"runs/get?run_id={run}"), 200)
    rows["get a run, p50/p95 ms"] = f"{p50:.1f}/{p95:.1f}"
    client.post("registered-models/create", {"name": "m"})
    client.post("model-versions/create", {"name": "m", "source": "s3://b/m"})
    client.post("registered-models/alias", {"name": "m", "alias": "a", "version": "1"})
    p50, p95 = times(lambda: client.get("registered-models/alias?name=m&alias=a"), 200)
    rows["version by alias, p50/p95 ms"] = f"{p50:.1f}/{p95:.1f}"
    client.close()
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=8, help="for each rate")
    parser.add_argument("--runs", type=int, default=10_000, help="to be searched")
    parser.add_argument("--only", choices=["registry", "peers"])
    arguments = parser.parse_args()
    tables: dict[str, dict[str, str]] = {}
    with (
        tempfile.TemporaryDirectory() as directory,
        ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool,
    ):
        place = Path(directory)
        subjects: list[contextlib.AbstractContextManager[Subject]] = []
        if arguments.only != "peers":
            subjects.append(registry(place / "registry"))
        if arguments.only != "registry":
            subjects += [peer(place / "one", 1), peer(place / "four", 4)]
        for server in subjects:
            with server as subject:
                tables[subject.name] = measure(subject, pool, arguments.seconds, arguments.runs)
                for name, value in tables[subject.name].items():
                    print(f"{subject.name:20} {name:55} {value}", flush=True)
    names = list(tables)
    print(f"\n| work | {' | '.join(names)} |\n|---|{'---|' * len(names)}")
    for row in tables[names[0]]:
        print(f"| {row} | {' | '.join(tables[name][row] for name in names)} |")
    print(f"load of the machine at the end: {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
