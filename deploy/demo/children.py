"""Runs a part of the demonstration as a process of its own, so that heavy work leaves the progress display alone."""

import asyncio
import contextlib
import os
import sys
from collections.abc import Callable, Coroutine, Mapping, Sequence
from pathlib import Path
from typing import Final

from deploy.demo.reports import Report, read_report
from deploy.local.leash import leashed
from deploy.local.problems import Problem

_TAIL: Final = 1500  # characters of the log that a failure shows
_STOP_WITHIN: Final = 5.0  # seconds


class ChildFailed(Problem):
    """A process of the demonstration ended with an error."""


def colleague(user: str, tracking_uri: str, token: str | None) -> dict[str, str]:
    """The environment in which the mlflow client works for `user`, who it takes from LOGNAME as it always does."""
    environment = {
        **os.environ,
        "LOGNAME": user,
        "MLFLOW_TRACKING_URI": tracking_uri,
        "MLFLOW_DISABLE_TELEMETRY": "true",  # nothing leaves this machine
        "GIT_PYTHON_REFRESH": "quiet",  # git may be missing
        "MPLBACKEND": "Agg",
        "OMP_NUM_THREADS": "1",  # two colleagues share the cores: OpenMP's waiting threads would starve each other
    }
    if token:
        return environment | {"MLFLOW_TRACKING_TOKEN": token}
    # an open registry takes the name and looks at no password, but the client sends a name only with one
    return environment | {"MLFLOW_TRACKING_USERNAME": user, "MLFLOW_TRACKING_PASSWORD": "open"}


async def run_child(
    module: str,
    arguments: Sequence[str],
    environment: Mapping[str, str],
    log: Path,
    told: Callable[[Report], None] = lambda report: None,
) -> None:
    """Runs `python -m module`, hands over its reports as they come, and returns when it has ended well.

    Raises ChildFailed with the end of its log otherwise. Cancelled, it ends the process first.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as errors:
        process = await asyncio.create_subprocess_exec(
            *leashed([sys.executable, "-m", module, *arguments]),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=errors,
            env=dict(environment),
        )
    assert process.stdout is not None
    try:
        async for line in process.stdout:
            told(read_report(line))
        status = await process.wait()
    finally:
        await _end(process)
    if status != 0:
        raise _failure(module, status, log)


async def together(*work: Coroutine[None, None, None]) -> None:
    """Does all of it at once. The first failure ends the rest and is raised as it is."""
    try:
        async with asyncio.TaskGroup() as group:
            for one in work:
                group.create_task(one)
    except ExceptionGroup as failed:
        raise failed.exceptions[0] from None


def _failure(module: str, status: int, log: Path) -> ChildFailed:
    tail = log.read_text(errors="replace")[-_TAIL:]
    return ChildFailed(f"{module} ended with status {status}:\n{tail}", f"The whole log is {log}.")


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    try:
        await asyncio.wait_for(process.wait(), _STOP_WITHIN)
    except TimeoutError:
        process.kill()
        await process.wait()
