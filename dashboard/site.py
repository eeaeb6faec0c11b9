"""What every page is given: the gateway, the links, and who asks for what."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

import dash
import msgspec

from dashboard.gateway.client import GatewayClient
from dashboard.gateway.operations import Operation
from dashboard.links import Links

SESSION_COOKIE = "lifecycle_session"

Data = TypeVar("Data")
Component = Any  # a Dash component: the framework ships no useful types for them


@dataclass(frozen=True, slots=True)
class Site:
    """Built once in the wiring and handed to every page and section."""

    gateway: GatewayClient
    links: Links

    def now(self) -> datetime:
        return datetime.now(UTC)

    def visit(self, parts: Mapping[str, str], state: Mapping[str, str], token: str) -> Visit:
        return Visit(self.gateway, parts, state, token)


class Visit:
    """One look at a page: the parts and the state of its address, and the visitor's token (empty in open mode).

    Sections ask for themselves; within a visit the same question goes to the gateway once.
    """

    def __init__(self, gateway: GatewayClient, parts: Mapping[str, str], state: Mapping[str, str], token: str) -> None:
        self.parts = parts
        self.state = state
        self._gateway = gateway
        self._token = token
        self._asked: dict[tuple[str, bytes], asyncio.Task[Any]] = {}

    async def ask(self, operation: Operation[Data], **variables: Any) -> Data:
        """Raises LifecycleError as `GatewayClient.ask` does."""
        key = operation.text, msgspec.json.encode(variables, order="deterministic")
        if key not in self._asked:
            self._asked[key] = asyncio.create_task(self._gateway.ask(operation, self._token, **variables))
        answer: Data = await self._asked[key]
        return answer


Section = Callable[[Site, Visit], Awaitable[Component]]
"""A part of a page that can be rendered on its own, and again whenever facts change."""


def visitor_token() -> str:
    """The token of whoever triggered the Dash callback under way."""
    cookies: Mapping[str, str] = dash.ctx.cookies or {}
    return cookies.get(SESSION_COOKIE, "")
