"""A plain route that says its name to the request metrics, as FastAPI's own do at a greater price."""

from __future__ import annotations

from starlette.routing import Route
from starlette.types import Receive, Scope, Send


class NamedRoute(Route):
    """Puts itself into the scope, where the edge reads the path template for its labels."""

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a request that matches."""
        scope["route"] = self
        await super().handle(scope, receive, send)
