"""Runs that did the same, or nearly the same."""

from __future__ import annotations

from collections.abc import Awaitable
from datetime import datetime

import strawberry

from services.contracts import duplicates as contracts
from services.contracts.registry import RunView
from services.gateway.operation import Info
from services.gateway.types import values
from services.gateway.types.fields import viewed
from services.gateway.types.limits import Size
from services.gateway.types.node import reads
from services.gateway.types.runs import Run
from services.gateway.types.values import Metric


@strawberry.type(description="One thing that differs between two runs.")
class Difference:
    is_type_of = reads(contracts.Difference)

    key: str = strawberry.field(description="A parameter, or `dataset`, `code version`, `entry point`.")
    asked: str | None = strawberry.field(description="What was asked for; null if it isn't there.")
    found: str | None = strawberry.field(description="What the found run has; null if it isn't there.")


def _run(parent: strawberry.Parent[contracts.SimilarRun], info: Info) -> RunView | Awaitable[RunView | None] | None:
    return info.context.relatives.runs.get(parent.run_id)


@strawberry.type(description="A run that did the same, or nearly the same.")
class SimilarRun:
    is_type_of = reads(contracts.SimilarRun)

    run_id: str = strawberry.field(description="The id that MLflow knows it by.")
    run_name: str = strawberry.field(description="Its name.")
    experiment_id: str = strawberry.field(description="The experiment it belongs to.")
    experiment_name: str = strawberry.field(description="That experiment's name.")
    user: str = strawberry.field(description="Who started it.")
    status: str = strawberry.field(description="RUNNING, SCHEDULED, FINISHED, FAILED or KILLED.")
    start_time: datetime = strawberry.field(description="When it started.")
    exact: bool = strawberry.field(description="Whether it is the same in everything that was compared.")
    differences: list[Difference] = strawberry.field(description="What differs; empty for an exact one.")
    metrics: list[Metric] = viewed(resolver=values.figures("metrics"), description="Its latest metrics, by name.")
    effect: list[Metric] = viewed(
        resolver=values.figures("effect"),
        description="Its metrics minus those of the run that was asked about.",
    )
    run: Run | None = viewed(resolver=_run, size=Size(asks=True), description="The run itself.")
