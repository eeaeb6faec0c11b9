"""Events: the facts that everything else follows from."""

from __future__ import annotations

from datetime import datetime

import msgspec
import strawberry
from strawberry.scalars import JSON

from services.contracts.base import Envelope
from services.contracts.registry import EventView
from services.gateway.summaries import summary
from services.gateway.types.node import reads


def _data(parent: strawberry.Parent[EventView]) -> JSON:
    return JSON(msgspec.json.decode(parent.data))


def _summary(parent: strawberry.Parent[EventView]) -> str:
    return summary(parent.type, parent.aggregate_id, parent.data)


@strawberry.type(description="A durable fact: something that happened to one aggregate of one service.")
class Event:
    is_type_of = reads(EventView, Envelope)

    id: strawberry.ID = strawberry.field(description="The event's own id; later events have greater ids.")
    type: str = strawberry.field(description="What happened, such as `registry.run.started.v1`.")
    service: str = strawberry.field(description="The service that says so.")
    aggregate: str = strawberry.field(description="The kind of thing it happened to, such as `run`.")
    aggregate_id: str = strawberry.field(description="Which one of that kind.")
    version: int = strawberry.field(description="Counts that thing's events from 1, without gaps.")
    time: datetime = strawberry.field(description="When it became true.")
    actor: str = strawberry.field(description="Who did it.")
    correlation_id: str = strawberry.field(description="Shared by all that follows from one request.")
    data: JSON = strawberry.field(resolver=_data, description="The event's own fields.")
    summary: str = strawberry.field(resolver=_summary, description="What happened, in words, without who did it.")


class Followed(msgspec.Struct, frozen=True):
    """An event with its place in the stream."""

    cursor: str
    event: Envelope


@strawberry.type(description="An event as it happens.")
class EventMessage:
    is_type_of = reads(Followed)

    cursor: str = strawberry.field(description="Give it as `after` to go on behind this event, also after a break.")
    event: Event = strawberry.field(description="The event.")
