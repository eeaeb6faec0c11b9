"""Metrics of runs and their histories."""

from tests.contract.mlflow.asking import Step, get, post
from tests.contract.mlflow.cases.runs import GET, RUN, batch, case, history, log, metric

CASES = [
    # metrics
    case("metric", RUN, log("a", 0.5, 10, 3), GET, history("a")),
    case("metric as integer", RUN, log("a", 3), GET, history("a")),
    case("metric as text", RUN, log("a", "0.25"), GET),
    case("metric as words", RUN, log("a", "much")),
    case("metric NaN", RUN, log("a", "NaN"), GET, history("a")),
    case("metric infinite", RUN, log("a", "Infinity"), log("b", "-Infinity"), GET, history("a"), history("b")),
    case("metric without step", RUN, post("runs/log-metric", run_id="$run", key="a", value=1.5, timestamp=5), GET),
    case("metric without timestamp", RUN, post("runs/log-metric", run_id="$run", key="a", value=1.5)),
    case("metric without value", RUN, post("runs/log-metric", run_id="$run", key="a", timestamp=5)),
    case("metric without key", RUN, post("runs/log-metric", run_id="$run", value=1.5, timestamp=5)),
    case("metric of negative time", RUN, log("a", 1, -1)),
    case("metric of negative step", RUN, log("a", 1, 5, -3), GET, history("a")),
    case(
        "metric step as text", RUN, post("runs/log-metric", run_id="$run", key="a", value=1, timestamp=5, step="7"), GET
    ),
    case("metric timestamp as text", RUN, post("runs/log-metric", run_id="$run", key="a", value=1, timestamp="x")),
    case("latest by step", RUN, log("a", 9, 1, 5), log("a", 1, 2, 3), GET, history("a")),
    case("latest by time", RUN, log("a", 9, 1, 5), log("a", 1, 2, 5), GET, history("a")),
    case("latest by value", RUN, log("a", 9, 1, 5), log("a", 1, 1, 5), GET, history("a")),
    case("latest with NaN", RUN, log("a", "NaN", 1, 5), log("a", -1, 1, 5), GET, history("a")),
    case("latest NaN over negative", RUN, log("a", -1, 1, 5), log("a", "NaN", 1, 5), GET, history("a")),
    case("same point twice", RUN, log("a", 1, 1, 5), log("a", 1, 1, 5), history("a")),
    case("NaN twice", RUN, log("a", "NaN", 1, 5), log("a", "NaN", 1, 5), history("a")),
    case(
        "history order",
        RUN,
        batch(metrics=[metric("a", v, t, s) for v, t, s in ((3, 5, 1), (1, 5, 1), (2, 4, 9), (5, 6, 0), (4, 5, 0))]),
        history("a"),
        GET,
    ),
    case(
        "history pages",
        RUN,
        batch(metrics=[metric("a", v, v, v) for v in range(5)]),
        get("metrics/get-history", run_id="$run", metric_key="a", max_results=2, save={"token": "next_page_token"}),
        history("a", max_results=2, page_token="$token"),
        history("a", max_results=5),
        history("a", max_results=9),
    ),
    case("history of no results", RUN, history("a", max_results=0)),
    case("history of unknown metric", RUN, history("zz")),
    case("history of unknown run", get("metrics/get-history", run_id="0" * 32, metric_key="a")),
    case("history with bad token", RUN, history("a", page_token="x")),
    case("history without key", RUN, get("metrics/get-history", run_id="$run")),
    case(
        "bulk history",
        RUN,
        batch(metrics=[metric("a", v, v, v) for v in range(3)]),
        Step("GET", "/ajax-api/2.0/mlflow/metrics/get-history-bulk", {"run_id": "$run", "metric_key": "a"}),
        Step(
            "GET",
            "/ajax-api/2.0/mlflow/metrics/get-history-bulk",
            {"run_id": "$run", "metric_key": "a", "max_results": 2},
        ),
    ),
    case(
        "bulk history without runs", Step("GET", "/ajax-api/2.0/mlflow/metrics/get-history-bulk", {"metric_key": "a"})
    ),
    case(
        "bulk history without key",
        RUN,
        Step("GET", "/ajax-api/2.0/mlflow/metrics/get-history-bulk", {"run_id": "$run"}),
    ),
    *[
        case(
            f"interval {more}",
            RUN,
            batch(metrics=[metric("a", v * 1.5, v, v) for v in range(23)]),
            get("metrics/get-history-bulk-interval", run_ids="$run", metric_key="a", **more),
        )
        for more in (
            {},
            {"max_results": 1},
            {"max_results": 2},
            {"max_results": 5},
            {"max_results": 7},
            {"max_results": 23},
            {"max_results": 0},
            {"max_results": 2501},
            {"start_step": 3, "end_step": 9},
            {"start_step": 3},
            {"end_step": 3},
            {"start_step": 9, "end_step": 3},
            {"start_step": 3, "end_step": 19, "max_results": 4},
        )
    ],
    case("interval without runs", get("metrics/get-history-bulk-interval", metric_key="a")),
    case("interval of unknown run", get("metrics/get-history-bulk-interval", run_ids="0" * 32, metric_key="a")),
]
