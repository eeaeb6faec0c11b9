"""Typed filters and orders of lists."""

from __future__ import annotations

from datetime import datetime
from enum import Enum

import strawberry
from strawberry import enum_value


@strawberry.input(description="Comparisons of a figure; all of them have to hold.")
class FigureFilter:
    key: str = strawberry.field(description="Its name, such as `auc`.")
    eq: float | None = strawberry.field(default=None, description="Equal to.")
    ne: float | None = strawberry.field(default=None, description="Not equal to.")
    gt: float | None = strawberry.field(default=None, description="Greater than.")
    ge: float | None = strawberry.field(default=None, description="Greater than or equal to.")
    lt: float | None = strawberry.field(default=None, description="Less than.")
    le: float | None = strawberry.field(default=None, description="Less than or equal to.")


@strawberry.input(description="Comparisons of a text; all of them have to hold.")
class TextFilter:
    eq: str | None = strawberry.field(default=None, description="Equal to.")
    ne: str | None = strawberry.field(default=None, description="Not equal to.")
    like: str | None = strawberry.field(default=None, description="Fits the pattern: `%` for any text.")
    ilike: str | None = strawberry.field(default=None, description="The same, whatever its case.")
    in_: list[str] | None = strawberry.field(name="in", default=None, description="One of these.")


@strawberry.input(description="Comparisons of a parameter's or a tag's text; all of them have to hold.")
class KeyedFilter(TextFilter):
    key: str = strawberry.field(description="Its name.")


@strawberry.input(description="Comparisons of a number; all of them have to hold.")
class NumberFilter:
    eq: float | None = strawberry.field(default=None, description="Equal to.")
    ne: float | None = strawberry.field(default=None, description="Not equal to.")
    gt: float | None = strawberry.field(default=None, description="Greater than.")
    ge: float | None = strawberry.field(default=None, description="Greater than or equal to.")
    lt: float | None = strawberry.field(default=None, description="Less than.")
    le: float | None = strawberry.field(default=None, description="Less than or equal to.")


@strawberry.input(description="A stretch of time.")
class TimeFilter:
    from_: datetime | None = strawberry.field(name="from", default=None, description="At this moment or later.")
    before: datetime | None = strawberry.field(default=None, description="Before this moment.")


@strawberry.input(
    description="Which runs: all that is said has to hold. A comparison, also a negated one, is only about runs that "
    "have what is compared."
)
class RunFilter:
    and_: list[RunFilter] | None = strawberry.field(name="and", default=None, description="All of these hold.")
    or_: list[RunFilter] | None = strawberry.field(name="or", default=None, description="At least one of these holds.")
    not_: RunFilter | None = strawberry.field(name="not", default=None, description="This doesn't hold.")
    metrics: list[FigureFilter] | None = strawberry.field(default=None, description="Their latest metrics.")
    params: list[KeyedFilter] | None = strawberry.field(default=None, description="Their parameters.")
    tags: list[KeyedFilter] | None = strawberry.field(default=None, description="Their tags.")
    name: TextFilter | None = strawberry.field(default=None, description="Their names.")
    status: TextFilter | None = strawberry.field(default=None, description="RUNNING, FINISHED, FAILED…")
    user: TextFilter | None = strawberry.field(default=None, description="Who started them.")
    dataset: TextFilter | None = strawberry.field(default=None, description="Names of the data that they used.")
    dataset_digest: TextFilter | None = strawberry.field(default=None, description="Digests of these data.")
    start_time: TimeFilter | None = strawberry.field(default=None, description="When they started.")
    end_time: TimeFilter | None = strawberry.field(default=None, description="When they ended.")


@strawberry.input(description="Which models: all that is said has to hold.")
class ModelFilter:
    and_: list[ModelFilter] | None = strawberry.field(name="and", default=None, description="All of these hold.")
    or_: list[ModelFilter] | None = strawberry.field(
        name="or", default=None, description="At least one of these holds."
    )
    not_: ModelFilter | None = strawberry.field(name="not", default=None, description="This doesn't hold.")
    name: TextFilter | None = strawberry.field(default=None, description="Their names.")
    description: TextFilter | None = strawberry.field(default=None, description="What they are for.")
    tags: list[KeyedFilter] | None = strawberry.field(default=None, description="Their tags.")
    created_at: TimeFilter | None = strawberry.field(default=None, description="When they were registered.")
    updated_at: TimeFilter | None = strawberry.field(default=None, description="When they were last changed.")


@strawberry.input(description="Which versions: all that is said has to hold.")
class VersionFilter:
    and_: list[VersionFilter] | None = strawberry.field(name="and", default=None, description="All of these hold.")
    or_: list[VersionFilter] | None = strawberry.field(
        name="or", default=None, description="At least one of these holds."
    )
    not_: VersionFilter | None = strawberry.field(name="not", default=None, description="This doesn't hold.")
    model: TextFilter | None = strawberry.field(default=None, description="Their models' names.")
    number: NumberFilter | None = strawberry.field(default=None, description="Their numbers.")
    run_id: TextFilter | None = strawberry.field(default=None, description="The runs that made them.")
    source: TextFilter | None = strawberry.field(default=None, description="Where their files came from.")
    description: TextFilter | None = strawberry.field(default=None, description="What they are.")
    user: TextFilter | None = strawberry.field(default=None, description="Who registered them.")
    stage: TextFilter | None = strawberry.field(default=None, description="MLflow's older stages.")
    tags: list[KeyedFilter] | None = strawberry.field(default=None, description="Their tags.")
    created_at: TimeFilter | None = strawberry.field(default=None, description="When they were registered.")
    updated_at: TimeFilter | None = strawberry.field(default=None, description="When they were last changed.")


@strawberry.enum(description="What models are ordered by.")
class ModelOrderBy(Enum):
    NAME = enum_value("name", description="Their names.")
    UPDATED_AT = enum_value("updated_at", description="When they were last changed.")
    CREATED_AT = enum_value("created_at", description="When they were registered.")


@strawberry.input(description="The order of models.")
class ModelOrder:
    by: ModelOrderBy = strawberry.field(description="What by.")
    descending: bool = strawberry.field(default=False, description="The greatest first.")


@strawberry.enum(description="What versions are ordered by.")
class VersionOrderBy(Enum):
    MODEL = enum_value("model", description="Their models' names.")
    NUMBER = enum_value("number", description="Their numbers.")
    CREATED_AT = enum_value("created_at", description="When they were registered.")
    UPDATED_AT = enum_value("updated_at", description="When they were last changed.")


@strawberry.input(description="The order of versions.")
class VersionOrder:
    by: VersionOrderBy = strawberry.field(description="What by.")
    descending: bool = strawberry.field(default=False, description="The greatest first.")


@strawberry.enum(description="What runs are ordered by.")
class RunOrderBy(Enum):
    START_TIME = enum_value("attributes.start_time", description="When they started.")
    END_TIME = enum_value("attributes.end_time", description="When they ended.")
    NAME = enum_value("attributes.run_name", description="Their names.")
    STATUS = enum_value("attributes.status", description="Their states.")
    METRIC = enum_value("metrics", description="The metric `key`.")
    PARAM = enum_value("params", description="The parameter `key`.")
    TAG = enum_value("tags", description="The tag `key`.")


@strawberry.input(description="One step of an order.")
class RunOrder:
    by: RunOrderBy = strawberry.field(description="What by.")
    key: str | None = strawberry.field(default=None, description="Name of the metric, parameter or tag.")
    descending: bool = strawberry.field(default=False, description="The greatest first.")
