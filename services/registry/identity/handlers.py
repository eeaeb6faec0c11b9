"""Creates, revokes, lists and finds API tokens."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any

from pymongo import ASCENDING, DESCENDING, IndexModel

from services.contracts.base import Done, Request
from services.contracts.errors import Forbidden, NotAllowedNow, NotFound
from services.contracts.identity import (
    Action,
    CreateToken,
    FindToken,
    ListTokens,
    ListTokensByPage,
    RevokeToken,
    TokenCreated,
    TokenSecret,
    TokenView,
    require,
)
from services.contracts.paging import Page
from services.registry.clock import Now
from services.registry.documents import from_document, insert, save
from services.registry.identity import rules
from services.registry.identity.rules import Token
from services.registry.once import Made, done, done_once
from services.runtime import conditions
from services.runtime.auth import digest_of, new_token
from services.runtime.conditions import Field
from services.runtime.context import Context
from services.runtime.ids import new_id
from services.runtime.outbox import Change, Outbox
from services.runtime.paging import page_of
from services.runtime.store import Store, translated

TOKENS = "tokens"
FIELDS: Mapping[str, Field] = {
    "user": Field("user"),
    "role": Field("role"),
    "note": Field("note"),
    "created_at": Field("created", "milliseconds"),
    "expires_at": Field("expires", "milliseconds", orders=False),
    "revoked_at": Field("revoked", "milliseconds", orders=False),
    "revoked": Field("revoked", "presence", orders=False),
}
"""What lists can be asked for."""
INDEXES: Mapping[str, list[IndexModel]] = {
    TOKENS: [IndexModel([("digest", ASCENDING)], unique=True), IndexModel([("created", DESCENDING)])]
}


class Tokens:
    def __init__(self, store: Store, outbox: Outbox, secret: str, now: Now) -> None:
        self._collection = store[TOKENS]
        self._outbox = outbox
        self._secret = secret
        self._now = now

    async def create(self, request: CreateToken, context: Context) -> TokenSecret:
        """The secret is in this answer and nowhere else."""
        require(context.principal, Action.MANAGE_TOKENS)
        made_now: list[TokenSecret] = []

        async def make(context: Context) -> None:
            made_now.append(await self._made(request, context))

        async def look(made: Made) -> TokenSecret:
            if made_now:
                return made_now[0]
            raise NotAllowedNow(
                f"the token {made[TokenCreated.aggregate]} was made for this key, and its secret is told once only",
                code="TOLD_ALREADY",
                field="idempotency_key",
                fix="If the secret is lost, revoke that token and make another one with a new key.",
            )

        return await done_once(self._outbox, request, context, make, look, keep=False)

    async def _made(self, request: CreateToken, context: Context) -> TokenSecret:
        secret = new_token()
        token, event = rules.created(
            new_id(),
            digest_of(secret, self._secret),
            request.user,
            request.role,
            request.expires_in_seconds,
            request.note,
            self._now(),
        )
        change = Change(context, "create_token")
        insert(change, TOKENS, token)
        change.emit(event, token.v)
        await self._outbox.commit(change)
        return TokenSecret(token=secret, view=rules.view(token))

    async def revoke(self, request: RevokeToken, context: Context) -> Done:
        """Refused everywhere within seconds. Raises NotFound."""
        require(context.principal, Action.MANAGE_TOKENS)

        async def revoke(context: Context) -> None:
            await self._outbox.retrying(lambda: self._revoked(request.id, context))

        return await done_once(self._outbox, request, context, revoke, done)

    async def _revoked(self, token_id: str, context: Context) -> Change | None:
        with translated():
            row = await self._collection.find_one({"_id": token_id})
        if row is None:
            raise NotFound(f"there is no token {token_id!r}")
        before = from_document(row, Token)
        decided = rules.revoked(before, self._now())
        if decided is None:
            return None
        change = Change(context, "revoke_token")
        save(change, TOKENS, before, decided[0])
        change.emit(decided[1], decided[0].v)
        return change

    async def list(self, request: ListTokens, context: Context) -> Sequence[TokenView]:
        """Newest first, revoked ones too."""
        require(context.principal, Action.MANAGE_TOKENS)
        with translated():
            rows = await self._collection.find().sort("created", -1).to_list(None)
        return [rules.view(from_document(row, Token)) for row in rows]

    async def page(self, request: ListTokensByPage, context: Context) -> Page[TokenView]:
        """Newest first, unless another order is asked for; revoked ones too."""
        require(context.principal, Action.MANAGE_TOKENS)
        order = conditions.keys(request.order, FIELDS, [("created", DESCENDING), ("_id", DESCENDING)])
        wanted = conditions.query(request.where, FIELDS)
        return await page_of(
            self._collection, wanted, order, request.paging, lambda row: rules.view(from_document(row, Token))
        )

    async def find(self, request: FindToken, context: Context) -> TokenView | None:
        """For our own services only: whose token has this digest."""
        if context.principal.via != "service":
            raise Forbidden("only services look tokens up")
        return await self.by_digest(request.digest)

    async def by_digest(self, digest: str) -> TokenView | None:
        with translated():
            row = await self._collection.find_one({"digest": digest})
        return None if row is None else rules.view(from_document(row, Token))

    def requests(self) -> dict[type[Request[Any]], Callable[[Any, Any], Coroutine[Any, Any, Any]]]:
        return {
            CreateToken: self.create,
            RevokeToken: self.revoke,
            ListTokens: self.list,
            ListTokensByPage: self.page,
            FindToken: self.find,
        }
