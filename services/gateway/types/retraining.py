"""New versions that somebody or something asked for."""

from __future__ import annotations

from datetime import datetime
from enum import Enum

import strawberry
from strawberry import enum_value

from services.contracts import retraining as contracts
from services.gateway.ids import global_id
from services.gateway.types.about import AboutRun, AboutVersion
from services.gateway.types.fields import viewed
from services.gateway.types.node import ID_DESCRIPTION, Node, reads
from services.gateway.types.values import same


@strawberry.enum(description="Where a request for retraining stands.")
class RetrainingState(Enum):
    OPEN = enum_value("open", description="Nobody has begun.")
    RUNNING = enum_value("running", description="A run that means to answer it is under way.")
    ANSWERED = enum_value("answered", description="A run has answered it.")
    DECLINED = enum_value("declined", description="Somebody decided against it.")


@strawberry.enum(description="What asked for it.")
class RetrainingCause(Enum):
    ALERT = enum_value("alert", description="An alert.")
    PERSON = enum_value("person", description="A person.")
    SCHEDULE = enum_value("schedule", description="A schedule.")


@strawberry.enum(description="To which stage of the board it leads back.")
class BackTo(Enum):
    GATHERING = enum_value("gathering", description="New data is needed.")
    BUILDING = enum_value("building", description="Only a new run.")


def _retraining_id(parent: strawberry.Parent[contracts.RetrainingView]) -> strawberry.ID:
    return strawberry.ID(global_id("Retraining", parent.id))


@strawberry.type(description="A request for a new version of a model.")
class Retraining(AboutRun, AboutVersion, Node):
    is_type_of = reads(contracts.RetrainingView)

    id: strawberry.ID = viewed(resolver=_retraining_id, description=ID_DESCRIPTION)
    retraining_id: str = viewed(resolver=same("id"), description="The id that mutations and arguments take.")
    model_name: str = strawberry.field(name="model", description="The model's name.")
    version: str = strawberry.field(description="The version that is to be replaced.")
    cause: RetrainingCause = strawberry.field(description="What asked for it.")
    cause_id: str = strawberry.field(description="The alert's id; empty for a person's wish.")
    reason: str = strawberry.field(description="Why.")
    back_to: BackTo = strawberry.field(description="To which stage it leads back.")
    state: RetrainingState = strawberry.field(description="Where it stands.")
    requested_by: str = strawberry.field(description="Who asked.")
    requested_at: datetime = strawberry.field(description="When.")
    run_id: str | None = strawberry.field(description="The run that answers it.")
    new_version: str | None = strawberry.field(description="The version which that run became.")
    note: str = strawberry.field(description="What was said to the answer.")
    answered_by: str = strawberry.field(description="Who answered or declined it.")
    answered_at: datetime | None = strawberry.field(description="When.")
    revision: int = strawberry.field(description="Counts its changes: the one to name as `expected`.")
