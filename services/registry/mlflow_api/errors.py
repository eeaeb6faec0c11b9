"""Errors in MLflow's shape: one adapter from the tree of contracts/errors.py to codes and statuses its clients know.

MLflow's client tries 429, 500, 502, 503 and 504 again for minutes: only what may succeed later gets one of these.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec
from starlette.responses import Response

from services.contracts.errors import (
    Conflict,
    Forbidden,
    Internal,
    Invalid,
    LifecycleError,
    Limited,
    MethodNotAllowed,
    NotAllowedNow,
    NotFound,
    Rejected,
    TooLarge,
    Unauthenticated,
    Unavailable,
    Unsupported,
)

RETRY_AFTER_SECONDS = 1


@dataclass(frozen=True, slots=True)
class Said:
    """MLflow's words for a kind of error: code, status, SQL state and error class (mlflow/error_classification.py)."""

    error_code: str
    status: int
    sqlstate: str = "KAM00"
    error_class: str = "INVALID_PARAMETER_VALUE"


_INVALID = Said("INVALID_PARAMETER_VALUE", 400)
_KINDS: dict[str, Said] = {
    Invalid.kind: _INVALID,
    Rejected.kind: _INVALID,
    NotAllowedNow.kind: _INVALID,
    TooLarge.kind: _INVALID,
    NotFound.kind: Said("RESOURCE_DOES_NOT_EXIST", 404, error_class="RESOURCE_NOT_FOUND"),
    Conflict.kind: Said("RESOURCE_CONFLICT", 409),
    MethodNotAllowed.kind: Said("BAD_REQUEST", 405),
    Unsupported.kind: Said("NOT_IMPLEMENTED", 501, "XXM00", "CLIENT_INTERNAL_ERROR"),
    Unauthenticated.kind: Said("UNAUTHENTICATED", 401, error_class="PERMISSION_DENIED"),
    Forbidden.kind: Said("PERMISSION_DENIED", 403, error_class="PERMISSION_DENIED"),
    Limited.kind: Said("REQUEST_LIMIT_EXCEEDED", 429, "XXM00", "CLIENT_INTERNAL_ERROR"),
    Unavailable.kind: Said("TEMPORARILY_UNAVAILABLE", 503, "XXM00", "CLIENT_INTERNAL_ERROR"),
    Internal.kind: Said("INTERNAL_ERROR", 500, "XXM00", "CLIENT_INTERNAL_ERROR"),
}
_CODES: dict[str, Said] = {
    "RESOURCE_ALREADY_EXISTS": Said("RESOURCE_ALREADY_EXISTS", 400, error_class="RESOURCE_ALREADY_EXISTS"),
    "INVALID_STATE": Said("INVALID_STATE", 400, "XXM00", "CLIENT_INTERNAL_ERROR"),
    "ENDPOINT_NOT_FOUND": Said("ENDPOINT_NOT_FOUND", 404, error_class="RESOURCE_NOT_FOUND"),
    "BAD_REQUEST": Said("BAD_REQUEST", 400),
    "RANGE_NOT_SATISFIABLE": Said("BAD_REQUEST", 416),
}


class _Body(msgspec.Struct):
    error_code: str
    message: str
    sqlstate: str
    error_class: str


def said(error: LifecycleError) -> Said:
    return _CODES.get(error.code) or _KINDS.get(error.kind) or _KINDS[Internal.kind]


def body(error: LifecycleError) -> bytes:
    words = said(error)
    message = f"{error.message} {error.fix}" if error.fix and words is not _INVALID else error.message
    return msgspec.json.encode(_Body(words.error_code, message, words.sqlstate, words.error_class))


def response(error: LifecycleError) -> Response:
    headers = {"x-content-type-options": "nosniff"}
    if error.retryable:
        headers["retry-after"] = str(RETRY_AFTER_SECONDS)
    if error.kind == Unauthenticated.kind:
        headers["www-authenticate"] = 'Basic realm="mlflow", charset="UTF-8"'
    return Response(body(error), said(error).status, headers, media_type="application/json")
