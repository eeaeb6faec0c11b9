"""Who and what may use the product, and whom it tells: tokens, webhooks, dead letters."""

from __future__ import annotations

from datetime import datetime
from enum import Enum

import strawberry
from strawberry import enum_value

from services.contracts import dead_letters, identity, registry
from services.contracts import webhooks as contracts
from services.contracts.paging import Page
from services.gateway.conditions import condition, ordering
from services.gateway.lookahead import Selected
from services.gateway.operation import Info
from services.gateway.types.fields import viewed
from services.gateway.types.limits import Size
from services.gateway.types.list_filters import WebhookDeliveryFilter
from services.gateway.types.list_orders import WebhookDeliveryOrder
from services.gateway.types.node import reads
from services.gateway.types.paging import After, Before, Connection, First, Last, Sort, Where, paging
from services.gateway.types.scalars import Long


@strawberry.enum(description="What a caller may do; each role may do all that the one before it may.")
class Role(Enum):
    VIEWER = enum_value("viewer", description="Read.")
    CONTRIBUTOR = enum_value("contributor", description="Record runs, manage models, answer alerts, edit projects.")
    REVIEWER = enum_value("reviewer", description="Decide reviews and deploy.")
    ADMIN = enum_value("admin", description="Override gates, manage tokens, operate the services.")


@strawberry.type(description="An API token, without its secret.")
class Token:
    is_type_of = reads(identity.TokenView)

    id: str = strawberry.field(description="Its id.")
    user: str = strawberry.field(description="Whose it is.")
    role: Role = strawberry.field(description="What it may do.")
    created_at: datetime = strawberry.field(description="When it was made.")
    expires_at: datetime | None = strawberry.field(description="When it stops being good; null for never.")
    revoked_at: datetime | None = strawberry.field(description="When it was revoked.")
    note: str = strawberry.field(description="What it is for.")


@strawberry.type(description="A message that its consumer can't handle.")
class DeadLetter:
    is_type_of = reads(dead_letters.DeadLetterView)

    id: str = strawberry.field(description="Its id.")
    consumer: str = strawberry.field(description="Who can't handle it.")
    subject: str = strawberry.field(description="What it was sent as.")
    code: str = strawberry.field(description="A stable word for what is wrong.")
    error: str = strawberry.field(description="What is wrong, in words.")
    size: Long = strawberry.field(description="Bytes.")
    time: datetime = strawberry.field(description="When it was put aside.")
    decision: str | None = strawberry.field(description="`retry` or `skip`, until the consumer has done so.")


@strawberry.enum(description="How deliveries to a webhook go.")
class LifecycleWebhookState(Enum):
    WAITING = enum_value("waiting", description="Nothing has been delivered yet.")
    DELIVERED = enum_value("delivered", description="The newest delivery was accepted.")
    FAILING = enum_value("failing", description="The newest attempt failed; it is tried again.")


@strawberry.type(description="A message to a webhook that isn't accepted yet.")
class WebhookDelivery:
    is_type_of = reads(contracts.WebhookDeliveryView)

    id: str = strawberry.field(description="The id that the receiver sees: the same for every attempt.")
    type: str = strawberry.field(description="The event's type, such as `registry.deployment.deployed.v1`.")
    made_at: datetime = strawberry.field(description="When it was put into the queue.")
    due_at: datetime = strawberry.field(description="When it is tried next.")
    attempts: int = strawberry.field(description="How often it was tried.")


async def _deliveries(
    parent: strawberry.Parent[contracts.LifecycleWebhookView],
    info: Info,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
    where: Where[WebhookDeliveryFilter] = None,
    sort: Sort[WebhookDeliveryOrder] = None,
) -> Page[contracts.WebhookDeliveryView]:
    asked = paging(first, after, last, before, Selected.of(info))
    return await info.context.ask(
        contracts.ListWebhookDeliveries(
            webhook_id=parent.id, paging=asked, where=condition(where), order=ordering(sort)
        )
    )


@strawberry.type(description="Where events of the lifecycle are sent.")
class LifecycleWebhook:
    is_type_of = reads(contracts.LifecycleWebhookView)

    id: str = strawberry.field(description="Its id.")
    revision: int = strawberry.field(description="Counts its changes.")
    url: str = strawberry.field(description="The address.")
    events: list[str] = strawberry.field(
        description="Types of events, or beginnings of types; all that can be sent if empty."
    )
    model_name: str | None = strawberry.field(name="model", description="Only about this model; null for all.")
    enabled: bool = strawberry.field(description="Whether it is on.")
    created_by: str = strawberry.field(description="Who set it up.")
    created_at: datetime = strawberry.field(description="When.")
    state: LifecycleWebhookState = strawberry.field(description="How deliveries go.")
    waiting: int = strawberry.field(description="Deliveries that aren't accepted yet.")
    delivered_at: datetime | None = strawberry.field(description="When one was last accepted.")
    problem: str | None = strawberry.field(description="Why the newest attempt failed.")
    deliveries: Connection[WebhookDelivery] | None = viewed(
        resolver=_deliveries, size=Size(asks=True), description="What waits for it, oldest first."
    )


@strawberry.type(description="What was deleted for good.")
class PurgeReport:
    is_type_of = reads(registry.PurgeReport)

    runs: int = strawberry.field(description="How many runs went.")
    logged_models: int = strawberry.field(description="How many logged models went.")
    experiments: int = strawberry.field(description="How many experiments went.")
    kept_runs: list[str] = strawberry.field(description="Runs that stay, because a registered version needs them.")
    kept_models: list[str] = strawberry.field(
        description="Logged models that stay, because a registered version needs them."
    )
    more: bool = strawberry.field(description="Whether there is more to do: ask again.")


def _bytes(parent: strawberry.Parent[registry.ContentReport]) -> Long:
    return Long(parent.bytes)


@strawberry.type(description="What stored content was removed.")
class ContentReport:
    is_type_of = reads(registry.ContentReport)

    looked_at: int = strawberry.field(description="How much was looked at.")
    removed: int = strawberry.field(description="How much of it went.")
    bytes: Long = viewed(resolver=_bytes, description="How many bytes that were.")
    next: str | None = strawberry.field(description="Where to go on; null when all was looked at.")
