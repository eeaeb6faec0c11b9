"""What mutations of tokens, webhooks and dead letters take."""

from __future__ import annotations

from enum import Enum

import strawberry

from services.gateway.types.commands import EXPECTED_DESCRIPTION, KEY_DESCRIPTION
from services.gateway.types.operations import Role


@strawberry.input(description="Where events are to be sent; a new one without `webhookId`.")
class SetLifecycleWebhookInput:
    url: str = strawberry.field(description="The address.")
    events: list[str] | None = strawberry.field(
        default=None, description="Types of events, or beginnings of types; all that can be sent if unsaid."
    )
    model_name: str | None = strawberry.field(
        name="model", default=None, description="Only about this model; about all if unsaid."
    )
    enabled: bool | None = strawberry.field(default=None, description="Whether it is on; it is if unsaid.")
    webhook_id: str | None = strawberry.field(default=None, description="Which one to change; a new one without.")
    new_secret: bool | None = strawberry.field(default=None, description="Replaces the secret that signs what is sent.")
    expected: int | None = strawberry.field(default=None, description=EXPECTED_DESCRIPTION)
    idempotency_key: str | None = strawberry.field(default=None, description=KEY_DESCRIPTION)


@strawberry.input(description="A webhook that is to go, with what waits for it.")
class DeleteLifecycleWebhookInput:
    webhook_id: str = strawberry.field(description="The webhook.")
    idempotency_key: str | None = strawberry.field(default=None, description=KEY_DESCRIPTION)


@strawberry.input(description="A new API token.")
class CreateTokenInput:
    user: str = strawberry.field(description="Whose it is to be.")
    role: Role = strawberry.field(description="What it may do.")
    expires_in_seconds: int | None = strawberry.field(
        default=None, description="How long it is good; for ever if unsaid."
    )
    note: str | None = strawberry.field(default=None, description="What it is for.")
    idempotency_key: str | None = strawberry.field(
        default=None,
        description="The same key again makes no other token; the secret isn't told again, the error names the token.",
    )


@strawberry.input(description="A token that is to be good no longer.")
class RevokeTokenInput:
    id: str = strawberry.field(description="The token.")
    idempotency_key: str | None = strawberry.field(default=None, description=KEY_DESCRIPTION)


@strawberry.input(description="What is to go for good, of what was deleted.")
class PurgeDeletedInput:
    days: float | None = strawberry.field(
        default=None, description="Only what was deleted at least so many days ago; 30 if unsaid."
    )
    kept_runs: int | None = strawberry.field(
        default=None, description="How many runs earlier answers said that stay: so many are passed over."
    )
    kept_models: int | None = strawberry.field(
        default=None, description="How many logged models earlier answers said that stay: so many are passed over."
    )


@strawberry.input(description="Which stored content is looked at next.")
class CollectContentInput:
    after: str | None = strawberry.field(
        default=None, description="The `next` of the answer before; from the beginning if unsaid."
    )


@strawberry.enum(description="What is to become of a dead letter.")
class LetterDecision(Enum):
    RETRY = strawberry.enum_value("retry", description="Its consumer gets it again.")
    SKIP = strawberry.enum_value("skip", description="Its consumer goes on as if it had no effect.")


@strawberry.input(description="What is to become of a dead letter.")
class DecideDeadLetterInput:
    id: str = strawberry.field(description="The letter.")
    decision: LetterDecision = strawberry.field(description="What is to become of it.")
    idempotency_key: str | None = strawberry.field(default=None, description=KEY_DESCRIPTION)
