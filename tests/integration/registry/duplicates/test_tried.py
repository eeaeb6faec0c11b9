"""`lifecycle tried` as a process, against a running registry."""

import json
import os
import subprocess
import sys
import uuid

import mlflow
import pytest
from mlflow import MlflowClient

from tests.integration.registry.processes import RegistryProcess
from tests.support.waiting import wait_until

pytestmark = pytest.mark.filterwarnings("ignore")


def tried(nats: str, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "deploy.local", "tried", *options],
        env={**os.environ, "NATS_URL": nats}, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def test_a_script_learns_by_the_exit_code_that_something_was_tried(
    registry: RegistryProcess, nats: str, client: MlflowClient
) -> None:
    name = f"tried-{uuid.uuid4().hex[:8]}"
    mlflow.set_experiment(name)
    with mlflow.start_run() as run:
        mlflow.log_params({"lr": 0.1, "solver": name, "note": "[bold]"})
        mlflow.log_metric("auc", 0.7)
    asked = ("-p", "lr=1e-1", "-p", f"solver={name}", "-p", "note=[bold]")
    wait_until(lambda: tried(nats, *asked, "--json").returncode == 10, within=30, what="the run can be found")
    [found] = json.loads(tried(nats, *asked, "--json").stdout)
    assert (found["run_id"], found["exact"]) == (run.info.run_id, True)
    shown = tried(nats, *asked)
    assert "Tried already: 1 the same" in shown.stdout
    near = ("-p", "lr=0.2", "-p", f"solver={name}", "-p", "note=[bold]")
    assert (tried(nats, *near).returncode, tried(nats, *near, "--near").returncode) == (0, 11)
    assert tried(nats, "-p", f"solver={name}", "-p", "a=1", "-p", "b=2", "-p", "c=3", "-p", "d=4").returncode == 0
