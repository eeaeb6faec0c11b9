"""Datasets: where data come from, their versions by content, features and splits."""

from __future__ import annotations

from collections.abc import Awaitable
from datetime import datetime
from enum import Enum
from typing import Annotated

import strawberry
from strawberry import enum_value

from services.contracts import datasets as contracts
from services.contracts import profiles
from services.contracts.paging import Page
from services.gateway.conditions import condition, ordering
from services.gateway.ids import global_id
from services.gateway.lookahead import Selected
from services.gateway.operation import Info
from services.gateway.types.about import AboutRun
from services.gateway.types.fields import viewed
from services.gateway.types.limits import KEY, Size
from services.gateway.types.list_filters import DatasetUseFilter
from services.gateway.types.list_orders import DatasetUseOrder
from services.gateway.types.node import ID_DESCRIPTION, Node, reads
from services.gateway.types.paging import After, Before, Connection, First, Last, Sort, Where, paging
from services.gateway.types.profiles import DatasetChecks, DatasetKey, DatasetProfile
from services.gateway.types.scalars import Long


@strawberry.enum(description="Whether data are about people.")
class PersonalData(Enum):
    NONE = enum_value("none", description="They aren't.")
    ANONYMISED = enum_value("anonymised", description="Nobody can tell who.")
    PSEUDONYMISED = enum_value("pseudonymised", description="Only with a key that is kept apart.")
    PERSONAL = enum_value("personal", description="One can tell who.")
    SENSITIVE = enum_value("sensitive", description="Of a special category, such as health.")


@strawberry.enum(description="How a dataset version came to be known.")
class DatasetOrigin(Enum):
    FILE = enum_value("file", description="It was read by `lifecycle dataset add`.")
    UPLOAD = enum_value("upload", description="It was sent to the registry.")
    MLFLOW = enum_value("mlflow", description="A run named it as its input.")


@strawberry.enum(description="How far an upload is.")
class UploadPhase(Enum):
    RECEIVING = enum_value("receiving", description="Bytes arrive.")
    PROFILING = enum_value("profiling", description="All is here; its profile is made.")
    DONE = enum_value("done", description="It is registered.")
    FAILED = enum_value("failed", description="It didn't work out: `problem` says why.")


@strawberry.enum(description="What a part of a dataset is for.")
class SplitRole(Enum):
    TRAIN = enum_value("train", description="To learn from.")
    VALIDATION = enum_value("validation", description="To choose by.")
    TEST = enum_value("test", description="To judge by.")
    OTHER = enum_value("other", description="Something else.")


@strawberry.type(description="A column.")
class DatasetColumn:
    is_type_of = reads(contracts.Field)

    name: str = strawberry.field(description="Its name.")
    type: str = strawberry.field(description="As the file or MLflow's schema calls it, such as `int64`.")
    nullable: bool = strawberry.field(description="Whether values may be missing.")


@strawberry.type(description="A column that a model learns from.")
class DatasetFeature:
    is_type_of = reads(contracts.Feature)

    name: str = strawberry.field(description="Its name.")
    origin: str = strawberry.field(description="What it was made of.")
    at_inference: bool = strawberry.field(description="Whether it will be there when the model is asked.")
    dropped_because: str = strawberry.field(description="Why it was dropped; empty if it wasn't.")


@strawberry.type(description="What made a version.")
class DatasetCode:
    is_type_of = reads(contracts.Code)

    version: str = strawberry.field(description="The commit.")
    repository: str = strawberry.field(description="The repository.")
    entry_point: str = strawberry.field(description="The script or notebook.")
    run_id: str | None = strawberry.field(description="The run, where there was one.")


@strawberry.type(description="Part of a version, itself a version.")
class DatasetSplit:
    is_type_of = reads(contracts.Split)

    role: SplitRole = strawberry.field(description="What it is for.")
    dataset: str = strawberry.field(description="The part's dataset name.")
    digest: str = strawberry.field(description="The part's content digest.")
    name: str = strawberry.field(description="Its name.")
    rows: Long | None = strawberry.field(description="How many rows.")
    sealed: bool = strawberry.field(description="Whether it is for the final evaluation only.")


