"""Commands with an idempotency key: a repeat is answered as the first time and has no second effect.

The key is part of the transaction that makes the change, so a repeat after a crash at any moment either finds it, and
has no effect, or nothing was changed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, nullcontext, suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec

from services.contracts.base import Done, Request
from services.contracts.errors import Conflict, Invalid, LifecycleError, Unavailable
from services.runtime.context import Context
from services.runtime.documents import create
from services.runtime.outbox import ONCE, AlreadyDone, Change, Outbox

R = TypeVar("R")
MAX_KEY = 256

Made = Mapping[str, str]
"""What a command's change is about: the id of the first thing of each kind, as its events say."""


class _Kept(msgspec.Struct, frozen=True):
    """`digest` is of the request: the same key for another wish is a mistake of the caller's.

    `reply` is None until the answer is known, where a command answers with more than it writes.
    """

    digest: str
    reply: bytes | None
    made: dict[str, str] = {}


class Keyed:
    """One request and the key that it came with, if any. Raises Invalid for what can't be a key."""

    def __init__(self, outbox: Outbox, request: Request[Any], context: Context) -> None:
        key = getattr(request, "idempotency_key", None) or context.idempotency_key
        if key is not None and not 0 < len(key) <= MAX_KEY:
            raise Invalid(f"an idempotency key has 1 to {MAX_KEY} characters", field="idempotency_key")
        self._outbox = outbox
        self._digest = hashlib.sha256(msgspec.msgpack.encode(request)).hexdigest()
        self.key = None if key is None else f"{request.subject()}/{context.principal.user}/{key}"

    def turn(self) -> AbstractAsyncContextManager[None]:
        """One request with the same key at a time in this process; other processes lose the race in the database."""
        return nullcontext() if self.key is None else self._outbox.turns.of(self.key)

    async def earlier(self) -> _Kept | None:
        """What is known of an earlier request with this key. Raises Conflict if that was another wish."""
        kept = None if self.key is None else await self._outbox.recall(self.key)
        return None if kept is None else self.checked(kept)

    def checked(self, kept: bytes) -> _Kept:
        earlier = msgspec.msgpack.decode(kept, type=_Kept)
        if earlier.digest != self._digest:
            raise Conflict(
                "this idempotency key was used for another request",
                code="IDEMPOTENCY_KEY_REUSED",
                field="idempotency_key",
                fix="Use a new key for a new wish.",
            )
        return earlier

    def kept(self, reply: object | None, made: Made | None = None) -> bytes:
        said = None if reply is None else msgspec.msgpack.encode(reply)
        return msgspec.msgpack.encode(_Kept(self._digest, said, dict(made or {})))


async def once(
    outbox: Outbox,
    request: Request[R],
    context: Context,
    decide: Callable[[], Awaitable[tuple[Change, R]]],
    *,
    again_on_duplicate: bool = False,
) -> R:
    """Commits what `decide` says (again after a lost race) and answers with its reply.

    With a key in the request or in the context, the answer is committed with the change and kept for a week under that
    key, the request's kind and the user. Raises Conflict if the key was used for something else.
    """
    keyed = Keyed(outbox, request, context)
    async with keyed.turn():
        return await _once(outbox, request, keyed, decide, again_on_duplicate=again_on_duplicate)


async def _once(
    outbox: Outbox,
    request: Request[R],
    keyed: Keyed,
    decide: Callable[[], Awaitable[tuple[Change, R]]],
    *,
    again_on_duplicate: bool,
) -> R:
    earlier = await keyed.earlier()
    if earlier is not None:
        return _answer(request, earlier)
    reply: R | None = None

    async def attempt() -> Change:
        nonlocal reply
        change, reply = await decide()
        if keyed.key is not None:
            change.once(keyed.key, keyed.kept(reply))
        return change

    try:
        await (create(outbox, attempt) if again_on_duplicate else outbox.retrying(attempt))
    except AlreadyDone as done:
        return _answer(request, keyed.checked(done.answer))
    except LifecycleError:  # what a repeat finds that lost against the first request, in another process
        earlier = await keyed.earlier()
        if earlier is None:
            raise
        return _answer(request, earlier)
    assert reply is not None
    return reply


async def done_once(
    outbox: Outbox,
    request: Request[R],
    context: Context,
    act: Callable[[Context], Awaitable[object]],
    look: Callable[[Made], Awaitable[R]],
    *,
    keep: bool = True,
) -> R:
    """As `once`, for a command whose change somebody else commits, and whose answer is looked up after it.

    `act` commits under the context that it is given: the first change takes the key along, and what it is about. `look`
    makes the answer. A repeat is given the answer of the first time; if that was never given, because the service
    died after the change, the changed thing as it is now. Without `keep` that is always so.
    """
    keyed = Keyed(outbox, request, context)
    async with keyed.turn():
        return await _done_once(outbox, request, keyed, context, act, look, keep=keep)


async def _done_once(
    outbox: Outbox,
    request: Request[R],
    keyed: Keyed,
    context: Context,
    act: Callable[[Context], Awaitable[object]],
    look: Callable[[Made], Awaitable[R]],
    *,
    keep: bool,
) -> R:
    earlier = await keyed.earlier()
    if earlier is not None:
        return await _known(request, earlier, look)
    signed = _Signed(keyed)
    try:
        await act(replace(context, signature=signed))
    except AlreadyDone as done:
        return await _known(request, keyed.checked(done.answer), look)
    except LifecycleError:  # as above
        earlier = await keyed.earlier()
        if earlier is None or signed.made is not None:  # nobody was faster, or it was this request's own change
            raise
        return await _known(request, earlier, look)
    reply = await look(signed.made or {})
    if keyed.key is not None and keep:
        with suppress(Unavailable):  # then a repeat is given the thing as it is by then
            change = Change(context, request.name)
            change.unaudited()
            update = {"$set": {"reply": keyed.kept(reply)}, "$setOnInsert": {"time": datetime.now(UTC)}}
            change.upsert(ONCE, {"_id": keyed.key}, update)
            await outbox.commit(change)
    return reply


async def done(_: Made) -> Done:
    """The answer to what leaves nothing to look at."""
    return Done()


class _Signed:
    """Makes the first change that is committed take the key along. Notes what it is about."""

    def __init__(self, keyed: Keyed) -> None:
        self._keyed = keyed
        self.made: Made | None = None

    def add_to(self, change: Change) -> None:
        if self.made is None and self._keyed.key is not None:
            change.once(self._keyed.key, self._keyed.kept(None, _about(change)))

    def committed(self, change: Change) -> None:
        if self.made is None:
            self.made = _about(change)


def _about(change: Change) -> Made:
    made: dict[str, str] = {}
    for event in change.events:
        made.setdefault(event["aggregate"], event["aggregate_id"])
    return made


def _answer(request: Request[R], earlier: _Kept) -> R:
    assert earlier.reply is not None
    reply: R = msgspec.msgpack.decode(earlier.reply, type=request.reply_type())
    return reply


async def _known(request: Request[R], earlier: _Kept, look: Callable[[Made], Awaitable[R]]) -> R:
    return await look(earlier.made) if earlier.reply is None else _answer(request, earlier)
