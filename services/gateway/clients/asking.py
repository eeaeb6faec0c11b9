"""One caller's questions over NATS: each carries who asks, and fails typed when nobody answers in time."""

from __future__ import annotations

from typing import TypeVar

from services.contracts.base import Request
from services.runtime.bus import Bus
from services.runtime.context import Context

R = TypeVar("R")


class Asking:
    """Sends requests for one principal. Every answer is waited for at most `seconds`."""

    def __init__(self, bus: Bus, context: Context, seconds: float) -> None:
        self._bus = bus
        self.context = context
        self._seconds = seconds

    async def __call__(self, request: Request[R]) -> R:
        """The owner's answer. Raises its typed error, or `Unavailable`."""
        return await self._bus.request(request, self.context, timeout=self._seconds)
