"""A run while it trains: whenever metrics are logged, its sections are rendered again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from dashboard.gateway import operations as ask
from dashboard.gateway.subscription import Connected, Lost, Received, follow
from dashboard.site import Site
from services.contracts.errors import LifecycleError

RUNNING = ("RUNNING", "SCHEDULED")
LOOK = 30.0  # seconds between two looks whether a run that had ended goes on
RETRY = 0.5  # seconds


class LiveRun:
    """Follows one run's metrics as long as it runs; `moved` is told of each."""

    def __init__(
        self, run_id: str, site: Site, gateway_url: str, token: Callable[[], str], moved: Callable[[], None]
    ) -> None:
        self._run_id = run_id
        self._site = site
        self._url = gateway_url
        self._token = token
        self._moved = moved
        self.trouble: str | None = None

    async def run(self) -> None:
        while True:
            if await self._runs():
                await self._follow()
            await asyncio.sleep(RETRY if self.trouble else LOOK)

    async def _runs(self) -> bool:
        try:
            found = await self._site.gateway.ask(ask.RUN_STATUS, self._token(), id=self._run_id)
        except LifecycleError as error:
            self.trouble = error.message
            return False
        self.trouble = None
        return found is not None and found.status in RUNNING

    async def _follow(self) -> None:
        async for step in follow(self._url, ask.RUN_METRICS, self._token, lambda: {"runId": self._run_id}):
            match step:
                case Connected():
                    self.trouble = None
                case Lost(error):
                    self.trouble = error.message
                case Received():
                    self._moved()
            if not self.trouble and not isinstance(step, Received) and not await self._runs():
                return
