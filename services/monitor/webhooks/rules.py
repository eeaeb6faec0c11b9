"""Which alerts are sent to which webhook, and what is sent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec

from services.contracts.alert_webhooks import WebhookView
from services.contracts.alerts import AlertView, Severity

MAX_WEBHOOKS: Final = 50


class Webhook(msgspec.Struct, frozen=True, kw_only=True):
    """A document that changes by compare-and-set on its revision `r`. `secret` signs, so it is kept as it is."""

    id: str = msgspec.field(name="_id")
    r: int = 1
    url: str
    model_name: str | None
    severities: list[Severity]
    enabled: bool
    secret: str
    created_by: str
    created_at: datetime

    def wants(self, alert: AlertView) -> bool:
        if not self.enabled or self.model_name not in (None, alert.model_name):
            return False
        return not self.severities or alert.severity in self.severities


class Body(msgspec.Struct, frozen=True, kw_only=True):
    """What is sent, as JSON. `id` is the same in every attempt: whoever has seen it may ignore the repeat.

    `type`: of the event, such as `monitor.alert.opened.v1`; `alert`: as it was then.
    """

    id: str
    type: str
    time: datetime
    alert: AlertView


def webhook_view(webhook: Webhook, waiting: int, problem: str | None, delivered_at: datetime | None) -> WebhookView:
    return WebhookView(
        id=webhook.id,
        revision=webhook.r,
        url=webhook.url,
        model_name=webhook.model_name,
        severities=webhook.severities,
        enabled=webhook.enabled,
        created_by=webhook.created_by,
        created_at=webhook.created_at,
        state="failing" if problem else "waiting" if waiting or delivered_at is None else "delivered",
        waiting=waiting,
        delivered_at=delivered_at,
        problem=problem,
    )


def wanting(webhooks: Sequence[Webhook], alert: AlertView) -> list[Webhook]:
    return [webhook for webhook in webhooks if webhook.wants(alert)]
