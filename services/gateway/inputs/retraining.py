"""What mutations of requests for retraining take."""

from __future__ import annotations

import strawberry

from services.gateway.types.commands import EXPECTED_DESCRIPTION, KEY_DESCRIPTION
from services.gateway.types.retraining import BackTo


@strawberry.input(description="A version that is to be replaced by a newer one.")
class RequestRetrainingInput:
    model_name: str = strawberry.field(name="model", description="The model's name.")
    version: str = strawberry.field(description="The version's number, or an alias such as `@champion`.")
    reason: str = strawberry.field(description="Why.")
    back_to: BackTo | None = strawberry.field(
        default=None, description="To which stage of the board it leads back; `BUILDING` if unsaid."
    )
    alert_id: str | None = strawberry.field(default=None, description="The alert that it follows from.")
    idempotency_key: str | None = strawberry.field(default=None, description=KEY_DESCRIPTION)


@strawberry.input(description="The run that answers a request.")
class AnswerRetrainingInput:
    id: str = strawberry.field(description="The request.")
    run_id: str = strawberry.field(description="The run.")
    note: str | None = strawberry.field(default=None, description="What others should know.")
    expected: int | None = strawberry.field(default=None, description=EXPECTED_DESCRIPTION)
    idempotency_key: str | None = strawberry.field(default=None, description=KEY_DESCRIPTION)


@strawberry.input(description="A request that is decided against.")
class DeclineRetrainingInput:
    id: str = strawberry.field(description="The request.")
    reason: str = strawberry.field(description="Why.")
    expected: int | None = strawberry.field(default=None, description=EXPECTED_DESCRIPTION)
    idempotency_key: str | None = strawberry.field(default=None, description=KEY_DESCRIPTION)
