"""What users do, with the unmodified mlflow client: autologging, registering, loading by alias."""

import os
import subprocess
import sys
import uuid
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pytest
from mlflow import MlflowClient
from mlflow.entities import LoggedModel, Metric
from mlflow.exceptions import MlflowException
from sklearn.linear_model import LogisticRegression

pytestmark = pytest.mark.filterwarnings("ignore")  # the client's own warnings are not ours to fix


def unique(word: str) -> str:
    return f"{word}-{uuid.uuid4().hex[:8]}"


def data() -> tuple[pd.DataFrame, np.ndarray]:
    random = np.random.default_rng(1)
    features = pd.DataFrame({"a": random.normal(size=60), "b": random.normal(size=60)})
    return features, (features["a"] + features["b"] > 0).to_numpy().astype(int)


def test_an_autologged_model_is_registered_aliased_and_predicts_the_same(client: MlflowClient) -> None:
    features, labels = data()
    mlflow.set_experiment(unique("flow"))
    mlflow.sklearn.autolog()
    with mlflow.start_run() as run:
        model = LogisticRegression(C=0.5).fit(features, labels)
    logged = client.get_run(run.info.run_id)
    assert logged.info.status == "FINISHED"
    assert logged.data.params["C"] == "0.5"
    assert "training_accuracy_score" in logged.data.metrics
    assert logged.inputs.dataset_inputs[0].dataset.name == "dataset"
    assert logged.outputs.model_outputs

    name = unique("model")
    version = mlflow.register_model(f"models:/{logged.outputs.model_outputs[0].model_id}", name)
    client.set_registered_model_alias(name, "champion", version.version)
    assert client.get_model_version_by_alias(name, "champion").version == version.version
    loaded = mlflow.pyfunc.load_model(f"models:/{name}@champion")
    assert list(loaded.predict(features)) == list(model.predict(features))


def test_log_model_registers_in_one_call(client: MlflowClient) -> None:
    features, labels = data()
    name = unique("model")
    mlflow.set_experiment(unique("flow"))
    model = LogisticRegression().fit(features, labels)
    with mlflow.start_run():
        for _ in range(2):
            mlflow.sklearn.log_model(
                model,
                name="model",
                registered_model_name=name,
                serialization_format="cloudpickle",
                pip_requirements=[],
            )
    assert [v.version for v in client.search_model_versions(f"name = '{name}'")] == ["2", "1"]
    loaded = mlflow.sklearn.load_model(f"models:/{name}/2")
    assert list(loaded.predict(features)) == list(model.predict(features))


def test_nested_runs_are_found_by_their_parent(client: MlflowClient) -> None:
    experiment = mlflow.set_experiment(unique("nested"))
    with mlflow.start_run() as parent:
        for depth in range(3):
            with mlflow.start_run(nested=True):
                mlflow.log_param("depth", depth)
                mlflow.log_metric("auc", depth / 10)
    children = mlflow.search_runs(
        [experiment.experiment_id],
        f"tags.mlflow.parentRunId = '{parent.info.run_id}' AND metrics.auc > 0",
        order_by=["metrics.auc DESC"],
    )
    assert list(children["params.depth"]) == ["2", "1"]
    assert children["metrics.auc"].dtype == float


