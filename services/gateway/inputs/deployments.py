"""What mutations of deployments and environments take."""

from __future__ import annotations

import strawberry

from services.gateway.types.commands import EXPECTED_DESCRIPTION, KEY_DESCRIPTION


@strawberry.input(description="A version that is to run in an environment.")
class DeployVersionInput:
    environment: str = strawberry.field(description="The environment.")
    model_name: str = strawberry.field(name="model", description="The model's name.")
    version: str = strawberry.field(description="The version's number.")
    note: str | None = strawberry.field(default=None, description="What others should know.")
    override_reason: str | None = strawberry.field(
        default=None, description="Why it is to go out although something is missing; for administrators."
    )
    expected: int | None = strawberry.field(default=None, description=EXPECTED_DESCRIPTION)
    idempotency_key: str | None = strawberry.field(default=None, description=KEY_DESCRIPTION)


@strawberry.input(description="An environment that is to run an earlier version again.")
class RollBackInput:
    environment: str = strawberry.field(description="The environment.")
    model_name: str = strawberry.field(name="model", description="The model's name.")
    reason: str = strawberry.field(description="Why.")
    to_version: str | None = strawberry.field(
        default=None, description="Which one ran here earlier; the one before if unsaid."
    )
    expected: int | None = strawberry.field(default=None, description=EXPECTED_DESCRIPTION)
    idempotency_key: str | None = strawberry.field(default=None, description=KEY_DESCRIPTION)


@strawberry.input(description="A model that is to run no longer in an environment.")
class RetireVersionInput:
    environment: str = strawberry.field(description="The environment.")
    model_name: str = strawberry.field(name="model", description="The model's name.")
    reason: str = strawberry.field(description="Why.")
    idempotency_key: str | None = strawberry.field(default=None, description=KEY_DESCRIPTION)


@strawberry.input(description="What an environment asks for from now on; what runs there stays.")
class SetEnvironmentInput:
    environment: str = strawberry.field(description="Its name; a new one if there is none.")
    description: str | None = strawberry.field(default=None, description="What it is.")
    needs_approval: bool | None = strawberry.field(
        default=None, description="Whether a version needs an approval to go there; it does if unsaid."
    )
    needs_gates: bool | None = strawberry.field(
        default=None, description="Whether it must pass the gates; it must if unsaid."
    )
    alias: str | None = strawberry.field(
        default=None, description="The alias that is to follow what runs there; none if unsaid."
    )
    expected: int | None = strawberry.field(default=None, description=EXPECTED_DESCRIPTION)
    idempotency_key: str | None = strawberry.field(default=None, description=KEY_DESCRIPTION)
