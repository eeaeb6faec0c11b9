"""Every expected failure, by kind.

LifecycleError
├── Rejected                 the caller must change something
│   ├── Invalid              a value doesn't fit: `field` names it, `fix` says what to do
│   ├── NotFound             what was named doesn't exist
│   ├── Conflict             it exists already, or somebody else changed it meanwhile
│   ├── NotAllowedNow        the lifecycle's rules forbid it in this state (the rule is named in `code`)
│   ├── TooLarge             over a stated limit
│   ├── Unsupported          not part of this product, on purpose
│   ├── MethodNotAllowed     the address exists, but doesn't take that HTTP method
│   ├── Unauthenticated      no or bad credentials
│   └── Forbidden            known, but without the role for it
├── Limited                  too much at once: try again later
└── Unavailable              retryable: try again, nothing was done that isn't kept

Anything else that is raised is a bug and shows no detail outside the process.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import msgspec


class ErrorReply(msgspec.Struct, frozen=True, kw_only=True):
    """An error as it crosses a boundary. `kind` is the class, `code` a stable word for programs."""

    kind: str
    code: str
    message: str
    field: str | None = None
    fix: str | None = None
    retryable: bool = False


class LifecycleError(Exception):
    """An expected failure. `code` is stable, upper case; `field` a path such as `columns.temp`."""

    kind: ClassVar[str] = "internal"
    default_code: ClassVar[str] = "INTERNAL"
    retryable: ClassVar[bool] = False

    def __init__(self, message: str, *, code: str = "", field: str | None = None, fix: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.default_code
        self.field = field
        self.fix = fix

    def reply(self) -> ErrorReply:
        return ErrorReply(
            kind=self.kind,
            code=self.code,
            message=self.message,
            field=self.field,
            fix=self.fix,
            retryable=self.retryable,
        )


class Rejected(LifecycleError):
    kind = "rejected"
    default_code = "REJECTED"


class Invalid(Rejected):
    kind = "invalid"
    default_code = "INVALID"


class NotFound(Rejected):
    kind = "not_found"
    default_code = "NOT_FOUND"


class Conflict(Rejected):
    kind = "conflict"
    default_code = "CONFLICT"


class NotAllowedNow(Rejected):
    kind = "not_allowed_now"
    default_code = "NOT_ALLOWED_NOW"


class TooLarge(Rejected):
    kind = "too_large"
    default_code = "TOO_LARGE"


class Unsupported(Rejected):
    kind = "unsupported"
    default_code = "UNSUPPORTED"


class MethodNotAllowed(Rejected):
    kind = "method_not_allowed"
    default_code = "METHOD_NOT_ALLOWED"


class Unauthenticated(Rejected):
    kind = "unauthenticated"
    default_code = "UNAUTHENTICATED"


class Forbidden(Rejected):
    kind = "forbidden"
    default_code = "FORBIDDEN"


class Limited(LifecycleError):
    kind = "limited"
    default_code = "RATE_LIMITED"
    retryable = True


class Unavailable(LifecycleError):
    kind = "unavailable"
    default_code = "UNAVAILABLE"
    retryable = True


class Internal(LifecycleError):
    """What a caller sees of a bug in another service: no detail."""

    kind = "internal"
    default_code = "INTERNAL"


@dataclass(frozen=True, slots=True)
class Manner:
    """What one kind of error means at each edge. `acknowledge`: a message that fails so is never tried again."""

    error: type[LifecycleError]
    http_status: int
    graphql_code: str
    acknowledge: Literal["dead_letter", "retry"]


MANNERS: dict[str, Manner] = {
    manner.error.kind: manner
    for manner in (
        Manner(Rejected, 400, "BAD_USER_INPUT", "dead_letter"),
        Manner(Invalid, 400, "BAD_USER_INPUT", "dead_letter"),
        Manner(NotFound, 404, "NOT_FOUND", "dead_letter"),
        Manner(Conflict, 409, "CONFLICT", "dead_letter"),
        Manner(NotAllowedNow, 409, "NOT_ALLOWED_NOW", "dead_letter"),
        Manner(TooLarge, 413, "TOO_LARGE", "dead_letter"),
        Manner(Unsupported, 501, "UNSUPPORTED", "dead_letter"),
        Manner(MethodNotAllowed, 405, "BAD_USER_INPUT", "dead_letter"),
        Manner(Unauthenticated, 401, "UNAUTHENTICATED", "dead_letter"),
        Manner(Forbidden, 403, "FORBIDDEN", "dead_letter"),
        Manner(Limited, 429, "RATE_LIMITED", "retry"),
        Manner(Unavailable, 503, "UNAVAILABLE", "retry"),
        Manner(Internal, 500, "INTERNAL_SERVER_ERROR", "dead_letter"),
    )
}


def manner_of(error: BaseException) -> Manner:
    """The row of the table for an exception; a bug counts as internal."""
    kind = error.kind if isinstance(error, LifecycleError) else Internal.kind
    return MANNERS[kind]


def raised_from(reply: ErrorReply) -> LifecycleError:
    """The exception that an error reply stands for; an unknown kind from a newer service is internal."""
    manner = MANNERS.get(reply.kind)
    error = manner.error if manner else Internal
    return error(reply.message, code=reply.code, field=reply.field, fix=reply.fix)
