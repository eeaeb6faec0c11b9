"""Datasets, sources, profiles and checks: what can be asked and changed of them."""

from __future__ import annotations

from typing import Annotated

import strawberry

from services.contracts import datasets as contracts
from services.contracts import profiles
from services.contracts.paging import Page
from services.gateway.conditions import condition, ordering
from services.gateway.inputs import datasets as inputs
from services.gateway.inputs import profiles as profile_inputs
from services.gateway.lookahead import Selected
from services.gateway.operation import Info
from services.gateway.types.arguments import NameContains
from services.gateway.types.commands import Outcome, Payload, WrittenPayload, answered, commanded
from services.gateway.types.datasets import DatasetVersion, DataSource, RegisteredDataset
from services.gateway.types.fields import viewed
from services.gateway.types.limits import Size
from services.gateway.types.list_filters import DatasetFilter, DatasetVersionFilter, DataSourceFilter
from services.gateway.types.list_orders import DatasetOrder, DatasetVersionOrder, DataSourceOrder
from services.gateway.types.node import reads
from services.gateway.types.paging import After, Before, Connection, First, Last, Sort, Where, paging
from services.gateway.types.profiles import OverlapCheck, ProfileComparison, RepresentationCheck

DatasetName = Annotated[str, strawberry.argument(description="The dataset's name.")]


async def _datasets(
    info: Info,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
    name_contains: NameContains = None,
    source: Annotated[
        str | None, strawberry.argument(description="Only with a version that comes from this source.")
    ] = None,
    where: Where[DatasetFilter] = None,
    sort: Sort[DatasetOrder] = None,
) -> Page[contracts.DatasetSummary]:
    return await info.context.ask(
        contracts.ListDatasets(
            where=condition(where),
            order=ordering(sort),
            paging=paging(first, after, last, before, Selected.of(info)),
            name_contains=name_contains,
            source=source,
        )
    )


async def _versions(
    info: Info,
    dataset: DatasetName,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
    where: Where[DatasetVersionFilter] = None,
    sort: Sort[DatasetVersionOrder] = None,
) -> Page[contracts.DatasetVersionView]:
    return await info.context.ask(
        contracts.ListDatasetVersions(
            where=condition(where),
            order=ordering(sort),
            dataset=dataset,
            paging=paging(first, after, last, before, Selected.of(info)),
        )
    )


async def _version(
    info: Info,
    dataset: DatasetName,
    digest: Annotated[
        str, strawberry.argument(description="Its content digest, or its number; the newest if unsaid.")
    ] = "",
) -> contracts.DatasetVersionView | None:
    key = contracts.DatasetKey(dataset=dataset, digest=digest)
    return (await info.context.ask(contracts.GetDatasetVersions(keys=[key])))[0]


async def _compared(
    info: Info,
    before: Annotated[inputs.DatasetKeyInput, strawberry.argument(description="The earlier version.")],
    after: Annotated[inputs.DatasetKeyInput, strawberry.argument(description="The later version.")],
    first: Annotated[
        int, strawberry.argument(description="At most so many columns, those that changed most; 1 to 100.")
    ] = profiles.COLUMNS_PER_MESSAGE,
) -> profiles.ProfileComparison:
    return await info.context.ask(
        profiles.CompareProfiles(
            before=contracts.DatasetKey(dataset=before.dataset, digest=before.digest),
            after=contracts.DatasetKey(dataset=after.dataset, digest=after.digest),
            first=first,
        )
    )


async def _sources(
    info: Info,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
    name_contains: NameContains = None,
    where: Where[DataSourceFilter] = None,
    sort: Sort[DataSourceOrder] = None,
) -> Page[contracts.SourceView]:
    asked = paging(first, after, last, before, Selected.of(info))
    return await info.context.ask(
        contracts.ListSources(where=condition(where), order=ordering(sort), paging=asked, name_contains=name_contains)
    )


