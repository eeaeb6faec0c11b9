"""Commands with an idempotency key: as every service answers them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from services.contracts.base import Request
from services.runtime.context import Context
from services.runtime.once import MAX_KEY, once
from services.runtime.outbox import Change, Outbox

__all__ = ["MAX_KEY", "done_once", "once"]

R = TypeVar("R")


async def done_once(outbox: Outbox, request: Request[R], context: Context, act: Callable[[], Awaitable[R]]) -> R:
    """As `once`, for what commits by itself and does no harm a second time: the answer is kept right after it.

    A repeat that comes before the answer is kept acts again.
    """

    async def decide() -> tuple[Change, R]:
        reply = await act()
        kept = Change(context, request.name)
        kept.unaudited()
        return kept, reply

    return await once(outbox, request, context, decide)
