"""What every page is given: the gateway, the links, and who asks for what."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import dash

from dashboard.gateway.client import GatewayClient
from dashboard.links import Links

SESSION_COOKIE = "lifecycle_session"

Component = Any  # a Dash component: the framework ships no useful types for them


@dataclass(frozen=True, slots=True)
class Site:
    """Built once in the wiring and handed to every page and section."""

    gateway: GatewayClient
    links: Links

    def now(self) -> datetime:
        return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Visit:
    """One look at a page: the parts of its address, and the visitor's token (empty in open mode)."""

    parts: Mapping[str, str]
    state: Mapping[str, str]
    token: str = ""


Section = Callable[[Site, Visit], Awaitable[Component]]
"""A part of a page that can be rendered on its own, and again whenever facts change."""


def visitor_token() -> str:
    """The token of whoever triggered the Dash callback under way."""
    cookies: Mapping[str, str] = dash.ctx.cookies or {}
    return cookies.get(SESSION_COOKIE, "")
