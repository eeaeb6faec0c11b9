"""What mutations of datasets and their sources take."""

from __future__ import annotations

import strawberry

from services.gateway.types.commands import EXPECTED_DESCRIPTION, KEY_DESCRIPTION
from services.gateway.types.datasets import DatasetOrigin, PersonalData, SplitRole
from services.gateway.types.scalars import Long


@strawberry.input(description="A version of a dataset.")
class DatasetKeyInput:
    dataset: str = strawberry.field(description="The dataset's name.")
    digest: str = strawberry.field(description="Its content digest.")


@strawberry.input(description="A column.")
class DatasetColumnInput:
    name: str = strawberry.field(description="Its name.")
    type: str = strawberry.field(description="Such as `int64`.")
    nullable: bool | None = strawberry.field(
        default=None, description="Whether values may be missing; they may if unsaid."
    )


@strawberry.input(description="A column that a model learns from.")
class DatasetFeatureInput:
    name: str = strawberry.field(description="Its name.")
    origin: str | None = strawberry.field(default=None, description="What it was made of.")
    at_inference: bool | None = strawberry.field(
        default=None, description="Whether it will be there when the model is asked; it will if unsaid."
    )
    dropped_because: str | None = strawberry.field(default=None, description="Why it was dropped.")


@strawberry.input(description="What made a version.")
class DatasetCodeInput:
    version: str | None = strawberry.field(default=None, description="The commit.")
    repository: str | None = strawberry.field(default=None, description="The repository.")
    entry_point: str | None = strawberry.field(default=None, description="The script or notebook.")
    run_id: str | None = strawberry.field(default=None, description="The run, where there was one.")


@strawberry.input(description="A part of a version, itself a registered version.")
class DatasetSplitInput:
    role: SplitRole = strawberry.field(description="What it is for.")
    dataset: str = strawberry.field(description="The part's dataset name.")
    digest: str = strawberry.field(description="The part's content digest.")
    name: str | None = strawberry.field(default=None, description="Its name.")
    rows: Long | None = strawberry.field(default=None, description="How many rows.")
    sealed: bool | None = strawberry.field(
        default=None, description="Whether it is for the final evaluation only; a seal can't be broken again."
    )


@strawberry.input(description="Where data come from: everything is set anew.")
class DescribeSourceInput:
    source: str = strawberry.field(description="Its name; a new one if there is none.")
    description: str | None = strawberry.field(default=None, description="What it is.")
    location: str | None = strawberry.field(default=None, description="Where it is.")
    owner: str | None = strawberry.field(default=None, description="Who owns it.")
    licence: str | None = strawberry.field(default=None, description="Under which licence it may be used.")
    legal_basis: str | None = strawberry.field(default=None, description="Why it may be used.")
    personal_data: PersonalData | None = strawberry.field(
        default=None, description="Whether it is about people; `NONE` if unsaid."
    )
    protection: str | None = strawberry.field(default=None, description="How these people are protected.")
    refresh: str | None = strawberry.field(default=None, description="How often it is refreshed.")
    size: str | None = strawberry.field(default=None, description="How large it is.")
    expected: int | None = strawberry.field(default=None, description=EXPECTED_DESCRIPTION)
    idempotency_key: str | None = strawberry.field(default=None, description=KEY_DESCRIPTION)


@strawberry.input(description="A dataset version by its content. What is new here is added if it is known already.")
class RegisterDatasetInput:
    dataset: str = strawberry.field(description="The dataset's name.")
    digest: str = strawberry.field(description="Its content digest.")
    origin: DatasetOrigin | None = strawberry.field(
        default=None, description="How it came to be known; `FILE` if unsaid."
    )
    description: str | None = strawberry.field(default=None, description="What it is.")
    location: str | None = strawberry.field(default=None, description="Where it is.")
    format: str | None = strawberry.field(default=None, description="Its file format.")
    sha256: str | None = strawberry.field(default=None, description="Of the file.")
    rows: Long | None = strawberry.field(default=None, description="How many rows.")
    size: Long | None = strawberry.field(default=None, description="Bytes.")
    columns: list[DatasetColumnInput] | None = strawberry.field(default=None, description="Its columns.")
    parents: list[DatasetKeyInput] | None = strawberry.field(default=None, description="What it was made from.")
    sources: list[str] | None = strawberry.field(default=None, description="The data sources it comes from, by name.")
    code: DatasetCodeInput | None = strawberry.field(default=None, description="What made it.")
    keys: list[str] | None = strawberry.field(default=None, description="The columns that tell rows apart.")
    target: str | None = strawberry.field(default=None, description="The column to be predicted.")
    idempotency_key: str | None = strawberry.field(default=None, description=KEY_DESCRIPTION)


@strawberry.input(description="What models learn from: the whole list is set anew.")
class DescribeFeaturesInput:
    dataset: str = strawberry.field(description="The dataset's name.")
    digest: str = strawberry.field(description="Its content digest.")
    features: list[DatasetFeatureInput] = strawberry.field(description="The features.")
    target: str | None = strawberry.field(default=None, description="The column to be predicted.")
    expected: int | None = strawberry.field(default=None, description=EXPECTED_DESCRIPTION)
    idempotency_key: str | None = strawberry.field(default=None, description=KEY_DESCRIPTION)


@strawberry.input(description="The parts of a version: all are set anew.")
class RecordSplitsInput:
    dataset: str = strawberry.field(description="The dataset's name.")
    digest: str = strawberry.field(description="Its content digest.")
    splits: list[DatasetSplitInput] = strawberry.field(description="The parts.")
    expected: int | None = strawberry.field(default=None, description=EXPECTED_DESCRIPTION)
    idempotency_key: str | None = strawberry.field(default=None, description=KEY_DESCRIPTION)
