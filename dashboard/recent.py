"""The newest windows of what is watched: figures of many, features of few, so that a thousand features weigh little."""

from __future__ import annotations

import asyncio

from dashboard.gateway import operations as ask
from dashboard.gateway.views import Monitored, Window
from dashboard.site import Visit

RECENT_WINDOWS = 30
DETAILED_WINDOWS = 2  # the open one and the newest closed one
MANY_FEATURES = 40  # of more, only those that are looked at travel window by window


async def windows_of(visit: Visit, monitored: list[Monitored]) -> list[list[Window]]:
    """The newest windows of each version, all asked for at once; only the newest two with their features."""

    async def recent(one: Monitored) -> list[Window]:
        wanted = {"model": one.model, "version": one.version}
        line, newest = await asyncio.gather(
            visit.ask(ask.WINDOWS, **wanted, last=RECENT_WINDOWS, features=[]),
            newest_windows(visit, one),
        )
        return [*line[: -len(newest)], *newest] if newest else line

    return list(await asyncio.gather(*(recent(one) for one in monitored)))


async def newest_windows(visit: Visit, monitored: Monitored) -> list[Window]:
    """The newest windows with all features; asked once within a visit."""
    return await visit.ask(ask.WINDOWS, model=monitored.model, version=monitored.version, last=DETAILED_WINDOWS)
