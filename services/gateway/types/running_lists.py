"""Filters and orders of what runs and is watched: environments, deployments, standings, versions under watch."""

from __future__ import annotations

from enum import Enum

import strawberry
from strawberry import enum_value

from services.gateway.types.deployments import DeployedBy, MissingRule
from services.gateway.types.filters import NumberFilter, TextFilter, TimeFilter


@strawberry.input(description="Which environments: all that is said has to hold.")
class EnvironmentFilter:
    and_: list[EnvironmentFilter] | None = strawberry.field(name="and", default=None, description="All of these hold.")
    or_: list[EnvironmentFilter] | None = strawberry.field(
        name="or", default=None, description="At least one of these holds."
    )
    not_: EnvironmentFilter | None = strawberry.field(name="not", default=None, description="This doesn't hold.")
    name: TextFilter | None = strawberry.field(default=None, description="Their names.")
    description: TextFilter | None = strawberry.field(default=None, description="What they are.")
    alias: TextFilter | None = strawberry.field(default=None, description="The aliases that follow what runs there.")
    needs_approval: bool | None = strawberry.field(default=None, description="Whether a version needs an approval.")
    needs_gates: bool | None = strawberry.field(default=None, description="Whether a version must pass the gates.")


@strawberry.enum(description="What environments are ordered by.")
class EnvironmentOrderBy(Enum):
    NAME = enum_value("name", description="Their names.")


@strawberry.input(description="The order of environments.")
class EnvironmentOrder:
    by: EnvironmentOrderBy = strawberry.field(description="What by.")
    descending: bool = strawberry.field(default=False, description="The greatest first.")


@strawberry.input(description="Which models in environments: all that is said has to hold.")
class DeploymentFilter:
    and_: list[DeploymentFilter] | None = strawberry.field(name="and", default=None, description="All of these hold.")
    or_: list[DeploymentFilter] | None = strawberry.field(
        name="or", default=None, description="At least one of these holds."
    )
    not_: DeploymentFilter | None = strawberry.field(name="not", default=None, description="This doesn't hold.")
    environment: TextFilter | None = strawberry.field(default=None, description="The environments.")
    model: TextFilter | None = strawberry.field(default=None, description="The models' names.")
    version: TextFilter | None = strawberry.field(default=None, description="The versions that run now.")
    since: TimeFilter | None = strawberry.field(default=None, description="Since when they run.")
    by: TextFilter | None = strawberry.field(default=None, description="Who had them run.")
    running: bool | None = strawberry.field(default=None, description="Whether something runs now.")


@strawberry.enum(description="What models in environments are ordered by.")
class DeploymentOrderBy(Enum):
    ENVIRONMENT = enum_value("environment", description="The environments.")
    MODEL = enum_value("model", description="The models' names.")


@strawberry.input(description="The order of models in environments.")
class DeploymentOrder:
    by: DeploymentOrderBy = strawberry.field(description="What by.")
    descending: bool = strawberry.field(default=False, description="The greatest first.")


@strawberry.input(description="What of all that ran: all that is said has to hold.")
class RanFilter:
    and_: list[RanFilter] | None = strawberry.field(name="and", default=None, description="All of these hold.")
    or_: list[RanFilter] | None = strawberry.field(name="or", default=None, description="At least one of these holds.")
    not_: RanFilter | None = strawberry.field(name="not", default=None, description="This doesn't hold.")
    environment: TextFilter | None = strawberry.field(default=None, description="The environments.")
    model: TextFilter | None = strawberry.field(default=None, description="The models' names.")
    version: TextFilter | None = strawberry.field(default=None, description="The versions' numbers.")
    how: list[DeployedBy] | None = strawberry.field(default=None, description="How they came there: one of these.")
    by: TextFilter | None = strawberry.field(default=None, description="Who did it.")
    overridden: list[MissingRule] | None = strawberry.field(
        default=None, description="Those for which one of these rules wasn't met."
    )
    start: TimeFilter | None = strawberry.field(default=None, description="Since when they ran.")
    end: TimeFilter | None = strawberry.field(default=None, description="Until when they ran.")


