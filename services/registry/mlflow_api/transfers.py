"""Endpoints of transfers in parts: MLflow's multipart uploads, and downloads by ranges; both of this server itself.

Clients send and fetch parts without their credentials, as with addresses that a cloud signed: so they are told to send
the header they came with along.
"""

from __future__ import annotations

import ntpath
from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from services.contracts.errors import Invalid
from services.registry.artifacts import rules
from services.registry.artifacts.uploads import Part, etag_of
from services.registry.mlflow_api import artifact_requests as requests
from services.registry.mlflow_api.artifacts import chunks_of
from services.registry.mlflow_api.surface import Surface, respond
from services.registry.mlflow_api.wire import read
from services.runtime.http import context_of

PARTS = "/api/2.0/mlflow-artifacts/mpu/part/"
FILES = "/api/2.0/mlflow-artifacts/artifacts/"


async def create(surface: Surface, request: Request) -> Response:
    wish = await read(request, requests.CreateMultipartUpload)
    parts = 1 if wish.num_parts is None else wish.num_parts
    upload_id = await surface.uploads.begin(context_of(request), _path(request, wish.path), parts)
    headers = _credentials(request)
    address = f"{_base(request)}{PARTS}{upload_id}"
    credentials = [
        {"url": f"{address}/{number}", "part_number": number, "headers": headers} for number in range(1, parts + 1)
    ]
    return _private({"upload_id": upload_id, "credentials": credentials})


async def put_part(surface: Surface, request: Request) -> Response:
    number = request.path_params["number"]
    if not number.isdecimal():
        raise Invalid("The number of a part is a whole number.", field="part_number")
    etag = await surface.uploads.put_part(
        context_of(request), request.path_params["upload_id"], int(number), chunks_of(request)
    )
    return Response(headers={"etag": rules.etag(etag)})


async def list_parts(surface: Surface, request: Request) -> Any:
    """Beyond MLflow: what has arrived, for whoever goes on after an interruption."""
    parts = await surface.uploads.parts(context_of(request), request.path_params["upload_id"])
    return {"parts": [{"part_number": part.number, "etag": rules.etag(part.etag), "size": part.size} for part in parts]}


async def complete(surface: Surface, request: Request) -> Any:
    wish = await read(request, requests.CompleteMultipartUpload)
    parts = [Part(part.part_number or 0, etag_of(part.etag or "")) for part in wish.parts or []]
    await surface.uploads.complete(context_of(request), _path(request, wish.path), wish.upload_id or "", parts)
    return {}


async def abort(surface: Surface, request: Request) -> Any:
    wish = await read(request, requests.AbortMultipartUpload)
    await surface.uploads.abort(context_of(request), wish.upload_id or "")
    return {}


async def presigned(surface: Surface, request: Request) -> Response:
    """Where to fetch a file by ranges, a chunk beside the other; one that fails is fetched again alone."""
    artifact = await surface.artifacts.find(context_of(request), request.path_params["path"])
    url = f"{_base(request)}{FILES}{quote(artifact.id)}"
    return _private({"url": url, "headers": _credentials(request), "file_size": artifact.size})


def _path(request: Request, local: str | None) -> str:
    """The address names the directory, the client's own path, which may be one of Windows, the file."""
    return rules.joined(rules.clean_path(request.path_params["path"]), ntpath.basename(local or ""))


def _credentials(request: Request) -> dict[str, str]:
    given = request.headers.get("authorization")
    return {"Authorization": given} if given else {}


def _base(request: Request) -> str:
    """How the client came here, also through a proxy that says so."""
    headers = request.headers
    scheme = headers.get("x-forwarded-proto", request.url.scheme)
    host = headers.get("x-forwarded-host") or headers.get("host", request.url.netloc)
    return f"{scheme}://{host}{headers.get('x-forwarded-prefix', '').rstrip('/')}"


def _private(answer: object) -> Response:
    response = respond(answer)
    response.headers["cache-control"] = "no-store"
    return response
