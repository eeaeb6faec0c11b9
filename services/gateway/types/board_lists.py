"""Filters and orders of what stands on a project's board."""

from __future__ import annotations

from enum import Enum

import strawberry
from strawberry import enum_value

from services.gateway.types.filters import TextFilter, TimeFilter


@strawberry.enum(description="Where an assumption stands.")
class AssumptionStatus(Enum):
    OPEN = enum_value("open", description="Nobody has looked yet.")
    VERIFIED = enum_value("verified", description="It holds.")
    REFUTED = enum_value("refuted", description="It doesn't.")


@strawberry.input(description="Which milestones: all that is said has to hold.")
class MilestoneFilter:
    and_: list[MilestoneFilter] | None = strawberry.field(name="and", default=None, description="All of these hold.")
    or_: list[MilestoneFilter] | None = strawberry.field(
        name="or", default=None, description="At least one of these holds."
    )
    not_: MilestoneFilter | None = strawberry.field(name="not", default=None, description="This doesn't hold.")
    title: TextFilter | None = strawberry.field(default=None, description="What is to be reached.")
    owner: TextFilter | None = strawberry.field(default=None, description="Who sees to it.")
    due: TimeFilter | None = strawberry.field(
        default=None, description="The last day for it, which is compared with the day of the moment in UTC."
    )
    done: bool | None = strawberry.field(default=None, description="Whether it is reached.")
    overdue: bool | None = strawberry.field(default=None, description="Whether its day has passed without.")


@strawberry.enum(description="What milestones are ordered by.")
class MilestoneOrderBy(Enum):
    DUE = enum_value("due", description="The last day for them.")
    TITLE = enum_value("title", description="What is to be reached.")
    OWNER = enum_value("owner", description="Who sees to it.")


@strawberry.input(description="The order of milestones.")
class MilestoneOrder:
    by: MilestoneOrderBy = strawberry.field(description="What by.")
    descending: bool = strawberry.field(default=False, description="The greatest first.")


@strawberry.input(description="Which assumptions: all that is said has to hold.")
class AssumptionFilter:
    and_: list[AssumptionFilter] | None = strawberry.field(name="and", default=None, description="All of these hold.")
    or_: list[AssumptionFilter] | None = strawberry.field(
        name="or", default=None, description="At least one of these holds."
    )
    not_: AssumptionFilter | None = strawberry.field(name="not", default=None, description="This doesn't hold.")
    text: TextFilter | None = strawberry.field(default=None, description="What is assumed.")
    note: TextFilter | None = strawberry.field(default=None, description="What was found.")
    consequence: TextFilter | None = strawberry.field(default=None, description="What follows from their refutation.")
    status: list[AssumptionStatus] | None = strawberry.field(
        default=None, description="Where they stand: one of these."
    )


@strawberry.enum(description="What assumptions are ordered by.")
class AssumptionOrderBy(Enum):
    TEXT = enum_value("text", description="What is assumed.")
    STATUS = enum_value("status", description="Where they stand, by the word for it.")


@strawberry.input(description="The order of assumptions.")
class AssumptionOrder:
    by: AssumptionOrderBy = strawberry.field(description="What by.")
    descending: bool = strawberry.field(default=False, description="The greatest first.")


@strawberry.input(description="Which moves back: all that is said has to hold.")
class MoveFilter:
    and_: list[MoveFilter] | None = strawberry.field(name="and", default=None, description="All of these hold.")
    or_: list[MoveFilter] | None = strawberry.field(name="or", default=None, description="At least one of these holds.")
    not_: MoveFilter | None = strawberry.field(name="not", default=None, description="This doesn't hold.")
    stage: TextFilter | None = strawberry.field(default=None, description="The stages that they left.")
    to: TextFilter | None = strawberry.field(default=None, description="The stages that they lead back to.")
    reason: TextFilter | None = strawberry.field(default=None, description="Why.")
    by: TextFilter | None = strawberry.field(default=None, description="Who moved it.")
    at: TimeFilter | None = strawberry.field(default=None, description="When.")


@strawberry.enum(description="What moves back are ordered by.")
class MoveOrderBy(Enum):
    AT = enum_value("at", description="When.")
    STAGE = enum_value("stage", description="The stages that they left.")
    BY = enum_value("by", description="Who moved it.")


@strawberry.input(description="The order of moves back.")
class MoveOrder:
    by: MoveOrderBy = strawberry.field(description="What by.")
    descending: bool = strawberry.field(default=False, description="The greatest first.")
