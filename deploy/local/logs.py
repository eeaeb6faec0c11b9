"""Prints a part's log, and goes on with what it writes."""

import time
from collections.abc import Callable

from deploy.local.problems import Problem
from deploy.local.state import StateDirectory

_LOOK_AGAIN = 0.3  # seconds


class NoLog(Problem):
    """The part has written no log here."""


def show(state: StateDirectory, part: str, lines: int, *, follow: bool, write: Callable[[str], object]) -> None:
    """Writes the last lines; with `follow` also the new ones, until interrupted.

    Raises NoLog when there is no such log.
    """
    log = state.log(part)
    if not log.exists():
        known = ", ".join(sorted(file.stem for file in state.logs.glob("*.log"))) or "none yet"
        raise NoLog(f"There is no log of {part!r} in {state.logs}.", f"Logs there: {known}.")
    for line in state.tail(part, lines):
        write(line + "\n")
    position = log.stat().st_size
    while follow:
        time.sleep(_LOOK_AGAIN)
        size = log.stat().st_size
        if size < position:  # it was set aside
            position = 0
        with log.open("rb") as handle:
            handle.seek(position)
            new = handle.read()
        position += len(new)
        write(new.decode(errors="replace"))
