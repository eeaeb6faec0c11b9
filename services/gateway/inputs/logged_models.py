"""What mutations of logged models take."""

from __future__ import annotations

import strawberry

from services.gateway.types.commands import KEY_DESCRIPTION


@strawberry.input(description="A tag of a logged model.")
class SetLoggedModelTagInput:
    model_id: str = strawberry.field(description="The id that MLflow knows it by.")
    tag: str = strawberry.field(description="The tag's name.")
    value: str = strawberry.field(description="The tag's text.")
    idempotency_key: str | None = strawberry.field(default=None, description=KEY_DESCRIPTION)


@strawberry.input(description="A tag that a logged model is to lose.")
class DeleteLoggedModelTagInput:
    model_id: str = strawberry.field(description="The id that MLflow knows it by.")
    tag: str = strawberry.field(description="The tag's name.")
    idempotency_key: str | None = strawberry.field(default=None, description=KEY_DESCRIPTION)


@strawberry.input(description="A logged model that is to go.")
class DeleteLoggedModelInput:
    model_id: str = strawberry.field(description="The id that MLflow knows it by.")
    idempotency_key: str | None = strawberry.field(default=None, description=KEY_DESCRIPTION)
