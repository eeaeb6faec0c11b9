"""Keeps one part running: starts it, asks whether it is ready, and starts it again when it dies or stays unwell."""

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import Any

import psutil

from deploy.local.leash import leashed
from deploy.local.parts import Program
from deploy.local.probes import NotReady, Unreachable
from deploy.local.problems import Problem
from deploy.local.state import PartRecord, PartState, ProcessId, StateDirectory, now


@dataclass(frozen=True)
class Timing:
    """All durations in seconds."""

    look_starting: float = 0.05  # between two questions until it is ready
    look_ready: float = 1.0  # between two questions once it was
    start_within: float = 60.0  # a part that isn't ready then is started again
    unreachable_for: float = 10.0  # a part that gives no answer this long is started again, or a server that is unwell
    unready_for: float = 60.0  # as is a part that says "not ready" this long while what it needs is ready
    backoff_first: float = 0.25
    backoff_longest: float = 30.0
    stable_after: float = 30.0  # ready this long: the next pause is the first one again
    stop_within: float = 15.0  # from SIGTERM to SIGKILL
    unwell_stop_within: float = 3.0  # the same for one that is started again because it doesn't answer
    rotate_every: float = 60.0


@dataclass
class Backoff:
    """Pauses that double with every failure in a row."""

    first: float
    longest: float
    failures: int = 0

    def next(self) -> float:
        """The pause before the next attempt, in seconds."""
        self.failures += 1
        return float(min(self.longest, self.first * 2 ** min(self.failures - 1, 32)))

    def reset(self) -> None:
        """The attempts have succeeded."""
        self.failures = 0


