"""What users do, with the unmodified mlflow client: autologging, registering, loading by alias."""

import uuid

import mlflow
import numpy as np
import pandas as pd
import pytest
from mlflow import MlflowClient
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
