"""The stream of events: one subscription resumed by its cursor, the newest kept for whoever opens the page."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import structlog

from dashboard.components.events import row
from dashboard.gateway import operations as ask
from dashboard.gateway.subscription import Connected, Lost, Received, follow
from dashboard.gateway.views import EventView
from dashboard.live.frames import Frame
from dashboard.pages.overview import FEED_LENGTH
from dashboard.site import Site
from services.contracts.errors import LifecycleError, Rejected

KEPT = 500
RETRY = 0.5  # seconds

log = structlog.get_logger(__name__)


class LiveFeed:
    """Events arrive at least once; `heard` is told of each exactly once, in the order of arrival."""

    def __init__(
        self,
        site: Site,
        gateway_url: str,
        token: Callable[[], str],
        publish: Callable[[Callable[[], Frame]], None],
        heard: Callable[[EventView], None],
        reconnected: Callable[[], None],
    ) -> None:
        self._site = site
        self._url = gateway_url
        self._token = token
        self._publish = publish
        self._heard = heard
        self._reconnected = reconnected
        self._cursor: str | None = None
        self._events: OrderedDict[str, EventView] = OrderedDict()
        self.count = 0
        self.trouble: str | None = "Connecting to the gateway."

    async def run(self) -> None:
        def after() -> dict[str, Any]:
            return {"after": self._cursor} if self._cursor else {}

        async for step in follow(self._url, ask.EVENT_STREAM, self._token, after):
            match step:
                case Connected():
                    await self._catch_up()
                case Lost(error):
                    self.trouble = error.message
                    if isinstance(error, Rejected) and error.field == "after":
                        log.warning("the events' cursor is too old: going on from now", cursor=self._cursor)
                        self._cursor = None
                case Received(message):
                    self._cursor = message.cursor
                    self._take(message.event)
                    self._publish(self.snapshot)

    async def _catch_up(self) -> None:
        """Fills what happened before the first connection (or a lost cursor)."""
        while True:
            try:
                page = await self._site.gateway.ask(ask.EVENTS, self._token(), first=FEED_LENGTH)
                break
            except LifecycleError as error:  # the gateway is there, what it asks isn't yet
                self.trouble = error.message
                await asyncio.sleep(RETRY)
        self.trouble = None
        for event in reversed(page.nodes):
            self._take(event)
        self._publish(self.snapshot)
        self._reconnected()

    def _take(self, event: EventView) -> None:
        if event.id in self._events:
            return
        self._events[event.id] = event
        if len(self._events) > KEPT:
            self._events.popitem(last=False)
        self.count += 1
        self._heard(event)

    def snapshot(self) -> Frame:
        newest = sorted(self._events.values(), key=lambda event: event.time, reverse=True)[:FEED_LENGTH]
        return Frame(feed=[row(event, self._site.links) for event in newest])
