"""Both servers: a real `mlflow server` on SQLite, and ours."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from deploy.local.ports import choose
from tests.integration.registry.processes import RegistryProcess
from tests.support.servers import drop, running
from tests.support.waiting import wait_until

PEER = Path(__file__).parents[3] / ".venv-peers" / "bin" / "python"


# Ends with the test process however that ends: mlflow server starts processes of its own, which no leash reaches.
_WITH_PARENT = "import os, subprocess, sys; subprocess.Popen(sys.argv[1:], stdin=-3); sys.stdin.read(); os.killpg(0, 9)"

# `mlflow server` as it is, but that it serves in its own process: the one it would start imports all of it once more,
# which is half of the time it takes. It looks for uvicorn among what is imported to know that it runs as a server.
_IN_ONE_PROCESS = """
import os, sys, uvicorn, mlflow.server
from mlflow.cli import cli

def serve(command, extra_env=None, **_):
    os.environ.update(extra_env or {})
    uvicorn.main(command[command.index("uvicorn") + 1:])

mlflow.server._exec_cmd = serve
cli(sys.argv[1:])
"""


@dataclass(frozen=True)
class Both:
    """Clients of the two, which all cases share: connections stay open, and setting one up is dear."""

    ours: httpx.Client
    theirs: httpx.Client


@contextlib.contextmanager
def mlflow_server(directory: Path) -> Iterator[Callable[[], str]]:
    """The peer, with one worker, in a directory of its own; call what it yields to wait until it is up."""
    port = choose(["port"])["port"]
    url = f"http://127.0.0.1:{port}"
    log = directory / "mlflow.log"
    command = [str(PEER), "-c", _IN_ONE_PROCESS, "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    command += ["--backend-store-uri", f"sqlite:///{directory}/mlflow.db"]
    command += ["--artifacts-destination", str(directory / "files"), "--serve-artifacts"]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-c", _WITH_PARENT, *command],
            cwd=directory,
            env={**os.environ, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true"},
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )

    def answers() -> bool:
        assert "Traceback" not in log.read_text(), log.read_text()[-2000:]
        try:
            return httpx.get(f"{url}/health", timeout=10).status_code == 200
        except httpx.TransportError:
            return False

    def up() -> str:
        wait_until(answers, within=270, what="mlflow server is up")
        return url

    try:
        yield up
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, 9)
        process.communicate()


@pytest.fixture(scope="session")
def both(mongodb: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    if not PEER.exists():
        pytest.fail("the peer isn't installed: run `make peers`")
    with (
        mlflow_server(tmp_path_factory.mktemp("peer")) as peer,  # takes long to start: first
        running("nats", tmp_path_factory.mktemp("nats")) as nats,
    ):
        ours = RegistryProcess(mongodb, nats.url, tmp_path_factory.mktemp("ours"))
        try:
            ours.start()
            with (
                httpx.Client(base_url=ours.url, timeout=60) as mine,
                httpx.Client(base_url=peer(), timeout=60) as theirs,
            ):
                yield Both(mine, theirs)
        finally:
            ours.kill()
            drop(mongodb, ours.database)
