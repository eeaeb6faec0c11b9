# tables: a case a line reads better than a case broken up
# tables: a case a line reads better than a case broken up
"""Runs: their life, parameters, tags and batches."""

from typing import Any

from tests.contract.mlflow.asking import Case, Step, get, post

EXP = post("experiments/create", name="$u", save={"exp": "experiment_id"})
RUN = post(
    "runs/create", experiment_id="$exp", user_id="anna", start_time=1000, run_name="first",
    save={"run": "run.info.run_id"},
)  # fmt: skip
GET = get("runs/get", run_id="$run")


def case(name: str, *steps: Step) -> Case:
    return Case(f"runs: {name}", (EXP, *steps))


def metric(key: str, value: Any, timestamp: int = 1, step: int = 0) -> dict[str, Any]:
    return {"key": key, "value": value, "timestamp": timestamp, "step": step}


def batch(**parts: Any) -> Step:
    return post("runs/log-batch", run_id="$run", **parts)


def log(key: str, value: Any, timestamp: int = 1, step: int = 0) -> Step:
    return post("runs/log-metric", run_id="$run", key=key, value=value, timestamp=timestamp, step=step)


def history(key: str, **more: Any) -> Step:
    return get("metrics/get-history", run_id="$run", metric_key=key, **more)


def dataset(name: str = "d", digest: str = "abc", **more: Any) -> dict[str, Any]:
    return {"name": name, "digest": digest, "source_type": "local", "source": "{}", **more}


