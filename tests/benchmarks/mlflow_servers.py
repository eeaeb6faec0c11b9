"""The registry and a real `mlflow server`, each in processes of its own, with runs to search."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

from deploy.local.ports import choose
from tests.benchmarks import mlflow_seeding
from tests.contract.mlflow.conftest import PEER
from tests.integration.registry.processes import RegistryProcess
from tests.support.servers import running
from tests.support.waiting import wait_until

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


@dataclass(frozen=True)
class Subject:
    """A server under measurement: its memory is that of `pid` and all below; `beside` are the processes it works with;
    `seed` puts runs into an experiment."""

    name: str
    url: str
    pid: int
    seed: Callable[[str], None]
    beside: tuple[int, ...] = ()

    def memory(self) -> float:
        """MiB."""
        return float(sum(process.memory_info().rss for process in _with_children(self.pid)) / 2**20)

    def processor_seconds(self) -> float:
        """What all its processes have used so far."""
        processes = [process for pid in (self.pid, *self.beside) for process in _with_children(pid)]
        return float(sum(sum(process.cpu_times()[:2]) for process in processes))


def _with_children(pid: int) -> list[psutil.Process]:
    top = psutil.Process(pid)
    return [top, *top.children(recursive=True)]


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
            yield Subject("registry", process.url, process.pid, seeded, (mongod.pid, nats.pid))
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
