"""Endpoints of artifacts: what clients upload, list, fetch and delete, streamed both ways."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Sequence
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse

from services.contracts.errors import Invalid, NotFound, Unsupported
from services.registry import limits
from services.registry.artifacts import rules
from services.registry.artifacts.rules import Artifact, Entry
from services.registry.mlflow_api import answers
from services.registry.mlflow_api import artifact_requests as requests
from services.registry.mlflow_api.attachments import headers_of_file
from services.registry.mlflow_api.surface import Surface
from services.registry.mlflow_api.wire import read
from services.registry.models import sources
from services.runtime.context import Context
from services.runtime.http import context_of


async def upload(surface: Surface, request: Request) -> Response:
    await surface.artifacts.upload(context_of(request), request.path_params["path"], chunks_of(request))
    return Response()


async def chunks_of(request: Request) -> AsyncIterator[bytes]:
    """The body as it comes in. Raises Invalid if it breaks off."""
    try:
        async for chunk in request.stream():
            if chunk:
                yield chunk
    except ClientDisconnect as error:
        raise Invalid("the upload broke off", code="BAD_REQUEST", field="body") from error


async def download(surface: Surface, request: Request) -> Response:
    artifact = await surface.artifacts.find_file(context_of(request), request.path_params["path"])
    return _file(surface, request, artifact)


async def delete(surface: Surface, request: Request) -> Any:
    """What isn't there is deleted already, as MLflow has it."""
    with contextlib.suppress(NotFound):
        await surface.artifacts.delete(context_of(request), request.path_params["path"])
    return {}


async def upload_to_run(surface: Surface, request: Request) -> Response:
    """How MLflow's own pages put a small file below a run."""
    query = request.query_params
    run_id = query.get("run_uuid") or query.get("run_id")
    if not run_id:
        raise Invalid("Request must specify run_uuid.", field="run_uuid")
    if not query.get("path"):
        raise Invalid("Request must specify path.", field="path")
    path = rules.file_path(query["path"])
    content = await request.body()
    if len(content) > limits.PAGE_UPLOAD_BYTES:
        raise Invalid("Artifact size is too large. Max size is 10MB.", field="body")
    if not content:
        raise Invalid("Request must specify data.", field="body")
    run = await surface.runs.get(context_of(request), run_id)
    root = _served(run.artifact_uri)
    await surface.artifacts.upload(context_of(request), rules.joined(root, path), _once(content))
    return Response(media_type="application/json")


async def _once(content: bytes) -> AsyncIterator[bytes]:
    yield content


async def list_stored(surface: Surface, request: Request) -> Any:
    wish = await read(request, requests.ListStored)
    entries = await surface.artifacts.listing(context_of(request), wish.path or "")
    return {"files": answers.files(entries, "")} if entries else {}


async def list_of_run(surface: Surface, request: Request) -> Any:
    wish = await read(request, requests.ListArtifacts)
    directory = rules.clean_path(wish.path or "")
    run = await surface.runs.get(context_of(request), str(wish.run_id or wish.run_uuid))
    return await _listing(surface, context_of(request), run.artifact_uri, directory)


async def list_of_logged_model(surface: Surface, request: Request) -> Any:
    wish = await read(request, requests.ListLoggedModelArtifacts)
    directory = rules.clean_path(wish.artifact_directory_path or "")
    model = await surface.logged_models.get(context_of(request), request.path_params["model_id"])
    return await _listing(surface, context_of(request), model.artifact_location, directory)


async def _listing(surface: Surface, context: Context, location: str, directory: str) -> Any:
    """Storage that isn't ours is never looked into: the client does that itself."""
    root = rules.served_path(location)
    entries: Sequence[Entry] = []
    if root is not None:
        entries = await surface.artifacts.listing(context, rules.joined(root, directory))
    answer: dict[str, Any] = {"root_uri": location}
    if entries:
        answer["files"] = answers.files(entries, directory)
    return answer


async def get_of_run(surface: Surface, request: Request) -> Response:
    path = _path_of_file(request, "path")
    run_id = request.query_params.get("run_id") or request.query_params.get("run_uuid") or ""
    run = await surface.runs.get(context_of(request), run_id)
    return await _send(surface, request, run.artifact_uri, path)


