"""What mutations have in common: an input that becomes a request to the owner, and the answer that reports on it."""

from __future__ import annotations

from collections.abc import Awaitable
from enum import Enum
from typing import Annotated, Any, TypeVar, get_origin

import msgspec
import strawberry
from strawberry.utils.str_converters import to_camel_case

from services.contracts.base import Request
from services.contracts.errors import Invalid, LifecycleError, Unauthenticated
from services.contracts.written import Written
from services.gateway.operation import Info
from services.gateway.types.fields import viewed
from services.gateway.types.node import reads
from services.gateway.types.problems import ChangeProblem, problems
from services.gateway.types.values import UserError

T = TypeVar("T")

KEY_DESCRIPTION = "The same key again changes nothing and gets the first answer."
EXPECTED_DESCRIPTION = "The revision that was seen; if it is another by now, nothing is changed."


@strawberry.input(description="A named text.")
class KeyValueInput:
    key: str = strawberry.field(description="Its name.")
    value: str = strawberry.field(description="The text.")


@strawberry.input(description="A named figure.")
class FigureInput:
    key: str = strawberry.field(description="Its name.")
    value: float = strawberry.field(description="The figure.")


class Outcome(msgspec.Struct, frozen=True):
    """What the owner said to a command. `request` is what it was told."""

    request: Request[Any] | None
    answer: Any
    errors: list[UserError]


def changed_id(parent: strawberry.Parent[Outcome]) -> str | None:
    """The id that a command was answered with."""
    return parent.answer.id if isinstance(parent.answer, Written) else None


def revision(parent: strawberry.Parent[Outcome]) -> int | None:
    """The revision that a command was answered with."""
    return parent.answer.revision if isinstance(parent.answer, Written) else None


def answered(parent: strawberry.Parent[Outcome]) -> Any:
    """What a command was answered with, where that is the changed object."""
    return parent.answer


@strawberry.type
class Payload:
    """What all payloads have; each adds the changed object."""

    is_type_of = reads(Outcome)

    errors: list[UserError] = strawberry.field(description="Why nothing was changed; empty if it was.")
    problems: list[ChangeProblem] = viewed(
        resolver=problems, description="The same, each as the type of its kind: for `... on ConflictProblem`."
    )


@strawberry.type
class WrittenPayload(Payload):
    """What payloads of commands have that are answered with the id and revision of what they changed."""

    is_type_of = reads(Outcome)

    changed_id: str | None = viewed(
        resolver=changed_id, description="The id of what was made or changed; null if there were errors."
    )
    revision: int | None = viewed(
        resolver=revision,
        description="Its revision now: the one to name as `expected` next time; null if there were errors.",
    )


def commanded(input_type: type, request_type: type[Request[Any]], description: str) -> Any:
    """A mutation: sends its `input` as `request_type`; the payload in the annotation is read off an `Outcome`."""

    async def resolver(info: Info, input_: Any) -> Outcome:
        request = request_of(input_, request_type, info)
        if isinstance(request, UserError):
            return Outcome(None, None, [request])
        answer, errors = await outcome(info.context.ask(request))
        return Outcome(request, answer, errors)

    resolver.takes = (input_type, request_type)  # type: ignore[attr-defined]  # for whoever compares the two
    resolver.__annotations__["info"] = Info
    resolver.__annotations__["input_"] = Annotated[
        input_type, strawberry.argument(name="input", description="What to do.")
    ]
    return viewed(resolver, description)


async def outcome(change: Awaitable[T]) -> tuple[T | None, list[UserError]]:
    """What the owner of the thing answered. Missing credentials and bugs stay errors of the request."""
    try:
        return await change, []
    except Unauthenticated:
        raise
    except LifecycleError as error:
        return None, [user_error(error)]


def user_error(error: LifecycleError) -> UserError:
    """With the field as GraphQL spells it."""
    return UserError(
        code=error.code,
        message=error.message,
        field=spelled(error.field),
        fix=error.fix,
        retryable=error.retryable,
        kind=error.kind,
    )


def spelled(field: str | None) -> str | None:
    """A contract's field as the schema calls it."""
    if field is None:
        return None
    return to_camel_case("model" if field == "model_name" else field)


def request_of(input_: Any, request_type: type[Request[Any]], info: Info) -> Request[Any] | UserError:
    """The request that `input_` means: its attributes are the request's fields; what is null isn't said."""
    given = said(input_)
    for field in msgspec.structs.fields(request_type):
        if get_origin(field.type) is dict and field.name in given:
            given[field.name] = given[field.name] or {}
        if field.required:
            given.setdefault(field.name, None)
    if "idempotency_key" in request_type.__struct_fields__:
        given.setdefault("idempotency_key", info.context.ask.context.idempotency_key)
    try:
        request: Request[Any] = msgspec.convert(given, request_type)
    except msgspec.ValidationError as error:
        return user_error(Invalid(str(error), fix="See the input's description."))
    return request


def plain(value: Any, as_type: type[T]) -> T:
    """An argument as the contract has it; null is an empty list. Raises `Invalid`."""
    try:
        return msgspec.convert([] if value is None else _plain(value), as_type)
    except msgspec.ValidationError as error:
        raise Invalid(str(error)) from None


def said(input_: Any) -> dict[str, Any]:
    """The attributes of an input object that aren't null, in plain values."""
    return {name: _plain(value) for name, value in vars(input_).items() if value is not None}


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, list):
        if value and isinstance(value[0], KeyValueInput | FigureInput):
            return {entry.key: entry.value for entry in value}
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    if hasattr(type(value), "__strawberry_definition__"):
        return {name: item for name, item in said(value).items() if item != []}
    return value
