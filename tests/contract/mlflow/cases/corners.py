# ruff: noqa: E501  # tables: a case a line reads better than a case broken up
"""Corners of runs: odd keys and values in filters, numbers at their ends, limits from both sides, lists in odd shapes."""

from collections.abc import Sequence
from typing import Any

from tests.contract.mlflow.asking import Case, Step, get, post
from tests.contract.mlflow.cases.metrics import history
from tests.contract.mlflow.cases.runs import EXP, GET, RUN, batch, log, metric

_RUN_FILTERS = (
    "metrics.`val/acc.top-1 x:y` = 0.5", 'metrics."val/acc.top-1 x:y" > 0.4', "metrics.val/acc > 0", "metrics.`größe` >= 2", "metrics.größe >= 2",
    "metrics.a.b/c < 0", "metrics.`a.b/c` = -1.5", "metrics.tiny > 0", "metrics.tiny = 5e-324", "metrics.huge > 1e308", "metrics.huge < 1e400",
    "metrics.huge > -1e400", "metrics.größe > 0x1", "metrics.größe > 1.", "metrics.größe > inf", "metrics.größe > nan", "metrics.größe > 'nan'",
    "metrics.größe > 1,5", "metrics.größe >1", "metrics.größe>1", "metrics.größe!=1", "metrics.größe <> 1", "metrics.größe = 2 ",
    '\n metrics.größe = 2\t', "metrics.größe = 2 AnD metrics.huge > 1", "Metrics.größe = 2", "METRIC.größe = 2", "metrics .größe = 2",
    "metrics.`größe = 2", "metrics.größe = 2 -- x", "metrics.größe = (2)", "`metrics.größe` = 2", "params.\"opt/lr.x\" LIKE 'it%'",
    "params.`opt/lr.x` LIKE '%quoted%'", "params.opt/lr.x LIKE 'it%'", "params.path LIKE 'C:%'", "params.path LIKE 'C:\\temp%'",
    "params.path LIKE '%\\%'", "params.path LIKE '%\\_\\%'", "params.path = 'C:\\temp\\x_%'", "params.n < '9'", "params.n LIKE 10", "params.n = `10`",
    "params.n = ten", "params.n ='10'", "params.n='10'", "params.n = '10' and tags.und = 'a_b'", "params.n LIKE ''", "params.n LIKE '%'",
    "params.n ilike '1%'", "params.n not like '1%'", "params.n NOT LIKE '1%'", "params.n NOT ILIKE '1%'", "params.n NOT IN ('10')",
    "params.n IN ('10', '11')", "params.n IS  NULL", "params.n is null", "params.n IS 10", "params.n IS NOT '10'", "NOT params.n = '10'",
    "tags.`größe` = '模型 ✓'", "tags.größe LIKE '模%'", "tags.größe ILIKE '%✓'", "tags.GRÖSSE = 'x'", "tags.multi LIKE 'one%'",
    "tags.multi = 'one\ntwo'", "tags.pct LIKE '100%'", "tags.pct = '100%'", "tags.und LIKE 'a_b'", "tags.und LIKE 'aXb'", "tags.und LIKE 'A_B'",
    "tags.und ILIKE 'A_B'", "tags.`sp ace` = ' lead'", 'tags."sp ace" = " lead"', "tags.sp ace = ' lead'", "tags.und = ''", "tags.und != ''",
    'tags.und = "a_b"', "tags.und = 'a_b\"", "tags = 'x'", ".und = 'x'", "tags.mlflow.user = 'anna'", "tags.`mlflow.source.name` IS NULL",
    "tag.mlflow.runName LIKE 'f%'", "attributes.run_name = 'first'", "attributes.name = 'first'", "run_name LIKE '%'", "run_name = first",
    "run_name = ''", "run_name IS NULL", "run_name IS NOT NULL", "run_name IN ('first')", "status = 'running'",
    "status = 'RUNNING' AND run_name ILIKE 'FIRST'", "status != 'FINISHED'", "status IS NULL", "status = 5", "user_id IN ('anna')",
    "user_id LIKE 'A%'", "user_id ILIKE 'A%'", "start_time = 1000", "start_time = 1000.0", "start_time > 999.5", "start_time != 1000",
    "start_time > -1", "start_time = 'x'", "start_time LIKE '1%'", "start_time IN (1000)", "start_time IS NULL", "end_time > 0", "end_time = 0",
    "end_time < 5", "end_time IS NOT NULL", "artifact_uri ILIKE '%ARTIFACTS'", "artifact_uri != 'x'", "artifact_uri > 'a'", "run_id != '$run'",
    "run_id = '$exp'", "run_id LIKE '$run'", "run_id ILIKE '$run'", "run_id IN ('$run',)", "run_id IN ('$run'", "run_id IN '$run'",
    "run_id in ('$run')", 'run_id IN ("$run")', "run_id IN (,)", "run_id IN ('a',,'b')", "run_id IN", "run_id NOT IN ()",
    "attributes.run_id NOT IN ('x')", "run_uuid = '$run'", "attributes.lifecycle_stage = 'active'", "attributes.experiment_id = '1'",
    "attributes.source_type = 'x'", "attribute.start_time >= 1000 and attribute.start_time <= 1000", "1 = 1", "'a' = 'a'", "params.n", "=", "()",
    "params.n = '10';", "; DROP TABLE runs", "params.n = '10' OR 1=1 --", "datasets.name = 'x'", "dataset.name IN ('x', 'y')",
    "dataset.name LIKE '%'", "dataset.profile = 'x'", "dataset.schema = 'x'", "dataset.name = 5", "inputs.name = 'x'",
    "attributes.'run_name' = 'first'", "attributes.'Run name' = 'first'", "metrics.'tiny' > 0", "params.'n' = '10'", "tags.'sp ace' = ' lead'", "tags.'a' = 'b' AND tags.'c",
)  # fmt: skip
_RUN_ORDERS = (
    ["params.p DESC", "attributes.start_time"], ['run_name\tDESC'], ['run_name\nASC'], ["run_name aSc"], ["attribute.run_name"], ["attr.run_name"],
    ["tags.`mlflow.runName` DESC"], ["tags.mlflow.runName"], ["params.`p`"], ["metrics.`m` DESC"], ['metrics."m" DESC'], ["metrics.m DESC LIMIT 5"],
    ["run_name DESC,"], ["'run_name'"], ["`run_name`"], ["name"], ["Created DESC"], ["`Created` DESC"], ["`Start Time`"], ["start time"],
    ["Start Time DESC"], ["duration"], ["dataset.name"], ["lifecycle_stage"], ["source_name"], ["1"], ["metrics"], [" "], ["run_name", ""],
    ["user", "User"], ["run_uuid"],
)  # fmt: skip
_RUN_SEARCHES = (
    {"max_results": "5"}, {"max_results": 5.0}, {"max_results": "many"}, {"max_results": 123456789}, {"max_results": 2147483648}, {"max_results": -1},
    {"max_results": 0}, {"filter": None}, {"order_by": None}, {"order_by": "run_name"}, {"order_by": [5]}, {"order_by": [None]},
    {"page_token": "garbage"}, {"page_token": ""}, {"page_token": "bm90aGluZw=="}, {"run_view_type": 1}, {"run_view_type": 2}, {"run_view_type": 3},
    {"run_view_type": "active_only"}, {"filter": 5}, {"experiment_ids": "0"},
)  # fmt: skip
_METRICS = (
    {"key": "a", "value": 1.7976931348623157e+308, "timestamp": 1}, {"key": "a", "value": -1.7976931348623157e+308, "timestamp": 1},
    {"key": "a", "value": 5e-324, "timestamp": 1}, {"key": "a", "value": -0.0, "timestamp": 1}, {"key": "a", "value": 0, "timestamp": 0},
    {"key": "a", "value": 1, "timestamp": 9223372036854775807}, {"key": "a", "value": 1, "timestamp": 1, "step": -9223372036854775808},
    {"key": "a", "value": 1, "timestamp": 1, "step": 1.0}, {"key": "a", "value": 1, "timestamp": 1.0}, {"key": "a", "value": None, "timestamp": 1},
    {"key": "a", "value": "", "timestamp": 1}, {"key": "a", "value": 1, "timestamp": None}, {"key": "a", "value": 1, "timestamp": 1, "step": None},
    {"key": "", "value": 1, "timestamp": 1}, {"key": "a" * 251, "value": 1, "timestamp": 1}, {"key": 31, "value": 1, "timestamp": 1},
    {"key": "a", "value": 31, "timestamp": 59, "step": "foo"},
)  # fmt: skip
_BATCHES = (
    {"metrics": "foo"}, {"params": "foo"}, {"tags": "foo"}, {"params": [{}]}, {"tags": [{}]}, {"metrics": [{}]},
    {"metrics": [{"key": "mae", "value": 2.5}]}, {"metrics": [{"key": "mae", "value": 2.5, "timestamp": 123456789}]},
    {"metrics": [{"key": "a", "value": "NaN", "timestamp": 1, "step": 0}, {"key": "a", "value": "-Infinity", "timestamp": 1, "step": 0}, {"key": "a", "value": "Infinity", "timestamp": 1, "step": 0}]},
    {"metrics": [{"key": "a", "value": 1, "timestamp": 1, "step": 0}, {"key": "bad*", "value": 1, "timestamp": 1, "step": 0}]},
    {"metrics": [{"key": "a", "value": 1, "timestamp": 1, "step": 0}, {"key": "b", "value": 1, "timestamp": -5, "step": 0}]},
    {"params": [{"key": "p", "value": None}]}, {"params": [{"key": "p"}]}, {"params": [{"key": None, "value": "1"}]},
    {"params": [{"key": "", "value": "1"}]}, {"tags": [{"key": "t"}]}, {"tags": [{"key": "t", "value": None}]},
    {"tags": [{"key": "t", "value": "x" * 8001}]}, {"params": [{"key": "p", "value": "x" * 6000}]},
    {"params": [{"key": "p", "value": "1"}, {"key": "p", "value": "2"}]}, {"tags": [{"key": "t" * 251, "value": "1"}]},
    {"params": [{"key": "p" * 251, "value": "1"}]}, {"tags": [{"key": "mlflow.runName", "value": "x"}, {"key": "mlflow.runName", "value": "y"}]},
    {"tags": [{"key": "mlflow.user", "value": "eve"}]}, {"tags": [{"key": "mlflow.note.content", "value": "# hi"}]},
    {"metrics": [{"key": "a", "value": 1, "timestamp": 1, "step": 0, "extra": 5}]},
    {"metrics": [{"key": "a/b", "value": 1, "timestamp": 1, "step": 0}, {"key": "a/b/c", "value": 2, "timestamp": 1, "step": 0}]},
    {"metrics": [{"key": "/a", "value": 1, "timestamp": 1, "step": 0}]}, {"metrics": [{"key": "a//b", "value": 1, "timestamp": 1, "step": 0}]},
    {"metrics": [{"key": "a/../b", "value": 1, "timestamp": 1, "step": 0}]},
)  # fmt: skip
_RUNS = (
    {"start_time": 0}, {"start_time": -5}, {"start_time": None}, {"run_name": "x" * 5000}, {"run_name": " "}, {"run_name": "größe 模型"},
    {"tags": None}, {"tags": []}, {"tags": [{"key": "a"}]}, {"tags": [{"key": "a*", "value": "1"}]}, {"tags": [{"key": "a", "value": "x" * 8001}]},
    {"tags": [{"key": "k" * 251, "value": "1"}]}, {"tags": [{"key": "mlflow.runName", "value": "n"}]},
    {"tags": [{"key": "mlflow.runName", "value": "m"}]}, {"tags": [{"key": "mlflow.parentRunId", "value": "7"}]},
    {"run_name": None, "tags": [{"key": "mlflow.runName", "value": "given"}]},
    {"run_name": "", "tags": [{"key": "mlflow.runName", "value": "given"}]}, {"user_id": "x" * 300},
)  # fmt: skip
_UPDATES = (
    {"status": "FINISHED", "end_time": -1}, {"status": "FINISHED", "end_time": None}, {"status": None, "end_time": 5}, {"status": 9}, {"status": 0},
    {"status": "finished"}, {"status": ""}, {"status": "5"}, {"end_time": "77"}, {"end_time": "soon"}, {"run_name": None}, {"run_name": " "},
    {"run_name": "x" * 300}, {"run_name": "模型"}, {"run_name": 5}, {"status": "RUNNING", "end_time": 3}, {"run_uuid": "abc", "status": "FAILED"},
    {"status": "UNSPECIFIED"},
)  # fmt: skip
_INPUTS = (
    {"datasets": []}, {"datasets": None}, {"datasets": "x"}, {"datasets": [{"dataset": {"name": "n", "digest": "d"}}]},
    {"datasets": [{"dataset": {"name": "d", "digest": "abc", "source_type": "local", "source": "{}"}}, {"dataset": {"name": "d", "digest": "abc", "source_type": "local", "source": "{}"}}]},
    {"datasets": [{"dataset": {"name": "n" * 500, "digest": "dddddddddddddddddddddddddddddddddddd", "source_type": "local", "source": "{}"}}]},
    {"models": [{}]}, {"models": [{"model_id": ""}]}, {"models": "x"}, {"models": [{"model_id": "m-1"}, {"model_id": "m-1"}]},
    {"datasets": [{"dataset": {"name": "d", "digest": "abc", "source_type": "x" * 500, "source": "{}"}}]},
    {"datasets": [{"dataset": {"name": "d", "digest": "abc", "source_type": "", "source": "{}"}}]},
)  # fmt: skip