@strawberry.enum(description="What is ordered by that ran.")
class RanOrderBy(Enum):
    START = enum_value("start", description="Since when.")
    END = enum_value("end", description="Until when; what runs still comes last.")
    ENVIRONMENT = enum_value("environment", description="The environments.")
    MODEL = enum_value("model", description="The models' names.")


@strawberry.input(description="The order of what ran.")
class RanOrder:
    by: RanOrderBy = strawberry.field(description="What by.")
    descending: bool = strawberry.field(default=False, description="The greatest first.")


@strawberry.input(description="For which environments a version stands how: all that is said has to hold.")
class StandingFilter:
    and_: list[StandingFilter] | None = strawberry.field(name="and", default=None, description="All of these hold.")
    or_: list[StandingFilter] | None = strawberry.field(
        name="or", default=None, description="At least one of these holds."
    )
    not_: StandingFilter | None = strawberry.field(name="not", default=None, description="This doesn't hold.")
    environment: TextFilter | None = strawberry.field(default=None, description="The environments.")
    approved: bool | None = strawberry.field(default=None, description="Whether the content is approved.")
    gates_passed: bool | None = strawberry.field(default=None, description="Whether it has passed the gates.")
    missing: list[MissingRule] | None = strawberry.field(
        default=None, description="Those for which one of these is missing."
    )
    runs_here: bool | None = strawberry.field(default=None, description="Whether the version runs there now.")


@strawberry.enum(description="What standings are ordered by.")
class StandingOrderBy(Enum):
    ENVIRONMENT = enum_value("environment", description="The environments.")


@strawberry.input(description="The order of standings.")
class StandingOrder:
    by: StandingOrderBy = strawberry.field(description="What by.")
    descending: bool = strawberry.field(default=False, description="The greatest first.")


@strawberry.input(description="Which versions under watch: all that is said has to hold.")
class MonitoredFilter:
    and_: list[MonitoredFilter] | None = strawberry.field(name="and", default=None, description="All of these hold.")
    or_: list[MonitoredFilter] | None = strawberry.field(
        name="or", default=None, description="At least one of these holds."
    )
    not_: MonitoredFilter | None = strawberry.field(name="not", default=None, description="This doesn't hold.")
    model_name: TextFilter | None = strawberry.field(name="model", default=None, description="The models' names.")
    version: TextFilter | None = strawberry.field(default=None, description="The versions' numbers.")
    reference: TextFilter | None = strawberry.field(default=None, description="What they are compared with.")
    reference_set_at: TimeFilter | None = strawberry.field(default=None, description="When that was set.")
    task: TextFilter | None = strawberry.field(default=None, description="`classification` or `regression`.")
    features: TextFilter | None = strawberry.field(default=None, description="Any of the features that are watched.")
    rows: NumberFilter | None = strawberry.field(default=None, description="Predictions received so far.")
    labelled: NumberFilter | None = strawberry.field(default=None, description="Labels received so far.")
    last_prediction_at: TimeFilter | None = strawberry.field(
        default=None, description="Event time of the newest prediction."
    )
    last_arrival_at: TimeFilter | None = strawberry.field(
        default=None, description="When the newest rows came, by the clock."
    )


@strawberry.enum(description="What versions under watch are ordered by.")
class MonitoredOrderBy(Enum):
    MODEL = enum_value("model_name", description="The models' names.")
    ROWS = enum_value("rows", description="Predictions received so far.")
    LABELLED = enum_value("labelled", description="Labels received so far.")
    REFERENCE_SET_AT = enum_value("reference_set_at", description="When the reference was set.")
    LAST_PREDICTION_AT = enum_value("last_prediction_at", description="Event time of the newest prediction.")
    LAST_ARRIVAL_AT = enum_value("last_arrival_at", description="When the newest rows came, by the clock.")


@strawberry.input(description="The order of versions under watch.")
class MonitoredOrder:
    by: MonitoredOrderBy = strawberry.field(description="What by.")
    descending: bool = strawberry.field(default=False, description="The greatest first.")
