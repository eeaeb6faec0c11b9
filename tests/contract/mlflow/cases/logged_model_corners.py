# ruff: noqa: E501  # tables: a case a line reads better than a case broken up
"""Corners of logged models: odd shapes, limits from both sides, what filters, orders and datasets find."""

from typing import Any

from tests.contract.mlflow.asking import Case, Step, delete, get, patch, post
from tests.contract.mlflow.cases.runs import EXP, RUN

_LOGGED_MODELS = (
    {"name": " "}, {"name": 5}, {"name": "n" * 300}, {"name": "größe 模"}, {"model_type": None}, {"model_type": ""}, {"model_type": "x" * 501},
    {"model_type": 5}, {"source_run_id": "nope"}, {"source_run_id": ""}, {"params": None}, {"params": "x"}, {"params": [{}]},
    {"params": [{"key": "a"}]}, {"params": [{"key": "k" * 256, "value": "1"}]}, {"params": [{"key": "k", "value": "v" * 6001}]},
    {"params": [{"key": "a*", "value": "1"}]}, {"tags": None}, {"tags": [{}]}, {"tags": [{"key": "a"}]}, {"tags": [{"key": "k" * 251, "value": "1"}]},
    {"tags": [{"key": "k", "value": "v" * 8001}]}, {"tags": [{"key": "a*", "value": "1"}]}, {"experiment_id": "abc"}, {"experiment_id": 5},
)  # fmt: skip
_FILTERS = (
    "metrics.auc > 0.55", "metrics.auc >= 0.7", "metrics.auc = 0.9", "metrics.auc != 0.5", "metrics.auc < 1 AND metrics.auc > 0.65",
    "metrics.`val/acc x` = 1", "metrics.`val/acc x` > 0.5 AND name = 'b'", "params.p = '1'", "params.p LIKE '1%'", "params.p != '1'",
    "params.p IN ('1', '10')", "params.p > '1'", "params.`p` = '1'", "tags.größe = 'x'", "tags.`größe` = 'x'", "tags.größe != 'y'", "name like 'a%'",
    "name IN ('a')", "name in ('a', 'b')", "name NOT IN ('a')", "name IS NULL", "model_type IS NULL", "model_type = 'x'", "model_type != 'x'",
    "creation_timestamp > 0", "creation_time > 0 AND name = 'a'",
    "creation_timestamp_ms >= 0", "last_updated_timestamp > 0", "experiment_id = '$exp'", "model_id = '$a'", "model_id IN ('$a', '$b')",
    "source_run_id = '$run'", "source_run_id = ''", "artifact_location LIKE '%models%'", "attributes.name = 'a'", "attribute.name = 'a'",
    "metric.auc > 0.5", "metrics.auc", "metrics.auc >", "name = 'a' and params.p = '1'", "name == 'a'", "name <> 'a'",
    "params.p = '1' AND tags.größe = 'x' AND metrics.auc > 0.6", "lifecycle_stage = 'active'", "status_message = 'x'", "name = 'it''s'", " ",
    "name ILIKE 'A'", "name = a", "name != a", "name LIKE a", "params.p = 1", "params.p = '1' AND name = a", "model_type = x", "name = a.b",
)  # fmt: skip
_ORDERS = (
    [{"field_name": "metrics.auc"}, {"field_name": "name"}], [{"field_name": "metrics.auc", "ascending": False}],
    [{"field_name": "metrics.auc", "dataset_name": "d", "dataset_digest": "1"}, {"field_name": "name"}],
    [{"field_name": "metrics.nope"}, {"field_name": "name"}], [{"field_name": "metrics.`val/acc x`"}, {"field_name": "name"}],
    [{"field_name": "creation_timestamp_ms"}, {"field_name": "name"}], [{"field_name": "name", "dataset_name": "d"}],
    [{"field_name": "name"}, {"field_name": "name", "ascending": False}], [{"ascending": False}], [{"field_name": ""}],
    [{"field_name": "status"}, {"field_name": "name"}], [{"field_name": "model_type"}, {"field_name": "name"}], [{"field_name": "tags.größe"}],
    [{"field_name": "attributes.name"}], [{"field_name": "name DESC"}], "name",
)  # fmt: skip
_SEARCHES = (
    {"max_results": 1}, {"max_results": 0}, {"max_results": "2"}, {"max_results": 51}, {"max_results": 1000}, {"max_results": 100000},
    {"max_results": "x"}, {"page_token": ""}, {"datasets": []}, {"datasets": [{"dataset_name": "d", "dataset_digest": "1"}]},
    {"datasets": [{"dataset_name": "nope", "dataset_digest": "1"}]}, {"datasets": [{}]}, {"datasets": "x"},
    {"datasets": [{"dataset_name": "d", "dataset_digest": "1"}], "filter": "metrics.auc > 0.8"},
    {"datasets": [{"dataset_name": "d", "dataset_digest": "1"}], "filter": "metrics.auc < 0.8"}, {"experiment_ids": ["987654"]},
    {"experiment_ids": ["abc"]}, {"experiment_ids": "x"}, {"filter": None}, {"order_by": None}, {"order_by": []},
)  # fmt: skip