ODD = (
    EXP, RUN,
    batch(metrics=[metric("val/acc.top-1 x:y", 0.5), metric("größe", 2), metric("a.b/c", -1.5), metric("tiny", 5e-324), metric("huge", 1.7e308)],
          params=[{"key": "opt/lr.x", "value": "it's \"quoted\""}, {"key": "path", "value": "C:\\temp\\x_%"}, {"key": "n", "value": "10"}],
          tags=[{"key": "größe", "value": "模型 ✓"}, {"key": "multi", "value": "one\ntwo"}, {"key": "pct", "value": "100%"}, {"key": "und", "value": "a_b"},
                {"key": "sp ace", "value": " lead"}]),
)  # fmt: skip
_TWO = (
    EXP, RUN, batch(metrics=[metric("m", 1)], params=[{"key": "p", "value": "1"}]),
    post("runs/create", experiment_id="$exp", user_id="b", start_time=2000, run_name="second", save={"two": "run.info.run_id"}),
)  # fmt: skip

_TWICE = [{"key": "a", "value": "1"}, {"key": "a", "value": "2"}]


def case(name: str, *steps: Step) -> Case:
    return Case(f"corners: {name}", steps)


def found(**more: Any) -> Step:
    return Step("POST", "runs/search", {"experiment_ids": ["$exp"], **more})


