"""Clients of an MLflow server that do the same work over and over: bare connections, and `MlflowClient`."""

import contextlib
import http.client
import itertools
import json
import os
import random
import sys
import threading
import time
import urllib.parse
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing.synchronize import Barrier
from typing import Any

API = "/api/2.0/mlflow"
PROCESSES = 2
"""That the clients are spread over: as many as the machine has cores. Sixteen processes of one client each take half as
much processor time again for the same work (17 ms a run instead of 11 against a server that answers at once), and three
gigabytes: on two cores that would measure their caches rather than the servers."""

PRINTED = "printed run"
"""The work of an `MlflowClient` that tells where each run can be seen."""


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


def repeat_with_mlflow(url: str, experiment: str, work: str, threads: int, seconds: float) -> float:
    """How many runs a second were recorded by so many MlflowClients together. Of a printed run the client reads all
    anew before it ends it, for the line with its address; that is MLflow's default, and a setting of it."""
    from mlflow import MlflowClient
    from mlflow.entities import Metric, Param

    os.environ["MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT"] = str(work != PRINTED).lower()

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