@strawberry.type(description="Where data come from.")
class DataSource:
    is_type_of = reads(contracts.SourceView)

    name: str = strawberry.field(description="Its name, unique.")
    description: str = strawberry.field(description="What it is.")
    location: str = strawberry.field(description="Where it is.")
    owner: str = strawberry.field(description="Who owns it.")
    licence: str = strawberry.field(description="Under which licence it may be used.")
    legal_basis: str = strawberry.field(description="Why it may be used.")
    personal_data: PersonalData = strawberry.field(description="Whether it is about people.")
    protection: str = strawberry.field(description="How these people are protected.")
    refresh: str = strawberry.field(description="How often it is refreshed.")
    size: str = strawberry.field(description="How large it is, in its owner's words.")
    missing: list[str] = strawberry.field(description="What is still to be said, such as `licence`.")
    revision: int = strawberry.field(description="Counts its changes: the one to name as `expected`.")
    created_at: datetime = strawberry.field(description="When it was first described.")
    updated_at: datetime = strawberry.field(description="When it was last described.")
    by: str = strawberry.field(description="Who described it last.")


@strawberry.type(description="A run that used a dataset version.")
class DatasetUse(AboutRun):
    is_type_of = reads(contracts.DatasetUse)

    run_id: str = strawberry.field(description="The run.")
    experiment_id: str = strawberry.field(description="Its experiment.")
    context: str | None = strawberry.field(description="What for, such as `train`.")
    at: datetime = strawberry.field(description="When.")
    sealed: bool = strawberry.field(description="Whether the split was sealed at that time.")


def _datasetversion_id(parent: strawberry.Parent[contracts.DatasetVersionView]) -> strawberry.ID:
    return strawberry.ID(global_id("DatasetVersion", parent.dataset, parent.digest))


async def _profile(
    parent: strawberry.Parent[contracts.DatasetVersionView],
    info: Info,
    columns: Annotated[
        list[str] | None, strawberry.argument(description="Only these columns; in the file's order if unsaid.")
    ] = None,
    start: Annotated[int, strawberry.argument(description="From this column on, counted from 0.")] = 0,
    first: Annotated[
        int, strawberry.argument(description=f"At most so many columns, 1 to {profiles.COLUMNS_PER_MESSAGE}.")
    ] = profiles.COLUMNS_PER_MESSAGE,
) -> profiles.ProfileView | None:
    return await info.context.ask(
        profiles.GetProfile(dataset=parent.dataset, digest=parent.digest, columns=columns, start=start, first=first)
    )


async def _checks(parent: strawberry.Parent[contracts.DatasetVersionView], info: Info) -> profiles.DatasetChecksView:
    return await info.context.ask(profiles.GetDatasetChecks(dataset=parent.dataset, digest=parent.digest))


async def _uses(
    parent: strawberry.Parent[contracts.DatasetVersionView],
    info: Info,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
    where: Where[DatasetUseFilter] = None,
    sort: Sort[DatasetUseOrder] = None,
) -> Page[contracts.DatasetUse]:
    asked = paging(first, after, last, before, Selected.of(info))
    return await info.context.ask(
        contracts.ListDatasetUses(
            where=condition(where), order=ordering(sort), dataset=parent.dataset, digest=parent.digest, paging=asked
        )
    )


