# ruff: noqa: E501  # tables: a case a line reads better than a case broken up
"""Local places of runs, fields of parts in other spellings, large batches, views of an experiment, names with tabs."""

import json
from typing import Any

from tests.contract.mlflow.asking import Case, Step, get, patch, post, put
from tests.contract.mlflow.cases.artifacts import FILES
from tests.contract.mlflow.cases.logged_model_corners import GET as GET_MODEL
from tests.contract.mlflow.cases.logged_model_corners import ONE, SAVE
from tests.contract.mlflow.cases.runs import EXP, GET, RUN, batch

LOCAL = post("experiments/create", name="$u", artifact_location="file:///place/$u", save={"exp": "experiment_id"})
AT_A_PATH = post("experiments/create", name="$u", artifact_location="/place/$u", save={"exp": "experiment_id"})
MODEL = post("registered-models/create", name="$u")
HERE = {"run": "run.info.run_id", "here": "run.info.artifact_uri"}
LOCAL_RUN = post("runs/create", experiment_id="$exp", user_id="anna", run_name="first", start_time=1, save=HERE)
LOCAL_MODEL = post("logged-models", experiment_id="$exp", name="lm", save={**SAVE, "here": "model.info.artifact_uri"})
VIEW = "mlflow.customView.view.v1."
DATASET = {"name": "d", "digest": "1", "sourceType": "local", "source": "{}"}
POINT = {"key": "auc", "value": 0.5, "timestamp": 1, "step": 1}


def version(source: str, **more: str) -> Step:
    return Step(
        "POST", "model-versions/create", {"name": "$u", "source": source, **more}, message=not source.startswith(".")
    )


def view(name: str) -> Step:
    return post("experiments/set-experiment-tag", experiment_id="$exp", key=VIEW + name, value="v")


def told(**model: Any) -> Step:
    return post("runs/log-model", run_id="$run", model_json=json.dumps(model))


_WITHIN = ("$here", "$here/", "$here/model", "$here/./model", "$here/model/..", "$here/a%20b", "$here//model")
_OUTSIDE = (
    "$here/..",
    "$here/../x",
    "$here/%2e%2e/x",
    "$here-other",
    "/",
    "file:///",
    "/etc/passwd",
    "file:///etc/passwd",
    "./x",
)