@dataclass
class Supervised:
    """One part under supervision. `record` is what is known of it; `changed` is called whenever that changes."""

    name: str
    program: Program
    environment: Mapping[str, str]
    state: StateDirectory
    record: PartRecord
    needs: Mapping[str, "Supervised"]
    threads: Executor
    changed: Callable[[str], None]
    timing: Timing = field(default_factory=Timing)
    was_ready: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self._stopping = asyncio.Event()
        self._hurry = asyncio.Event()
        self._backoff = Backoff(self.timing.backoff_first, self.timing.backoff_longest)
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begins to supervise in the background."""
        self._become(PartState.STARTING, "")
        self._task = asyncio.create_task(self._supervise(), name=f"supervise {self.name}")

    @property
    def task(self) -> "asyncio.Task[None]":
        """The background task; it ends when the part is stopped, or with a Problem that a new attempt can't mend."""
        assert self._task is not None, "not started"
        return self._task

    async def stop(self) -> None:
        """Ends the part: SIGTERM, and SIGKILL when it takes too long. Returns when the process is gone."""
        self._stopping.set()
        if self._task is not None:
            with contextlib.suppress(Problem):
                await self._task
        self.program.close()
        self._become(PartState.STOPPED, "")

    def hurry(self) -> None:
        """A part that is being stopped gets no more time."""
        self._hurry.set()

    @property
    def failures(self) -> int:
        """How often in a row it ended or had to be ended."""
        return self._backoff.failures

    async def _supervise(self) -> None:
        for needed in self.needs.values():
            self._become(PartState.STARTING, f"waiting for {needed.name}")
            if not await self._unless_stopping(needed.was_ready.wait()):
                return
        while not self._stopping.is_set():
            reason = await self._one_life()
            if self._stopping.is_set():
                return
            pause = self._backoff.next()
            self.record.restarts += 1
            self._become(PartState.RESTARTING, f"{reason}; starts again in {pause:.3g} s")
            await self._unless_stopping(asyncio.sleep(pause))

    async def _one_life(self) -> str:
        """Runs the process once; returns why it has to be started again."""
        try:
            command = self.program.command()
        except Problem:
            if not self.was_ready.is_set():
                raise
            return "its program is missing"
        process = await self._spawn(command) if command else None
        self._become(PartState.STARTING, "")
        try:
            return await self._watch(process)
        finally:
            if process is not None:
                await self._end(process)

    async def _spawn(self, command: list[str]) -> asyncio.subprocess.Process:
        self.state.rotate(self.name)
        with self.state.log(self.name).open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                *leashed(command),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, **self.environment},
                start_new_session=True,  # Ctrl-C reaches the supervisor only, which stops them in order
            )
        with contextlib.suppress(psutil.NoSuchProcess):
            self.record.process = ProcessId.of(process.pid)
        return process

    async def _watch(self, process: asyncio.subprocess.Process | None) -> str:
        """Asks again and again whether the part is ready; returns why it has to be started again, or that it stops."""
        ended = asyncio.create_task(_ended(process))
        stopping = asyncio.create_task(self._stopping.wait())
        loop = asyncio.get_running_loop()
        well_since = rotated = loop.time()  # while starting: since the start
        ready_since: float | None = None
        try:
            while True:
                pause = self.timing.look_starting if ready_since is None else self.timing.look_ready
                await asyncio.wait({ended, stopping}, timeout=pause, return_when=asyncio.FIRST_COMPLETED)
                if stopping.done():
                    return "stopping"
                if process is not None and ended.done():
                    return _how_it_ended(process.returncode)
                try:
                    await loop.run_in_executor(self.threads, self.program.probe)
                except NotReady as reason:
                    patience = self._patience(reason, was_ready=ready_since is not None)
                    if process is not None and loop.time() - well_since > patience:
                        return f"not ready for {patience:.3g} s: {reason}"
                    self._become(PartState.UNREADY if ready_since else PartState.STARTING, str(reason))
                else:
                    well_since = loop.time()
                    ready_since = ready_since or well_since
                    if well_since - ready_since > self.timing.stable_after:
                        self._backoff.reset()
                    self.was_ready.set()
                    self._become(PartState.READY, "")
                if loop.time() - rotated > self.timing.rotate_every:
                    rotated = loop.time()
                    self.state.rotate(self.name)
        finally:
            ended.cancel()
            stopping.cancel()

    def _patience(self, reason: NotReady, *, was_ready: bool) -> float:
        """How long this may go on. A part that waits for one it needs isn't the one to start again."""
        if not was_ready:
            return self.timing.start_within
        if isinstance(reason, Unreachable) or not self.needs:  # one that needs no other has no excuse
            return self.timing.unreachable_for
        if all(needed.record.state == PartState.READY for needed in self.needs.values()):
            return self.timing.unready_for
        return float("inf")

    async def _end(self, process: asyncio.subprocess.Process) -> None:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
            hurry = asyncio.create_task(self._hurry.wait())
            gone = asyncio.create_task(process.wait())
            patience = self.timing.stop_within if self._stopping.is_set() else self.timing.unwell_stop_within
            await asyncio.wait({hurry, gone}, timeout=patience, return_when=asyncio.FIRST_COMPLETED)
            hurry.cancel()
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)  # it, and anything it has started itself
        await process.wait()
        self.record.process = None

    async def _unless_stopping(self, waiting: Coroutine[Any, Any, object]) -> bool:
        """Waits; returns False when the part is to stop meanwhile."""
        stopping = asyncio.create_task(self._stopping.wait())
        waited = asyncio.create_task(waiting)
        await asyncio.wait({stopping, waited}, return_when=asyncio.FIRST_COMPLETED)
        for task in (stopping, waited):
            task.cancel()
        return not self._stopping.is_set()

    def _become(self, state: PartState, reason: str) -> None:
        if (self.record.state, self.record.reason) == (state, reason):
            return
        if self.record.state != state:
            self.record.since = now()
        self.record.state, self.record.reason = state, reason
        self.changed(self.name)


async def _ended(process: asyncio.subprocess.Process | None) -> None:
    if process is None:
        await asyncio.Event().wait()  # what runs elsewhere doesn't end for us
    else:
        await process.wait()


def _how_it_ended(code: int | None) -> str:
    if code is not None and code < 0:
        return f"was killed by {signal.Signals(-code).name}"
    return f"ended with exit code {code}"
