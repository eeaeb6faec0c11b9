"""Something of everything on one MLflow server, and what a copy of it must look like on another."""

import json
import math
from typing import Any

import httpx

from tests.contract.mlflow.asking import Server, post, put
from tests.contract.mlflow.cases.artifacts import ROOT

EXP = "experiments/create"
PROMPT = {"key": "mlflow.prompt.is_prompt", "value": "true"}


def planted(client: httpx.Client, name: str) -> Server:
    """An experiment, a parent and a child run, a deleted one, a logged and a registered model, named `name`."""
    server = Server(client, name)
    run = {"experiment_id": "$exp", "user_id": "anna"}
    steps = [
        post(EXP, name="$u", tags=[{"key": "team", "value": "red"}], save={"exp": "experiment_id"}),
        post("runs/create", **run, start_time=10, run_name="parent", save={"parent": "run.info.run_id"}),
        post(
            "runs/create",
            **run,
            start_time=20,
            run_name="child",
            tags=[{"key": "mlflow.parentRunId", "value": "$parent"}],
            save={"child": "run.info.run_id"},
        ),
        post("runs/create", **run, start_time=30, run_name="gone", save={"gone": "run.info.run_id"}),
        post("runs/log-batch", run_id="$child", params=[{"key": f"p{n}", "value": str(n)} for n in range(100)]),
        post("runs/log-batch", run_id="$child", params=[{"key": "more", "value": ""}]),
        post(
            "runs/log-batch",
            run_id="$child",
            metrics=[{"key": "loss", "value": 1 / (n + 1), "timestamp": 100 + n, "step": n} for n in range(1000)],
        ),
        post("runs/log-metric", run_id="$child", key="odd", value="NaN", timestamp=1),
        post("runs/log-metric", run_id="$child", key="loss", value=0.5, timestamp=9999, step=1000),
        post(
            "runs/log-inputs",
            run_id="$child",
            datasets=[
                {
                    "dataset": {"name": "flights", "digest": "d1", "source_type": "local", "source": "{}"},
                    "tags": [{"key": "mlflow.data.context", "value": "train"}],
                }
            ],
        ),
        put(f"{ROOT}/$exp/$child/artifacts/plots/a b.txt", b"hello"),
        put(f"{ROOT}/$exp/$child/artifacts/top.bin", bytes(range(256)) * 1000),
        post("logged-models", experiment_id="$exp", name="net", source_run_id="$child", model_type="sklearn",
             params=[{"key": "depth", "value": "3"}], save={"lm": "model.info.model_id"}),
        put(f"{ROOT}/$exp/models/$lm/artifacts/MLmodel", b"flavors: {}"),
        post("runs/outputs", run_id="$child", models=[{"model_id": "$lm", "step": 3}]),
        post("runs/update", run_id="$child", status="FINISHED", end_time=77),
        post("logged-models", experiment_id="$exp", name="old", source_run_id="$gone",
             save={"old": "model.info.model_id"}),
        post("runs/log-metric", run_id="$gone", key="auc", value=0.5, timestamp=1, model_id="$old"),
        post("runs/outputs", run_id="$gone", models=[{"model_id": "$old", "step": 1}]),
        post("runs/log-inputs", run_id="$child", models=[{"model_id": "$old"}]),
        post("runs/delete", run_id="$gone"),
        post("registered-models/create", name="$u", description="about", tags=[{"key": "t", "value": "x"}]),
        *[
            post("model-versions/create", name="$u", source="models:/$lm", model_id="$lm", run_id="$child",
                 description=f"number {n}")
            for n in range(3)
        ],
        post("registered-models/alias", name="$u", alias="champion", version="3"),
        post("registered-models/create", name="$u-prompt", tags=[PROMPT]),
        post("model-versions/create", name="$u-prompt", source="dummy-source",
             tags=[PROMPT, {"key": "mlflow.prompt.text", "value": "Say {{x}}"}]),
    ]  # fmt: skip
    for step in steps:
        answer = server.ask(step)
        assert answer["status"] == 200, (step, answer)
    patch = client.patch(f"/api/2.0/mlflow/logged-models/{server.saved['lm']}", json={
        "model_id": server.saved["lm"], "status": "LOGGED_MODEL_READY"
    })  # fmt: skip
    assert patch.status_code == 200, patch.text
    gone = client.request("DELETE", "/api/2.0/mlflow/model-versions/delete", json={"name": name, "version": "2"})
    assert gone.status_code == 200, gone.text
    return server


