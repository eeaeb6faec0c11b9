"""`lifecycle dataset`, `reproduce` and `card` as processes, against a running registry."""

import os
import subprocess
import sys
import uuid
from pathlib import Path

import mlflow
import pytest
from mlflow import MlflowClient

from tests.integration.registry.processes import RegistryProcess

pytestmark = pytest.mark.filterwarnings("ignore")
ROOT = Path(__file__).parents[4]

SCRIPT = """
import lifecycle, mlflow

with mlflow.start_run():
    lifecycle.record_code()
    mlflow.log_param("seed", 1)
    mlflow.log_metric("auc", 0.7)
"""


def lifecycle(
    nats: str, registry: RegistryProcess, *words: str, folder: Path = ROOT
) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "NATS_URL": nats, "MLFLOW_TRACKING_URI": registry.url, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, "-m", "deploy.local", *words],
        env=environment, cwd=folder, capture_output=True, text=True, timeout=90, check=False,
    )  # fmt: skip


def git(folder: Path, *words: str) -> None:
    identity = ["-c", "user.name=anna", "-c", "user.email=anna@example.org"]
    subprocess.run(["git", "-C", str(folder), *identity, *words], check=True, capture_output=True)


def test_a_file_is_profiled_here_and_compared_there(registry: RegistryProcess, nats: str, tmp_path: Path) -> None:
    name = f"cli-{uuid.uuid4().hex[:8]}"
    raw, clean = tmp_path / "raw.csv", tmp_path / "clean.csv"
    raw.write_text("id,city,x\n" + "".join(f"{n},{'Bern' if n % 2 else 'Rom'},{n}\n" for n in range(50)) + "99,Rom,\n")
    clean.write_text("id,city,x\n" + "".join(f"{n},{'Bern' if n % 2 else 'Rom'},{n}\n" for n in range(50)))
    added = lifecycle(nats, registry, "dataset", "add", str(raw), "--name", name, "--key", "id", "--target", "x")
    assert added.returncode == 0, added.stderr
    assert "51 rows, 3 columns, 1 missing cells" in added.stdout
    digest = added.stdout.split("digest ")[1].split()[0]
    parent = f"{name}@{digest}"
    second = lifecycle(nats, registry, "dataset", "add", str(clean), "--name", name, "--parent", parent, "--key", "id")
    assert "version 2" in second.stdout, second.stderr
    other = f"{name}@{second.stdout.split('digest ')[1].split()[0]}"
    assert "rows 51 → 50" in lifecycle(nats, registry, "dataset", "compare", parent, other).stdout
    shared = lifecycle(nats, registry, "dataset", "overlap", parent, other, "--by-key")
    assert (shared.returncode, "50 shared keys" in shared.stdout) == (1, True)
    missing = lifecycle(nats, registry, "dataset", "add", str(tmp_path / "no.csv"))
    assert (missing.returncode, "There is no file" in missing.stderr) == (1, True)


def test_a_run_is_made_again_and_its_card_written(
    registry: RegistryProcess, nats: str, client: MlflowClient, tmp_path: Path
) -> None:
    work = tmp_path / "work"
    work.mkdir()
    git(work, "init", "--quiet")
    (work / "train.py").write_text("print('an older version')\n")
    git(work, "add", ".")
    git(work, "commit", "--quiet", "-m", "first")
    (work / "train.py").write_text(SCRIPT)
    name = f"again-{uuid.uuid4().hex[:8]}"
    experiment = mlflow.create_experiment(name)
    environment = {
        **os.environ, "MLFLOW_TRACKING_URI": registry.url, "MLFLOW_EXPERIMENT_ID": experiment,
        "PYTHONPATH": str(ROOT),
    }  # fmt: skip
    subprocess.run([sys.executable, "train.py"], cwd=work, env=environment, check=True, timeout=60, capture_output=True)
    [original] = client.search_runs([experiment])

    bundle = tmp_path / "bundle"
    done = lifecycle(
        nats, registry, "reproduce", original.info.run_id, "--to", str(bundle), "--code", str(work), "--run",
        folder=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Reproduced, with a tolerance of 0" in done.stdout
    assert (bundle / "code" / "train.py").read_text() == SCRIPT, "with what wasn't committed"
    [again] = [run for run in client.search_runs([experiment]) if run.info.run_id != original.info.run_id]
    assert again.data.tags["lifecycle.rerun_of"] == original.info.run_id
    assert (again.info.status, again.data.metrics) == ("FINISHED", {"auc": 0.7})

    client.create_registered_model(name)
    client.create_model_version(name, original.info.artifact_uri + "/model", original.info.run_id)
    page = tmp_path / "card.html"
    carded = lifecycle(nats, registry, "card", name, "1", "--publish", "--out", str(page))
    assert carded.returncode == 0, carded.stderr
    assert "reproduced" in page.read_text()
    assert lifecycle(nats, registry, "card", name, "1").stdout.startswith(f"# {name.replace('-', chr(92) + '-')}")
    assert lifecycle(nats, registry, "reproduce", "nothing").returncode == 1