async def _source(
    info: Info, name: Annotated[str, strawberry.argument(description="The source's name.")]
) -> contracts.SourceView | None:
    return (await info.context.ask(contracts.GetSources(names=[name])))[0]


@strawberry.type
class DatasetQueries:
    """What can be asked."""

    datasets: Connection[RegisteredDataset] | None = viewed(
        resolver=_datasets, size=Size(asks=True), description="Datasets, by name."
    )
    dataset_versions: Connection[DatasetVersion] | None = viewed(
        resolver=_versions, size=Size(asks=True), description="Versions of one dataset, newest first."
    )
    dataset_version: DatasetVersion | None = viewed(resolver=_version, description="One version of a dataset.")
    dataset_comparison: ProfileComparison | None = viewed(
        resolver=_compared, description="What changed between two dataset versions, by their profiles."
    )
    data_sources: Connection[DataSource] | None = viewed(
        resolver=_sources, size=Size(asks=True), description="Where data come from, by name."
    )
    data_source: DataSource | None = viewed(resolver=_source, description="One data source.")


async def _described(parent: strawberry.Parent[Outcome], info: Info) -> contracts.SourceView | None:
    if parent.answer is None or not isinstance(parent.request, contracts.DescribeSource):
        return None
    return await _source(info, parent.request.source)


@strawberry.type(description="What describing a source did.")
class DataSourcePayload(WrittenPayload):
    is_type_of = reads(Outcome)

    data_source: DataSource | None = viewed(
        resolver=_described, description="The source now; null if there were errors."
    )


@strawberry.type(description="What registering a dataset version did.")
class RegisterDatasetPayload(Payload):
    is_type_of = reads(Outcome)

    dataset_version: DatasetVersion | None = viewed(
        resolver=answered, description="The version; null if there were errors."
    )


async def _changed(parent: strawberry.Parent[Outcome], info: Info) -> contracts.DatasetVersionView | None:
    request = parent.request
    if parent.answer is None or not isinstance(request, contracts.DescribeFeatures | contracts.RecordSplits):
        return None
    return await _version(info, request.dataset, request.digest)


@strawberry.type(description="What a change of a dataset version did.")
class DatasetVersionPayload(WrittenPayload):
    is_type_of = reads(Outcome)

    dataset_version: DatasetVersion | None = viewed(
        resolver=_changed, description="The version now; null if there were errors."
    )


@strawberry.type(description="What a check of groups found.")
class RepresentationPayload(Payload):
    is_type_of = reads(Outcome)

    check: RepresentationCheck | None = viewed(resolver=answered, description="The result; null if there were errors.")


@strawberry.type(description="What a check of shared rows found.")
class OverlapPayload(Payload):
    is_type_of = reads(Outcome)

    check: OverlapCheck | None = viewed(resolver=answered, description="The result; null if there were errors.")


@strawberry.type
class DatasetMutations:
    """What can be changed."""

    describe_source: DataSourcePayload = commanded(
        inputs.DescribeSourceInput, contracts.DescribeSource, "Describes where data come from."
    )
    register_dataset: RegisterDatasetPayload = commanded(
        inputs.RegisterDatasetInput, contracts.RegisterDataset, "Registers a dataset version by its content."
    )
    describe_features: DatasetVersionPayload = commanded(
        inputs.DescribeFeaturesInput, contracts.DescribeFeatures, "Says what models learn from in a dataset version."
    )
    record_splits: DatasetVersionPayload = commanded(
        inputs.RecordSplitsInput, contracts.RecordSplits, "Says which parts a dataset version has, and seals them."
    )
    check_representation: RepresentationPayload = commanded(
        profile_inputs.CheckRepresentationInput,
        profiles.CheckRepresentation,
        "Checks whether groups are as frequent as in a stated population; the result is recorded.",
    )
    check_overlap: OverlapPayload = commanded(
        profile_inputs.CheckOverlapInput,
        profiles.CheckOverlap,
        "Checks whether two dataset versions share rows; the result is recorded.",
    )
