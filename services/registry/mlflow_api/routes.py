"""Every address of MLflow's API that this service answers, in one table."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Mount

from services.contracts.errors import NotFound, Unsupported
from services.registry.mlflow_api import artifacts, experiments, histories, logged_models, models, runs, transfers
from services.registry.mlflow_api.dispatch import Dispatcher
from services.registry.mlflow_api.surface import Endpoint, Surface
from services.runtime.http import straight

MLFLOW_VERSION = "3.17.2"
"""The version of MLflow whose API this is; what /version says."""

STREAMED = tuple(
    f"/{prefix}/{major}/mlflow-artifacts/{what}/"
    for prefix in ("api", "ajax-api")
    for major in ("2.0", "3.0")
    for what in ("artifacts", "mpu/part")
)
"""Bodies of any size are let through to addresses that start so."""

ROUTES: tuple[tuple[str, str, Endpoint], ...] = (
    # experiments
    ("POST", "mlflow/experiments/create", experiments.create),
    ("GET", "mlflow/experiments/get", experiments.get),
    ("GET", "mlflow/experiments/get-by-name", experiments.get_by_name),
    ("GET", "mlflow/experiments/search", experiments.search),
    ("POST", "mlflow/experiments/search", experiments.search),
    ("POST", "mlflow/experiments/update", experiments.update),
    ("POST", "mlflow/experiments/delete", experiments.delete),
    ("POST", "mlflow/experiments/restore", experiments.restore),
    ("POST", "mlflow/experiments/set-experiment-tag", experiments.set_tag),
    ("POST", "mlflow/experiments/delete-experiment-tag", experiments.delete_tag),
    ("POST", "mlflow/experiments/search-datasets", runs.search_datasets),
    # runs
    ("POST", "mlflow/runs/create", runs.create),
    ("GET", "mlflow/runs/get", runs.get),
    ("POST", "mlflow/runs/update", runs.update),
    ("POST", "mlflow/runs/delete", runs.delete),
    ("POST", "mlflow/runs/restore", runs.restore),
    ("POST", "mlflow/runs/search", runs.search),
    ("POST", "mlflow/runs/log-metric", runs.log_metric),
    ("POST", "mlflow/runs/log-parameter", runs.log_parameter),
    ("POST", "mlflow/runs/set-tag", runs.set_tag),
    ("POST", "mlflow/runs/delete-tag", runs.delete_tag),
    ("POST", "mlflow/runs/log-batch", runs.log_batch),
    ("POST", "mlflow/runs/log-model", runs.log_model),
    ("POST", "mlflow/runs/log-inputs", runs.log_inputs),
    ("POST", "mlflow/runs/outputs", runs.log_outputs),
    ("GET", "mlflow/metrics/get-history", histories.history),
    ("GET", "mlflow/metrics/get-history-bulk", histories.of_many),
    ("GET", "mlflow/metrics/get-history-bulk-interval", histories.sampled),
    # logged models
    ("POST", "mlflow/logged-models", logged_models.create),
    ("POST", "mlflow/logged-models/search", logged_models.search),
    ("GET", "mlflow/logged-models/{model_id}", logged_models.get),
    ("PATCH", "mlflow/logged-models/{model_id}", logged_models.finalise),
    ("DELETE", "mlflow/logged-models/{model_id}", logged_models.delete),
    ("PATCH", "mlflow/logged-models/{model_id}/tags", logged_models.set_tags),
    ("DELETE", "mlflow/logged-models/{model_id}/tags/{tag_key:path}", logged_models.delete_tag),
    ("POST", "mlflow/logged-models/{model_id}/params", logged_models.log_params),
    ("GET", "mlflow/logged-models/{model_id}/artifacts/directories", artifacts.list_of_logged_model),
    ("GET", "mlflow/logged-models/{model_id}/artifacts/files", artifacts.get_of_logged_model),
    # registered models
    ("POST", "mlflow/registered-models/create", models.create),
    ("GET", "mlflow/registered-models/get", models.get),
    ("PATCH", "mlflow/registered-models/update", models.update),
    ("POST", "mlflow/registered-models/rename", models.rename),
    ("DELETE", "mlflow/registered-models/delete", models.delete),
    ("GET", "mlflow/registered-models/search", models.search),
    ("GET", "mlflow/registered-models/get-latest-versions", models.latest_versions),
    ("POST", "mlflow/registered-models/get-latest-versions", models.latest_versions),
    ("POST", "mlflow/registered-models/set-tag", models.set_tag),
    ("DELETE", "mlflow/registered-models/delete-tag", models.delete_tag),
    ("POST", "mlflow/registered-models/alias", models.set_alias),
    ("GET", "mlflow/registered-models/alias", models.get_by_alias),
    ("DELETE", "mlflow/registered-models/alias", models.delete_alias),
    # versions
    ("POST", "mlflow/model-versions/create", models.create_version),
    ("GET", "mlflow/model-versions/get", models.get_version),
    ("PATCH", "mlflow/model-versions/update", models.update_version),
    ("POST", "mlflow/model-versions/transition-stage", models.transition_stage),
    ("DELETE", "mlflow/model-versions/delete", models.delete_version),
    ("GET", "mlflow/model-versions/search", models.search_versions),
    ("GET", "mlflow/model-versions/get-download-uri", models.download_uri),
    ("POST", "mlflow/model-versions/set-tag", models.set_version_tag),
    ("DELETE", "mlflow/model-versions/delete-tag", models.delete_version_tag),
    # artifacts
    ("GET", "mlflow/artifacts/list", artifacts.list_of_run),
    ("POST", "mlflow/upload-artifact", artifacts.upload_to_run),
    ("POST", "mlflow/artifacts/presigned-upload-url", artifacts.presigned_upload),
    ("POST", "mlflow/artifacts/presigned-download-url", artifacts.presigned_download),
    ("GET", "mlflow-artifacts/artifacts", artifacts.list_stored),
    ("GET", "mlflow-artifacts/artifacts/{path:path}", artifacts.download),
    ("PUT", "mlflow-artifacts/artifacts/{path:path}", artifacts.upload),
    ("DELETE", "mlflow-artifacts/artifacts/{path:path}", artifacts.delete),
    ("POST", "mlflow-artifacts/mpu/create/{path:path}", transfers.create),
    ("POST", "mlflow-artifacts/mpu/complete/{path:path}", transfers.complete),
    ("POST", "mlflow-artifacts/mpu/abort/{path:path}", transfers.abort),
    ("GET", "mlflow-artifacts/mpu/part/{upload_id}", transfers.list_parts),
    ("PUT", "mlflow-artifacts/mpu/part/{upload_id}/{number}", transfers.put_part),
    ("GET", "mlflow-artifacts/presigned/{path:path}", transfers.presigned),
)

AT_ROOT: tuple[tuple[str, str, Endpoint], ...] = (
    ("GET", "/get-artifact", artifacts.get_of_run),
    ("GET", "/model-versions/get-artifact", artifacts.get_of_version),
)

NOT_OURS = (
    "mlflow/traces",
    "mlflow/assessments",
    "mlflow/gateway",
    "mlflow/gateway-proxy",
    "mlflow/scorers",
    "mlflow/issues",
    "mlflow/label-schemas",
    "mlflow/review-queues",
    "mlflow/webhooks",
    "mlflow/workspaces",
    "mlflow/datasets",
    "mlflow/prompt-optimization",
    "mlflow/runs/create-promptlab-run",
    "mlflow/get-trace-artifact",
    "mlflow/get-online-trace-details",
    "mlflow/unified-traces",
    "mlflow/scorer",
    "mlflow/genai",
    "mlflow/demo",
    "mlflow/ui-telemetry",
    "mlflow/mcp-servers",
    "mlflow/jobs",
    "mlflow/skills",
    "mlflow/assistant",
)
"""Parts of MLflow that belong to other fields: they answer 501, which its client doesn't repeat."""


