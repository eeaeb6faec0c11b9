"""Why a change wasn't made, as one type for each kind: a union that programs can tell apart."""

from __future__ import annotations

from typing import Annotated, Any

import strawberry

from services.contracts import errors
from services.gateway.types.values import UserError


@strawberry.interface(description="Something that kept a change from being made.")
class Problem:
    code: str = strawberry.field(description="A stable word for programs, such as ALREADY_EXISTS.")
    message: str = strawberry.field(description="What is wrong, in words.")
    field: str | None = strawberry.field(description="The input field it is about.")
    fix: str | None = strawberry.field(description="What to do about it.")
    retryable: bool = strawberry.field(description="Whether the same request may succeed a little later.")


@strawberry.type(description="A value doesn't fit.")
class InvalidProblem(Problem): ...


@strawberry.type(description="What was named doesn't exist.")
class NotFoundProblem(Problem): ...


@strawberry.type(description="It exists already, or somebody else has changed it meanwhile.")
class ConflictProblem(Problem): ...


@strawberry.type(description="The rules of the lifecycle forbid it in this state; `code` names the rule.")
class NotAllowedNowProblem(Problem): ...


@strawberry.type(description="The caller's role may not do this.")
class ForbiddenProblem(Problem): ...


@strawberry.type(description="It is over a stated limit, or too much at once.")
class LimitProblem(Problem): ...


@strawberry.type(description="This product doesn't do that, on purpose.")
class UnsupportedProblem(Problem): ...


@strawberry.type(description="A service is away or too slow; nothing was done that isn't kept. Try again.")
class UnavailableProblem(Problem): ...


@strawberry.type(description="A bug; it has been logged.")
class UnexpectedProblem(Problem): ...


ChangeProblem = Annotated[
    InvalidProblem
    | NotFoundProblem
    | ConflictProblem
    | NotAllowedNowProblem
    | ForbiddenProblem
    | LimitProblem
    | UnsupportedProblem
    | UnavailableProblem
    | UnexpectedProblem,
    strawberry.union(name="ChangeProblem", description="Why a change wasn't made, by kind."),
]

_OF_KIND: dict[str, type[Problem]] = {
    errors.Rejected.kind: InvalidProblem,
    errors.Invalid.kind: InvalidProblem,
    errors.NotFound.kind: NotFoundProblem,
    errors.Conflict.kind: ConflictProblem,
    errors.NotAllowedNow.kind: NotAllowedNowProblem,
    errors.Forbidden.kind: ForbiddenProblem,
    errors.TooLarge.kind: LimitProblem,
    errors.Limited.kind: LimitProblem,
    errors.Unsupported.kind: UnsupportedProblem,
    errors.Unavailable.kind: UnavailableProblem,
}


def problems(parent: strawberry.Parent[Any]) -> list[Problem]:
    """The errors of an outcome, each as the type of its kind."""
    return [problem_of(error) for error in parent.errors]


def problem_of(error: UserError) -> Problem:
    """The same error as the type of its kind; of a kind that isn't expected, a bug."""
    return _OF_KIND.get(error.kind, UnexpectedProblem)(
        code=error.code, message=error.message, field=error.field, fix=error.fix, retryable=error.retryable
    )