async def get_of_version(surface: Surface, request: Request) -> Response:
    path = _path_of_file(request, "path")
    query = request.query_params
    version = await surface.versions.get(context_of(request), query.get("name", ""), query.get("version", ""))
    location = version.storage_location
    if location.startswith("runs:/"):
        run = await surface.runs.get(context_of(request), sources.run_of(location))
        location = f"{run.artifact_uri}/{sources.run_path_of(location)}".rstrip("/")
    return await _send(surface, request, location, path)


async def get_of_logged_model(surface: Surface, request: Request) -> Response:
    name = "artifact_file_path"
    if not request.query_params.get(name):
        raise Invalid(f'Request must include the "{name}" query parameter.', code="BAD_REQUEST", field=name)
    path = _path_of_file(request, name)
    model = await surface.logged_models.get(context_of(request), request.path_params["model_id"])
    return await _send(surface, request, model.artifact_location, path)


def _path_of_file(request: Request, name: str) -> str:
    path = request.query_params.get(name)
    if path is None:
        raise Invalid("Request must include the path of a file as a query parameter.", code="BAD_REQUEST", field=name)
    return rules.clean_path(path)


async def _send(surface: Surface, request: Request, location: str, path: str) -> Response:
    wanted = rules.joined(_served(location), path)
    return _file(surface, request, await surface.artifacts.find_file(context_of(request), wanted))


def _served(location: str) -> str:
    """The path here of an address. Raises Unsupported for storage that isn't ours."""
    root = rules.served_path(location)
    if root is None:
        raise Unsupported("these files lie in storage that only the client opens")
    return root


def _file(surface: Surface, request: Request, artifact: Artifact) -> Response:
    headers = {**headers_of_file(artifact.name), "accept-ranges": "bytes", "etag": rules.etag(artifact.sha256)}
    if rules.etag(artifact.sha256) in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    start, end, status = 0, artifact.size, 200
    wanted = request.headers.get("range")
    if wanted and request.headers.get("if-range", headers["etag"]) == headers["etag"]:
        found = rules.byte_range(wanted, artifact.size)
        if found is not None:
            start, end = found
            status = 206
            headers["content-range"] = f"bytes {start}-{end - 1}/{artifact.size}"
    headers["content-length"] = str(end - start)
    if request.method == "HEAD":
        return Response(status_code=status, headers=headers)
    return StreamingResponse(surface.artifacts.content(artifact, start, end), status, headers)


async def presigned_upload(surface: Surface, request: Request) -> Any:
    """As of MLflow's own server for storage that it serves itself: what is wrong with the request comes first."""
    wish = await read(request, requests.PresignedUpload)
    if bool(wish.run_id) == bool(wish.model_id):
        raise Invalid("Exactly one of run_id and model_id must be provided.", field="run_id")
    rules.clean_path(wish.path or "")
    if wish.run_id:
        await surface.runs.get(context_of(request), wish.run_id)
    else:
        await surface.logged_models.get(context_of(request), wish.model_id or "")
    raise _no_cloud("upload", "proxied artifact storage", "a direct cloud storage artifact URI")


async def presigned_download(surface: Surface, request: Request) -> Any:
    wish = await read(request, requests.PresignedDownload)
    rules.clean_path(wish.path or "")
    expiration = 1 if wish.expiration is None else wish.expiration
    if not 1 <= expiration <= limits.PRESIGNED_SECONDS:
        message = f"expiration must be between 1 and {limits.PRESIGNED_SECONDS} seconds (got {expiration})."
        raise Invalid(message, field="expiration")
    await surface.runs.get(context_of(request), wish.run_id or "")
    raise _no_cloud("download", "runs with proxied artifact storage", "a run with a direct cloud storage artifact URI")


def _no_cloud(what: str, where: str, wanted: str) -> Invalid:
    return Invalid(
        f"Presigned {what} is not supported for {where} (artifact URI scheme: mlflow-artifacts). "
        f"This endpoint requires {wanted}.",
        field="path",
    )
