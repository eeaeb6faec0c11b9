"""Which event is sent to which webhook."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from services.contracts.errors import Conflict, Invalid
from services.contracts.webhooks import WEBHOOK_EVENTS, LifecycleWebhookView
from services.registry.values import Aggregate

MAX_WEBHOOKS = 50


class Webhook(Aggregate, frozen=True, kw_only=True):
    """`v` counts the changes. `secret` signs, so it is kept as it is."""

    url: str
    events: list[str]
    model_name: str | None
    enabled: bool
    secret: str
    created_by: str
    created_at: datetime

    def wants(self, type_: str, model_name: str | None) -> bool:
        if not self.enabled or self.model_name not in (None, model_name):
            return False
        return any(_begins(type_, wanted) for wanted in self.events or WEBHOOK_EVENTS)


class Body(msgspec.Struct, frozen=True, kw_only=True):
    """What is sent, as JSON. `id` is the same in every attempt: whoever has seen it may ignore the repeat.

    `version` counts the events of one aggregate without gaps: an older one that comes late is recognised by it.
    """

    id: str
    type: str
    time: datetime
    actor: str
    aggregate_id: str
    version: int
    data: msgspec.Raw


def _begins(type_: str, wanted: str) -> bool:
    return type_ == wanted or type_.startswith(f"{wanted}.")


def checked_events(events: Sequence[str]) -> list[str]:
    """Raises Invalid for what is never sent."""
    for number, wanted in enumerate(events):
        if not any(_begins(wanted, known) for known in WEBHOOK_EVENTS):
            raise Invalid(
                f"{wanted!r} is never sent",
                code="UNKNOWN_EVENT",
                field=f"events[{number}]",
                fix=f"One of {', '.join(WEBHOOK_EVENTS)}, or a type that begins so.",
            )
    return sorted(set(events))


def check_expected(expected: int | None, revision: int) -> None:
    if expected is not None and expected != revision:
        raise Conflict(
            f"the webhook has changed meanwhile: it is at revision {revision}, not {expected}",
            code="CHANGED_MEANWHILE",
            field="expected",
            fix="Load it, look at the change, and try again.",
        )


def told(webhook: Webhook) -> dict[str, object]:
    """For the audit trail: all but the secret."""
    return {
        "webhook": webhook.id,
        "url": webhook.url,
        "events": webhook.events,
        "model_name": webhook.model_name,
        "enabled": webhook.enabled,
    }


def view(webhook: Webhook, waiting: int, problem: str | None, delivered_at: datetime | None) -> LifecycleWebhookView:
    return LifecycleWebhookView(
        id=webhook.id,
        revision=webhook.v,
        url=webhook.url,
        events=webhook.events,
        model_name=webhook.model_name,
        enabled=webhook.enabled,
        created_by=webhook.created_by,
        created_at=webhook.created_at,
        state="failing" if problem else "waiting" if waiting or delivered_at is None else "delivered",
        waiting=waiting,
        delivered_at=delivered_at,
        problem=problem,
    )
