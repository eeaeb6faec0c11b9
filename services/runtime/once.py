"""Commands with an idempotency key: a repeat is answered as the first time and has no second effect."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import msgspec

from services.contracts.base import Request
from services.contracts.errors import Conflict, Invalid, LifecycleError
from services.runtime.context import Context
from services.runtime.documents import create
from services.runtime.outbox import AlreadyDone, Change, Outbox

R = TypeVar("R")
MAX_KEY = 256


class _Kept(msgspec.Struct, frozen=True):
    """`digest` is of the request: the same key for another wish is a mistake of the caller's."""

    digest: str
    reply: bytes


async def once(
    outbox: Outbox,
    request: Request[R],
    context: Context,
    decide: Callable[[], Awaitable[tuple[Change, R]]],
    *,
    again_on_duplicate: bool = False,
) -> R:
    """Commits what `decide` says (again after a lost race) and answers with its reply.

    With a key in the request or in the context, the answer is kept for a week under that key, the request's kind and
    the user. Raises Conflict if the key was used for something else.
    """
    key = getattr(request, "idempotency_key", None) or context.idempotency_key
    if key is not None and not 0 < len(key) <= MAX_KEY:
        raise Invalid(f"an idempotency key has 1 to {MAX_KEY} characters", field="idempotency_key")
    scoped = None if key is None else f"{request.subject()}/{context.principal.user}/{key}"
    digest = _digest(request)
    if scoped is not None:
        earlier = await outbox.recall(scoped)
        if earlier is not None:
            return _answer(request, earlier, digest)
    reply: R | None = None

    async def attempt() -> Change:
        nonlocal reply
        change, reply = await decide()
        if scoped is not None:
            change.once(scoped, msgspec.msgpack.encode(_Kept(digest, msgspec.msgpack.encode(reply))))
        return change

    try:
        await (create(outbox, attempt) if again_on_duplicate else outbox.retrying(attempt))
    except AlreadyDone as done:
        return _answer(request, done.answer, digest)
    except LifecycleError:  # what a repeat finds that ran at the same time as the first request and lost
        earlier = None if scoped is None else await outbox.recall(scoped)
        if earlier is None:
            raise
        return _answer(request, earlier, digest)
    assert reply is not None
    return reply


def _digest(request: Request[Any]) -> str:
    return hashlib.sha256(msgspec.msgpack.encode(request)).hexdigest()


def _answer(request: Request[R], kept: bytes, digest: str) -> R:
    earlier = msgspec.msgpack.decode(kept, type=_Kept)
    if earlier.digest != digest:
        raise Conflict(
            "this idempotency key was used for another request",
            code="IDEMPOTENCY_KEY_REUSED",
            field="idempotency_key",
            fix="Use a new key for a new wish.",
        )
    reply: R = msgspec.msgpack.decode(earlier.reply, type=request.reply_type())
    return reply
