"""Sets, lists and deletes webhooks, and puts what they want to hear of into their queue."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from services.contracts.base import Done, Envelope
from services.contracts.errors import Invalid, NotFound
from services.contracts.identity import Action, require
from services.contracts.paging import Page
from services.contracts.webhooks import (
    DeleteLifecycleWebhook,
    LifecycleWebhookView,
    LifecycleWebhookWritten,
    ListLifecycleWebhooks,
    ListWebhookDeliveries,
    SetLifecycleWebhook,
    WebhookDeliveryView,
)
from services.registry.documents import insert, save
from services.registry.once import once
from services.registry.webhooks import rules
from services.registry.webhooks.rules import MAX_WEBHOOKS, Body, Webhook
from services.registry.webhooks.store import WEBHOOKS, MongoWebhooks
from services.runtime.context import Context
from services.runtime.ids import new_id
from services.runtime.outbox import Change, Outbox
from services.runtime.webhooks import Target, WebhookQueue, checked_url, delivery_id

SECRET_BYTES = 32


class _Named(msgspec.Struct):
    """What an event says of which model it is about, if it is about one."""

    model_name: str | None = None


class Webhooks:
    """`private_allowed`: addresses of this machine and its network may be reached."""

    def __init__(self, outbox: Outbox, store: MongoWebhooks, queue: WebhookQueue, *, private_allowed: bool) -> None:
        self._outbox = outbox
        self._store = store
        self._queue = queue
        self._private_allowed = private_allowed

    async def take_in(self, envelopes: list[Envelope], change: Change) -> None:
        """Adds to `change` a delivery of each event for each webhook that wants to hear of it."""
        webhooks = await self._store.all()
        if not webhooks:
            return
        now = datetime.now(UTC)
        for envelope in envelopes:
            model_name = msgspec.json.decode(envelope.data, type=_Named).model_name
            for webhook in webhooks:
                since = envelope.time >= webhook.created_at
                if since and webhook.wants(envelope.type, model_name):
                    self._queue.add(change, envelope.id, webhook.id, envelope.type, _body(envelope, webhook.id), now)

    async def target(self, webhook_id: str) -> Target | None:
        webhook = await self._store.get(webhook_id)
        return None if webhook is None else Target(webhook.url, webhook.secret)

    async def set(self, request: SetLifecycleWebhook, context: Context) -> LifecycleWebhookWritten:
        """Raises Invalid for an address that can't be one, or may not be reached."""
        require(context.principal, Action.MANAGE_WEBHOOKS)
        url = checked_url(request.url, private_allowed=self._private_allowed)
        events = rules.checked_events(request.events)

        async def new() -> tuple[Change, LifecycleWebhookWritten]:
            rules.check_expected(request.expected, 0)
            if len(await self._store.all()) >= MAX_WEBHOOKS:
                raise Invalid(f"there are {MAX_WEBHOOKS} webhooks; that is the most", code="TOO_MANY_WEBHOOKS")
            webhook = Webhook(
                id=new_id(),
                v=1,
                url=url,
                events=events,
                model_name=request.model_name,
                enabled=request.enabled,
                secret=secrets.token_urlsafe(SECRET_BYTES),
                created_by=context.principal.user,
                created_at=datetime.now(UTC),
            )
            change = Change(context, "set_webhook")
            insert(change, WEBHOOKS, webhook)
            change.audit(after=rules.told(webhook))
            return change, LifecycleWebhookWritten(id=webhook.id, revision=webhook.v, secret=webhook.secret)

        async def again() -> tuple[Change, LifecycleWebhookWritten]:
            before = await self._get(request.webhook_id or "")
            rules.check_expected(request.expected, before.v)
            secret = secrets.token_urlsafe(SECRET_BYTES) if request.new_secret else before.secret
            after = msgspec.structs.replace(
                before,
                v=before.v + 1,
                url=url,
                events=events,
                model_name=request.model_name,
                enabled=request.enabled,
                secret=secret,
            )
            change = Change(context, "set_webhook")
            save(change, WEBHOOKS, before, after)
            change.audit(before=rules.told(before), after=rules.told(after))
            shown = secret if request.new_secret else None
            return change, LifecycleWebhookWritten(id=after.id, revision=after.v, secret=shown)

        return await once(self._outbox, request, context, new if request.webhook_id is None else again)

    async def delete(self, request: DeleteLifecycleWebhook, context: Context) -> Done:
        require(context.principal, Action.MANAGE_WEBHOOKS)

        async def decide() -> tuple[Change, Done]:
            before = await self._get(request.webhook_id)
            change = Change(context, "delete_webhook")
            change.delete(WEBHOOKS, {"_id": before.id, "r": before.r})
            self._queue.forget(change, before.id)
            change.audit(before=rules.told(before))
            return change, Done()

        return await once(self._outbox, request, context, decide)

    async def listed(self, request: ListLifecycleWebhooks, context: Context) -> list[LifecycleWebhookView]:
        require(context.principal, Action.MANAGE_WEBHOOKS)
        found = []
        for webhook in await self._store.all():
            problem, delivered_at = await self._queue.standing(webhook.id)
            found.append(rules.view(webhook, await self._queue.waiting(webhook.id), problem, delivered_at))
        return found

    async def deliveries(self, request: ListWebhookDeliveries, context: Context) -> Page[WebhookDeliveryView]:
        """What waits for a webhook, oldest first. Raises NotFound."""
        require(context.principal, Action.MANAGE_WEBHOOKS)
        webhook = await self._get(request.webhook_id)
        return await self._queue.page(webhook.id, request.where, request.order, request.paging, _delivery)

    async def _get(self, webhook_id: str) -> Webhook:
        webhook = await self._store.get(webhook_id)
        if webhook is None:
            raise NotFound(f"there is no webhook {webhook_id!r}", field="webhook_id")
        return webhook


def _delivery(row: Mapping[str, Any]) -> WebhookDeliveryView:
    return WebhookDeliveryView(
        id=row["_id"], type=row["type"], made_at=row["made"], due_at=row["due"], attempts=int(row["attempts"])
    )


def _body(envelope: Envelope, webhook_id: str) -> bytes:
    return msgspec.json.encode(
        Body(
            id=delivery_id(envelope.id, webhook_id),
            type=envelope.type,
            time=envelope.time,
            actor=envelope.actor,
            aggregate_id=envelope.aggregate_id,
            version=envelope.version,
            data=msgspec.Raw(envelope.data),
        )
    )
