"""Asks a running registry over NATS, as one of its users."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypeVar

from services.contracts.base import Request
from services.contracts.identity import Principal, Role
from services.runtime.bus import Bus
from services.runtime.context import Context, new_correlation_id

R = TypeVar("R")


class Asker:
    """`ask(request, "ben")` is what ben gets for an answer."""

    def __init__(self, bus: Bus) -> None:
        self.bus = bus

    async def __call__(self, request: Request[R], user: str = "anna", role: Role = Role.ADMIN) -> R:
        principal = Principal(user=user, role=role, via="token")
        return await self.bus.request(request, Context(principal, new_correlation_id()), timeout=20)


@asynccontextmanager
async def asking(nats: str) -> AsyncIterator[Asker]:
    async with Bus.connect(nats, "test") as bus:
        yield Asker(bus)