CASES = [
    case("create and get", RUN, GET),
    case(
        "create with tags",
        post(
            "runs/create",
            experiment_id="$exp",
            user_id="anna",
            start_time=5,
            run_name="n",
            tags=[{"key": "mlflow.user", "value": "bert"}, {"key": "x", "value": ""}],
            save={"run": "run.info.run_id"},
        ),
        GET,
    ),
    case(
        "name from its tag",
        post(
            "runs/create",
            experiment_id="$exp",
            user_id="a",
            start_time=5,
            tags=[{"key": "mlflow.runName", "value": "tagged"}],
            save={"run": "run.info.run_id"},
        ),
        GET,
    ),
    case(
        "name and tag contradict",
        post(
            "runs/create",
            experiment_id="$exp",
            user_id="a",
            start_time=5,
            run_name="one",
            tags=[{"key": "mlflow.runName", "value": "other"}],
        ),
    ),
    case(
        "name and tag agree",
        post(
            "runs/create",
            experiment_id="$exp",
            user_id="a",
            start_time=5,
            run_name="one",
            tags=[{"key": "mlflow.runName", "value": "one"}],
            save={"run": "run.info.run_id"},
        ),
    ),
    case(
        "random name",
        post(
            "runs/create",
            experiment_id="$exp",
            user_id="a",
            start_time=5,
            save={"run": "run.info.run_id", "name": "run.info.run_name"},
        ),
        GET,
    ),
    case("create in unknown experiment", post("runs/create", experiment_id="987654", start_time=5)),
    case(
        "start time as text",
        post(
            "runs/create",
            experiment_id="$exp",
            user_id="a",
            start_time="77",
            run_name="n",
            save={"run": "run.info.run_id"},
        ),
    ),
    case("start time that is none", post("runs/create", experiment_id="$exp", start_time="soon")),
    case("experiment id as number", post("runs/create", experiment_id=5, start_time=5)),
    case("name as number", post("runs/create", experiment_id="$exp", start_time=5, run_name=5)),
    case("get by uuid", RUN, get("runs/get", run_uuid="$run")),
    case("get unknown", get("runs/get", run_id="0" * 32)),
    case("get nothing", get("runs/get", run_id="")),
    case("end", RUN, post("runs/update", run_id="$run", status="FINISHED", end_time=2000), GET),
    case("fail", RUN, post("runs/update", run_id="$run", status="FAILED", end_time=2000), GET),
    case(
        "kill and run again",
        RUN,
        post("runs/update", run_id="$run", status="KILLED", end_time=2000),
        post("runs/update", run_id="$run", status="RUNNING"),
        GET,
    ),
    case("scheduled", RUN, post("runs/update", run_id="$run", status="SCHEDULED"), GET),
    case("status by number", RUN, post("runs/update", run_id="$run", status=3), GET),
    case("unknown status", RUN, post("runs/update", run_id="$run", status="DONE")),
    case("update by uuid", RUN, post("runs/update", run_uuid="$run", status="FINISHED", end_time=9)),
    case("update nothing", RUN, post("runs/update", run_id="$run")),
    case("update unknown", post("runs/update", run_id="0" * 32, status="FINISHED")),
    case("end time only", RUN, post("runs/update", run_id="$run", end_time=7), GET),
    case("end time zero", RUN, post("runs/update", run_id="$run", end_time=0), GET),
    case("rename", RUN, post("runs/update", run_id="$run", run_name="second"), GET),
    case("rename to nothing", RUN, post("runs/update", run_id="$run", run_name=""), GET),
    case("rename by tag", RUN, post("runs/set-tag", run_id="$run", key="mlflow.runName", value="third"), GET),
    case("rename by empty tag", RUN, post("runs/set-tag", run_id="$run", key="mlflow.runName", value=""), GET),
    case("rename by batch", RUN, batch(tags=[{"key": "mlflow.runName", "value": "fourth"}]), GET),
    case("delete", RUN, post("runs/delete", run_id="$run"), GET),
    case("delete twice", RUN, post("runs/delete", run_id="$run"), post("runs/delete", run_id="$run"), GET),
    case("restore", RUN, post("runs/delete", run_id="$run"), post("runs/restore", run_id="$run"), GET),
    case("restore an active one", RUN, post("runs/restore", run_id="$run"), GET),
    case("delete unknown", post("runs/delete", run_id="0" * 32)),
    case("restore unknown", post("runs/restore", run_id="0" * 32)),
    *[
        case(f"a deleted run refuses {name}", RUN, post("runs/delete", run_id="$run"), step)
        for name, step in {
            "a metric": log("a", 1),
            "a parameter": post("runs/log-parameter", run_id="$run", key="a", value="1"),
            "a tag": post("runs/set-tag", run_id="$run", key="a", value="1"),
            "deleting a tag": post("runs/delete-tag", run_id="$run", key="mlflow.runName"),
            "a batch": batch(metrics=[metric("a", 1)]),
            "an empty batch": batch(),
            "an update": post("runs/update", run_id="$run", status="FINISHED"),
            "inputs": post("runs/log-inputs", run_id="$run", datasets=[{"dataset": dataset()}]),
            "outputs": post("runs/outputs", run_id="$run", models=[{"model_id": "m-1", "step": 0}]),
        }.items()
    ],
    # parameters
    case("parameter", RUN, post("runs/log-parameter", run_id="$run", key="a", value="1"), GET),
    case(
        "parameter again the same",
        RUN,
        post("runs/log-parameter", run_id="$run", key="a", value="1"),
        post("runs/log-parameter", run_id="$run", key="a", value="1"),
        GET,
    ),
    case(
        "parameter changed",
        RUN,
        post("runs/log-parameter", run_id="$run", key="a", value="1"),
        post("runs/log-parameter", run_id="$run", key="a", value="2"),
        GET,
    ),
    case("empty parameter", RUN, post("runs/log-parameter", run_id="$run", key="a", value=""), GET),
    case("parameter without value", RUN, post("runs/log-parameter", run_id="$run", key="a"), GET),
    case("parameter value as number", RUN, post("runs/log-parameter", run_id="$run", key="a", value=5)),
    case("parameter cut", RUN, post("runs/log-parameter", run_id="$run", key="a", value="x" * 6001), GET),
    case("parameter key too long", RUN, post("runs/log-parameter", run_id="$run", key="a" * 251, value="1")),
    case("parameter key of 250", RUN, post("runs/log-parameter", run_id="$run", key="a" * 250, value="1"), GET),
    *[
        case(
            f"key {key!r}",
            RUN,
            post("runs/log-parameter", run_id="$run", key=key, value="1"),
            post("runs/set-tag", run_id="$run", key=key, value="1"),
            log(key, 1),
            GET,
        )
        for key in (
            "a b",
            "a/b",
            "a.b",
            "a-b",
            "a:b",
            "a_b",
            "ä",
            "a//b",
            "./a",
            "../a",
            "/a",
            "a/..",
            ".",
            "..",
            "a*",
            "a\\b",
            "a,b",
            "a\nb",
            " ",
            "a/",
        )
    ],
    case("parameter of unknown run", post("runs/log-parameter", run_id="0" * 32, key="a", value="1")),
    # tags
    case(
        "tag set, overwritten, deleted",
        RUN,
        post("runs/set-tag", run_id="$run", key="a", value="1"),
        post("runs/set-tag", run_id="$run", key="a", value="2"),
        GET,
        post("runs/delete-tag", run_id="$run", key="a"),
        GET,
        post("runs/delete-tag", run_id="$run", key="a"),
    ),
    case("tag cut", RUN, post("runs/set-tag", run_id="$run", key="a", value="x" * 8001), GET),
    case("tag key too long", RUN, post("runs/set-tag", run_id="$run", key="a" * 251, value="1")),
    case("tag by uuid", RUN, post("runs/set-tag", run_uuid="$run", key="a", value="1"), GET),
    case("tag without value", RUN, post("runs/set-tag", run_id="$run", key="a"), GET),
    case("unicode tag", RUN, post("runs/set-tag", run_id="$run", key="größe", value="模型 ✓"), GET),
    # batches
    case(
        "batch of everything",
        RUN,
        batch(
            metrics=[metric("a", 1), metric("b", 2)],
            params=[{"key": "p", "value": "1"}],
            tags=[{"key": "t", "value": "x"}],
        ),
        GET,
    ),
    case("batch of nothing", RUN, batch(), GET),
    case(
        "batch with a parameter changed",
        RUN,
        batch(params=[{"key": "p", "value": "1"}]),
        batch(params=[{"key": "p", "value": "2"}], tags=[{"key": "t", "value": "x"}], metrics=[metric("a", 1)]),
        GET,
    ),
    case(
        "batch with the same parameter",
        RUN,
        batch(params=[{"key": "p", "value": "1"}]),
        batch(params=[{"key": "p", "value": "1"}, {"key": "q", "value": "1"}]),
        GET,
    ),
    case("batch with a parameter twice", RUN, batch(params=[{"key": "p", "value": "1"}, {"key": "p", "value": "1"}])),
    case("batch with a tag twice", RUN, batch(tags=[{"key": "t", "value": "1"}, {"key": "t", "value": "2"}]), GET),
    case(
        "batch with a metric many times",
        RUN,
        batch(metrics=[metric("a", v, 1, 0) for v in (1, 3, 2, 3)]),
        GET,
        history("a"),
    ),
    case("batch of 1000 metrics", RUN, batch(metrics=[metric("a", v, v, v) for v in range(1000)]), GET),
    case("batch of 1001 metrics", RUN, batch(metrics=[metric("a", v, v, v) for v in range(1001)])),
    case("batch of 100 parameters", RUN, batch(params=[{"key": f"p{v}", "value": "1"} for v in range(100)])),
    case("batch of 101 parameters", RUN, batch(params=[{"key": f"p{v}", "value": "1"} for v in range(101)])),
    case("batch of 101 tags", RUN, batch(tags=[{"key": f"p{v}", "value": "1"} for v in range(101)])),
    case(
        "batch of 1001 together",
        RUN,
        batch(
            metrics=[metric("a", v, v, v) for v in range(950)],
            params=[{"key": f"p{v}", "value": "1"} for v in range(51)],
        ),
    ),
    case("batch metric without value", RUN, batch(metrics=[{"key": "a", "timestamp": 1}])),
    case("batch metric without key", RUN, batch(metrics=[{"value": 1, "timestamp": 1}])),
    case("batch metric without timestamp", RUN, batch(metrics=[{"key": "a", "value": 1}])),
    case("batch parameter without key", RUN, batch(params=[{"value": "1"}])),
    case("batch tag without key", RUN, batch(tags=[{"value": "1"}])),
    case("batch of metrics that is no list", RUN, batch(metrics=5)),
    case("batch of parameters that is no list", RUN, batch(params={"a": 1})),
    case("batch of unknown run", post("runs/log-batch", run_id="0" * 32, metrics=[metric("a", 1)])),
    case("batch with bad run id", post("runs/log-batch", run_id="a b", metrics=[metric("a", 1)])),
    case(
        "batch is all or nothing by its keys",
        RUN,
        batch(params=[{"key": "ok", "value": "1"}, {"key": "*", "value": "1"}]),
        GET,
    ),
    case("batch parameter cut", RUN, batch(params=[{"key": "p", "value": "x" * 6500}]), GET),
    case("batch without run", post("runs/log-batch", metrics=[metric("a", 1)])),
    # logged models of earlier clients
    case(
        "log-model",
        RUN,
        post(
            "runs/log-model",
            run_id="$run",
            model_json=('{"artifact_path": "m", "flavors": {"sklearn": {}}, "utc_time_created": "x", "run_id": "r"}'),
        ),
    ),
    case("log-model that is no JSON", RUN, post("runs/log-model", run_id="$run", model_json="{")),
    case("log-model without flavors", RUN, post("runs/log-model", run_id="$run", model_json='{"artifact_path": "m"}')),
    case("log-model without model", RUN, post("runs/log-model", run_id="$run")),
]
