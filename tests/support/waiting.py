"""Waits for a condition with a deadline, instead of sleeping and hoping."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")
_PAUSE = 0.02  # seconds between two looks


def wait_until(condition: Callable[[], T], within: float = 10.0, what: str = "") -> T:
    """The first true value of `condition`; fails the test when there is none `within` seconds."""
    deadline = time.monotonic() + within
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {within} s: {what or condition.__name__}; last value {value!r}")
        time.sleep(_PAUSE)


async def until(condition: Callable[[], Awaitable[T]], within: float = 10.0, what: str = "") -> T:
    """Like `wait_until`, for a condition that is awaited."""
    deadline = time.monotonic() + within
    while True:
        value = await condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {within} s: {what or condition.__name__}; last value {value!r}")
        await asyncio.sleep(_PAUSE)
