"""The audit trail: who did what, when, from where."""

from __future__ import annotations

from datetime import datetime

import msgspec
import strawberry
from strawberry.scalars import JSON

from services.contracts import audit as contracts
from services.contracts.audit import AuditView
from services.gateway.types.fields import viewed
from services.gateway.types.node import reads
from services.gateway.types.scalars import Long


def _before(parent: strawberry.Parent[AuditView]) -> JSON | None:
    return None if parent.before is None else JSON(msgspec.json.decode(parent.before))


def _after(parent: strawberry.Parent[AuditView]) -> JSON | None:
    return None if parent.after is None else JSON(msgspec.json.decode(parent.after))


@strawberry.type(description="One change that somebody made.")
class AuditEntry:
    is_type_of = reads(AuditView)

    id: str = strawberry.field(description="Its id; later entries have greater ones.")
    time: datetime = strawberry.field(description="When.")
    action: str = strawberry.field(description="What was done, such as `deploy_version`.")
    user: str = strawberry.field(description="Who did it.")
    role: str = strawberry.field(description="With which role.")
    via: str = strawberry.field(description="open (no credentials asked for), token, or service.")
    remote: str = strawberry.field(description="From where; empty for whoever may not operate the service.")
    correlation_id: str = strawberry.field(description="Shared by all that followed from one request.")
    events: list[str] = strawberry.field(description="Ids of the events that it made.")
    before: JSON | None = viewed(resolver=_before, description="The fields that changed, as they were.")
    after: JSON | None = viewed(resolver=_after, description="The fields that changed, as they are.")
    number: Long | None = strawberry.field(description="Its place in the chain; null in its first second.")
    hash: str | None = strawberry.field(description="Binds it to all entries before; null in its first second.")


@strawberry.type(description="A place in the chain: kept elsewhere, it shows later whether the trail was rewritten.")
class AuditHead:
    is_type_of = reads(contracts.AuditHead)

    number: Long = strawberry.field(description="The entry's place, from 1.")
    hash: str = strawberry.field(description="The entry's hash.")


@strawberry.type(description="Whether the chain holds.")
class AuditVerdict:
    is_type_of = reads(contracts.AuditVerdict)

    upto: AuditHead = strawberry.field(description="It was looked at up to and including this entry.")
    done: bool = strawberry.field(description="Whether nothing is left to look at.")
    bad_number: Long | None = strawberry.field(description="The first entry that doesn't hold; null if all do.")
    bad_id: str | None = strawberry.field(description="That entry's id.")
    problem: str | None = strawberry.field(description="What is wrong with it, in words.")
    unsealed: int = strawberry.field(description="Entries that are too young to be in the chain.")
