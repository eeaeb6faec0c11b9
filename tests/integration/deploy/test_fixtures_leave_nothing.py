"""The servers that tests start die with the test run, however it ends."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from deploy.local.state import ProcessId
from tests.support.waiting import wait_until

ROOT = Path(__file__).parents[3]

TEST = """
import time
from pathlib import Path

def test_that_takes_long(mongodb_server, nats_server):
    told = Path({pids!r})
    told.with_suffix(".new").write_text(f"{{mongodb_server.pid}} {{nats_server.pid}}")
    told.with_suffix(".new").rename(told)
    time.sleep(100)
"""


@pytest.mark.parametrize(
    ("workers", "number"),
    [([], signal.SIGKILL), (["-n", "1"], signal.SIGKILL), ([], signal.SIGINT)],
    ids=["killed", "killed with workers", "interrupted"],
)
def test_servers_die_with_the_test_run(tmp_path: Path, workers: list[str], number: signal.Signals) -> None:
    told = tmp_path / "pids"
    file = tmp_path / "test_long.py"
    file.write_text(TEST.format(pids=str(told)))
    run = subprocess.Popen(
        [sys.executable, "-m", "pytest", "-q", "-p", "tests.support.servers", "-c", str(ROOT / "pyproject.toml"),
         "--basetemp", str(tmp_path / "base"), *workers, str(file)],
        cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, "PYTEST_ADDOPTS": ""},
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a shell's background job ignores it
    )  # fmt: skip
    wait_until(told.exists, within=90, what="the servers run")
    servers = [ProcessId.of(int(pid)) for pid in told.read_text().split()]
    assert len(servers) == 2
    workers_of_the_run = psutil.Process(run.pid).children()
    run.send_signal(number)
    try:
        run.wait(timeout=90)
    finally:
        run.kill()
        run.wait()
    wait_until(lambda: not any(server.process() for server in servers), within=20, what="the servers have ended")
    psutil.wait_procs(workers_of_the_run, timeout=10)
