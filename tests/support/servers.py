"""Fixtures with real servers: one mongod and one nats-server per test worker, each in its own directory on a free port.

`mongodb` and `nats` are the addresses most tests need. Tests that break servers start their own with `start_mongod` and
`start_nats`, which stop with the test. The servers are leashed to the worker: nothing outlives it, not even kill -9.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from deploy.local.leash import leashed
from deploy.local.ports import choose
from deploy.local.probes import NotReady
from deploy.local.servers import Mongod, NatsServer, mongo_client
from tests.support.waiting import wait_until

_START_WITHIN = 60.0  # seconds
_PAUSE = 0.01


class Server:
    """A started server process that a test may kill, freeze and restart; its address stays the same."""

    def __init__(self, server: Mongod | NatsServer, log: Path) -> None:
        self._server = server
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where clients connect: a MongoDB URI or a NATS URL."""
        return self._server.uri if isinstance(self._server, Mongod) else self._server.url

    @property
    def pid(self) -> int:
        """The process id of the running server."""
        assert self._process is not None, "the server isn't running"
        return self._process.pid

    @property
    def directory(self) -> Path:
        """Where the server keeps its data."""
        return self._server.directory

    def probe(self) -> None:
        """Raises NotReady, with the reason, when the server can't serve."""
        self._server.probe()

    def ready(self) -> bool:
        """Whether the server can serve now."""
        try:
            self._server.probe()
        except NotReady:
            return False
        return True

    def start(self) -> None:
        """Starts the process and returns when it is ready."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                leashed(self._server.command()),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        deadline = time.monotonic() + _START_WITHIN
        while True:
            try:
                return self._server.probe()
            except NotReady as reason:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    self.kill9()
                    tail = self._log.read_text(errors="replace")[-2000:]
                    raise AssertionError(f"{self._log.stem} did not start: {reason}\n{tail}") from reason
            time.sleep(_PAUSE)

    def kill9(self) -> None:
        """Kills the process at once; clients see their connections break."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def restart(self) -> None:
        """Kills the process if it still runs, and starts it again with the same data and address."""
        self.kill9()
        self.start()

    def freeze(self) -> None:
        """Stops the process without ending it: it keeps its connections and answers nothing."""
        os.kill(self.pid, signal.SIGSTOP)
        wait_until(self._all_stopped, what="every thread of the process stands still")

    def _all_stopped(self) -> bool:
        threads = Path(f"/proc/{self.pid}/task").glob("*/stat")
        return all(stat.read_text().rpartition(")")[2].split()[0] == "T" for stat in threads)

    def thaw(self) -> None:
        """Lets a frozen process go on."""
        os.kill(self.pid, signal.SIGCONT)

    def stop(self) -> None:
        """Ends the process for good."""
        self.kill9()
        self._server.close()


Start = Callable[[], Server]


def _start(kind: str, directory: Path) -> Server:
    if kind == "mongod":
        server: Mongod | NatsServer = Mongod(directory / kind, choose(["port"])["port"])
    else:
        ports = choose(["port", "monitor"])
        server = NatsServer(directory / kind, ports["port"], ports["monitor"])
    directory.mkdir(parents=True, exist_ok=True)
    started = Server(server, directory / f"{kind}.log")
    started.start()
    return started


@contextlib.contextmanager
def running(kind: str, directory: Path, *, keep: bool = False) -> Iterator[Server]:
    """A `mongod` or a `nats` of the caller's own, ready; its directory goes with it, unless it is to be kept."""
    server = _start(kind, directory)
    try:
        yield server
    finally:
        server.stop()
        if not keep:
            shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(scope="session")
def mongodb_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The worker's mongod. Don't break it: other tests use it."""
    with running("mongod", tmp_path_factory.mktemp("mongod")) as server:
        yield server


@pytest.fixture(scope="module")
def nats_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The module's nats-server. Don't break it: its other tests use it.

    Modules don't share one: services of the same name answer for each other there, each from its own database.
    """
    with running("nats", tmp_path_factory.mktemp("nats")) as server:
        yield server


@pytest.fixture(scope="session")
def mongodb(mongodb_server: Server) -> str:
    """The URI of a real MongoDB replica set. Take your own database (see `database`): all tests share the server."""
    return mongodb_server.url


@pytest.fixture(scope="module")
def nats(nats_server: Server) -> str:
    """The URL of a real NATS server with JetStream. A module's tests share it: use your own subjects and streams."""
    return nats_server.url


def drop(uri: str, database: str) -> None:
    """Drops a test's database; on a busy machine that takes its time."""
    with contextlib.closing(mongo_client(uri, milliseconds=60_000)) as client:
        client.drop_database(database)


@pytest.fixture
def database(mongodb: str) -> Iterator[str]:
    """The name of a database that belongs to this test alone and is dropped after it."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    yield name
    drop(mongodb, name)


@pytest.fixture
def start_mongod(tmp_path: Path) -> Iterator[Start]:
    """Starts a mongod that belongs to this test alone, which may kill and restart it."""
    with contextlib.ExitStack() as stack:
        yield lambda: stack.enter_context(running("mongod", tmp_path / f"mongod-{uuid.uuid4().hex[:6]}"))


@pytest.fixture
def start_nats(tmp_path: Path) -> Iterator[Start]:
    """Starts a nats-server that belongs to this test alone, which may kill and restart it."""
    with contextlib.ExitStack() as stack:
        yield lambda: stack.enter_context(running("nats", tmp_path / f"nats-{uuid.uuid4().hex[:6]}"))
