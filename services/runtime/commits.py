"""Group commit: changes that arrive while a transaction is under way are committed together in the next one.

One durable commit pays for many. A change that can't be committed leaves its group; the others don't hear of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from prometheus_client import Counter, Histogram
from pymongo import InsertOne

from services.contracts.errors import Unavailable
from services.runtime.chain import digest_of
from services.runtime.change import AUDIT, EVENTS, OUTBOX, Change, Record, Stale
from services.runtime.store import Expectation, Operation, Refused, Step, Store, Unmet
from services.runtime.telemetry import SECONDS_BUCKETS

MAX_GROUP = 128
MAX_OPERATIONS = 2000
"""After which a group is full: the server ends transactions that take longer than seconds."""
MANY = 3
"""So many who ask at once are worth waiting for."""
GATHER_SECONDS = 0.04
"""From the beginning of one group to that of the next at most, however few wait."""
PATIENCE_SECONDS = 0.05
"""How long a group lets another queue go first: work nobody waits for goes on, however busy the service is."""

_commit_seconds = Histogram(
    "lifecycle_commit_seconds", "Time of one durable MongoDB transaction", ["database"], buckets=SECONDS_BUCKETS
)
_changes = Counter("lifecycle_changes_total", "Changes by outcome", ["database", "outcome"])


@dataclass(slots=True)
class _Waiting:
    change: Change
    done: asyncio.Future[None]

    def settle(self, error: Exception | None) -> None:
        if self.done.done():
            return
        if error is None:
            self.done.set_result(None)
        else:
            self.done.set_exception(error)


class Commits:
    """A queue of changes to one store. One transaction at a time, so that the next group fills meanwhile.

    `before`: a queue that goes first. `committed` hears of what has become durable and leaves something to be done.
    """

    def __init__(self, store: Store, committed: Callable[[Record], None], *, before: Commits | None = None) -> None:
        self._store = store
        self._committed = committed
        self._before = before
        self._queue: list[_Waiting] = []
        self._running: asyncio.Task[None] | None = None
        self._idle = asyncio.Event()
        self._idle.set()
        self._began = 0.0
        self._asking = 0
        """How many asked at once, as it showed when the last group was done: those in it, and those behind it."""
        self._gathered = asyncio.Event()

    async def commit(self, change: Change) -> None:
        """Returns when `change` is durable on a majority. Raises Refused, Stale, Unavailable: nothing was written."""
        waiting = _Waiting(change, asyncio.get_running_loop().create_future())
        self._queue.append(waiting)
        if len(self._queue) >= self._wanted:
            self._gathered.set()
        if self._running is None:
            self._idle.clear()
            self._running = asyncio.create_task(self._work_off(), name=f"commit:{self._store.name}")
        await asyncio.shield(waiting.done)

    @property
    def busy(self) -> bool:
        return self._running is not None

    async def drain(self) -> None:
        """Waits until everything handed in is committed."""
        while self._running is not None:
            await asyncio.shield(self._running)

    async def _work_off(self) -> None:
        try:
            while self._queue:
                if self._before is not None:
                    with suppress(TimeoutError):
                        async with asyncio.timeout(PATIENCE_SECONDS):
                            await self._before._idle.wait()
                await self._gather()
                group = self._next_group()
                size = len(group)
                await self._commit_group(group)
                self._asking = size + len(self._queue)
        finally:
            self._running = None
            if self._queue:  # handed in while the last await was finishing
                self._running = asyncio.create_task(self._work_off(), name=f"commit:{self._store.name}")
            else:
                self._idle.set()

    @property
    def _wanted(self) -> int:
        """How many changes a group waits for: as many as asked at once the last time."""
        return min(self._asking, MAX_GROUP)

    async def _gather(self) -> None:
        """While many ask at once, a group waits for all of them: a transaction costs nearly as much for a few changes
        as for many, and whoever is busy loses nothing by it. One after the other, nobody waits."""
        clock = asyncio.get_running_loop().time
        rest = self._began + GATHER_SECONDS - clock()
        if self._before is None and self._asking >= MANY and rest > 0 and len(self._queue) < self._wanted:
            self._gathered.clear()
            self._idle.set()  # a queue behind this one has time for a group
            with suppress(TimeoutError):
                async with asyncio.timeout(rest):
                    await self._gathered.wait()
            self._idle.clear()
        self._began = clock()

    def _next_group(self) -> list[_Waiting]:
        size = operations = 0
        for waiting in self._queue[:MAX_GROUP]:
            operations += waiting.change.size
            if size and operations > MAX_OPERATIONS:
                break
            size += 1
        group, self._queue = self._queue[:size], self._queue[size:]
        return group

    async def _commit_group(self, group: list[_Waiting]) -> None:
        """Whoever is at fault leaves; where that can't be told, each half is tried by itself."""
        while group:
            plan = _Plan([waiting.change for waiting in group])
            try:
                with _commit_seconds.labels(self._store.name).time():
                    await self._store.write(plan.steps)
            except Exception as error:  # noqa: BLE001  # handed to whoever waits for the commit
                at_fault = plan.at_fault(error)
                if at_fault is None and len(group) > 1 and not isinstance(error, Unavailable):
                    half = len(group) // 2
                    await self._commit_group(group[:half])
                    await self._commit_group(group[half:])
                    return
                failed = group if at_fault is None else [group[at_fault]]
                for waiting in failed:
                    self._fail(waiting, plan.told(error))
                group = [waiting for waiting in group if waiting not in failed]
            else:
                _changes.labels(self._store.name, "committed").inc(len(group))
                if plan.record is not None:
                    self._committed(plan.record)
                for waiting in group:
                    waiting.settle(None)
                return

    def _fail(self, waiting: _Waiting, error: Exception) -> None:
        _changes.labels(self._store.name, type(error).__name__).inc()
        waiting.settle(error)


class _Plan:
    """The steps of one transaction for several changes, and whose each operation is."""

    def __init__(self, changes: Sequence[Change]) -> None:
        operations: dict[tuple[str, Expectation], list[Operation]] = {}
        owners: dict[tuple[str, Expectation], list[int | None]] = {}
        record = Record()
        for number, change in enumerate(changes):
            writes = dict(change.writes)
            if change.events:
                writes[(EVENTS, "insert")] = [InsertOne(event) for event in change.events]
                record.events += change.events
            if not change.silent:
                row = change.audit_row()
                writes[(AUDIT, "insert")] = [InsertOne(row)]
                record.rows.append((row["_id"], digest_of(row)))
            for target, wanted in writes.items():
                operations.setdefault(target, []).extend(wanted)
                owners.setdefault(target, []).extend([number] * len(wanted))
        self.record = record if record.events or record.rows else None
        if self.record is not None:
            operations[(OUTBOX, "insert")] = [InsertOne(self.record.document())]
            owners[(OUTBOX, "insert")] = [None]
        self.steps = [Step(collection, expectation, ops) for (collection, expectation), ops in operations.items()]
        self._owners = list(owners.values())
        self._alone = len(changes) == 1

    def at_fault(self, error: Exception) -> int | None:
        """The number of the change that `error` is about, if that is known."""
        owner = self._owners[error.step][error.operation] if isinstance(error, Refused) else None
        if owner is not None:
            return owner
        return 0 if self._alone else None

    def told(self, error: Exception) -> Exception:
        """What whoever handed the change in hears."""
        return Stale(self.steps[error.step].collection) if isinstance(error, Unmet) else error