@strawberry.type(description="A dataset with exactly this content.")
class DatasetVersion(Node):
    is_type_of = reads(contracts.DatasetVersionView)

    id: strawberry.ID = viewed(resolver=_datasetversion_id, description=ID_DESCRIPTION)
    dataset: str = strawberry.field(description="The dataset's name.")
    digest: str = strawberry.field(description="Its content digest.")
    number: int = strawberry.field(description="Counts the dataset's versions, from 1.")
    origin: DatasetOrigin = strawberry.field(description="How it came to be known.")
    created_at: datetime = strawberry.field(description="When it was registered.")
    by: str = strawberry.field(description="Who registered it.")
    description: str = strawberry.field(description="What it is.")
    location: str = strawberry.field(description="Where it is.")
    source_type: str = strawberry.field(description="Where MLflow's clients read it from.")
    format: str = strawberry.field(description="Its file format.")
    sha256: str = strawberry.field(description="Of the file, where one was read.")
    rows: Long | None = strawberry.field(description="How many rows; null if nobody counted.")
    size: Long | None = strawberry.field(description="Bytes; null if unknown.")
    columns: list[DatasetColumn] = strawberry.field(metadata={KEY: Size(otherwise=30)}, description="Its columns.")
    parents: list[DatasetKey] = strawberry.field(
        metadata={KEY: Size(otherwise=3)}, description="What it was made from."
    )
    children: list[DatasetKey] = strawberry.field(
        metadata={KEY: Size(otherwise=5)}, description="What was made from it."
    )
    sources: list[str] = strawberry.field(description="The data sources it comes from, by name.")
    code: DatasetCode | None = strawberry.field(description="What made it.")
    keys: list[str] = strawberry.field(description="The columns that tell rows apart.")
    target: str | None = strawberry.field(description="The column to be predicted.")
    features: list[DatasetFeature] = strawberry.field(
        metadata={KEY: Size(otherwise=30)}, description="What a model learns from."
    )
    splits: list[DatasetSplit] = strawberry.field(metadata={KEY: Size(otherwise=3)}, description="Its parts.")
    split_of: list[DatasetKey] = strawberry.field(
        metadata={KEY: Size(otherwise=2)}, description="What it is a part of."
    )
    sealed: bool = strawberry.field(description="Whether it is for the final evaluation only.")
    sealed_uses: int | None = strawberry.field(description="Runs that used it since it was sealed; null if it isn't.")
    uses: int = strawberry.field(name="useCount", description="How many runs used it.")
    used_by: Connection[DatasetUse] | None = viewed(
        resolver=_uses, size=Size(asks=True), description="The runs that used it, newest first."
    )
    profile: DatasetProfile | None = viewed(
        resolver=_profile, size=Size(asks=True), description="What it holds; null if it has no profile."
    )
    checks: DatasetChecks | None = viewed(
        resolver=_checks, size=Size(asks=True), description="The newest result of each check of it."
    )
    experiments: list[str] = strawberry.field(description="Where MLflow's clients have named it.")
    profiled: bool = strawberry.field(description="Whether there is a profile.")
    revision: int = strawberry.field(description="Counts its changes: the one to name as `expected`.")


def _newest(
    parent: strawberry.Parent[contracts.DatasetSummary], info: Info
) -> contracts.DatasetVersionView | Awaitable[contracts.DatasetVersionView | None] | None:
    return info.context.relatives.dataset_versions.get((parent.name, parent.digest))


@strawberry.type(description="A dataset by name, with figures of its newest version.")
class RegisteredDataset:
    is_type_of = reads(contracts.DatasetSummary)

    name: str = strawberry.field(description="Its name, unique.")
    versions: int = strawberry.field(name="version_count", description="How many versions it has.")
    digest: str = strawberry.field(description="The newest version's content digest.")
    rows: Long | None = strawberry.field(description="The newest version's rows; null if nobody counted.")
    size: Long | None = strawberry.field(description="The newest version's bytes; null if unknown.")
    columns: int | None = strawberry.field(
        name="column_count", description="The newest version's number of columns; null if unknown."
    )
    latest_version: DatasetVersion | None = viewed(
        resolver=_newest, size=Size(asks=True), description="The newest version."
    )
    origin: DatasetOrigin = strawberry.field(description="How the newest version came to be known.")
    profiled: bool = strawberry.field(description="Whether the newest version has a profile.")
    created_at: datetime = strawberry.field(description="When its first version was registered.")
    updated_at: datetime = strawberry.field(description="When its newest version was.")


@strawberry.type(description="How far an upload is.")
class DatasetUploadMoved:
    is_type_of = reads(contracts.DatasetUploadMoved)

    upload_id: str = strawberry.field(description="The upload.")
    dataset: str = strawberry.field(description="The dataset's name.")
    phase: UploadPhase = strawberry.field(description="How far.")
    received: Long = strawberry.field(description="Bytes received so far.")
    size: Long | None = strawberry.field(description="Bytes in all; null if the client didn't say.")
    rows: Long = strawberry.field(description="Rows profiled so far.")
    problem: str = strawberry.field(description="Why it failed; empty if it didn't.")