def of_run(path: str, body: dict[str, Any]) -> tuple[Step, ...]:
    """On a run of its own, which is looked at afterwards."""
    return (RUN, Step("POST", path, {"run_id": "$run", **body}), GET)


def parts(steps: Sequence[Step], size: int) -> list[Sequence[Step]]:
    return [steps[start : start + size] for start in range(0, len(steps), size)]


CASES = [
    *[case(f"filters of runs {number}", *ODD, *part) for number, part in enumerate(parts([found(filter=text) for text in _RUN_FILTERS], 40))],
    case("orders of runs", *_TWO, *[found(order_by=orders) for orders in _RUN_ORDERS]),
    case("searches of runs", EXP, RUN, *[Step("POST", "runs/search", {"experiment_ids": ["$exp"], **wish}) for wish in _RUN_SEARCHES]),
    *[case(f"metrics {number}", EXP, *part) for number, part in enumerate(parts([step for value in _METRICS for step in (*of_run("runs/log-metric", value), history("a"))], 40))],
    *[case(f"batches {number}", EXP, *part) for number, part in enumerate(parts([step for body in _BATCHES for step in of_run("runs/log-batch", body)], 45))],
    case("creations of runs", EXP, *[step for body in _RUNS for step in (
        Step("POST", "runs/create", {"experiment_id": "$exp", "user_id": "u", "run_name": "n", "start_time": 7, **body}, {"run": "run.info.run_id"}), GET)]),
    case("updates of runs", EXP, *[step for body in _UPDATES for step in of_run("runs/update", body)]),
    case("inputs", EXP, *[step for body in _INPUTS for step in of_run("runs/log-inputs", body)]),
    case("parameters, one of them changed", EXP, RUN, batch(params=[{"key": "a", "value": "1"}, {"key": "b", "value": "1"}]),
         batch(params=[{"key": "a", "value": "1"}, {"key": "b", "value": "2"}, {"key": "c", "value": "3"}]), GET),
    case("pages of histories", EXP, RUN, batch(metrics=[metric("a", v, v, v) for v in range(4)]), history("a", max_results=2), history("a", max_results=4),
         history("a", max_results="2"), history("a", max_results=-1), history("a", max_results=25001), history("a", page_token="")),
    case("history by uuid", EXP, RUN, log("a b/c", 1), get("metrics/get-history", run_uuid="$run", metric_key="a b/c"),
         get("metrics/get-history", run_uuid="$run", metric_key=""), history("../a")),
    case("intervals", EXP, RUN, batch(metrics=[metric("a", 10.0, t, v) for v in range(10) for t in (1, 2)]),
         *[Step("GET", "metrics/get-history-bulk-interval", {"run_ids": "$run", "metric_key": "a", **wish}) for wish in (
             {"max_results": 5}, {"metric_key": ""}, {"max_results": "x"}, {"start_step": -5, "end_step": 3}, {"metric_key": "nope"},
             {"run_ids": [f"i{n}" for n in range(101)]})]),
    case("tags that aren't there", EXP, RUN, *[Step("POST", "runs/delete-tag", {"run_id": "$run", "key": key}) for key in ("", "nope", "mlflow.runName", "a*")], GET,
         post("runs/delete-tag", run_id="0" * 32, key="a")),
    case("values for ids that no run can have", *[Step("POST", f"runs/{path}", {"run_id": run, "key": "a", **more}) for run in ("<none>", "a b", "größe") for path, more in (
        ("log-metric", {"value": 1, "timestamp": 1}), ("log-parameter", {"value": "1"}), ("set-tag", {"value": "1"}), ("delete-tag", {}))]),
    case("tags twice in a new run", EXP, post("runs/create", experiment_id="$exp", user_id="a", run_name="n", tags=_TWICE)),
    case("a run in no experiment", post("runs/create", user_id="a", start_time=1, run_name="n")),
    case("a run of nobody", EXP, post("runs/create", experiment_id="$exp", start_time=1, run_name="n", save={"run": "run.info.run_id"})),
    case("an output logged again", EXP, RUN, *[post("runs/outputs", run_id="$run", models=[{"model_id": "m-1", "step": step}]) for step in (1, 1, 2)], GET),
    case("inputs of runs found", EXP, RUN, post("runs/log-inputs", run_id="$run", models=[{"model_id": "m-1"}]), GET, found()),
    case("NaN among many histories", EXP, RUN, log("a", "NaN"), Step("GET", "/ajax-api/2.0/mlflow/metrics/get-history-bulk", {"run_id": "$run", "metric_key": "a"})),
    case("a tag whose text is a number", EXP, post("runs/create", experiment_id="$exp", user_id="a", run_name="n", tags=[{"key": "a", "value": 5}, {"key": "b", "value": "1"}])),
    case("a tag of a new run without key", EXP, post("runs/create", experiment_id="$exp", user_id="a", run_name="n", tags=[{"value": "1"}])),
    case("a run restored in an experiment that stays deleted", EXP, RUN, post("experiments/delete", experiment_id="$exp"), post("runs/restore", run_id="$run"), log("a", 1), GET,
         post("runs/delete", run_id="$run"), GET, post("experiments/restore", experiment_id="$exp"), GET),
    case("values after the end", EXP, RUN, post("runs/update", run_id="$run", status="KILLED", end_time=5), log("a", 1), batch(params=[{"key": "p", "value": "1"}]), GET,
         post("runs/delete", run_id="$run"), log("a", 2), batch(tags=[{"key": "t", "value": "1"}]), post("runs/update", run_id="$run", status="RUNNING"), GET),
]  # fmt: skip
