"""Experiments: the folders of runs."""

from __future__ import annotations

from datetime import datetime

import strawberry

from services.contracts.registry import ExperimentView
from services.gateway.ids import global_id
from services.gateway.types import values
from services.gateway.types.node import ID_DESCRIPTION, Node, reads
from services.gateway.types.values import KeyValue


def _id(parent: strawberry.Parent[ExperimentView]) -> strawberry.ID:
    return strawberry.ID(global_id("Experiment", parent.id))


def _experiment_id(parent: strawberry.Parent[ExperimentView]) -> str:
    return parent.id


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
