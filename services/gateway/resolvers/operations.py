"""Tokens, webhooks of the lifecycle and dead letters: what can be asked and changed of them."""

from __future__ import annotations

from typing import Annotated

import strawberry

from services.contracts import dead_letters, identity, registry, webhooks
from services.contracts.paging import Page
from services.gateway.conditions import condition, ordering
from services.gateway.inputs import operations as inputs
from services.gateway.lookahead import Selected
from services.gateway.operation import Info
from services.gateway.types.commands import Outcome, Payload, answered, commanded
from services.gateway.types.fields import viewed
from services.gateway.types.limits import Size
from services.gateway.types.node import reads
from services.gateway.types.operation_lists import (
    DeadLetterFilter,
    DeadLetterOrder,
    LifecycleWebhookFilter,
    TokenFilter,
    TokenOrder,
    WebhookOrder,
)
from services.gateway.types.operations import ContentReport, DeadLetter, LifecycleWebhook, PurgeReport, Token
from services.gateway.types.paging import After, Before, Connection, First, Last, Sort, Where, paging
from services.gateway.types.services import Service
from services.gateway.whole import attributes, kept

_OF_WEBHOOKS = attributes(
    "url", "model_name", "events", "enabled", "state", "waiting", "created_by", "created_at", "delivered_at"
)


async def _tokens(info: Info) -> list[identity.TokenView]:
    return await info.context.ask(identity.ListTokens())


async def _tokens_by_page(
    info: Info,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
    where: Where[TokenFilter] = None,
    sort: Sort[TokenOrder] = None,
) -> Page[identity.TokenView]:
    return await info.context.ask(
        identity.ListTokensByPage(
            paging=paging(first, after, last, before, Selected.of(info)), where=condition(where), order=ordering(sort)
        )
    )


async def _webhooks(
    info: Info,
    where: Where[LifecycleWebhookFilter] = None,
    sort: Sort[WebhookOrder] = None,
) -> list[webhooks.LifecycleWebhookView]:
    found = await info.context.ask(webhooks.ListLifecycleWebhooks())
    return kept(found, condition(where), ordering(sort), _OF_WEBHOOKS)


async def _registry_letters(info: Info) -> list[dead_letters.DeadLetterView]:
    return (await info.context.ask(dead_letters.ListRegistryDeadLetters())).letters


async def _monitor_letters(info: Info) -> list[dead_letters.DeadLetterView]:
    return (await info.context.ask(dead_letters.ListMonitorDeadLetters())).letters


_LETTERS: dict[str, type[dead_letters.ListDeadLettersByPage]] = {
    "registry": dead_letters.ListRegistryDeadLettersByPage,
    "monitor": dead_letters.ListMonitorDeadLettersByPage,
}


async def _letters(
    info: Info,
    service: Annotated[Service, strawberry.argument(description="Whose they are.")],
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
    where: Where[DeadLetterFilter] = None,
    sort: Sort[DeadLetterOrder] = None,
) -> Page[dead_letters.DeadLetterView]:
    return await info.context.ask(
        _LETTERS[str(service.value)](
            paging=paging(first, after, last, before, Selected.of(info)), where=condition(where), order=ordering(sort)
        )
    )


@strawberry.type
class OperationQueries:
    """What can be asked."""

    api_tokens: Connection[Token] | None = viewed(
        resolver=_tokens_by_page,
        size=Size(asks=True),
        description="API tokens, newest first, revoked ones too; for administrators.",
    )
    tokens: list[Token] | None = viewed(
        resolver=_tokens,
        size=Size(otherwise=50),
        description="API tokens, for administrators.",
        deprecated="It is one list of all: use `apiTokens`, which has pages, filters and orders.",
    )
    lifecycle_webhooks: list[LifecycleWebhook] | None = viewed(
        resolver=_webhooks, size=Size(otherwise=20), description="Where events of the lifecycle are sent."
    )
    registry_dead_letters: list[DeadLetter] | None = viewed(
        resolver=_registry_letters,
        size=Size(otherwise=dead_letters.MAX_DEAD_LETTERS),
        description="Messages that the registry can't handle, newest first.",
        deprecated="It ends after 100: use `deadLetters(service: REGISTRY)`, which has pages, filters and orders.",
    )
    monitor_dead_letters: list[DeadLetter] | None = viewed(
        resolver=_monitor_letters,
        size=Size(otherwise=dead_letters.MAX_DEAD_LETTERS),
        description="Messages that the monitor can't handle, newest first.",
        deprecated="It ends after 100: use `deadLetters(service: MONITOR)`, which has pages, filters and orders.",
    )
    dead_letters: Connection[DeadLetter] | None = viewed(
        resolver=_letters,
        size=Size(asks=True),
        description="Messages that a service can't handle, newest first; for administrators.",
    )


