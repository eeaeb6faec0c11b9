"""The moving windows of one monitored version: one subscription, caught up by a query whenever it (re)connects."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from dashboard.figures.rows import Row, window_row
from dashboard.gateway import operations as ask
from dashboard.gateway.subscription import Connected, Lost, Received, follow
from dashboard.live.frames import Frame
from dashboard.recent import windows_at_once
from dashboard.site import Site
from services.contracts.errors import LifecycleError, NotFound

RETRY = 0.5  # seconds
KEPT = 400  # newest windows
CAUGHT_UP = 60  # windows asked for after a (re)connection


class LiveWindows:
    """`rows` are the newest states known, by window; a newcomer gets them all."""

    def __init__(
        self,
        model: str,
        version: str,
        site: Site,
        gateway_url: str,
        token: Callable[[], str],
        publish: Callable[[Frame], None],
        moved: Callable[[], None],
    ) -> None:
        self._model = model
        self._version = version
        self._site = site
        self._url = gateway_url
        self._token = token
        self._publish = publish
        self._moved = moved
        self._newest: dict[str, tuple[str, int]] = {}
        self.rows: dict[str, Row] = {}
        self.trouble: str | None = "Connecting to the gateway."

    async def run(self) -> None:
        wanted = {"model": self._model, "version": self._version}
        async for step in follow(self._url, ask.WINDOW_STREAM, self._token, lambda: wanted):
            match step:
                case Connected():
                    await self._catch_up()
                case Lost(error):
                    self.trouble = error.message
                case Received(moved):
                    row = window_row(moved.window)
                    boot, sequence = self._newest.get(row["x"], ("", 0))
                    if boot == moved.boot and moved.sequence <= sequence:
                        continue  # overtaken by a newer state of the same window
                    self._newest[row["x"]] = moved.boot, moved.sequence
                    self._take({row["x"]: row})
                    self._moved()

    async def _catch_up(self) -> None:
        wanted: dict[str, Any] = {"model": self._model, "version": self._version}
        while True:
            try:
                found = await self._site.gateway.ask(ask.MONITORED, self._token(), **wanted)
                last = windows_at_once(len(found[0].features) if found else 0, CAUGHT_UP)
                windows = await self._site.gateway.ask(ask.WINDOWS, self._token(), **wanted, last=last)
                break
            except NotFound:
                windows = []
                break
            except LifecycleError as error:  # the gateway is there, what it asks isn't yet
                self.trouble = error.message
                await asyncio.sleep(RETRY)
        self.trouble = None
        rows = (window_row(window) for window in windows)
        self._take({row["x"]: row for row in rows})
        self._moved()

    def _take(self, rows: dict[str, Row]) -> None:
        self.rows.update(rows)
        for surplus in sorted(self.rows)[:-KEPT]:
            del self.rows[surplus]
            self._newest.pop(surplus, None)
        self._publish(Frame(rows=rows))
