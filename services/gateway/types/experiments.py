"""Experiments: the folders of runs."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import strawberry

from services.contracts.paging import Page
from services.contracts.registry import ExperimentView, ListRuns, RunView
from services.gateway.filters import filter_text, run_order
from services.gateway.ids import global_id
from services.gateway.lookahead import Selected
from services.gateway.operation import Info
from services.gateway.types import values
from services.gateway.types.fields import viewed
from services.gateway.types.filters import RunFilter, RunOrder
from services.gateway.types.limits import Size
from services.gateway.types.logged_models import LoggedModel, logged_models_of
from services.gateway.types.node import ID_DESCRIPTION, Node, reads
from services.gateway.types.paging import After, Before, Connection, First, Last, paging
from services.gateway.types.runs import Run
from services.gateway.types.values import KeyValue


def _id(parent: strawberry.Parent[ExperimentView]) -> strawberry.ID:
    return strawberry.ID(global_id("Experiment", parent.id))


def _experiment_id(parent: strawberry.Parent[ExperimentView]) -> str:
    return parent.id


async def _runs(
    parent: strawberry.Parent[ExperimentView],
    info: Info,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
    where: Annotated[RunFilter | None, strawberry.argument(description="Only runs of which this holds.")] = None,
    sort: Annotated[
        list[RunOrder] | None, strawberry.argument(description="Their order; newest first if unsaid.")
    ] = None,
) -> Page[RunView]:
    return await info.context.ask(
        ListRuns(
            paging=paging(first, after, last, before, Selected.of(info)),
            experiment_ids=[parent.id],
            filter=filter_text(where),
            order_by=run_order(sort),
        )
    )


@strawberry.type(description="A named group of runs.")
class Experiment(Node):
    is_type_of = reads(ExperimentView)

    id: strawberry.ID = strawberry.field(resolver=_id, description=ID_DESCRIPTION)
    experiment_id: str = strawberry.field(resolver=_experiment_id, description="The id that MLflow knows it by.")
    name: str = strawberry.field(description="Its name, unique among the active ones.")
    description: str = strawberry.field(
        resolver=values.NOTED, description="What it is about, in Markdown; empty if unsaid."
    )
    lifecycle_stage: str = strawberry.field(description="`active` or `deleted`.")
    artifact_location: str = strawberry.field(description="Where the files of its runs are.")
    created_at: datetime = strawberry.field(description="When it was created.")
    updated_at: datetime = strawberry.field(description="When it was last changed.")
    tags: list[KeyValue] = strawberry.field(resolver=values.named("tags"), description="Its tags, by name.")
    run_count: int = strawberry.field(description="How many runs it holds.")
    runs: Connection[Run] | None = viewed(
        resolver=_runs, size=Size(asks=True), description="Its runs, newest first unless ordered otherwise."
    )
    logged_models: Connection[LoggedModel] | None = viewed(
        resolver=logged_models_of, size=Size(asks=True), description="The models logged in it, newest first."
    )
