"""Webhooks for what happens in the lifecycle: deployers, chat rooms and pipelines are told of it."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from services.contracts.base import Done, Message, Request
from services.contracts.conditions import Condition, Ordering
from services.contracts.paging import Page, Paging

WEBHOOK_EVENTS = (
    "registry.deployment",
    "registry.review",
    "registry.gate_verdict",
    "registry.retraining",
    "registry.evaluation",
    "registry.model_version",
    "registry.registered_model",
    "registry.model_card",
)
"""What can be sent, by the beginning of the events' types."""

LifecycleWebhookState = Literal["waiting", "delivered", "failing"]


class LifecycleWebhookView(Message, frozen=True, kw_only=True):
    """Where events are sent. `waiting`: deliveries not yet accepted; `problem`: of the newest attempt that failed.

    `events`: types, or beginnings of types, out of WEBHOOK_EVENTS; empty: all of them.
    """

    id: str
    revision: int
    url: str
    events: list[str]
    model_name: str | None
    enabled: bool
    created_by: str
    created_at: datetime
    state: LifecycleWebhookState
    waiting: int = 0
    delivered_at: datetime | None = None
    problem: str | None = None


class LifecycleWebhookWritten(Message, frozen=True, kw_only=True):
    """`secret` signs what is sent; it is shown this once, when it is new."""

    id: str
    revision: int
    secret: str | None = None


class SetLifecycleWebhook(Request[LifecycleWebhookWritten], frozen=True, kw_only=True):
    """A new one without an id. `model_name` None: all models. `new_secret`: replaces the secret of an existing one.
    What is sent and how it is signed stands in the guide."""

    service = "registry"
    name = "webhook.set"

    url: str
    events: list[str] = []
    model_name: str | None = None
    enabled: bool = True
    webhook_id: str | None = None
    new_secret: bool = False
    expected: int | None = None
    idempotency_key: str | None = None


class DeleteLifecycleWebhook(Request[Done], frozen=True, kw_only=True):
    """What waits for it is dropped."""

    service = "registry"
    name = "webhook.delete"

    webhook_id: str
    idempotency_key: str | None = None


class ListLifecycleWebhooks(Request[list[LifecycleWebhookView]], frozen=True, kw_only=True):
    service = "registry"
    name = "webhook.list"


class WebhookDeliveryView(Message, frozen=True, kw_only=True):
    """A message that isn't accepted yet; `due_at` is the next attempt. `id` is the one that the receiver sees."""

    id: str
    type: str
    made_at: datetime
    due_at: datetime
    attempts: int


class ListWebhookDeliveries(Request[Page[WebhookDeliveryView]], frozen=True, kw_only=True):
    """What waits for a webhook, oldest first. What was accepted isn't kept."""

    service = "registry"
    name = "webhook.deliveries"

    webhook_id: str
    paging: Paging = Paging()
    where: Condition | None = None
    order: list[Ordering] = []
