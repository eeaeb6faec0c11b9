"""Errors as GraphQL shows them: expected ones by kind with what to do, bugs without any detail."""

from __future__ import annotations

from typing import Any

import structlog
from graphql import GraphQLError, GraphQLSyntaxError

from services.contracts.errors import Internal, LifecycleError, manner_of
from services.gateway.budget import OverBudget

log = structlog.get_logger()

SYNTAX = "GRAPHQL_PARSE_FAILED"
VALIDATION = "GRAPHQL_VALIDATION_FAILED"
VARIABLES = "BAD_USER_INPUT"
MALFORMED = "BAD_REQUEST"
"""Codes of errors that the GraphQL language itself finds; the names are the ones Apollo made common."""


class RequestFailed(Exception):  # holds several errors
    """The request as a whole can't be executed: there is no `data` to answer with."""

    def __init__(self, errors: list[GraphQLError], code: str, status: int = 400) -> None:
        super().__init__("; ".join(error.message for error in errors))
        self.errors = [formatted(error, code) for error in errors]
        self.status = status
        self.well_formed = code != MALFORMED
        """Whether it was a GraphQL request at all."""
        self.headers: dict[str, str] = {}
        """Of the HTTP answer, besides those of every one."""

    @classmethod
    def because(cls, error: LifecycleError) -> RequestFailed:
        """With the HTTP status of the error's kind."""
        failed = cls([as_request_error(error)], VALIDATION, manner_of(error).http_status)
        if isinstance(error, OverBudget):
            failed.headers = {**error.standing.headers(), "retry-after": str(error.retry_seconds)}
        return failed

    @classmethod
    def malformed(cls, message: str, status: int = 400) -> RequestFailed:
        """For what isn't a GraphQL request at all."""
        return cls([GraphQLError(message)], MALFORMED, status)


def as_request_error(error: LifecycleError) -> GraphQLError:
    """An expected error as one of the whole request."""
    return GraphQLError(error.message, original_error=error)


def extensions(error: LifecycleError) -> dict[str, Any]:
    """What a program reads of an expected error. `code` is its kind's, `reason` more precise."""
    return {
        "code": manner_of(error).graphql_code,
        "reason": error.code,
        "kind": error.kind,
        "field": error.field,
        "fix": error.fix,
        "retryable": error.retryable,
    }


def formatted(error: GraphQLError, code: str = "") -> dict[str, Any]:
    """One entry of `errors`. `code` says what it means when the GraphQL language found it."""
    cause = _cause(error)
    entry: dict[str, Any] = {"message": error.message}
    if error.locations:
        entry["locations"] = [{"line": place.line, "column": place.column} for place in error.locations]
    if error.path is not None:
        entry["path"] = error.path
    if isinstance(cause, LifecycleError):
        entry["message"] = cause.message
        entry["extensions"] = extensions(cause)
    elif cause is None and (code or isinstance(error, GraphQLSyntaxError)):
        found = SYNTAX if isinstance(error, GraphQLSyntaxError) else code
        entry["extensions"] = {"code": found, "kind": "invalid", "retryable": False}
    else:
        log.error("a field failed", path=error.path, exc_info=cause or error)
        entry["message"] = "an unexpected error happened; it has been logged"
        entry["extensions"] = extensions(Internal(entry["message"]))
    return entry


def _cause(error: GraphQLError) -> BaseException | None:
    cause: BaseException | None = error
    while isinstance(cause, GraphQLError):
        cause = cause.original_error
    return cause
