"""What mutations of runs take."""

from __future__ import annotations

from enum import Enum

import strawberry

from services.gateway.types.commands import KEY_DESCRIPTION


@strawberry.enum(description="How a run ended.")
class RunEnd(Enum):
    FINISHED = strawberry.enum_value("FINISHED", description="As it should.")
    FAILED = strawberry.enum_value("FAILED", description="By an error.")
    KILLED = strawberry.enum_value("KILLED", description="Somebody stopped it.")


@strawberry.input(description="A new name of a run.")
class RenameRunInput:
    run_id: str = strawberry.field(description="The id that MLflow knows the run by.")
    run_name: str = strawberry.field(name="name", description="Its new name.")
    idempotency_key: str | None = strawberry.field(default=None, description=KEY_DESCRIPTION)


@strawberry.input(description="What a run is about.")
class DescribeRunInput:
    run_id: str = strawberry.field(description="The id that MLflow knows the run by.")
    description: str = strawberry.field(description="What it is, in Markdown; empty takes the text away.")
    idempotency_key: str | None = strawberry.field(default=None, description=KEY_DESCRIPTION)


@strawberry.input(description="A tag of a run.")
class SetRunTagInput:
    run_id: str = strawberry.field(description="The id that MLflow knows the run by.")
    tag: str = strawberry.field(description="The tag's name.")
    value: str = strawberry.field(description="The tag's text.")
    idempotency_key: str | None = strawberry.field(default=None, description=KEY_DESCRIPTION)


@strawberry.input(description="A tag that a run is to lose.")
class DeleteRunTagInput:
    run_id: str = strawberry.field(description="The id that MLflow knows the run by.")
    tag: str = strawberry.field(description="The tag's name.")
    idempotency_key: str | None = strawberry.field(default=None, description=KEY_DESCRIPTION)


@strawberry.input(description="A run that goes on no longer.")
class EndRunInput:
    run_id: str = strawberry.field(description="The id that MLflow knows the run by.")
    status: RunEnd | None = strawberry.field(default=None, description="How it ended; `KILLED` if unsaid.")
    idempotency_key: str | None = strawberry.field(default=None, description=KEY_DESCRIPTION)


@strawberry.input(description="A run that is to go.")
class DeleteRunInput:
    run_id: str = strawberry.field(description="The id that MLflow knows the run by.")
    idempotency_key: str | None = strawberry.field(default=None, description=KEY_DESCRIPTION)


@strawberry.input(description="A run that is to come back.")
class RestoreRunInput:
    run_id: str = strawberry.field(description="The id that MLflow knows the run by.")
    idempotency_key: str | None = strawberry.field(default=None, description=KEY_DESCRIPTION)
