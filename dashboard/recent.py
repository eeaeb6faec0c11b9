"""The newest windows of what is watched: figures of many, features of few, so that a thousand features weigh little."""

from __future__ import annotations

import asyncio

from dashboard.gateway import operations as ask
from dashboard.gateway.views import Monitored, Window
from dashboard.site import Visit

RECENT_WINDOWS = 30
DETAILED_WINDOWS = 2  # the open one and the newest closed one
MOST_FIGURES = 8_000  # of features in windows, at once


async def windows_of(visit: Visit, monitored: list[Monitored]) -> list[list[Window]]:
    """The newest windows of each version, all asked for at once; only the newest two with their features."""

    async def recent(one: Monitored) -> list[Window]:
        wanted = {"model": one.model, "version": one.version}
        line, newest = await asyncio.gather(
            visit.ask(ask.WINDOWS, **wanted, last=RECENT_WINDOWS, features=[]),
            visit.ask(ask.WINDOWS, **wanted, last=DETAILED_WINDOWS),
        )
        return [*line[: -len(newest)], *newest] if newest else line

    return list(await asyncio.gather(*(recent(one) for one in monitored)))


def windows_at_once(features: int, most: int) -> int:
    """How many windows with so many features each can be asked for at once, at most `most`."""
    return max(DETAILED_WINDOWS, min(most, MOST_FIGURES // (features + 1)))