async def version(surface: Surface, request: Request) -> Any:
    return PlainTextResponse(MLFLOW_VERSION)


async def health(surface: Surface, request: Request) -> Any:
    return PlainTextResponse("OK")


async def server_info(surface: Surface, request: Request) -> Any:
    """Transfers in parts are there for clients that ask for them. Said here, they would be every client's way, and each
    small download would take two requests; one stream does the same with less.
    """
    return {
        "store_type": "SqlStore",
        "workspaces_enabled": False,
        "trace_archival_enabled": False,
        "multipart_uploads_enabled": False,
        "multipart_downloads_enabled": False,
        # The requests are understood; like MLflow's own server on its own disk, there is no such address to give.
        "presigned_upload_run_id_supported": True,
        "presigned_upload_model_id_supported": True,
        "features_enabled": {"gateway": False},
    }


async def not_ours(surface: Surface, request: Request) -> Any:
    raise Unsupported("This part of MLflow isn't part of this product.")


async def unknown(surface: Surface, request: Request) -> Any:
    raise NotFound(f"There is nothing at {request.method} {request.url.path}", code="ENDPOINT_NOT_FOUND")


def mount(app: FastAPI, surface: Surface) -> None:
    """Adds MLflow's API, at every prefix its clients and its UI use."""
    app.state.unlimited_paths = (*STREAMED, *getattr(app.state, "unlimited_paths", ()))
    dispatcher = Dispatcher(surface, unknown)
    dispatcher.add("GET", "/version", version)
    dispatcher.add("GET", "/health", health)
    for method, path, endpoint in AT_ROOT:
        dispatcher.add(method, path, endpoint)
    for prefix in ("/api", "/ajax-api"):
        dispatcher.add("GET", f"{prefix}/3.0/mlflow/server-info", server_info)
        for major in ("2.0", "3.0"):
            for method, path, endpoint in ROUTES:
                dispatcher.add(method, f"{prefix}/{major}/{path}", endpoint)
            for path in NOT_OURS:
                dispatcher.add_below(f"{prefix}/{major}/{path}", not_ours)
    dispatcher.add_below("/graphql", not_ours)
    app.router.routes.append(Mount("", app=dispatcher))
    straight(("/api/", "/ajax-api/"), dispatcher, app)
