"""What mutations of what is watched take."""

from __future__ import annotations

from datetime import datetime

import strawberry

from services.gateway.types.commands import KEY_DESCRIPTION


@strawberry.input(description="A past time of a version that is to be its reference.")
class SetReferenceFromPeriodInput:
    model_name: str = strawberry.field(name="model", description="The model's name.")
    version: str = strawberry.field(description="The version's number.")
    reference: str = strawberry.field(description="What the reference is to be called.")
    start: datetime = strawberry.field(description="The time's first moment, in event time.")
    end: datetime = strawberry.field(description="The first moment after it.")
    idempotency_key: str | None = strawberry.field(default=None, description=KEY_DESCRIPTION)
