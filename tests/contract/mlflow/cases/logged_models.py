# ruff: noqa: E501  # tables: a case a line reads better than a case broken up
"""Logged models of MLflow 3."""

from typing import Any

from tests.contract.mlflow.asking import Case, Step, delete, get, patch, post

EXP = post("experiments/create", name="$u", save={"exp": "experiment_id"})
RUN = post(
    "runs/create", experiment_id="$exp", user_id="a", start_time=1, run_name="r", save={"run": "run.info.run_id"}
)
SAVE = {"lm": "model.info.model_id"}
MODEL = post(
    "logged-models", experiment_id="$exp", name="model", model_type="Agent", source_run_id="$run",
    params=[{"key": "p", "value": "1"}], tags=[{"key": "t", "value": "x"}], save=SAVE,
)  # fmt: skip
GET = get("logged-models/$lm")


def case(name: str, *steps: Step) -> Case:
    return Case(f"logged models: {name}", (EXP, RUN, *steps))


def search(text: str | None = None, **more: Any) -> Step:
    return post(
        "logged-models/search", experiment_ids=["$exp"], **({"filter": text} if text is not None else {}), **more
    )


def measured(model: str, key: str, value: float, timestamp: int = 1, **more: Any) -> Step:
    return post(
        "runs/log-metric",
        run_id="$run",
        key=key,
        value=value,
        timestamp=timestamp,
        step=0,
        model_id=f"${model}",
        **more,
    )


CASES = [
    case("create and get", MODEL, GET),
    case("create bare", post("logged-models", experiment_id="$exp", name="n", save=SAVE), GET),
    case("random name", post("logged-models", experiment_id="$exp", save={**SAVE, "name": "model.info.name"}), GET),
    *[
        case(f"name {name!r}", post("logged-models", experiment_id="$exp", name=name))
        for name in ("a/b", "a:b", "a.b", "a%b", "a'b", 'a"b')
    ],
    *[
        case(f"good name {name!r}", post("logged-models", experiment_id="$exp", name=name, save=SAVE), GET)
        for name in ("a b", "a-b", "ä", "a_b@c")
    ],
    case("unknown experiment", post("logged-models", experiment_id="987654", name="n")),
    case("no experiment", post("logged-models", name="n")),
    case("deleted experiment", post("experiments/delete", experiment_id="$exp"),
         post("logged-models", experiment_id="$exp", name="n")),
    case("get unknown", get("logged-models/m-nope")),
    *[
        case(f"finalise {status}", MODEL, patch("logged-models/$lm", model_id="$lm", status=status), GET)
        for status in ("LOGGED_MODEL_READY", "LOGGED_MODEL_UPLOAD_FAILED", "LOGGED_MODEL_PENDING", 2, "NONSENSE")
    ],
    case("finalise with nothing", MODEL, patch("logged-models/$lm", model_id="$lm")),
    case("finalise unknown", patch("logged-models/m-nope", model_id="m-nope", status="LOGGED_MODEL_READY")),
    case("delete", MODEL, delete("logged-models/$lm"), GET, get("logged-models/$lm", allow_deleted="true"), search()),
    case("delete unknown", delete("logged-models/m-nope")),
    case("tags", MODEL, patch("logged-models/$lm/tags", model_id="$lm", tags=[{"key": "a", "value": "1"}, {"key": "t", "value": "y"}]),
         GET, delete("logged-models/$lm/tags/a"), GET, delete("logged-models/$lm/tags/a")),
    case("tags of unknown", patch("logged-models/m-nope/tags", tags=[{"key": "a", "value": "1"}])),
    case("no tags", MODEL, patch("logged-models/$lm/tags", tags=[]), GET),
    case("delete tag of unknown", delete("logged-models/m-nope/tags/a")),
    case("params", MODEL, post("logged-models/$lm/params", model_id="$lm", params=[{"key": "q", "value": "2"}]), GET),
    case("params of unknown", post("logged-models/m-nope/params", model_id="m-nope", params=[{"key": "q", "value": "2"}])),
    case("metric of a model", MODEL, measured("lm", "auc", 0.5), GET, get("runs/get", run_id="$run")),
    case("metric of a model twice", MODEL, measured("lm", "auc", 0.5), measured("lm", "auc", 0.5), measured("lm", "auc", 0.6), GET),
    case("metric on a dataset", MODEL, measured("lm", "auc", 0.5, dataset_name="d", dataset_digest="x"), GET),
    case("metric by batch", MODEL, post("runs/log-batch", run_id="$run", metrics=[
        {"key": "a", "value": 1.5, "timestamp": 3, "step": 4, "model_id": "$lm"}]), GET),
    case("artifacts of a fresh one", MODEL, get("logged-models/$lm/artifacts/directories")),
    case("artifacts of unknown", get("logged-models/m-nope/artifacts/directories")),
    case("artifacts up the tree", MODEL, get("logged-models/$lm/artifacts/directories", artifact_directory_path="../x")),
]  # fmt: skip

