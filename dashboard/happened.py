"""What happened to a version, for the charts of it: deployments, alerts, requests for retraining."""

from __future__ import annotations

import asyncio

import structlog

from dashboard.figures.markers import Marker, markers
from dashboard.gateway import operations as ask
from dashboard.site import Visit
from services.contracts.errors import LifecycleError, Unauthenticated

log = structlog.get_logger(__name__)

_MARKED = 20


async def happened(visit: Visit) -> list[Marker]:
    """What happened to the version; without it, if it can't be asked for now."""
    model, version = visit.parts["model"], visit.parts["version"]
    try:
        alerts, deployments, retrainings = await asyncio.gather(
            visit.ask(ask.ALERTS, first=_MARKED, model=model, version=version),
            visit.ask(ask.DEPLOYMENTS, model=model),
            visit.ask(ask.RETRAININGS, first=_MARKED, model=model, version=version),
        )
    except Unauthenticated:
        raise
    except LifecycleError as error:
        log.info("charts without markers", reason=error.message)
        return []
    return markers(version, alerts.nodes, deployments, retrainings.nodes)
