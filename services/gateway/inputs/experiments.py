"""What mutations of experiments take."""

from __future__ import annotations

import strawberry

from services.gateway.types.commands import KEY_DESCRIPTION, KeyValueInput


@strawberry.input(description="A new experiment.")
class CreateExperimentInput:
    experiment_name: str = strawberry.field(name="name", description="Its name.")
    tags: list[KeyValueInput] | None = strawberry.field(default=None, description="Its tags.")
    idempotency_key: str | None = strawberry.field(default=None, description=KEY_DESCRIPTION)


@strawberry.input(description="A new name of an experiment.")
class RenameExperimentInput:
    experiment_id: str = strawberry.field(description="The id that MLflow knows it by.")
    experiment_name: str = strawberry.field(name="name", description="Its name.")
    idempotency_key: str | None = strawberry.field(default=None, description=KEY_DESCRIPTION)


@strawberry.input(description="What an experiment is about.")
class DescribeExperimentInput:
    experiment_id: str = strawberry.field(description="The id that MLflow knows it by.")
    description: str = strawberry.field(description="What it is, in Markdown; empty takes the text away.")
    idempotency_key: str | None = strawberry.field(default=None, description=KEY_DESCRIPTION)


@strawberry.input(description="A tag of an experiment.")
class SetExperimentTagInput:
    experiment_id: str = strawberry.field(description="The id that MLflow knows it by.")
    tag: str = strawberry.field(description="The tag's name.")
    value: str = strawberry.field(description="The tag's text.")
    idempotency_key: str | None = strawberry.field(default=None, description=KEY_DESCRIPTION)


@strawberry.input(description="A tag that an experiment is to lose.")
class DeleteExperimentTagInput:
    experiment_id: str = strawberry.field(description="The id that MLflow knows it by.")
    tag: str = strawberry.field(description="The tag's name.")
    idempotency_key: str | None = strawberry.field(default=None, description=KEY_DESCRIPTION)


@strawberry.input(description="An experiment that is to go.")
class DeleteExperimentInput:
    experiment_id: str = strawberry.field(description="The id that MLflow knows it by.")
    idempotency_key: str | None = strawberry.field(default=None, description=KEY_DESCRIPTION)


@strawberry.input(description="An experiment that is to come back.")
class RestoreExperimentInput:
    experiment_id: str = strawberry.field(description="The id that MLflow knows it by.")
    idempotency_key: str | None = strawberry.field(default=None, description=KEY_DESCRIPTION)
