"""What mutations of models and versions take."""

from __future__ import annotations

import strawberry

from services.gateway.types.commands import KEY_DESCRIPTION, KeyValueInput


@strawberry.input(description="A new model.")
class RegisterModelInput:
    model_name: str = strawberry.field(name="model", description="The model's name.")
    description: str | None = strawberry.field(
        default=None, description="What it is, in Markdown; empty takes the text away."
    )
    tags: list[KeyValueInput] | None = strawberry.field(default=None, description="Its tags.")
    idempotency_key: str | None = strawberry.field(default=None, description=KEY_DESCRIPTION)


@strawberry.input(description="A new name of a model.")
class RenameModelInput:
    model_name: str = strawberry.field(name="model", description="The model's name.")
    new_name: str = strawberry.field(description="Its new name.")
    idempotency_key: str | None = strawberry.field(default=None, description=KEY_DESCRIPTION)


@strawberry.input(description="What a model is for.")
class DescribeModelInput:
    model_name: str = strawberry.field(name="model", description="The model's name.")
    description: str = strawberry.field(description="What it is, in Markdown; empty takes the text away.")
    idempotency_key: str | None = strawberry.field(default=None, description=KEY_DESCRIPTION)


@strawberry.input(description="A tag of a model.")
class SetModelTagInput:
    model_name: str = strawberry.field(name="model", description="The model's name.")
    tag: str = strawberry.field(description="The tag's name.")
    value: str = strawberry.field(description="The tag's text.")
    idempotency_key: str | None = strawberry.field(default=None, description=KEY_DESCRIPTION)


@strawberry.input(description="A tag that a model is to lose.")
class DeleteModelTagInput:
    model_name: str = strawberry.field(name="model", description="The model's name.")
    tag: str = strawberry.field(description="The tag's name.")
    idempotency_key: str | None = strawberry.field(default=None, description=KEY_DESCRIPTION)


@strawberry.input(description="An alias that is to go.")
class RemoveAliasInput:
    model_name: str = strawberry.field(name="model", description="The model's name.")
    alias: str = strawberry.field(description="The alias, such as `champion`.")
    idempotency_key: str | None = strawberry.field(default=None, description=KEY_DESCRIPTION)


@strawberry.input(description="A model that is to go.")
class DeleteModelInput:
    model_name: str = strawberry.field(name="model", description="The model's name.")
    idempotency_key: str | None = strawberry.field(default=None, description=KEY_DESCRIPTION)


@strawberry.input(description="A new version of a model.")
class RegisterModelVersionInput:
    model_name: str = strawberry.field(name="model", description="The model's name.")
    source: str = strawberry.field(
        description="Where its files are: `runs:/<id>/<path>`, `models:/<name>/<version>`, or a storage address."
    )
    run_id: str | None = strawberry.field(default=None, description="The id that MLflow knows the run by.")
    description: str | None = strawberry.field(
        default=None, description="What it is, in Markdown; empty takes the text away."
    )
    tags: list[KeyValueInput] | None = strawberry.field(default=None, description="Its tags.")
    idempotency_key: str | None = strawberry.field(default=None, description=KEY_DESCRIPTION)


@strawberry.input(description="What a version is.")
class DescribeModelVersionInput:
    model_name: str = strawberry.field(name="model", description="The model's name.")
    version: str = strawberry.field(description="The version's number.")
    description: str = strawberry.field(description="What it is, in Markdown; empty takes the text away.")
    idempotency_key: str | None = strawberry.field(default=None, description=KEY_DESCRIPTION)


@strawberry.input(description="A tag of a version.")
class SetModelVersionTagInput:
    model_name: str = strawberry.field(name="model", description="The model's name.")
    version: str = strawberry.field(description="The version's number.")
    tag: str = strawberry.field(description="The tag's name.")
    value: str = strawberry.field(description="The tag's text.")
    idempotency_key: str | None = strawberry.field(default=None, description=KEY_DESCRIPTION)


@strawberry.input(description="A tag that a version is to lose.")
class DeleteModelVersionTagInput:
    model_name: str = strawberry.field(name="model", description="The model's name.")
    version: str = strawberry.field(description="The version's number.")
    tag: str = strawberry.field(description="The tag's name.")
    idempotency_key: str | None = strawberry.field(default=None, description=KEY_DESCRIPTION)


@strawberry.input(description="The stage that a version is to go to.")
class MoveModelVersionInput:
    model_name: str = strawberry.field(name="model", description="The model's name.")
    version: str = strawberry.field(description="The version's number.")
    stage: str = strawberry.field(description="None, Staging, Production or Archived.")
    archive_others: bool | None = strawberry.field(
        default=None, description="Whether what is in that stage now goes to Archived."
    )
    idempotency_key: str | None = strawberry.field(default=None, description=KEY_DESCRIPTION)


@strawberry.input(description="A version that is to go.")
class DeleteModelVersionInput:
    model_name: str = strawberry.field(name="model", description="The model's name.")
    version: str = strawberry.field(description="The version's number.")
    idempotency_key: str | None = strawberry.field(default=None, description=KEY_DESCRIPTION)
