"""Both servers: a real `mlflow server` on SQLite, and ours."""

import contextlib
import os
import subprocess
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from deploy.local.leash import leashed
from deploy.local.ports import choose
from deploy.local.servers import mongo_client
from tests.contract.mlflow.asking import Server
from tests.integration.registry.processes import RegistryProcess
from tests.support.servers import running
from tests.support.waiting import wait_until

PEER = Path(__file__).parents[3] / ".venv-peers" / "bin" / "python"


@dataclass(frozen=True)
class Both:
    ours: str
    theirs: str


@contextlib.contextmanager
def mlflow_server(directory: Path) -> Iterator[str]:
    """The peer, with one worker, in a directory of its own."""
    port = choose(["port"])["port"]
    url = f"http://127.0.0.1:{port}"
    log = directory / "mlflow.log"
    command = [str(PEER), "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    command += ["--backend-store-uri", f"sqlite:///{directory}/mlflow.db"]
    command += ["--artifacts-destination", str(directory / "files"), "--serve-artifacts"]
    with log.open("wb") as output:
        process = subprocess.Popen(
            leashed(command),
            cwd=directory,
            env={**os.environ, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true"},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )

    def ready() -> bool:
        assert process.poll() is None, log.read_text()[-2000:]
        try:
            return httpx.get(f"{url}/health", timeout=10).status_code == 200
        except httpx.TransportError:
            return False

    try:
        wait_until(ready, within=270, what="mlflow server is up")
        yield url
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, 9)
        process.wait()


@pytest.fixture(scope="session")
def both(mongodb: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    if not PEER.exists():
        pytest.fail("the peer isn't installed: run `make peers`")
    with running("nats", tmp_path_factory.mktemp("nats")) as nats:
        ours = RegistryProcess(mongodb, nats.url, tmp_path_factory.mktemp("ours"))
        ours.start()
        try:
            with mlflow_server(tmp_path_factory.mktemp("peer")) as theirs:
                yield Both(ours.url, theirs)
        finally:
            ours.kill()
            with contextlib.closing(mongo_client(mongodb)) as client:
                client.drop_database(ours.database)


@pytest.fixture
def servers(both: Both) -> Iterator[tuple[Server, Server]]:
    """Ours and the peer, each with nothing saved yet."""
    unique = f"u{uuid.uuid4().hex[:10]}"
    pair = Server(both.ours, unique), Server(both.theirs, unique)
    yield pair
    for server in pair:
        server.close()
