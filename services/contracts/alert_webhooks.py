"""Webhooks for alerts: where the monitor sends them."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from services.contracts.alerts import Severity
from services.contracts.base import Done, Message, Request

WebhookState = Literal["waiting", "delivered", "failing"]


class WebhookView(Message, frozen=True, kw_only=True):
    """Where alerts are sent. `waiting`: deliveries not yet accepted; `problem`: of the newest attempt that failed."""

    id: str
    revision: int
    url: str
    model_name: str | None
    severities: list[Severity]
    enabled: bool
    created_by: str
    created_at: datetime
    state: WebhookState
    waiting: int = 0
    delivered_at: datetime | None = None
    problem: str | None = None


class WebhookWritten(Message, frozen=True, kw_only=True):
    """`secret` signs what is sent; it is shown this once, when it is new."""

    id: str
    revision: int
    secret: str | None = None


class SetWebhook(Request[WebhookWritten], frozen=True, kw_only=True):
    """A new one without an id. `severities` empty: all; `model_name` None: all models. `new_secret`: replaces the
    secret of an existing one. What is sent and how it is signed stands in the guide."""

    service = "monitor"
    name = "webhook.set"

    url: str
    model_name: str | None = None
    severities: list[Severity] = []
    enabled: bool = True
    webhook_id: str | None = None
    new_secret: bool = False
    idempotency_key: str | None = None


class DeleteWebhook(Request[Done], frozen=True, kw_only=True):
    """What waits for it is dropped."""

    service = "monitor"
    name = "webhook.delete"

    webhook_id: str
    idempotency_key: str | None = None


class ListWebhooks(Request[list[WebhookView]], frozen=True, kw_only=True):
    service = "monitor"
    name = "webhook.list"