def test_everything_that_can_be_logged_comes_back(client: MlflowClient, tmp_path: Path) -> None:
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    mlflow.set_experiment(unique("logging"))
    features, _ = data()
    with mlflow.start_run() as run:
        mlflow.log_dict({"a": [1, 2]}, "dict.json")
        mlflow.log_text("hello", "texts/hello.txt")
        figure, axis = pyplot.subplots()
        axis.plot([1, 2])
        mlflow.log_figure(figure, "plots/figure.png")
        pyplot.close(figure)
        mlflow.log_table({"x": [1, 2], "y": ["a", "b"]}, "table.json")
        mlflow.log_input(mlflow.data.from_pandas(features, name="features"), context="training")
        (tmp_path / "deep").mkdir()
        (tmp_path / "deep" / "file.bin").write_bytes(b"\0\1")
        mlflow.log_artifacts(str(tmp_path), "tree")
        mlflow.set_tags({"one": 1, "two": "2"})
        mlflow.log_metrics({"m": 1.5, "n": float("nan")}, step=3)
    run_id = run.info.run_id
    assert mlflow.artifacts.load_dict(f"runs:/{run_id}/dict.json") == {"a": [1, 2]}
    assert mlflow.artifacts.load_text(f"runs:/{run_id}/texts/hello.txt") == "hello"
    assert {file.path for file in client.list_artifacts(run_id)} == {
        "dict.json",
        "texts",
        "plots",
        "table.json",
        "tree",
    }
    assert [file.path for file in client.list_artifacts(run_id, "tree/deep")] == ["tree/deep/file.bin"]
    assert list(mlflow.load_table("table.json", [run_id])["y"]) == ["a", "b"]
    stored = client.get_run(run_id)
    assert stored.inputs.dataset_inputs[0].tags[0].value == "training"
    assert np.isnan(stored.data.metrics["n"])
    assert stored.data.tags["one"] == "1"
    local = mlflow.artifacts.download_artifacts(run_id=run_id, artifact_path="tree", dst_path=str(tmp_path / "got"))
    assert (Path(local) / "deep" / "file.bin").read_bytes() == b"\0\1"


def test_async_logging_arrives_and_metric_histories_are_whole(client: MlflowClient) -> None:
    mlflow.set_experiment(unique("async"))
    with mlflow.start_run() as run:
        waiting = [mlflow.log_metric("loss", step / 10, step=step, synchronous=False) for step in range(200)]
        for operation in waiting:
            assert operation is not None
            operation.wait()
    history = client.get_metric_history(run.info.run_id, "loss")
    assert sorted(metric.step for metric in history) == list(range(200))


def test_a_history_too_long_for_one_piece_comes_whole_and_in_pages(client: MlflowClient) -> None:
    run_id = client.create_run(client.create_experiment(unique("long"))).info.run_id
    for start in range(0, 21_000, 1000):
        client.log_batch(run_id, [Metric("loss", 1.5, step, step) for step in range(start, start + 1000)])
    assert [metric.step for metric in client.get_metric_history(run_id, "loss")] == list(range(21_000))
    store = client._tracking_client.store
    first = store.get_metric_history(run_id, "loss", max_results=15_000)
    rest = store.get_metric_history(run_id, "loss", max_results=15_000, page_token=first.token)
    assert [metric.step for metric in [*first, *rest]] == list(range(21_000))
    assert rest.token is None


def test_a_run_that_dies_half_way_is_failed_and_keeps_what_it_logged(client: MlflowClient) -> None:
    mlflow.set_experiment(unique("dying"))
    run = mlflow.start_run()
    mlflow.log_param("a", 1)
    with pytest.raises(ZeroDivisionError), run:
        _ = 1 / 0
    stored = client.get_run(run.info.run_id)
    assert (stored.info.status, stored.data.params) == ("FAILED", {"a": "1"})


def test_a_model_lives_through_its_stages_renames_and_copies(client: MlflowClient) -> None:
    name = unique("model")
    client.create_registered_model(name, tags={"team": "red"}, description="about")
    for number in (1, 2):
        client.create_model_version(name, f"s3://bucket/{number}")
    client.transition_model_version_stage(name, "1", "Production")
    client.transition_model_version_stage(name, "2", "Production", archive_existing_versions=True)
    assert [v.version for v in client.get_latest_versions(name, ["Production"])] == ["2"]
    assert client.get_model_version(name, "1").current_stage == "Archived"
    client.set_model_version_tag(name, "2", "checked", "yes")
    assert [v.version for v in client.search_model_versions("tags.checked = 'yes'") if v.name == name] == ["2"]
    copied = client.copy_model_version(f"models:/{name}/2", unique("copy"))
    assert client.get_model_version_download_uri(copied.name, copied.version) == "s3://bucket/2"
    client.rename_registered_model(name, f"{name}-new")
    renamed = client.get_registered_model(f"{name}-new")
    assert renamed.tags == {"team": "red"}
    assert {v.version for v in client.search_model_versions(f"name = '{name}-new'")} == {"1", "2"}
    client.delete_model_version(renamed.name, "1")
    client.delete_registered_model(renamed.name)
    assert client.search_registered_models(f"name = '{renamed.name}'") == []


