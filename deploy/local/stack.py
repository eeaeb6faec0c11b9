"""The whole stack as one object that starts and stops: for the command line, and inside tests."""

import asyncio
import contextlib
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Literal

from deploy.local import doctor, ports
from deploy.local.parts import PARTS, Part, Surroundings
from deploy.local.problems import Problem, StartFailed
from deploy.local.settings import LocalSettings
from deploy.local.state import PartRecord, PartState, ProcessId, StackRecord, StateDirectory, now
from deploy.local.supervisor import Supervised, Timing

PortChoice = Literal["auto", "default"]
_HOPELESS = 4  # times in a row a part may end before it was ready once


@dataclass(frozen=True)
class Urls:
    """Where the parts of a running stack are reached from this machine; empty where the stack lacks the part."""

    dashboard: str
    gateway: str
    graphql: str
    registry: str
    monitor: str
    nats: str
    mongodb: str

    @classmethod
    def of(cls, record: StackRecord) -> "Urls":
        """The URLs of a stack by its record."""
        known = {name: part.url for name, part in record.parts.items()}
        gateway = known.get("gateway", "")
        return cls(
            dashboard=known.get("dashboard", ""),
            gateway=gateway,
            graphql=f"{gateway}/graphql" if gateway else "",
            registry=known.get("registry", ""),
            monitor=known.get("monitor", ""),
            nats=known.get("nats-server", ""),
            mongodb=known.get("mongod", ""),
        )


class Stack:
    """The stack in a state directory. `async with` starts it, waits until every part is ready, and stops it in order.

    on_change: called with the record whenever a part's state changes.
    Raises Problem at the start, with everything stopped again, when it can't be started.
    """

    def __init__(
        self,
        state_dir: Path,
        *,
        ports: PortChoice = "auto",
        settings: LocalSettings | None = None,
        parts: Sequence[Part] = PARTS,
        timing: Timing | None = None,
        on_change: Callable[[StackRecord], None] = lambda record: None,
        start_within: float = 180.0,
    ) -> None:
        self.state = StateDirectory(state_dir)
        self.record = StackRecord()
        self._port_choice = ports
        self._settings = settings or LocalSettings()
        self._parts = parts
        self._timing = timing or Timing()
        self._on_change = on_change
        self._start_within = start_within
        self._supervised: dict[str, Supervised] = {}
        self._cleanup = contextlib.ExitStack()

    @property
    def urls(self) -> Urls:
        """Where the parts are reached."""
        return Urls.of(self.record)

    async def __aenter__(self) -> "Stack":
        try:
            await self.start()
        except BaseException:
            await self.stop()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Starts every part and returns when all are ready. After a failure, `stop` has to be called."""
        self._settings.refuse_open_to_others()
        self.state.prepare()
        self._cleanup.enter_context(self.state.locked())
        self.state.end_leftovers()
        around = self._surroundings()
        threads = self._cleanup.enter_context(ThreadPoolExecutor(len(self._parts), "probe"))
        self.record = StackRecord(
            state="starting",
            supervisor=ProcessId.of(os.getpid()),
            host=self._settings.host,
            ports=dict(around.ports),
            parts={part.name: _not_started(part.url(around)) for part in self._parts},
        )
        self.record.urls = asdict(self.urls)
        for part in self._parts:
            program = part.program(around)
            self.record.parts[part.name].elsewhere = part.elsewhere(self._settings)
            self._supervised[part.name] = Supervised(
                name=part.name,
                program=program,
                environment=part.environment(around),
                state=self.state,
                record=self.record.parts[part.name],
                needs={name: self._supervised[name] for name in part.after if name in self._supervised},
                threads=threads,
                changed=self._changed,
                timing=self._timing,
            )
        self._changed("")
        for supervised in self._supervised.values():
            supervised.start()
        await self._all_ready()

    async def stop(self) -> None:
        """Stops the parts in reverse order and returns when all their processes are gone."""
        if self.record.supervisor is not None:
            self.record.state = "stopping"
        for supervised in reversed(self._supervised.values()):
            await supervised.stop()
        if self.record.supervisor is not None:
            self.record.state, self.record.supervisor = "stopped", None
            self._changed("")
        self._supervised.clear()
        self._cleanup.close()

    def hurry(self) -> None:
        """A stop that has begun ends at once."""
        for supervised in self._supervised.values():
            supervised.hurry()

    def _surroundings(self) -> Surroundings:
        wanted = {
            name: port
            for part in self._parts
            if not part.elsewhere(self._settings)
            for name, port in part.ports.items()
        }
        if self._port_choice == "auto":
            numbers = ports.choose(wanted, keep=self.state.last_record().ports)
        else:
            numbers = {name: port.configured() for name, port in wanted.items()}
        doctor.require(
            self.state.path, {name: (numbers[name], port.setting) for name, port in wanted.items()}, self._settings
        )
        return Surroundings(
            state=self.state.path,
            settings=self._settings,
            ports=numbers,
            secret=self._settings.auth_secret or self.state.secret(),
        )

    async def _all_ready(self) -> None:
        waiting = {name: asyncio.create_task(part.was_ready.wait()) for name, part in self._supervised.items()}
        deadline = asyncio.get_running_loop().time() + self._start_within
        try:
            while not all(task.done() for task in waiting.values()):
                await asyncio.wait(
                    [*waiting.values(), *(part.task for part in self._supervised.values())],
                    timeout=0.2,
                    return_when=asyncio.FIRST_COMPLETED,
                )
                for name, supervised in self._supervised.items():
                    if supervised.task.done():
                        supervised.task.result()
                    late = asyncio.get_running_loop().time() > deadline
                    if not waiting[name].done() and (late or supervised.failures >= _HOPELESS):
                        raise self._failed(name)
        finally:
            for task in waiting.values():
                task.cancel()

    def _failed(self, name: str) -> Problem:
        tail = "\n".join(f"    {line}" for line in self.state.tail(name))
        reason = self.record.parts[name].reason.split("; starts again")[0] or "it never said it was ready"
        return StartFailed(
            f"{name} did not start: {reason}.",
            f"Its log, {self.state.log(name)}, ends with:\n{tail}" if tail else "It has written nothing to its log.",
        )

    def _changed(self, name: str) -> None:
        if self.record.state in ("starting", "ready", "unready"):
            states = {part.state for part in self.record.parts.values()}
            if states == {PartState.READY}:
                self.record.state = "ready"
            elif self.record.state == "ready":
                self.record.state = "unready"
        self.state.write(self.record)
        self._on_change(self.record)


def _not_started(url: str) -> PartRecord:
    return PartRecord(state=PartState.STARTING, url=url, since=now())