def _secret(parent: strawberry.Parent[Outcome]) -> str | None:
    if isinstance(parent.answer, identity.TokenSecret):
        return parent.answer.token
    return parent.answer.secret if isinstance(parent.answer, webhooks.LifecycleWebhookWritten) else None


def _token(parent: strawberry.Parent[Outcome]) -> identity.TokenView | None:
    return parent.answer.view if isinstance(parent.answer, identity.TokenSecret) else None


@strawberry.type(description="What a change of a token did.")
class TokenPayload(Payload):
    is_type_of = reads(Outcome)

    token: Token | None = viewed(resolver=_token, description="The new token; null if it was revoked.")
    secret: str | None = viewed(resolver=_secret, description="The token itself; shown only this once.")


def _webhook_id(parent: strawberry.Parent[Outcome]) -> str | None:
    return parent.answer.id if isinstance(parent.answer, webhooks.LifecycleWebhookWritten) else None


@strawberry.type(description="What a change of a webhook did.")
class LifecycleWebhookPayload(Payload):
    is_type_of = reads(Outcome)

    changed_id: str | None = viewed(
        resolver=_webhook_id, description="The webhook's id; null if there were errors or it was deleted."
    )
    secret: str | None = viewed(resolver=_secret, description="Signs what is sent; shown only once, when it is new.")


@strawberry.type(description="What was decided about a dead letter.")
class DeadLetterPayload(Payload):
    is_type_of = reads(Outcome)

    dead_letter: DeadLetter | None = viewed(resolver=answered, description="The letter now; null if there were errors.")


@strawberry.type(description="What deleting for good did.")
class PurgePayload(Payload):
    is_type_of = reads(Outcome)

    report: PurgeReport | None = viewed(
        resolver=answered, description="What went and stayed; null if there were errors."
    )


@strawberry.type(description="What clearing stored content did.")
class CollectContentPayload(Payload):
    is_type_of = reads(Outcome)

    report: ContentReport | None = viewed(resolver=answered, description="What went; null if there were errors.")


@strawberry.type
class OperationMutations:
    """What can be changed."""

    purge_deleted: PurgePayload = commanded(
        inputs.PurgeDeletedInput,
        registry.PurgeDeleted,
        "Deletes for good what was deleted long ago, a part of it: for administrators, again while there is `more`.",
    )
    collect_content: CollectContentPayload = commanded(
        inputs.CollectContentInput,
        registry.CollectContent,
        "Removes stored content that no file has any more, a part of it: for administrators, again until there is no "
        "`next`.",
    )

    create_token: TokenPayload = commanded(
        inputs.CreateTokenInput, identity.CreateToken, "Makes an API token; its secret is shown only once."
    )
    revoke_token: TokenPayload = commanded(
        inputs.RevokeTokenInput, identity.RevokeToken, "Makes an API token stop being good."
    )
    set_lifecycle_webhook: LifecycleWebhookPayload = commanded(
        inputs.SetLifecycleWebhookInput,
        webhooks.SetLifecycleWebhook,
        "Adds or changes an address that events of the lifecycle are sent to.",
    )
    delete_lifecycle_webhook: LifecycleWebhookPayload = commanded(
        inputs.DeleteLifecycleWebhookInput,
        webhooks.DeleteLifecycleWebhook,
        "Removes an address that events of the lifecycle are sent to.",
    )
    decide_registry_dead_letter: DeadLetterPayload = commanded(
        inputs.DecideDeadLetterInput,
        dead_letters.DecideRegistryDeadLetter,
        "Retries or skips a message that the registry can't handle.",
    )
    decide_monitor_dead_letter: DeadLetterPayload = commanded(
        inputs.DecideDeadLetterInput,
        dead_letters.DecideMonitorDeadLetter,
        "Retries or skips a message that the monitor can't handle.",
    )
