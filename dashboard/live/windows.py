"""The moving windows of one monitored version: one subscription, caught up by a query whenever it (re)connects.

Of a version with very many features none are pushed: each browser shows others of them, and asks again for those.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from dashboard.figures.rows import Row, window_row
from dashboard.gateway import operations as ask
from dashboard.gateway.operations import Operation
from dashboard.gateway.subscription import Connected, Lost, Received, follow
from dashboard.gateway.views import Window
from dashboard.live.frames import Frame
from dashboard.recent import MANY_FEATURES
from dashboard.site import Site
from services.contracts.errors import LifecycleError, NotFound

RETRY = 0.5  # seconds
KEPT = 400  # newest windows
CAUGHT_UP = 60  # windows asked for after a (re)connection

Data = TypeVar("Data")


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
        self._wide = False
        self._newest: dict[str, tuple[str, int]] = {}
        self.rows: dict[str, Row] = {}
        self.trouble: str | None = "Connecting to the gateway."

    async def run(self) -> None:
        wanted = {"model": self._model, "version": self._version}
        self._wide = await self._has_many_features()
        stream = ask.WINDOW_STREAM_LEAN if self._wide else ask.WINDOW_STREAM
        async for step in follow(self._url, stream, self._token, lambda: wanted):
            match step:
                case Connected():
                    await self._catch_up()
                case Lost(error):
                    self.trouble = error.message
                case Received(moved):
                    row = self._row(moved.window)
                    boot, sequence = self._newest.get(row["x"], ("", 0))
                    if boot == moved.boot and moved.sequence <= sequence:
                        continue  # overtaken by a newer state of the same window
                    self._newest[row["x"]] = moved.boot, moved.sequence
                    self._take({row["x"]: row})
                    self._moved()

    async def _asked(self, operation: Operation[Data], **limits: Any) -> Data:
        """Asks until there is an answer. Raises NotFound."""
        while True:
            try:
                return await self._site.gateway.ask(
                    operation, self._token(), model=self._model, version=self._version, **limits
                )
            except NotFound:
                raise
            except LifecycleError as error:  # the gateway is there, what it asks isn't yet
                self.trouble = error.message
                await asyncio.sleep(RETRY)

    async def _has_many_features(self) -> bool:
        try:
            found = (await self._asked(ask.MONITORED_VERSION)).nodes
        except NotFound:
            return False
        return bool(found) and len(found[0].features) > MANY_FEATURES

    async def _catch_up(self) -> None:
        try:
            windows = await self._asked(ask.WINDOWS, last=CAUGHT_UP, **({"features": []} if self._wide else {}))
        except NotFound:
            windows = []
        self.trouble = None
        rows = (self._row(window) for window in windows)
        self._take({row["x"]: row for row in rows})
        self._moved()

    def _row(self, window: Window) -> Row:
        return {**window_row(window), "wide": True} if self._wide else window_row(window)

    def _take(self, rows: dict[str, Row]) -> None:
        self.rows.update(rows)
        for surplus in sorted(self.rows)[:-KEPT]:
            del self.rows[surplus]
            self._newest.pop(surplus, None)
        self._publish(Frame(rows=rows))
