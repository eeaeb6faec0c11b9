"""Turns a GraphQL answer into the operation's view, or into the typed error that it carries."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from dashboard.gateway.operations import Operation
from services.contracts.errors import MANNERS, ErrorReply, Internal, LifecycleError, Unavailable, raised_from

Data = TypeVar("Data")

# Several kinds share a code; the first of the table (the most general one) stands for it.
_KIND_OF_CODE = {manner.graphql_code: kind for kind, manner in reversed(MANNERS.items())}


class _Extensions(msgspec.Struct, frozen=True):
    code: str = ""
    kind: str = ""
    reason: str = ""
    field: str | None = None
    fix: str | None = None
    retryable: bool = False


class _Error(msgspec.Struct, frozen=True):
    message: str
    extensions: _Extensions = _Extensions()


class _Answer(msgspec.Struct, frozen=True):
    data: msgspec.Raw = msgspec.Raw(b"null")
    errors: list[_Error] = []


_answers = msgspec.json.Decoder(_Answer)
_errors = msgspec.json.Decoder(list[_Error])


def decode(operation: Operation[Data], body: bytes | msgspec.Raw) -> Data:
    """The answer's view. Raises the LifecycleError of the first GraphQL error, Unavailable if it is no answer."""
    try:
        answer = _answers.decode(body)
    except msgspec.DecodeError as error:
        raise Unavailable("The gateway's answer couldn't be read.") from error
    if answer.errors:
        raise _raised(answer.errors[0])
    try:
        if operation.field is None:
            found: Data = msgspec.json.decode(answer.data, type=operation.answer)
            return found
        fields = msgspec.json.decode(answer.data, type=dict[str, msgspec.Raw])
        found = msgspec.json.decode(fields[operation.field], type=operation.answer)
    except (msgspec.DecodeError, KeyError) as error:
        raise Internal(f"The gateway's answer doesn't fit what was asked for: {error}") from error
    return found


def decode_errors(payload: bytes | msgspec.Raw) -> LifecycleError:
    """The error that a subscription's `error` message carries."""
    try:
        errors = _errors.decode(payload)
    except msgspec.DecodeError:
        errors = []
    return _raised(errors[0]) if errors else Internal("The gateway ended the subscription.")


def _raised(error: _Error) -> LifecycleError:
    extensions = error.extensions
    kind = extensions.kind or _KIND_OF_CODE.get(extensions.code, "internal")
    reply = ErrorReply(
        kind=kind,
        code=extensions.reason or extensions.code,
        message=error.message,
        field=extensions.field,
        fix=extensions.fix,
        retryable=extensions.retryable,
    )
    return raised_from(reply)
