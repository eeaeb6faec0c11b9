"""Model versions under watch: what can be asked and changed of them."""

from __future__ import annotations

from typing import Annotated

import strawberry

from services.contracts.conditions import Ordering
from services.contracts.drift import Distribution as DistributionView
from services.contracts.drift import GetDistribution, ListSegmentDrift
from services.contracts.drift import SegmentDrift as SegmentDriftView
from services.contracts.monitor import (
    GetPerformance,
    ListMonitored,
    ListWindows,
    MonitoredView,
    WindowView,
)
from services.contracts.monitor import PerformanceDetail as PerformanceView
from services.contracts.paging import Page
from services.contracts.references import SetReferenceFromPeriod
from services.gateway.conditions import condition, ordering
from services.gateway.inputs import monitoring as inputs
from services.gateway.lookahead import Selected
from services.gateway.operation import Info
from services.gateway.types.arguments import (
    DEFAULT_WINDOWS,
    Against,
    End,
    Features,
    LastWindows,
    ModelName,
    MostColumns,
    SomeModelName,
    SomeVersionNumber,
    Start,
    VersionNumber,
    checked_last,
    checked_resolution,
)
from services.gateway.types.commands import Outcome, Payload, answered, commanded
from services.gateway.types.fields import viewed
from services.gateway.types.limits import Size
from services.gateway.types.monitoring import Distribution, MonitoredVersion, PerformanceDetail, SegmentDrift, Window
from services.gateway.types.node import reads
from services.gateway.types.paging import After, Before, Connection, First, Last, Sort, Where, paging
from services.gateway.types.running_lists import MonitoredFilter, MonitoredOrder
from services.gateway.whole import attributes, page_of

_OF_MONITORED = attributes(
    "model_name",
    "version",
    "reference",
    "reference_set_at",
    "task",
    "features",
    "rows",
    "labelled",
    "last_prediction_at",
    "last_arrival_at",
)
_OWN_ORDER = [Ordering(by="model_name"), Ordering(by="version")]


async def _monitored(info: Info, model: SomeModelName = None, version: SomeVersionNumber = None) -> list[MonitoredView]:
    return await info.context.ask(ListMonitored(model_name=model, version=version))


async def _monitored_versions(
    info: Info,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
    model: SomeModelName = None,
    where: Where[MonitoredFilter] = None,
    sort: Sort[MonitoredOrder] = None,
) -> Page[MonitoredView]:
    watched = await info.context.ask(ListMonitored(model_name=model))
    return page_of(
        watched,
        condition(where),
        ordering(sort),
        _OF_MONITORED,
        _OWN_ORDER,
        paging(first, after, last, before, Selected.of(info)),
    )


async def _windows(
    info: Info,
    model: ModelName,
    version: VersionNumber,
    start: Start = None,
    end: End = None,
    last: LastWindows = None,
    resolution_seconds: Annotated[
        int | None, strawberry.argument(description="Merge windows into coarser ones of this length.")
    ] = None,
    features: Features = None,
    against: Against = None,
    most: MostColumns = None,
) -> list[WindowView]:
    return await info.context.ask(
        ListWindows(
            model_name=model,
            version=version,
            start=start,
            end=end,
            resolution_seconds=checked_resolution(resolution_seconds),
            last=checked_last(last, most),
            most=most,
            features=features if "features" in Selected.of(info) else [],
            against=against,
        )
    )


async def _distribution(
    info: Info,
    model: ModelName,
    version: VersionNumber,
    feature: Annotated[str, strawberry.argument(description="The feature's name.")],
    start: Start = None,
    end: End = None,
) -> DistributionView:
    return await info.context.ask(
        GetDistribution(model_name=model, version=version, feature=feature, start=start, end=end)
    )


async def _segment_drift(
    info: Info,
    model: ModelName,
    version: VersionNumber,
    start: Start = None,
    end: End = None,
    column: Annotated[str | None, strawberry.argument(description="Only segments of this column.")] = None,
    value: Annotated[str | None, strawberry.argument(description="Only the segment with this value.")] = None,
    feature: Annotated[str | None, strawberry.argument(description="Only this feature.")] = None,
    first: Annotated[int, strawberry.argument(description="How many, at most 500.")] = 50,
) -> list[SegmentDriftView]:
    return await info.context.ask(
        ListSegmentDrift(
            model_name=model,
            version=version,
            start=start,
            end=end,
            column=column,
            value=value,
            feature=feature,
            most=first,
        )
    )


async def _performance(
    info: Info,
    model: ModelName,
    version: VersionNumber,
    start: Start = None,
    end: End = None,
    threshold: Annotated[float, strawberry.argument(description="A score of at least this counts as positive.")] = 0.5,
    points: Annotated[int, strawberry.argument(description="Points of the curve, at most 200.")] = 50,
) -> PerformanceView:
    return await info.context.ask(
        GetPerformance(model_name=model, version=version, start=start, end=end, threshold=threshold, points=points)
    )


@strawberry.type
class MonitoringQueries:
    """What can be asked."""

    monitored_versions: Connection[MonitoredVersion] | None = viewed(
        resolver=_monitored_versions, size=Size(asks=True), description="Model versions under watch, by model."
    )
    monitored: list[MonitoredVersion] | None = viewed(
        resolver=_monitored,
        size=Size(otherwise=50),
        description="Model versions under watch.",
        deprecated="It is one list of all: use `monitoredVersions`, which has pages, filters and orders.",
    )
    windows: list[Window] | None = viewed(
        resolver=_windows,
        size=Size("last", DEFAULT_WINDOWS),
        description="Windows of one version in time order: the newest of those asked for.",
    )
    segment_drift: list[SegmentDrift] | None = viewed(
        resolver=_segment_drift,
        size=Size("first", 50),
        description="Drift of features within segments, the worst first; empty where the reference states no segments.",
    )
    performance: PerformanceDetail | None = viewed(
        resolver=_performance, description="How good a version was over a stretch of time, in detail."
    )
    distribution: Distribution | None = viewed(
        resolver=_distribution, description="How one feature is distributed now, beside the reference."
    )


@strawberry.type(description="What a change of a reference did.")
class ReferencePayload(Payload):
    is_type_of = reads(Outcome)

    monitored: MonitoredVersion | None = viewed(
        resolver=answered, description="The version under watch now; null if there were errors."
    )


@strawberry.type
class MonitoringMutations:
    """What can be changed."""

    set_reference_from_period: ReferencePayload = commanded(
        inputs.SetReferenceFromPeriodInput,
        SetReferenceFromPeriod,
        "Has a version compared with what it predicted in a past time, from now on.",
    )
