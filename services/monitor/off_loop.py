"""Where arithmetic runs: small pieces at once, large ones in a thread beside the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final, ParamSpec, TypeVar

SMALL_ROWS: Final = 12_000
"""Up to so many rows a piece takes a few milliseconds, a few times a second. Handing it to a thread and back costs half
as much again, the event loop fights the thread for the interpreter meanwhile, and both find their caches cold."""

P = ParamSpec("P")
R = TypeVar("R")


async def off_loop(rows: int, work: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
    """What `work` returns; `rows`: how many it is about."""
    if rows <= SMALL_ROWS:
        return work(*args, **kwargs)
    return await asyncio.to_thread(work, *args, **kwargs)