SAVE = {"lm": "model.info.model_id"}
GET = get("logged-models/$lm")
ONE = (
    EXP,
    post(
        "logged-models",
        experiment_id="$exp",
        name="lm",
        params=[{"key": "p", "value": "1"}],
        tags=[{"key": "t", "value": "1"}],
        save=SAVE,
    ),
)


def measured(key: str, value: float | str, timestamp: int, step: int, model: str, **more: str) -> Step:
    return post(
        "runs/log-metric", run_id="$run", key=key, value=value, timestamp=timestamp, step=step, model_id=model, **more
    )


_SOME = (
    EXP, RUN,
    post("logged-models", experiment_id="$exp", name="a", model_type="x", params=[{"key": "p", "value": "1"}], tags=[{"key": "größe", "value": "x"}], save={"a": "model.info.model_id"}),
    post("logged-models", experiment_id="$exp", name="b", params=[{"key": "p", "value": "10"}], save={"b": "model.info.model_id"}),
    post("logged-models", experiment_id="$exp", name="c", save={"c": "model.info.model_id"}),
    measured("auc", 0.5, 1, 0, "$a"), measured("auc", 0.7, 2, 1, "$a"), measured("auc", 0.6, 1, 0, "$b"), measured("val/acc x", 1, 1, 0, "$b"),
    measured("auc", 0.9, 1, 5, "$b", dataset_name="d", dataset_digest="1"),
)  # fmt: skip


def case(name: str, *steps: Step) -> Case:
    return Case(f"corners: {name}", steps)


def search(**more: Any) -> Step:
    return Step(
        "POST", "logged-models/search", {"experiment_ids": ["$exp"], "order_by": [{"field_name": "name"}], **more}
    )


CASES = [
    case("creations of logged models", EXP, *[step for body in _LOGGED_MODELS for step in (Step("POST", "logged-models", {"experiment_id": "$exp", "name": "n", **body}, SAVE), GET)]),
    case("filters of logged models", *_SOME, *[search(filter=text) for text in _FILTERS]),
    case("orders of logged models", *_SOME, *[search(order_by=orders) for orders in _ORDERS]),
    case("searches of logged models", *_SOME, *[search(**wish) for wish in _SEARCHES]),
    case("parameters of a logged model", *ONE, *[Step("POST", "logged-models/$lm/params", {"model_id": "$lm", **body}) for body in (
        {"params": [{"key": "q", "value": "2"}]}, {}, {"params": []}, {"params": "x"})], GET),
    case("tags of a logged model", *ONE, *[Step("PATCH", "logged-models/$lm/tags", body) for body in (
        {"tags": [{"key": "t", "value": "2"}]}, {"tags": [{"key": "a", "value": "1"}, {"key": "b c", "value": "2"}]}, {}, {"tags": "x"}, {"tags": [{"key": "a.b", "value": "1"}]})], GET,
         delete("logged-models/$lm/tags/a.b"), delete("logged-models/$lm/tags/b%20c"), GET),
    case("states of a logged model", *ONE, *[Step("PATCH", "logged-models/$lm", {"model_id": "$lm", "status": status}) for status in (
        "LOGGED_MODEL_READY", "LOGGED_MODEL_PENDING", 3, 1, "2")], GET),
    case("a deleted logged model", *ONE, delete("logged-models/$lm"), delete("logged-models/$lm"), GET, get("logged-models/$lm", allow_deleted="true"),
         patch("logged-models/$lm", model_id="$lm", status="LOGGED_MODEL_READY"), patch("logged-models/$lm/tags", tags=[{"key": "a", "value": "1"}]), get("logged-models/$lm/artifacts/directories")),
    case("a logged model of a run elsewhere", EXP, RUN, post("experiments/create", name="$u-o", save={"o": "experiment_id"}),
         post("logged-models", experiment_id="$o", name="x", source_run_id="$run", save=SAVE), GET, post("runs/outputs", run_id="$run", models=[{"model_id": "$lm", "step": 1}]), get("runs/get", run_id="$run")),
    case("a logged model, deleted ones wished in odd words", *ONE, *[get("logged-models/$lm", allow_deleted=word) for word in ("x", "True", "")],
         delete("logged-models/$lm"), *[get("logged-models/$lm", allow_deleted=word) for word in ("x", "1", "TRUE", "false")]),
    case("a parameter of a logged model again", *ONE, post("logged-models/$lm/params", model_id="$lm", params=[{"key": "p", "value": "1"}]), GET),
    case("parameters twice in a new logged model", EXP, post("logged-models", experiment_id="$exp", name="n", params=[{"key": "a", "value": "1"}, {"key": "a", "value": "2"}])),
    case("a metric of a logged model that is no number", *ONE, RUN, measured("a", "NaN", 1, 0, "$lm"), GET),
]  # fmt: skip
