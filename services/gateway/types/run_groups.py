"""Groups of runs, and how they are asked for."""

from __future__ import annotations

from datetime import datetime
from enum import Enum

import strawberry
from strawberry import enum_value

from services.contracts import registry as contracts
from services.gateway.types.node import reads


@strawberry.enum(description="What runs can have in common.")
class RunGroupedBy(Enum):
    PARAM = enum_value("params", description="The value of the parameter `key`.")
    TAG = enum_value("tags", description="The value of the tag `key`.")
    STATUS = enum_value("attributes.status", description="Their states.")
    USER = enum_value("attributes.user_id", description="Who ran them.")
    NAME = enum_value("attributes.run_name", description="Their names.")


@strawberry.input(description="What runs of a group have in common.")
class RunGroupingInput:
    by: RunGroupedBy = strawberry.field(description="What.")
    key: str | None = strawberry.field(default=None, description="Name of the parameter or tag.")


@strawberry.enum(description="What groups of runs are ordered by.")
class RunGroupOrderBy(Enum):
    RUNS = enum_value("runs", description="How many runs they hold.")
    NEWEST = enum_value("newest", description="When their newest run started.")
    VALUE = enum_value("value", description="What they have in common; as numbers, if all of them are.")
    MEAN = enum_value("mean", description="The mean of `metric`.")
    LEAST = enum_value("least", description="The least value of `metric`.")
    GREATEST = enum_value("greatest", description="The greatest value of `metric`.")


@strawberry.input(description="The order of groups of runs; those without a value are last.")
class RunGroupOrder:
    by: RunGroupOrderBy = strawberry.field(description="What by.")
    metric: str | None = strawberry.field(default=None, description="Its key, one of `metrics`.")
    descending: bool = strawberry.field(default=False, description="The greatest first.")


@strawberry.type(description="A metric within a group of runs: each run's latest value, if it is finite.")
class RunGroupMetric:
    is_type_of = reads(contracts.GroupMetric)

    key: str = strawberry.field(description="Its name.")
    runs: int = strawberry.field(description="How many runs have a finite value; the figures are over these.")
    mean: float | None = strawberry.field(description="Arithmetic mean.")
    deviation: float | None = strawberry.field(
        description="Standard deviation of a sample (over n - 1); null of fewer than two runs."
    )
    least: float | None = strawberry.field(description="The least value.")
    greatest: float | None = strawberry.field(description="The greatest value.")


@strawberry.type(description="Runs that have something in common.")
class RunGroup:
    is_type_of = reads(contracts.RunGroup)

    values: list[str | None] = strawberry.field(
        description="What they have in common, in the order of `by`; null: they don't have it."
    )
    runs: int = strawberry.field(description="How many runs it holds.")
    newest: datetime = strawberry.field(description="When the newest of them started.")
    metrics: list[RunGroupMetric] = strawberry.field(description="In the order of `metrics`.")
