"""More of what users do, with the unmodified mlflow client: other libraries, images, commands, files in parts."""

import json
import os
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path

import lightgbm
import mlflow
import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from mlflow import MlflowClient

from tests.support.waiting import wait_until

pytestmark = pytest.mark.filterwarnings("ignore")  # the client's own warnings are not ours to fix


def unique(word: str) -> str:
    return f"{word}-{uuid.uuid4().hex[:8]}"


def test_images_come_back_by_name_and_by_step(client: MlflowClient) -> None:
    mlflow.set_experiment(unique("images"))
    picture = np.zeros((8, 8, 3), dtype=np.uint8)
    with mlflow.start_run() as run:
        mlflow.log_image(picture, "pictures/black.png")
        for step in range(2):
            mlflow.log_image(picture, key="epoch", step=step)
        mlflow.flush_artifact_async_logging()
    run_id = run.info.run_id
    assert mlflow.artifacts.load_image(f"runs:/{run_id}/pictures/black.png").size == (8, 8)
    assert len([file for file in client.list_artifacts(run_id, "images") if file.path.endswith(".png")]) == 2


def test_system_metrics_arrive(client: MlflowClient) -> None:
    mlflow.set_experiment(unique("system"))
    mlflow.set_system_metrics_sampling_interval(0.05)
    mlflow.set_system_metrics_samples_before_logging(1)
    try:
        with mlflow.start_run(log_system_metrics=True) as run:
            wait_until(
                lambda: "system/cpu_utilization_percentage" in client.get_run(run.info.run_id).data.metrics,
                within=30,
                what="system metrics",
            )
    finally:
        mlflow.set_system_metrics_sampling_interval(None)
        mlflow.set_system_metrics_samples_before_logging(None)


def test_runs_become_a_table_in_the_order_asked_for(tracking: str) -> None:
    name = unique("table")
    mlflow.set_experiment(name)
    for number in range(4):
        with mlflow.start_run(run_name=f"r{number}"):
            mlflow.log_param("depth", number)
            mlflow.log_metric("auc", number / 10)
    found = mlflow.search_runs(
        experiment_names=[name],
        filter_string="metrics.auc > 0.05 AND (params.depth = '1' OR params.depth = '3')",
        order_by=["metrics.auc DESC"],
    )
    assert list(found["tags.mlflow.runName"]) == ["r3", "r1"]
    assert list(found["metrics.auc"]) == [0.3, 0.1]


def test_a_run_whose_process_is_killed_stays_running_and_goes_on_later(tracking: str, client: MlflowClient) -> None:
    experiment = mlflow.set_experiment(unique("killed")).experiment_id
    script = (
        f"import mlflow, sys; mlflow.set_tracking_uri({tracking!r}); mlflow.start_run(experiment_id={experiment!r});"
        "mlflow.log_metric('loss', 1.0, step=0); sys.stdin.read()"
    )
    process = subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE)
    try:
        wait_until(lambda: client.search_runs([experiment], "metrics.loss = 1.0") != [], within=60, what="the metric")
    finally:
        process.send_signal(signal.SIGKILL)
        process.communicate()
    [run] = client.search_runs([experiment])
    assert run.info.status == "RUNNING"
    with mlflow.start_run(run_id=run.info.run_id):
        mlflow.log_metric("loss", 0.5, step=1, timestamp=int(time.time() * 1000))
    whole = client.get_run(run.info.run_id)
    assert (whole.info.status, whole.data.metrics) == ("FINISHED", {"loss": 0.5})
    assert len(client.get_metric_history(run.info.run_id, "loss")) == 2


def test_commands_for_runs_and_artifacts_work(client: MlflowClient, tmp_path: Path) -> None:
    from mlflow.cli import cli  # warns when imported

    experiment = client.create_experiment(unique("commands"))
    run = client.create_run(experiment, run_name="by hand").info.run_id
    file = tmp_path / "model.txt"
    file.write_text("content")

    def told(*arguments: str) -> str:
        done = CliRunner().invoke(cli, arguments)
        assert done.exit_code == 0, done.output
        return str(done.output)

    told("artifacts", "log-artifact", "--local-file", str(file), "--run-id", run)
    assert "model.txt" in told("artifacts", "list", "--run-id", run)
    told("artifacts", "download", "--run-id", run, "--artifact-path", "model.txt", "--dst-path", str(tmp_path / "got"))
    assert (tmp_path / "got" / "model.txt").read_text() == "content"
    assert run in told("runs", "list", "--experiment-id", experiment)
    assert '"by hand"' in told("runs", "describe", "--run-id", run)
    told("runs", "delete", "--run-id", run)
    assert run not in told("runs", "list", "--experiment-id", experiment)
    told("runs", "restore", "--run-id", run)
    told("experiments", "rename", "--experiment-id", experiment, "--new-name", unique("renamed"))
    told("experiments", "delete", "--experiment-id", experiment)


