"""Sets, lists and deletes webhooks, and puts deliveries into their queue."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import Final

import msgspec

from services.contracts.alert_webhooks import DeleteWebhook, ListWebhooks, SetWebhook, WebhookView, WebhookWritten
from services.contracts.alerts import (
    AlertAcknowledged,
    AlertOpened,
    AlertReopened,
    AlertResolved,
    AlertView,
)
from services.contracts.base import Done, Event
from services.contracts.errors import Invalid, NotFound
from services.contracts.identity import Action, require
from services.monitor.webhooks import rules
from services.monitor.webhooks.rules import MAX_WEBHOOKS, Body, Webhook
from services.monitor.webhooks.store import WEBHOOKS, MongoWebhooks
from services.runtime.context import Context
from services.runtime.documents import insert, save
from services.runtime.ids import new_id
from services.runtime.once import once
from services.runtime.outbox import Change, Outbox
from services.runtime.webhooks import Target, WebhookQueue, checked_url, delivery_id

SENT: Final = (AlertOpened, AlertReopened, AlertAcknowledged, AlertResolved)
SECRET_BYTES: Final = 32


class Webhooks:
    """One per process. `private_allowed`: addresses of this machine and its network may be reached."""

    def __init__(self, webhooks: MongoWebhooks, queue: WebhookQueue, outbox: Outbox, *, private_allowed: bool) -> None:
        self._webhooks = webhooks
        self._queue = queue
        self._outbox = outbox
        self._private_allowed = private_allowed

    async def enqueue(self, change: Change, event_id: str, event: Event, alert: AlertView) -> None:
        """Adds to `change` a delivery for each webhook that wants to hear of it."""
        if not isinstance(event, SENT):
            return
        now = datetime.now(UTC)
        for webhook in rules.wanting(await self._webhooks.all(), alert):
            body = Body(id=delivery_id(event_id, webhook.id), type=event.type(), time=now, alert=alert)
            self._queue.add(change, event_id, webhook.id, event.type(), msgspec.json.encode(body), now)

    async def target(self, webhook_id: str) -> Target | None:
        webhook = await self._webhooks.get(webhook_id)
        return None if webhook is None else Target(webhook.url, webhook.secret)

    async def set(self, request: SetWebhook, context: Context) -> WebhookWritten:
        require(context.principal, Action.MANAGE_WEBHOOKS)
        url = checked_url(request.url, private_allowed=self._private_allowed)
        severities = sorted(set(request.severities))

        async def new() -> tuple[Change, WebhookWritten]:
            if len(await self._webhooks.all()) >= MAX_WEBHOOKS:
                raise Invalid(f"there are {MAX_WEBHOOKS} webhooks; that is the most", code="TOO_MANY_WEBHOOKS")
            webhook = Webhook(
                id=new_id(),
                url=url,
                model_name=request.model_name,
                severities=severities,
                enabled=request.enabled,
                secret=secrets.token_urlsafe(SECRET_BYTES),
                created_by=context.principal.user,
                created_at=datetime.now(UTC),
            )
            change = Change(context, "set_webhook")
            insert(change, WEBHOOKS, webhook)
            change.audit(after=_told(webhook))
            return change, WebhookWritten(id=webhook.id, revision=webhook.r, secret=webhook.secret)

        async def again() -> tuple[Change, WebhookWritten]:
            before = await self._get(request.webhook_id or "")
            secret = secrets.token_urlsafe(SECRET_BYTES) if request.new_secret else before.secret
            after = msgspec.structs.replace(
                before,
                url=url,
                model_name=request.model_name,
                severities=severities,
                enabled=request.enabled,
                secret=secret,
            )
            change = Change(context, "set_webhook")
            save(change, WEBHOOKS, before, after)
            change.audit(before=_told(before), after=_told(after))
            shown = secret if request.new_secret else None
            return change, WebhookWritten(id=after.id, revision=before.r + 1, secret=shown)

        return await once(self._outbox, request, context, new if request.webhook_id is None else again)

    async def delete(self, request: DeleteWebhook, context: Context) -> Done:
        require(context.principal, Action.MANAGE_WEBHOOKS)

        async def decide() -> tuple[Change, Done]:
            before = await self._get(request.webhook_id)
            change = Change(context, "delete_webhook")
            change.delete(WEBHOOKS, {"_id": before.id, "r": before.r})
            self._queue.forget(change, before.id)
            change.audit(before=_told(before))
            return change, Done()

        return await once(self._outbox, request, context, decide)

    async def list(self, request: ListWebhooks, context: Context) -> list[WebhookView]:
        require(context.principal, Action.MANAGE_WEBHOOKS)
        found = []
        for webhook in await self._webhooks.all():
            problem, delivered_at = await self._queue.standing(webhook.id)
            found.append(rules.webhook_view(webhook, await self._queue.waiting(webhook.id), problem, delivered_at))
        return found

    async def renamed(self, change: Change, former: str, name: str) -> None:
        """Webhooks for one model follow it to its new name."""
        for webhook in await self._webhooks.all():
            if webhook.model_name == former:
                save(change, WEBHOOKS, webhook, msgspec.structs.replace(webhook, model_name=name))

    async def _get(self, webhook_id: str) -> Webhook:
        webhook = await self._webhooks.get(webhook_id)
        if webhook is None:
            raise NotFound(f"there is no webhook {webhook_id!r}", field="webhook_id")
        return webhook


def _told(webhook: Webhook) -> dict[str, object]:
    """For the audit trail: all but the secret."""
    return {
        "webhook": webhook.id,
        "url": webhook.url,
        "model_name": webhook.model_name,
        "severities": list(webhook.severities),
        "enabled": webhook.enabled,
    }
