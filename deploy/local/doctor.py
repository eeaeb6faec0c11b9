"""Says in words what is wrong with this machine, or with the running stack, and what to do about it."""

import platform
import shutil
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from deploy.local import ports
from deploy.local.binaries import find_mongod, find_nats_server, require_libraries
from deploy.local.problems import Problem
from deploy.local.settings import LocalSettings
from deploy.local.state import PartState, StateDirectory

OLDEST_PYTHON = (3, 11)
DISK_ERROR = 300 * 1024**2  # bytes; mongod alone writes about that much, and nats-server freezes on a full disk
DISK_WARNING = 1024**3
_CLOCK_SLACK_S = 120.0
_THIS_CODE_IS_FROM = 1_760_000_000.0  # seconds since the epoch; no clock that is right shows an earlier time

Level = Literal["warning", "error"]


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong. An error keeps the stack from working; a warning may do so later."""

    level: Level
    problem: Problem


WantedPorts = Mapping[str, tuple[int, str]]  # name -> number and the environment variable that sets it


def examine(state_dir: Path, wanted: WantedPorts, settings: LocalSettings) -> Iterator[Finding]:
    """Everything that is wrong, the most fundamental first. The ports of a running stack count as its own."""
    state = StateDirectory(state_dir)
    yield from _machine(state_dir, wanted if not state.running() else {}, settings)
    yield from _running_stack(state)


def require(state_dir: Path, wanted: WantedPorts, settings: LocalSettings) -> None:
    """Raises the first Problem that would keep the stack from working."""
    for finding in _machine(state_dir, wanted, settings):
        if finding.level == "error":
            raise finding.problem


def _machine(state_dir: Path, wanted: WantedPorts, settings: LocalSettings) -> Iterator[Finding]:
    yield from python_version(sys.version_info[:2])
    yield from _raised_by(settings.refuse_open_to_others)
    yield from _raised_by(StateDirectory(state_dir).prepare)
    if not settings.mongodb_uri:
        yield from _raised_by(lambda: require_libraries(find_mongod()))
    if not settings.nats_url:
        yield from _raised_by(lambda: require_libraries(find_nats_server()))
    yield from disk_space(state_dir, shutil.disk_usage(_existing(state_dir)).free)
    yield from taken_ports(wanted)
    yield from clock(time.time(), _times_seen(state_dir))


def python_version(version: tuple[int, ...]) -> Iterator[Finding]:
    """The Python that runs this is too old."""
    if version < OLDEST_PYTHON:
        yield Finding(
            "error",
            Problem(
                f"Python {_dotted(version)} is too old; {_dotted(OLDEST_PYTHON)} or later is needed.",
                "Install a newer Python, remove .venv, and run make again.",
            ),
        )


def disk_space(directory: Path, free: int) -> Iterator[Finding]:
    """Little space is left where the state is kept. free: bytes."""
    megabytes = free // 1024**2
    if free < DISK_ERROR:
        yield Finding(
            "error",
            Problem(
                f"Only {megabytes} MB of disk are free at {directory}; the servers stop working on a full disk.",
                f"Free some space (at least {DISK_ERROR // 1024**2} MB), or keep the state elsewhere with --state DIR.",
            ),
        )
    elif free < DISK_WARNING:
        yield Finding(
            "warning",
            Problem(f"Only {megabytes} MB of disk are free at {directory}.", "Free some space before it runs out."),
        )


def taken_ports(wanted: WantedPorts) -> Iterator[Finding]:
    """Ports that others listen on."""
    for name, (port, setting) in wanted.items():
        if not ports.is_free(port):
            yield Finding("error", ports.taken(name, port, setting))


def clock(now: float, seen: Iterable[float]) -> Iterator[Finding]:
    """The clock is before this code was written, or before times seen earlier. All in seconds since the epoch."""
    latest = max(seen, default=0.0)
    if now < _THIS_CODE_IS_FROM or now < latest - _CLOCK_SLACK_S:
        yield Finding(
            "warning",
            Problem(
                f"The clock says {time.strftime('%Y-%m-%d %H:%M', time.localtime(now))}, which is in the past.",
                "Set the clock: tokens expire and windows close by it.",
            ),
        )


def _running_stack(state: StateDirectory) -> Iterator[Finding]:
    try:
        record = state.record()
    except Problem as problem:
        yield Finding("error", problem)
        return
    if not state.running():
        return
    for name, part in record.parts.items():
        first_start = part.state == PartState.STARTING and part.restarts == 0
        if part.state != PartState.READY and not first_start:
            yield Finding(
                "error",
                Problem(
                    f"{name} is {part.state}: {part.reason or 'no reason known'}.", f"See its log: {state.log(name)}"
                ),
            )


def _raised_by(check: Callable[[], None]) -> Iterator[Finding]:
    try:
        check()
    except Problem as problem:
        yield Finding("error", problem)


def _existing(directory: Path) -> Path:
    return next(path for path in (directory.absolute(), *directory.absolute().parents) if path.exists())


def _times_seen(state_dir: Path) -> Iterator[float]:
    record = state_dir / "stack.json"
    if record.exists():
        yield record.stat().st_mtime


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))


def system() -> str:
    """This machine in a few words."""
    return f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"
