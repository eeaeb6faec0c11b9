"""How logged models are filtered and ordered."""

from __future__ import annotations

from enum import Enum

import strawberry
from strawberry import enum_value

from services.gateway.types.filters import FigureFilter, KeyedFilter, TextFilter, TimeFilter


@strawberry.enum(description="How far the logging of a model has come.")
class LoggedModelStatus(Enum):
    UNSPECIFIED = enum_value("LOGGED_MODEL_STATUS_UNSPECIFIED", description="Nothing was said.")
    PENDING = enum_value("LOGGED_MODEL_PENDING", description="Its files are being uploaded.")
    READY = enum_value("LOGGED_MODEL_READY", description="It can be used.")
    UPLOAD_FAILED = enum_value("LOGGED_MODEL_UPLOAD_FAILED", description="Its files couldn't be uploaded.")


@strawberry.input(
    description="Which logged models: all that is said has to hold. A comparison, also a negated one, is only about "
    "models that have what is compared."
)
class LoggedModelFilter:
    and_: list[LoggedModelFilter] | None = strawberry.field(name="and", default=None, description="All of these hold.")
    or_: list[LoggedModelFilter] | None = strawberry.field(
        name="or", default=None, description="At least one of these holds."
    )
    not_: LoggedModelFilter | None = strawberry.field(name="not", default=None, description="This doesn't hold.")
    name: TextFilter | None = strawberry.field(default=None, description="Their names.")
    status: list[LoggedModelStatus] | None = strawberry.field(default=None, description="Their states: one of these.")
    model_type: TextFilter | None = strawberry.field(default=None, description="What they are, as their makers say.")
    experiment_id: TextFilter | None = strawberry.field(default=None, description="Their experiments.")
    source_run_id: TextFilter | None = strawberry.field(default=None, description="The runs that logged them.")
    lifecycle_stage: TextFilter | None = strawberry.field(
        default=None, description="`active` or `deleted`; give `withDeleted` as well."
    )
    created_at: TimeFilter | None = strawberry.field(default=None, description="When they were logged.")
    updated_at: TimeFilter | None = strawberry.field(default=None, description="When they were last changed.")
    params: list[KeyedFilter] | None = strawberry.field(default=None, description="Their parameters.")
    tags: list[KeyedFilter] | None = strawberry.field(default=None, description="Their tags.")
    metrics: list[FigureFilter] | None = strawberry.field(
        default=None, description="Their figures: one point that fits is enough."
    )


@strawberry.enum(description="What logged models are ordered by.")
class LoggedModelOrderBy(Enum):
    NAME = enum_value("name", description="Their names.")
    STATUS = enum_value("status", description="Their states.")
    CREATED_AT = enum_value("created_at", description="When they were logged.")
    UPDATED_AT = enum_value("updated_at", description="When they were last changed.")
    METRIC = enum_value(
        "metrics", description="The newest point of the metric `key`; models without one come last, either way."
    )


@strawberry.input(description="One step of an order.")
class LoggedModelOrder:
    by: LoggedModelOrderBy = strawberry.field(description="What by.")
    key: str | None = strawberry.field(default=None, description="Name of the metric.")
    descending: bool = strawberry.field(default=False, description="The greatest first.")
