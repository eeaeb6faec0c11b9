"""The version that a page of the monitor is about."""

from __future__ import annotations

from dashboard.components.basics import clipped
from dashboard.gateway import operations as ask
from dashboard.gateway.views import Monitored
from dashboard.site import Visit
from services.contracts.errors import NotFound


async def watched(visit: Visit) -> Monitored:
    """Raises NotFound where nothing of it is watched."""
    model, version = visit.parts["model"], visit.parts["version"]
    found = (await visit.ask(ask.MONITORED_VERSION, model=model, version=version)).nodes
    if not found:
        raise NotFound(f"{clipped(model, 80)} v{clipped(version, 20)} is not being watched.")
    return found[0]
