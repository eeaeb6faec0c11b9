"""Pages drawn while the browser still loads its scripts: begun with the HTML, handed over to the layout, or if they
take longer, to the first callback."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

KEPT_SECONDS = 20.0
MOST_KEPT = 64

Drawn = TypeVar("Drawn")


@dataclass(frozen=True, slots=True)
class Begun(Generic[Drawn]):
    address: tuple[str, str, str]  # path, query string, token
    at: float  # of the event loop's clock
    drawing: asyncio.Task[Drawn]


class Early(Generic[Drawn]):
    """Kept by the id of a page load, which Dash signs and sends back with each callback; each can be taken once.

    Another worker, or whoever comes late, finds nothing here and draws by itself.
    """

    def __init__(self) -> None:
        self._begun: OrderedDict[str, Begun[Drawn]] = OrderedDict()

    def begin(self, load: str, address: tuple[str, str, str], drawing: Coroutine[Any, Any, Drawn]) -> None:
        self.keep(load, address, asyncio.create_task(drawing))

    def keep(self, load: str, address: tuple[str, str, str], task: asyncio.Task[Drawn]) -> None:
        """What is under way, for whoever comes for it."""
        now = asyncio.get_running_loop().time()
        task.add_done_callback(_seen)
        self._begun[load] = Begun(address, now, task)
        while self._begun:
            oldest = next(iter(self._begun.values()))
            if len(self._begun) <= MOST_KEPT and now - oldest.at < KEPT_SECONDS:
                break
            self._begun.popitem(last=False)[1].drawing.cancel()

    def take(self, load: str, address: tuple[str, str, str]) -> asyncio.Task[Drawn] | None:
        """What was begun for this very address, and not too long ago."""
        found = self._begun.pop(load, None)
        if found is None:
            return None
        if found.address != address or asyncio.get_running_loop().time() - found.at >= KEPT_SECONDS:
            found.drawing.cancel()
            return None
        return found.drawing


def _seen(task: asyncio.Task[Any]) -> None:
    """Nobody may come for it: its error must not be reported as forgotten. Whoever comes gets it raised."""
    if not task.cancelled():
        task.exception()