_SET = (
    post("logged-models", experiment_id="$exp", name="a", model_type="x", params=[{"key": "p", "value": "1"}],
         tags=[{"key": "t", "value": "one"}], save={"a": "model.info.model_id"}),
    post("logged-models", experiment_id="$exp", name="b", model_type="y", source_run_id="$run",
         params=[{"key": "p", "value": "2"}], save={"b": "model.info.model_id"}),
    post("logged-models", experiment_id="$exp", name="C", tags=[{"key": "t", "value": "two"}], save={"c": "model.info.model_id"}),
    measured("a", "auc", 0.5), measured("a", "auc", 0.9, 2), measured("b", "auc", 0.7, dataset_name="d", dataset_digest="1"),
    measured("a", "loss", 3, dataset_name="e", dataset_digest="1"),
    patch("logged-models/$b", model_id="$b", status="LOGGED_MODEL_READY"),
)  # fmt: skip
_FILTERS = (
    "name = 'a'", "name != 'a'", "name LIKE 'c'", "name ILIKE 'c'", "name IN ('a', 'C')", "name NOT IN ('a')",
    "attributes.name = 'b'", "model_type = 'x'", "source_run_id = '$run'", "model_id = '$a'", "params.p = '1'",
    "params.p != '1'", "params.p IN ('1', '2')", "tags.t LIKE '%o%'", "tags.t = 'one'", "tags.`t` = 'one'",
    "metrics.auc > 0.6", "metrics.auc = 0.5", "metrics.auc < 0.6 AND name = 'a'", "metrics.nope > 1",
    "creation_time > 5", "creation_timestamp < 5", "last_updated_timestamp > 5", "name > 'a'", "metrics.auc LIKE 'x'",
    "nonsense.a = '1'", "param.p = '1'", "name = 'a' OR name = 'b' x", "name = 'a' OR name = 'b'", "(name = 'a')", "(name = 'a') AND (name = 'a')", "name =", "lifecycle_stage = 'active'",
    "experiment_id = '$exp' AND name = 'a'",
)  # fmt: skip
CASES += [case(f"search {text}", *_SET, search(text, order_by=[{"field_name": "name"}])) for text in _FILTERS]
_ORDERS = (
    [{"field_name": "name", "ascending": False}], [{"field_name": "metrics.auc"}],
    [{"field_name": "metrics.auc", "ascending": False}], [{"field_name": "metrics.auc", "dataset_name": "d"}],
    [{"field_name": "metrics.loss", "ascending": False, "dataset_name": "e", "dataset_digest": "1"}],
    [{"field_name": "creation_time"}, {"field_name": "name"}], [{"field_name": "model_type"}],
    [{"field_name": "source_run_id", "ascending": False}, {"field_name": "name"}],
    [{"field_name": "last_updated_timestamp", "ascending": False}], [{"field_name": "params.p"}],
    [{"field_name": "nonsense"}], [],
)  # fmt: skip
CASES += [case(f"order by {orders}", *_SET, search(order_by=orders)) for orders in _ORDERS]
CASES += [
    case("on a dataset", *_SET, search(datasets=[{"dataset_name": "d"}], order_by=[{"field_name": "name"}])),
    case("on a dataset and metric", *_SET, search("metrics.auc > 0.1", datasets=[{"dataset_name": "d", "dataset_digest": "1"}])),
    case("on a dataset without name", search(datasets=[{"dataset_digest": "1"}])),
    case("no experiments", post("logged-models/search", filter="name = 'a'")),
    case("empty experiments", post("logged-models/search", experiment_ids=[])),
    case("pages", *_SET, search(max_results=2, order_by=[{"field_name": "name"}], save={"token": "next_page_token"}),
         search(max_results=2, order_by=[{"field_name": "name"}], page_token="$token"),
         search("name = 'a'", max_results=2, page_token="$token")),
    case("more searches", *_SET, *[search(text, order_by=[{"field_name": "name"}]) for text in (
        "name IN ('a',)", "name NOT IN ('a',)", "status = 'Ready'",
        "metrics.auc > 0.6 AND metrics.loss > 1", "metrics.auc != 0.5", "tags.t != 'one'", "params.p LIKE '2'", "params.p = '1' AND tags.t = 'one'",
        "creation_timestamp_ms > 5", "attr.name = 'a'", "attribute.name = 'a'", "tag.t = 'one'", "metric.auc > 0.6", "source_run_id != '$run'",
        "model_id IN ('$a', '$b')", "datasets.name = 'd'", "name = 1", "metrics.auc >= 0.9", "", " ")]),
    case("by status", *_SET, *[search(text, order_by=[{"field_name": "name"}]) for text in (
        "status = 'READY'", "status != 'READY'", "status IN ('READY', 'FAILED')", "status NOT IN ('PENDING',)")]),
    case("a parameter that changes", MODEL, post("logged-models/$lm/params", model_id="$lm", params=[{"key": "p", "value": "2"}]), GET),
    case("metric of an unknown model", measured("nope", "auc", 0.5), post("runs/log-batch", run_id="$run", metrics=[
        {"key": "a", "value": 1.5, "timestamp": 3, "step": 4, "model_id": "m-nope"}]), get("runs/get", run_id="$run")),
    case("another question's token", *_SET, search(max_results=2, save={"token": "next_page_token"}),
         post("logged-models/search", experiment_ids=["0"], page_token="$token"), search(order_by=[{"field_name": "name"}], page_token="$token")),
    case("bad token", search(page_token="x")),
]  # fmt: skip
