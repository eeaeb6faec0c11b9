"""Fills the index of runs at start and keeps it fresh; until it is full, the documents themselves are searched."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Sequence
from contextlib import aclosing

import structlog
from prometheus_client import Gauge

from services.contracts.errors import LifecycleError, Unavailable, Unsupported
from services.contracts.registry import RunPurged
from services.registry.runs.grouping import Groupable
from services.registry.runs.index import RunIndex
from services.registry.runs.near import Likeness, Normalised
from services.registry.runs.places import Place
from services.registry.runs.rules import Run
from services.registry.runs.store import MongoRuns, RunSearch, Wanted
from services.registry.search.syntax import Field
from services.runtime.bus import Bus
from services.runtime.follow import follow_events, stream_bounds

log = structlog.get_logger()

BATCH = 100
"""Runs that are read, or taken in, together; the event loop serves requests between two such batches."""
AT_MOST_NEW = 64
"""Runs that may wait for being taken in; a run's steps within that time are taken in as one."""
SUBJECTS = ("events.registry.run.>",)
PAUSE = 1.0

_size = Gauge("lifecycle_run_index_runs", "Runs in the search index")
_bytes = Gauge("lifecycle_run_index_bytes", "About what the search index takes in memory")


class FreshRunIndex:
    """Answers searches from the index, with what this process committed at once in it.

    What other replicas commit comes with their events, some milliseconds later.
    """

    def __init__(self, documents: RunSearch, store: MongoRuns, bus: Bus) -> None:
        self._documents = documents
        self._store = store
        self._bus = bus
        self._index = RunIndex()
        self._new: dict[str, Run] = {}  # committed, not yet in the index
        self._full = asyncio.Event()

    async def find(self, wanted: Wanted, skip: int, limit: int) -> list[str]:
        """As `RunSearch`."""
        if self._full.is_set() and self._index.covers(wanted):
            self._take_in()
            return self._index.find(wanted, skip, limit)
        return await self._documents.find(wanted, skip, limit)

    async def beyond(self, wanted: Wanted, place: Place, limit: int, *, backward: bool) -> list[str]:
        """As `RunSearch`."""
        if self._full.is_set() and self._index.covers(wanted):
            self._take_in()
            return self._index.beyond(wanted, place, limit, backward=backward)
        return await self._documents.beyond(wanted, place, limit, backward=backward)

    async def count(self, wanted: Wanted) -> int:
        """As `RunSearch`."""
        if self._full.is_set() and self._index.covers(wanted):
            self._take_in()
            return self._index.count(wanted)
        return await self._documents.count(wanted)

    async def gathered(self, wanted: Wanted, by: Sequence[Field], metrics: Sequence[str]) -> Groupable:
        """As `RunSearch`."""
        if not self._full.is_set():
            return await self._documents.gathered(wanted, by, metrics)
        if not self._index.covers(wanted):
            raise Unsupported("groups can't be filtered by where artifacts lie", field="filter", fix="Leave it out.")
        self._take_in()
        return self._index.gathered(wanted, by, metrics)

    async def near(self, wanted: Likeness, normalised: Normalised) -> list[str] | None:
        """Ids of the runs that are nearest, nearest first; None as long as the index isn't full."""
        if not self._full.is_set():
            return None
        self._take_in()
        for key, dictionary in self._index.unknown(wanted.params, normalised).items():
            await asyncio.to_thread(normalised.learn, key, dictionary)
        return self._index.near(wanted, normalised) if self._full.is_set() else None

    def seen(self, runs: Sequence[Run]) -> None:
        """Hears what was just committed; taking it in waits for the next question, or until there is more of it."""
        for run in runs:
            known = self._new.get(run.id)
            if known is None or known.v < run.v:
                self._new[run.id] = run
        if len(self._new) >= AT_MOST_NEW:
            self._take_in()

    def _take_in(self) -> None:
        if self._new:
            new, self._new = self._new, {}
            self._index.put(new.values())

    async def full(self) -> None:
        """Returns when searches are answered from the index."""
        await self._full.wait()

    async def run(self) -> None:
        """Fills the index, then follows the events of runs, for ever; begins anew when it lost the thread."""
        while True:
            try:
                newest = (await stream_bounds(self._bus))[1]
                await self._fill()
                await self._follow(newest)
            except LifecycleError as error:
                log.warning("the index of runs is filled again", error=str(error))
                self._full.clear()
                await asyncio.sleep(PAUSE)

    async def _fill(self) -> None:
        started = time.monotonic()
        async with aclosing(self._store.each(BATCH)) as batches:
            async for runs in batches:
                self._index.put(runs)
                await asyncio.sleep(0)
        await asyncio.to_thread(self._index.prepare)  # nothing is looked up yet, and what is put in comes after
        self._full.set()
        self._measure()
        seconds = round(time.monotonic() - started, 1)
        log.info("the index of runs is full", runs=len(self._index), bytes=self._index.nbytes, seconds=seconds)

    async def _follow(self, after: int) -> None:
        """Reads anew the runs whose events say that others changed them."""
        behind: set[str] = set()
        waiting = asyncio.Event()
        taking = asyncio.create_task(self._take(behind, waiting), name="run index")
        try:
            async with aclosing(follow_events(self._bus, after, SUBJECTS)) as events:
                async for _, event in events:
                    if event.type == RunPurged.type():
                        self._new.pop(event.aggregate_id, None)
                        self._index.remove(event.aggregate_id)
                    elif self._known(event.aggregate_id) < event.version:
                        behind.add(event.aggregate_id)
                        waiting.set()
        finally:
            taking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await taking

    async def _take(self, behind: set[str], waiting: asyncio.Event) -> None:
        while True:
            self._measure()
            await waiting.wait()
            waiting.clear()
            while behind:
                ids = [behind.pop() for _ in range(min(BATCH, len(behind)))]
                try:
                    self._index.put(run for run in await self._store.get_many(ids) if run is not None)
                except Unavailable:
                    behind.update(ids)
                    await asyncio.sleep(PAUSE)

    def _known(self, run_id: str) -> int:
        """The version of the run that was heard of last; 0 if of none."""
        new = self._new.get(run_id)
        return self._index.version(run_id) if new is None else max(new.v, self._index.version(run_id))

    def _measure(self) -> None:
        _size.set(len(self._index))
        _bytes.set(self._index.nbytes)