def check_copy(client: httpx.Client, name: str) -> None:
    """That `client`'s server has all that `planted` planted elsewhere."""

    def ask(path: str, **query: Any) -> Any:
        return _answer(client.get(f"/api/2.0/mlflow/{path}", params=query))

    experiment = ask("experiments/get-by-name", experiment_name=name)["experiment"]
    assert {"key": "team", "value": "red"} in experiment["tags"]
    wish = {"experiment_ids": [experiment["experiment_id"]], "run_view_type": "ALL", "order_by": ["start_time ASC"]}
    runs = _answer(client.post("/api/2.0/mlflow/runs/search", json=wish))["runs"]
    assert [run["info"]["run_name"] for run in runs] == ["parent", "child", "gone"]
    parent, child, gone = runs
    assert [run["info"]["lifecycle_stage"] for run in runs] == ["active", "active", "deleted"]
    assert _pairs(child["data"]["tags"])["mlflow.parentRunId"] == parent["info"]["run_id"]
    assert (child["info"]["status"], child["info"]["start_time"], child["info"]["end_time"]) == ("FINISHED", 20, 77)
    assert _pairs(child["data"]["params"]) == {**{f"p{n}": str(n) for n in range(100)}, "more": ""}
    run_id = child["info"]["run_id"]
    history = ask("metrics/get-history", run_id=run_id, metric_key="loss", max_results=5000)["metrics"]
    assert [(point["step"], point["timestamp"]) for point in history[:2]] == [(0, 100), (1, 101)]
    assert (len(history), history[-1]["value"]) == (1001, 0.5)
    assert math.isnan(float(ask("metrics/get-history", run_id=run_id, metric_key="odd")["metrics"][0]["value"]))
    [used] = child["inputs"]["dataset_inputs"]
    assert (used["dataset"]["name"], used["tags"][0]["value"]) == ("flights", "train")
    hello = client.get("/get-artifact", params={"run_id": run_id, "path": "plots/a b.txt"})
    assert (hello.status_code, hello.content) == (200, b"hello")
    assert len(client.get("/get-artifact", params={"run_id": run_id, "path": "top.bin"}).content) == 256_000
    [output] = child["outputs"]["model_outputs"]
    model = ask(f"logged-models/{output['model_id']}")["model"]
    assert (model["info"]["name"], model["info"]["source_run_id"]) == ("net", run_id)
    [old] = gone["outputs"]["model_outputs"]
    assert [metric["value"] for metric in ask(f"logged-models/{old['model_id']}")["model"]["data"]["metrics"]] == [0.5]
    taken_in = ask("runs/get", run_id=run_id)["run"]["inputs"]["model_inputs"]
    assert [entry["model_id"] for entry in taken_in] == [old["model_id"]]
    registered = ask("registered-models/get", name=name)["registered_model"]
    assert registered["description"] == "about"
    assert _pairs(registered["tags"])["t"] == "x"
    versions = ask("model-versions/search", filter=f"name = '{name}'")["model_versions"]
    assert sorted(int(version["version"]) for version in versions) == [1, 3]
    champion = ask("registered-models/alias", name=name, alias="champion")["model_version"]
    assert (champion["version"], champion["description"], champion["run_id"]) == ("3", "number 2", run_id)
    location = ask("model-versions/get-download-uri", name=name, version="3")["artifact_uri"]
    assert output["model_id"] in location
    noted = json.loads(
        _pairs(ask(f"logged-models/{output['model_id']}")["model"]["info"]["tags"])["mlflow.modelVersions"]
    )
    assert sorted(int(entry["version"]) for entry in noted if entry["name"] == name) == [1, 3]
    prompt = ask("model-versions/get", name=f"{name}-prompt", version="1")["model_version"]
    assert _pairs(prompt["tags"])["mlflow.prompt.text"] == "Say {{x}}"


def _answer(response: httpx.Response) -> Any:
    assert response.status_code == 200, response.text
    return response.json()


def _pairs(entries: list[dict[str, str]]) -> dict[str, str]:
    return {entry["key"]: entry.get("value", "") for entry in entries}
