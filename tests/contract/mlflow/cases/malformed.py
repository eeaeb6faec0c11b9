# ruff: noqa: E501  # tables: a case a line reads better than a case broken up
"""What no client of ours should send: missing and mistyped fields, for every endpoint."""

from typing import Any

from tests.contract.mlflow.asking import Case, Step

_ENDPOINTS: dict[tuple[str, str], dict[str, Any]] = {
    ("POST", "experiments/create"): {"name": "$u"},
    ("GET", "experiments/get"): {"experiment_id": "0"},
    ("GET", "experiments/get-by-name"): {"experiment_name": "Default"},
    ("POST", "experiments/update"): {"experiment_id": "987654", "new_name": "$u"},
    ("POST", "experiments/delete"): {"experiment_id": "987654"},
    ("POST", "experiments/restore"): {"experiment_id": "987654"},
    ("POST", "experiments/set-experiment-tag"): {"experiment_id": "987654", "key": "a", "value": "b"},
    ("POST", "experiments/delete-experiment-tag"): {"experiment_id": "987654", "key": "a"},
    ("GET", "runs/get"): {"run_id": "abc"},
    ("POST", "runs/update"): {"run_id": "abc", "status": "FINISHED", "end_time": 5},
    ("POST", "runs/delete"): {"run_id": "abc"},
    ("POST", "runs/restore"): {"run_id": "abc"},
    ("POST", "runs/log-metric"): {"run_id": "abc", "key": "a", "value": 1.0, "timestamp": 5},
    ("POST", "runs/log-parameter"): {"run_id": "abc", "key": "a", "value": "b"},
    ("POST", "runs/set-tag"): {"run_id": "abc", "key": "a", "value": "b"},
    ("POST", "runs/delete-tag"): {"run_id": "abc", "key": "a"},
    ("POST", "runs/log-batch"): {"run_id": "abc", "metrics": [], "params": [], "tags": []},
    ("POST", "runs/log-inputs"): {"run_id": "abc", "datasets": []},
    ("POST", "runs/outputs"): {"run_id": "abc", "models": []},
    ("POST", "runs/search"): {"experiment_ids": ["987654"], "filter": "", "max_results": 5, "order_by": []},
    ("GET", "metrics/get-history"): {"run_id": "abc", "metric_key": "a"},
    ("GET", "artifacts/list"): {"run_id": "abc"},
    ("POST", "logged-models"): {"experiment_id": "987654", "name": "n"},
    ("POST", "registered-models/create"): {"name": "$u", "description": "d"},
    ("GET", "registered-models/get"): {"name": "$u-nope"},
    ("PATCH", "registered-models/update"): {"name": "$u-nope", "description": "d"},
    ("POST", "registered-models/rename"): {"name": "$u-nope", "new_name": "$u-x"},
    ("DELETE", "registered-models/delete"): {"name": "$u-nope"},
    ("POST", "registered-models/set-tag"): {"name": "$u-nope", "key": "a", "value": "b"},
    ("DELETE", "registered-models/delete-tag"): {"name": "$u-nope", "key": "a"},
    ("POST", "registered-models/alias"): {"name": "$u-nope", "alias": "a", "version": "1"},
    ("GET", "registered-models/alias"): {"name": "$u-nope", "alias": "a"},
    ("DELETE", "registered-models/alias"): {"name": "$u-nope", "alias": "a"},
    ("POST", "model-versions/create"): {"name": "$u-nope", "source": "s3://b/x"},
    ("GET", "model-versions/get"): {"name": "$u-nope", "version": "1"},
    ("PATCH", "model-versions/update"): {"name": "$u-nope", "version": "1", "description": "d"},
    ("POST", "model-versions/transition-stage"): {"name": "$u-nope", "version": "1", "stage": "Staging",
                                                  "archive_existing_versions": False},
    ("DELETE", "model-versions/delete"): {"name": "$u-nope", "version": "1"},
    ("POST", "model-versions/set-tag"): {"name": "$u-nope", "version": "1", "key": "a", "value": "b"},
    ("DELETE", "model-versions/delete-tag"): {"name": "$u-nope", "version": "1", "key": "a"},
}  # fmt: skip


def _without(body: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in body.items() if key != name}


def _cases() -> list[Case]:
    cases = []
    for (method, path), body in _ENDPOINTS.items():
        cases.append(Case(f"malformed: {method} {path} whole", (Step(method, path, body),)))
        cases.append(Case(f"malformed: {method} {path} unknown field", (Step(method, path, {**body, "zzz": "1"}),)))
        for name, value in body.items():
            cases.append(
                Case(f"malformed: {method} {path} without {name}", (Step(method, path, _without(body, name)),))
            )
            cases.append(Case(f"malformed: {method} {path} empty {name}", (Step(method, path, {**body, name: ""}),)))
            if method != "GET" and isinstance(value, str):
                for wrong in (5, ["x"], {"x": 1}, True):
                    step = Step(method, path, {**body, name: wrong})
                    cases.append(Case(f"malformed: {method} {path} {name} as {wrong}", (step,)))
            if isinstance(value, list):
                step = Step(method, path, {**body, name: {"x": 1}})
                cases.append(Case(f"malformed: {method} {path} {name} as an object", (step,)))
    return cases


CASES = [
    *_cases(),
    Case("malformed: no JSON", (Step("POST", "runs/get", raw=b"{"),)),
    Case("malformed: create from broken JSON", (Step("POST", "experiments/create", raw=b'{"name": '),)),
    Case("malformed: no body", (Step("POST", "experiments/create", raw=b""),)),
    Case("malformed: a list", (Step("POST", "experiments/create", raw=b"[]", compare=False),)),
    Case("malformed: other content type",
         (Step("POST", "experiments/create", raw=b'{"name": "x"}', headers={"content-type": "text/plain"}),)),
    Case("malformed: encoded twice", (Step("POST", "experiments/delete", raw=b'"{\\"experiment_id\\": \\"987654\\"}"'),)),
    Case("malformed: camel case", (Step("POST", "experiments/delete", {"experimentId": "987654"}),)),
    Case("malformed: both spellings", (Step("POST", "experiments/delete", {"experimentId": "1", "experiment_id": "1"}),)),
    Case("malformed: unknown endpoint", (Step("GET", "nonsense", {}),)),
    Case("malformed: ajax prefix", (Step("GET", "/ajax-api/2.0/mlflow/experiments/get", {"experiment_id": "0"}),)),
    Case("malformed: health", (Step("GET", "/health", {}),)),
    Case("malformed: version", (Step("GET", "/version", {}),)),
    Case("malformed: server info", (Step("GET", "/api/3.0/mlflow/server-info", {}, compare=False),)),
]  # fmt: skip
