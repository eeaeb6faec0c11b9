"""Runs in groups, with the figures of each: what can be asked."""

from __future__ import annotations

from typing import Annotated

import strawberry

from services.contracts.paging import Page
from services.contracts.registry import ListRunGroups
from services.contracts.registry import RunGroup as RunGroupView
from services.gateway.filters import group_order, grouping, run_filter
from services.gateway.lookahead import Selected
from services.gateway.operation import Info
from services.gateway.types.fields import viewed
from services.gateway.types.filters import RunFilter
from services.gateway.types.limits import Size
from services.gateway.types.paging import After, Before, Connection, First, Last, paging
from services.gateway.types.run_groups import RunGroup, RunGroupingInput, RunGroupOrder


async def _run_groups(
    info: Info,
    by: Annotated[list[RunGroupingInput], strawberry.argument(description="What they have in common: one or two.")],
    metrics: Annotated[
        list[str] | None, strawberry.argument(description="Keys of the metrics whose figures are wanted, at most 20.")
    ] = None,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
    experiment_ids: Annotated[
        list[str] | None, strawberry.argument(description="Only runs of these experiments; of all if unsaid.")
    ] = None,
    filter_: Annotated[
        str | None, strawberry.argument(name="filter", description="An MLflow filter of the runs, as `runs` takes it.")
    ] = None,
    where: Annotated[
        RunFilter | None, strawberry.argument(description="Only runs of which this holds, besides `filter`.")
    ] = None,
    sort: Annotated[
        RunGroupOrder | None, strawberry.argument(description="Their order; those with the most runs first if unsaid.")
    ] = None,
) -> Page[RunGroupView]:
    return await info.context.ask(
        ListRunGroups(
            paging=paging(first, after, last, before, Selected.of(info)),
            experiment_ids=experiment_ids,
            filter=run_filter(filter_, where),
            by=grouping(by),
            metrics=metrics or [],
            order=group_order(sort),
        )
    )


@strawberry.type
class GroupingQueries:
    """What can be asked."""

    run_groups: Connection[RunGroup] | None = viewed(
        resolver=_run_groups,
        size=Size(asks=True),
        description="The runs that `runs` would list, in groups. An error, `INDEX_FILLING`, in the first seconds after "
        "a start.",
    )
