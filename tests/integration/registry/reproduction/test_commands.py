"""`lifecycle dataset`, `reproduce` and `card` against a running registry."""

import os
import subprocess
import sys
import uuid
from collections.abc import Callable
from pathlib import Path

import mlflow
import pytest
from mlflow import MlflowClient
from typer.testing import CliRunner, Result

from deploy.local import cli
from deploy.local.problems import Problem
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


class Done:
    """What a command printed, and its exit code."""

    def __init__(self, result: Result) -> None:
        problem = result.exception if isinstance(result.exception, Problem) else None
        if result.exception is not None and problem is None and not isinstance(result.exception, SystemExit):
            raise result.exception
        self.code = 1 if problem else result.exit_code
        self.said = f"{result.stdout}{problem.what if problem else ''}"


@pytest.fixture
def lifecycle(nats: str, registry: RegistryProcess, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Done]:
    """The command line in this process: starting one for each command takes seconds."""
    monkeypatch.setenv("NATS_URL", nats)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", registry.url)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    return lambda *words: Done(CliRunner().invoke(cli.app, [str(word) for word in words]))


def git(folder: Path, *words: str) -> None:
    identity = ["-c", "user.name=anna", "-c", "user.email=anna@example.org"]
    subprocess.run(["git", "-C", str(folder), *identity, *words], check=True, capture_output=True)


def test_a_file_is_profiled_here_and_compared_there(lifecycle: Callable[..., Done], tmp_path: Path) -> None:
    name = f"cli-{uuid.uuid4().hex[:8]}"
    raw, clean = tmp_path / "raw.csv", tmp_path / "clean.csv"
    raw.write_text("id,city,x\n" + "".join(f"{n},{'Bern' if n % 2 else 'Rom'},{n}\n" for n in range(50)) + "99,Rom,\n")
    clean.write_text("id,city,x\n" + "".join(f"{n},{'Bern' if n % 2 else 'Rom'},{n}\n" for n in range(50)))
    added = lifecycle("dataset", "add", str(raw), "--name", name, "--key", "id", "--target", "x")
    assert added.code == 0, added.said
    assert "51 rows, 3 columns, 1 missing cells" in added.said
    digest = added.said.split("digest ")[1].split()[0]
    parent = f"{name}@{digest}"
    second = lifecycle("dataset", "add", str(clean), "--name", name, "--parent", parent, "--key", "id")
    assert "version 2" in second.said, second.said
    other = f"{name}@{second.said.split('digest ')[1].split()[0]}"
    assert "rows 51 → 50" in lifecycle("dataset", "compare", parent, other).said
    shared = lifecycle("dataset", "overlap", parent, other, "--by-key")
    assert (shared.code, "50 shared keys" in shared.said) == (1, True)
    missing = lifecycle("dataset", "add", str(tmp_path / "no.csv"))
    assert (missing.code, "There is no file" in missing.said) == (1, True)


def test_a_run_is_made_again_and_its_card_written(
    lifecycle: Callable[..., Done], registry: RegistryProcess, client: MlflowClient, tmp_path: Path
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
        "reproduce", original.info.run_id, "--to", str(bundle), "--code", str(work), "--run"
    )  # fmt: skip
    assert done.code == 0, done.said
    assert "Reproduced, with a tolerance of 0" in done.said
    assert (bundle / "code" / "train.py").read_text() == SCRIPT, "with what wasn't committed"
    [again] = [run for run in client.search_runs([experiment]) if run.info.run_id != original.info.run_id]
    assert again.data.tags["lifecycle.rerun_of"] == original.info.run_id
    assert (again.info.status, again.data.metrics) == ("FINISHED", {"auc": 0.7})

    client.create_registered_model(name)
    client.create_model_version(name, original.info.artifact_uri + "/model", original.info.run_id)
    page = tmp_path / "card.html"
    carded = lifecycle("card", name, "1", "--publish", "--out", str(page))
    assert carded.code == 0, carded.said
    assert "reproduced" in page.read_text()
    assert lifecycle("card", name, "1").said.startswith(f"# {name.replace('-', chr(92) + '-')}")
    assert lifecycle("reproduce", "nothing").code == 1