def test_experiments_are_deleted_restored_and_searched(client: MlflowClient) -> None:
    name = unique("life")
    experiment = client.create_experiment(name, tags={"team": name})
    run = client.create_run(experiment)
    client.delete_experiment(experiment)
    assert client.get_run(run.info.run_id).info.lifecycle_stage == "deleted"
    with pytest.raises(MlflowException, match="already exists"):
        client.create_experiment(name)
    client.restore_experiment(experiment)
    assert client.get_run(run.info.run_id).info.lifecycle_stage == "active"
    assert [e.name for e in client.search_experiments(filter_string=f"tags.team = '{name}'")] == [name]


def test_an_experiment_refused_for_its_name_takes_no_number(client: MlflowClient) -> None:
    last = int(client.create_experiment("taken"))
    for _ in range(2):
        with pytest.raises(MlflowException, match=r"Experiment\(name=taken\) already exists"):
            client.create_experiment("taken")
    assert client.create_experiment("free") == str(last + 1)


def test_logged_models_are_searched_and_found_by_run(client: MlflowClient) -> None:
    experiment = mlflow.set_experiment(unique("logged"))
    features, labels = data()
    model = LogisticRegression().fit(features, labels)
    with mlflow.start_run() as run:
        info = mlflow.sklearn.log_model(
            model, name="model", serialization_format="cloudpickle", pip_requirements=[], params={"C": "1"}
        )
        mlflow.log_metric("auc", 0.9, model_id=info.model_id)
    pending = mlflow.initialize_logged_model(name="begun")

    def found_by(text: str) -> list[LoggedModel]:
        found = mlflow.search_logged_models([experiment.experiment_id], text, output_format="list")
        assert isinstance(found, list)
        return found

    for text, model_id in (
        ("status = 'READY'", info.model_id),
        ("status != 'READY'", pending.model_id),
        ("status IN ('PENDING', 'FAILED')", pending.model_id),
        ("status = 'PENDING' AND name = 'model'", None),
    ):
        assert [entry.model_id for entry in found_by(text)] == ([model_id] if model_id else []), text
    found = found_by("metrics.auc > 0.5 AND params.C = '1'")
    assert [entry.model_id for entry in found] == [info.model_id]
    assert found[0].status == "READY"
    assert list(mlflow.sklearn.load_model(f"runs:/{run.info.run_id}/model").predict(features)) == list(
        model.predict(features)
    )


def test_the_prompt_registry_rides_along_without_showing_among_models(client: MlflowClient) -> None:
    name = unique("prompt")
    prompt = mlflow.genai.register_prompt(name=name, template="Hello {{who}}")
    assert prompt.version == 1
    assert mlflow.genai.load_prompt(f"prompts:/{name}/1").template == "Hello {{who}}"
    assert client.search_registered_models(f"name = '{name}'") == []


def test_the_command_line_works(tracking: str) -> None:
    name = unique("cli")
    environment = {**os.environ, "MLFLOW_TRACKING_URI": tracking}
    command = [sys.executable, "-m", "mlflow", "experiments"]
    for arguments in (["create", "-n", name], ["search"]):
        done = subprocess.run([*command, *arguments], env=environment, capture_output=True, text=True, timeout=110)
        assert done.returncode == 0, done.stderr
    assert name in done.stdout
