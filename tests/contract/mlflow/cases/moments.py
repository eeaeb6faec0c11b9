# ruff: noqa: E501  # tables: a case a line reads better than a case broken up
"""What moves which timestamp: a request, and what is looked at before and after it."""

from dataclasses import dataclass

from tests.contract.mlflow.asking import Step, delete, get, patch, post


@dataclass(frozen=True)
class Moment:
    name: str
    setup: tuple[Step, ...]
    request: Step
    looked_at: tuple[Step, ...]


EXP = post("experiments/create", name="$u", tags=[{"key": "a", "value": "1"}], save={"exp": "experiment_id"})
RUN = post(
    "runs/create", experiment_id="$exp", user_id="a", start_time=1, run_name="r", save={"run": "run.info.run_id"}
)
GONE = post("experiments/delete", experiment_id="$exp")
EXPERIMENT = (get("experiments/get", experiment_id="$exp"),)

MODEL = post("registered-models/create", name="$u", tags=[{"key": "a", "value": "1"}])
VERSIONS = (
    MODEL,
    post("model-versions/create", name="$u", source="s3://b/1", tags=[{"key": "a", "value": "1"}]),
    post("model-versions/create", name="$u", source="s3://b/2"),
    post("registered-models/alias", name="$u", alias="champion", version="1"),
    post(
        "model-versions/transition-stage", name="$u", version="2", stage="Production", archive_existing_versions=False
    ),
)
REGISTERED = (
    get("registered-models/get", name="$u"),
    get("model-versions/get", name="$u", version="1"),
    get("model-versions/get", name="$u", version="2"),
)
LOGGED = (
    EXP,
    RUN,
    post(
        "logged-models",
        experiment_id="$exp",
        name="m",
        source_run_id="$run",
        tags=[{"key": "a", "value": "1"}],
        save={"lm": "model.info.model_id"},
    ),
)
LOGGED_MODEL = (get("logged-models/$lm"),)

MOMENTS = [
    Moment("renaming an experiment", (EXP,), post("experiments/update", experiment_id="$exp", new_name="$u-n"), EXPERIMENT),
    Moment("a tag of an experiment", (EXP,), post("experiments/set-experiment-tag", experiment_id="$exp", key="b", value="2"), EXPERIMENT),
    Moment("the same tag of an experiment", (EXP,), post("experiments/set-experiment-tag", experiment_id="$exp", key="a", value="1"), EXPERIMENT),
    Moment("no tag of an experiment any more", (EXP,), post("experiments/delete-experiment-tag", experiment_id="$exp", key="a"), EXPERIMENT),
    Moment("deleting an experiment", (EXP,), GONE, EXPERIMENT),
    Moment("restoring an experiment", (EXP, GONE), post("experiments/restore", experiment_id="$exp"), EXPERIMENT),
    Moment("a run in an experiment", (EXP,), RUN, EXPERIMENT),
    Moment("a metric in an experiment", (EXP, RUN), post("runs/log-metric", run_id="$run", key="a", value=1, timestamp=1), EXPERIMENT),
    Moment("describing a model", VERSIONS, patch("registered-models/update", name="$u", description="x"), REGISTERED),
    Moment("a tag of a model", VERSIONS, post("registered-models/set-tag", name="$u", key="b", value="2"), REGISTERED),
    Moment("no tag of a model any more", VERSIONS, delete("registered-models/delete-tag", name="$u", key="a"), REGISTERED),
    Moment("an alias", VERSIONS, post("registered-models/alias", name="$u", alias="other", version="2"), REGISTERED),
    Moment("an alias that moves", VERSIONS, post("registered-models/alias", name="$u", alias="champion", version="2"), REGISTERED),
    Moment("no alias any more", VERSIONS, delete("registered-models/alias", name="$u", alias="champion"), REGISTERED),
    Moment("a version", VERSIONS, post("model-versions/create", name="$u", source="s3://b/3"), REGISTERED),
    Moment("describing a version", VERSIONS, patch("model-versions/update", name="$u", version="1", description="x"), REGISTERED),
    Moment("a tag of a version", VERSIONS, post("model-versions/set-tag", name="$u", version="1", key="b", value="2"), REGISTERED),
    Moment("no tag of a version any more", VERSIONS, delete("model-versions/delete-tag", name="$u", version="1", key="a"), REGISTERED),
    Moment("a stage", VERSIONS, post("model-versions/transition-stage", name="$u", version="1", stage="Staging", archive_existing_versions=False), REGISTERED),
    Moment("the same stage", VERSIONS, post("model-versions/transition-stage", name="$u", version="2", stage="Production", archive_existing_versions=False), REGISTERED),
    Moment("a stage that archives another", VERSIONS, post("model-versions/transition-stage", name="$u", version="1", stage="Production", archive_existing_versions=True), REGISTERED),
    Moment("deleting a version", VERSIONS, delete("model-versions/delete", name="$u", version="1"), REGISTERED),
    Moment("finalising a logged model", LOGGED, patch("logged-models/$lm", model_id="$lm", status="LOGGED_MODEL_READY"), LOGGED_MODEL),
    Moment("a tag of a logged model", LOGGED, patch("logged-models/$lm/tags", model_id="$lm", tags=[{"key": "b", "value": "2"}]), LOGGED_MODEL),
    Moment("no tag of a logged model any more", LOGGED, delete("logged-models/$lm/tags/a"), LOGGED_MODEL),
    Moment("a parameter of a logged model", LOGGED, post("logged-models/$lm/params", model_id="$lm", params=[{"key": "p", "value": "1"}]), LOGGED_MODEL),
    Moment("a metric of a logged model", LOGGED, post("runs/log-metric", run_id="$run", key="a", value=1, timestamp=1, model_id="$lm"), LOGGED_MODEL),
    Moment("a version of a logged model", (*LOGGED, MODEL), post("model-versions/create", name="$u", source="models:/$lm", model_id="$lm"), LOGGED_MODEL),
]  # fmt: skip