def test_lightgbm_is_autologged_registered_and_predicts_the_same_by_alias(client: MlflowClient) -> None:
    random = np.random.default_rng(2)
    features = pd.DataFrame(random.normal(size=(200, 3)), columns=["a", "b", "c"])
    labels = (features["a"] > features["b"]).astype(int)
    mlflow.set_experiment(unique("lightgbm"))
    name = unique("boosted")
    mlflow.lightgbm.autolog(registered_model_name=name)
    try:
        with mlflow.start_run() as run:
            data = lightgbm.Dataset(features, labels)
            booster = lightgbm.train(
                {"objective": "binary", "verbosity": -1, "num_leaves": 4, "num_threads": 1},
                data,
                num_boost_round=5,
                valid_sets=[data],
            )
    finally:
        mlflow.lightgbm.autolog(disable=True)
    logged = client.get_run(run.info.run_id)
    assert (logged.data.params["num_leaves"], logged.data.params["num_boost_round"]) == ("4", "5")
    history = client.get_metric_history(run.info.run_id, "training-binary_logloss")
    assert [point.step for point in history] == list(range(5))
    files = {file.path for file in client.list_artifacts(run.info.run_id)}
    assert {"feature_importance_gain.json", "feature_importance_split.png"} <= files
    client.set_registered_model_alias(name, "champion", "1")
    loaded = mlflow.pyfunc.load_model(f"models:/{name}@champion")
    assert list(loaded.predict(features)) == list(booster.predict(features))


def test_pytorch_is_autologged_through_lightning_and_its_model_predicts_the_same(client: MlflowClient) -> None:
    reason = "PyTorch for CPUs isn't installed: see requirements/torch.txt"
    torch = pytest.importorskip("torch", reason=reason)
    lightning = pytest.importorskip("pytorch_lightning", reason=reason)

    class Line(lightning.LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.layer = torch.nn.Linear(2, 1)

        def forward(self, x):
            return self.layer(x)

        def training_step(self, batch, _):
            x, y = batch
            loss = torch.nn.functional.mse_loss(self(x), y)
            self.log("loss", loss, on_epoch=True)
            return loss

        def configure_optimizers(self):
            return torch.optim.SGD(self.parameters(), lr=0.1)

    torch.manual_seed(3)
    x = torch.rand(32, 2)
    rows = torch.utils.data.TensorDataset(x, x.sum(dim=1, keepdim=True))
    mlflow.set_experiment(unique("pytorch"))
    name = unique("line")
    mlflow.pytorch.autolog(log_models=False, checkpoint=False)
    try:
        with mlflow.start_run() as run:
            trainer = lightning.Trainer(
                max_epochs=3, accelerator="cpu", logger=False, enable_checkpointing=False, enable_progress_bar=False
            )
            model = Line()
            trainer.fit(model, torch.utils.data.DataLoader(rows, batch_size=16))
            mlflow.pytorch.log_model(
                model.layer,
                name="line",
                registered_model_name=name,
                serialization_format="pickle",
                pip_requirements=[],
            )
    finally:
        mlflow.pytorch.autolog(disable=True)
    logged = client.get_run(run.info.run_id)
    assert logged.data.params["optimizer_name"] == "SGD"
    assert [point.step for point in client.get_metric_history(run.info.run_id, "loss_epoch")] == [0, 1, 2]
    assert "model_summary.txt" in {file.path for file in client.list_artifacts(run.info.run_id)}
    client.set_registered_model_alias(name, "champion", "1")
    loaded = mlflow.pyfunc.load_model(f"models:/{name}@champion")
    given = x.numpy()
    assert np.array_equal(loaded.predict(given), model.layer(x).detach().numpy())


def test_a_registered_model_answers_on_the_command_line(client: MlflowClient, tracking: str, tmp_path: Path) -> None:
    name = unique("answers")
    mlflow.set_experiment(unique("commands"))

    class Doubling(mlflow.pyfunc.PythonModel):
        def predict(self, context, model_input, params=None):
            return model_input * 2

    with mlflow.start_run():
        mlflow.pyfunc.log_model(name="m", python_model=Doubling(), registered_model_name=name, pip_requirements=[])
    rows, answers = tmp_path / "rows.csv", tmp_path / "answers.json"
    rows.write_text("a\n1\n2\n")
    command = [sys.executable, "-m", "mlflow", "models", "predict", "-m", f"models:/{name}/1", "-i", str(rows)]
    command += ["-t", "csv", "-o", str(answers), "--env-manager", "local"]
    done = subprocess.run(
        command, env={**os.environ, "MLFLOW_TRACKING_URI": tracking}, capture_output=True, text=True, timeout=110
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(answers.read_text()) == {"predictions": [{"a": 2}, {"a": 4}]}


@pytest.mark.parametrize("size", [1, 3 * 1024 * 1024 + 5])
def test_a_file_goes_up_and_comes_down_in_parts(
    size: int, client: MlflowClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD", "true")
    monkeypatch.setenv("MLFLOW_ENABLE_PROXY_MULTIPART_DOWNLOAD", "true")
    monkeypatch.setenv("MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE", "1")
    monkeypatch.setenv("MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE", str(1024 * 1024))
    monkeypatch.setenv("MLFLOW_MULTIPART_DOWNLOAD_CHUNK_SIZE", str(1024 * 1024))
    content = os.urandom(size)
    file = tmp_path / "weights bin.dat"
    file.write_bytes(content)
    run = client.create_run(client.create_experiment(unique("parts"))).info.run_id
    client.log_artifact(run, str(file), "deep/er")
    assert [(found.path, found.file_size) for found in client.list_artifacts(run, "deep/er")] == [
        ("deep/er/weights bin.dat", size)
    ]
    got = client.download_artifacts(run, "deep/er/weights bin.dat", str(tmp_path / "got"))
    assert Path(got).read_bytes() == content