CASES = [
    *[Case(f"parts: a version at {source} in its run, {name}", (place, LOCAL_RUN, MODEL, version(source, run_id="$run")))
      for name, place in (("of file:", LOCAL), ("at a path", AT_A_PATH)) for source in (*_WITHIN, *_OUTSIDE)],
    *[Case(f"parts: a version at {source} in its logged model", (LOCAL, LOCAL_MODEL, MODEL, version(source, model_id="$lm"))) for source in (*_WITHIN, *_OUTSIDE)],
    *[Case(f"parts: a version of file: in a run at a path, {source}", (AT_A_PATH, LOCAL_RUN, MODEL, version(source, run_id="$run"))) for source in ("file://$here/m", "file://$here/../m", "file:$here")],
    Case("parts: a version in another's run", (LOCAL, LOCAL_RUN, post("runs/create", experiment_id="$exp", user_id="anna", run_name="second", start_time=1, save={"other": "run.info.run_id"}), MODEL, version("$here/m", run_id="$other"))),
    Case("parts: a local version without its run", (LOCAL, LOCAL_RUN, MODEL, version("$here/m"), version("$here/m", run_id="nope"), version("$here/m", model_id="m-nope"))),
    Case("parts: a local version of a run that isn't local", (EXP, RUN, MODEL, version("/etc/passwd", run_id="$run"), version("file:///x", run_id="$run"))),
    Case("parts: a local version on another host", (LOCAL, LOCAL_RUN, MODEL, version("file://123.456.789.123/path", run_id="$run"))),
    Case("parts: a local version on this host", (LOCAL, LOCAL_RUN, MODEL, version("file://localhost/place/x", run_id="$run"), version("file://./place/x", run_id="$run"))),
    Case("parts: a dataset's source in camel case", (EXP, RUN, post("runs/log-inputs", run_id="$run", datasets=[{"dataset": DATASET, "tags": [{"key": "a", "value": "b"}]}]), GET)),
    Case("parts: a model's id in camel case", (*ONE, RUN, post("runs/log-inputs", run_id="$run", models=[{"modelId": "$lm"}]), post("runs/outputs", run_id="$run", models=[{"modelId": "$lm", "step": 3}]), GET)),
    Case("parts: a point of a model in camel case", (*ONE, RUN, batch(metrics=[{**POINT, "modelId": "$lm", "datasetName": "d", "datasetDigest": "1"}]), GET_MODEL, GET)),
    Case("parts: an order in camel case", (*ONE, post("logged-models/search", experiment_ids=["$exp"], order_by=[{"fieldName": "name"}], datasets=[{"datasetName": "d"}]))),
    *[Case(f"parts: both spellings of {name}", (*ONE, RUN, Step("POST", path, {"run_id": "$run", **body}, message=True), GET)) for name, path, body in (
        ("a source type", "runs/log-inputs", {"datasets": [{"dataset": {**DATASET, "source_type": "local"}}]}),
        ("an input's model", "runs/log-inputs", {"models": [{"modelId": "$lm", "model_id": "$lm"}]}),
        ("an output's model", "runs/outputs", {"models": [{"modelId": "$lm", "model_id": "$lm"}]}),
        ("a point's model", "runs/log-batch", {"metrics": [{**POINT, "modelId": "$lm", "model_id": "$lm"}]}),
        ("a point's model, the second of two", "runs/log-batch", {"metrics": [POINT, {**POINT, "modelId": "$lm", "model_id": "$lm"}]}))],
    Case("parts: unknown fields", (EXP, RUN, batch(metrics=[{**POINT, "what": 1}], params=[{"key": "p", "value": "1", "what": {}}], tags=[{"key": "t", "value": "1", "runId": "x"}]), GET)),
    Case("parts: a batch of long values in many bytes", (EXP, RUN, batch(params=[{"key": f"p{n}", "value": "模" * 6000} for n in range(100)]), GET)),
    Case("parts: a batch of over a million bytes", (EXP, RUN, batch(params=[{"key": f"p{n}", "value": "v" * 6000} for n in range(100)], tags=[{"key": f"t{n}", "value": "t" * 8000} for n in range(100)]), GET)),
    Case("parts: fifty views", (EXP, *[view(str(n)) for n in range(51)], view("7"), get("experiments/get", experiment_id="$exp"),
        post("experiments/delete-experiment-tag", experiment_id="$exp", key=f"{VIEW}7"), view("51"), view("52"))),
    *[Case(f"parts: an experiment with {many} views", (Step("POST", "experiments/create", {"name": "$u", "tags": [{"key": f"{VIEW}{n}", "value": "v"} for n in range(many)]}, message=True),)) for many in (50, 51)],
    *[Case(f"parts: a file of a logged model {name}", (*ONE, Step("GET", "/ajax-api/2.0/mlflow/logged-models/$lm/artifacts/files", wish, message=True))) for name, wish in (("unnamed", {}), ("named empty", {"artifact_file_path": ""}), ("misnamed", {"path": "x"}))],
    *[Case(f"parts: a body of {said}", tuple(Step("POST", path, raw=said.encode()) for path in ("experiments/create", "registered-models/create"))) for said in ("null", '"{}"')],
    Case("parts: a tab in a name", (EXP, RUN, put(f"{FILES}/a%09b.txt", b"1"), get("artifacts/list", run_id="$run"), Step("GET", f"{FILES}/ab.txt"), get("/get-artifact", run_id="$run", path="a\tb.txt"))),
    *[Case(f"parts: finalising {name}", (*ONE, patch("logged-models/$lm", **body), GET_MODEL)) for name, body in (("without its id", {"status": 2}), ("by another id", {"model_id": "m-other", "status": 2}), ("by its id", {"model_id": "$lm", "status": 2}))],
    *[Case(f"parts: parameters {name}", (*ONE, post("logged-models/$lm/params", params=[{"key": "q", "value": "2"}], **more), GET_MODEL)) for name, more in (("without an id", {}), ("by another id", {"model_id": "m-other"}), ("by its id", {"model_id": "$lm"}))],
    Case("parts: models told whole", (EXP, RUN,
        told(run_id="$run", artifact_path="m", utc_time_created="now", flavors={"x": {"config": {"a": 1}, "b": 2}}, mlflow_version="3", model_size_bytes=5, metadata={"k": 1}),
        told(flavors={}, run_id="$run", artifact_path="n", utc_time_created="then", model_uuid="u"), GET)),
]  # fmt: skip
