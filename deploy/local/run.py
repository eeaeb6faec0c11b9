"""Runs the stack in the foreground or in the background, and stops one that runs elsewhere."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
import webbrowser
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import asdict, dataclass

from rich.console import Console

from deploy.local import screen
from deploy.local.parts import PARTS, Part
from deploy.local.problems import AlreadyRunning, StartFailed
from deploy.local.settings import LocalSettings
from deploy.local.stack import PortChoice, Stack, Urls
from deploy.local.state import StateDirectory

_STOP_WITHIN = 120.0  # seconds
_LOOK_AGAIN = 0.05  # seconds

Work = Callable[[Urls], Awaitable[None]]


@dataclass(frozen=True)
class Choices:
    """What the command line has chosen."""

    settings: LocalSettings
    ports: PortChoice = "default"
    open_browser: bool = False
    parts: Sequence[Part] = PARTS

    @property
    def state(self) -> StateDirectory:
        """The state directory."""
        return StateDirectory(self.settings.state_dir)


async def foreground(choices: Choices, console: Console, work: Work | None = None, *, once: bool = False) -> None:
    """Starts the stack, says where to look, does `work` beside it, and stays up until told to stop.

    once: leave when the work is done. Raises Problem when the stack can't be started.
    """
    stopping = asyncio.Event()
    started = time.monotonic()
    with screen.Progress(console) as progress:
        stack = Stack(
            choices.settings.state_dir,
            ports=choices.ports,
            settings=choices.settings,
            parts=choices.parts,
            on_change=progress.show,
        )
        with _signals(stopping, stack.hurry):
            try:
                if not await _unless(stopping, stack.start()):
                    return
                progress.end_table()
                _say_started(console, stack.urls, time.monotonic() - started, choices)
                if work is not None and not await _unless(stopping, work(stack.urls)):
                    return
                if not once:
                    console.print("Ctrl-C stops the stack and keeps its data.", style="dim")
                    await stopping.wait()
            finally:
                if stack.record.parts:
                    console.print("Stopping…", style="dim")
                await stack.stop()


def background(choices: Choices, console: Console, arguments: list[str]) -> None:
    """Starts a supervisor of its own that outlives this command, and returns when the stack is ready.

    arguments: those of `lifecycle up` without --detach. Raises StartFailed with what the supervisor said.
    """
    state = choices.state
    state.prepare()
    if state.running():
        raise AlreadyRunning(f"A stack is already running in {state.path}.", "")
    state.rotate("supervisor")
    log = state.log("supervisor")
    said_before = log.stat().st_size if log.exists() else 0
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "deploy.local", "up", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            env={**os.environ, "COLUMNS": "200"},
        )
    with console.status("starting") as status:
        while process.poll() is None:
            record = state.record()
            if record.supervisor is not None and record.supervisor.pid == process.pid:
                if record.state == "ready":
                    screen.where_to_look(console, record.urls)
                    return
                status.update(", ".join(f"{name} {part.state}" for name, part in record.parts.items()))
            time.sleep(_LOOK_AGAIN)
    with log.open("rb") as said:
        said.seek(said_before)
        raise StartFailed("The stack did not start.", said.read().decode(errors="replace").strip())


def stop(state: StateDirectory, console: Console, within: float = _STOP_WITHIN) -> bool:
    """Stops the stack of a state directory and waits until nothing of it is left; False when none was running."""
    supervisor = state.last_record().supervisor
    if not state.running():
        state.end_leftovers()
        return False
    process = supervisor.process() if supervisor else None
    if process is not None:
        process.terminate()
    deadline = time.monotonic() + within
    with console.status("stopping"):
        while state.running():
            if time.monotonic() > deadline and process is not None:
                console.print(f"It did not stop within {within:.0f} s; ending it.")
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process.pid, signal.SIGKILL)
                deadline += within
            time.sleep(_LOOK_AGAIN)
    state.end_leftovers()
    return True


def _say_started(console: Console, urls: Urls, seconds: float, choices: Choices) -> None:
    console.print(f"The stack is up after {seconds:.1f} s; its state and logs are in {choices.state.path}.")
    screen.where_to_look(console, asdict(urls))
    if choices.open_browser and urls.dashboard:
        webbrowser.open(urls.dashboard)


@contextlib.contextmanager
def _signals(stopping: asyncio.Event, hurry: Callable[[], None]) -> Iterator[None]:
    """The first Ctrl-C, SIGTERM or hang-up stops in order; another one stops at once."""

    def stop_or_hurry() -> None:
        if stopping.is_set():
            hurry()
        stopping.set()

    loop = asyncio.get_running_loop()
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    for number in numbers:
        loop.add_signal_handler(number, stop_or_hurry)
    try:
        yield
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)


async def _unless(stopping: asyncio.Event, work: Awaitable[None]) -> bool:
    """Does the work; gives it up and returns False when told to stop meanwhile."""
    working = asyncio.ensure_future(work)
    stop = asyncio.create_task(stopping.wait())
    await asyncio.wait({working, stop}, return_when=asyncio.FIRST_COMPLETED)
    stop.cancel()
    if working.done():
        working.result()
        return True
    working.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await working
    return False
