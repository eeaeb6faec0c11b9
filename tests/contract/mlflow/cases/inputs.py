"""Datasets and models as inputs and outputs of runs."""

from tests.contract.mlflow.asking import post
from tests.contract.mlflow.cases.runs import GET, RUN, case, dataset

CASES = [
    # inputs and outputs
    case(
        "dataset",
        RUN,
        post(
            "runs/log-inputs",
            run_id="$run",
            datasets=[
                {
                    "dataset": dataset(schema="s", profile="p"),
                    "tags": [{"key": "mlflow.data.context", "value": "train"}],
                }
            ],
        ),
        GET,
    ),
    case(
        "dataset with tags in some order",
        RUN,
        post(
            "runs/log-inputs",
            run_id="$run",
            datasets=[{"dataset": dataset(), "tags": [{"key": key, "value": "v"} for key in "zBa_"]}],
        ),
        GET,
        post("runs/search", experiment_ids=["$exp"]),
    ),
    case("dataset without tags", RUN, post("runs/log-inputs", run_id="$run", datasets=[{"dataset": dataset()}]), GET),
    case(
        "dataset twice",
        RUN,
        post("runs/log-inputs", run_id="$run", datasets=[{"dataset": dataset()}]),
        post("runs/log-inputs", run_id="$run", datasets=[{"dataset": dataset(), "tags": [{"key": "a", "value": "b"}]}]),
        GET,
    ),
    case(
        "two datasets",
        RUN,
        post(
            "runs/log-inputs",
            run_id="$run",
            datasets=[{"dataset": dataset()}, {"dataset": dataset("e")}, {"dataset": dataset("d", "other")}],
        ),
        GET,
    ),
    case(
        "dataset without name or digest",
        RUN,
        post("runs/log-inputs", run_id="$run", datasets=[{"dataset": dataset("")}]),
        post("runs/log-inputs", run_id="$run", datasets=[{"dataset": dataset("d", "")}]),
    ),
    case(
        "dataset name too long", RUN, post("runs/log-inputs", run_id="$run", datasets=[{"dataset": dataset("n" * 501)}])
    ),
    case(
        "dataset digest too long",
        RUN,
        post("runs/log-inputs", run_id="$run", datasets=[{"dataset": dataset("n", "d" * 37)}]),
    ),
    case(
        "dataset source too long",
        RUN,
        post("runs/log-inputs", run_id="$run", datasets=[{"dataset": dataset("n", "d", source="s" * 65536)}]),
    ),
    case(
        "dataset schema too long",
        RUN,
        post("runs/log-inputs", run_id="$run", datasets=[{"dataset": dataset("n", "d", schema="s" * 1048576)}]),
    ),
    case(
        "input tag key too long",
        RUN,
        post(
            "runs/log-inputs",
            run_id="$run",
            datasets=[{"dataset": dataset(), "tags": [{"key": "k" * 256, "value": "v"}]}],
        ),
    ),
    case(
        "input tag value too long",
        RUN,
        post(
            "runs/log-inputs",
            run_id="$run",
            datasets=[{"dataset": dataset(), "tags": [{"key": "k", "value": "v" * 501}]}],
        ),
    ),
    case("inputs of unknown run", post("runs/log-inputs", run_id="0" * 32, datasets=[{"dataset": dataset()}])),
    case("no inputs", RUN, post("runs/log-inputs", run_id="$run"), GET),
    case(
        "more datasets than a client sends at once",
        RUN,
        post("runs/log-inputs", run_id="$run", datasets=[{"dataset": dataset(f"d{n}", f"{n}")} for n in range(1010)]),
        GET,
    ),
    case("model inputs", RUN, post("runs/log-inputs", run_id="$run", models=[{"model_id": "m-1"}]), GET),
    case(
        "outputs",
        RUN,
        post("runs/outputs", run_id="$run", models=[{"model_id": "m-1", "step": 3}, {"model_id": "m-2"}]),
        GET,
    ),
    case("outputs of unknown run", post("runs/outputs", run_id="0" * 32, models=[{"model_id": "m-1", "step": 3}])),
    case("outputs without models", RUN, post("runs/outputs", run_id="$run")),
    case(
        "dataset summaries",
        RUN,
        post(
            "runs/log-inputs",
            run_id="$run",
            datasets=[{"dataset": dataset(), "tags": [{"key": "mlflow.data.context", "value": "train"}]}],
        ),
        post("/ajax-api/2.0/mlflow/experiments/search-datasets", experiment_ids=["$exp"]),
    ),
    case("dataset summaries of nothing", post("/ajax-api/2.0/mlflow/experiments/search-datasets", experiment_ids=[])),
    case(
        "dataset summaries of many", post("/ajax-api/2.0/mlflow/experiments/search-datasets", experiment_ids=["1"] * 21)
    ),
]
