"""What events show, and what a board makes of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from services.contracts.base import Event
from services.contracts.projects import MovedBack, Thing
from services.contracts.registry import GetRuns
from services.contracts.retraining import RetrainingOpened
from services.registry.projects import evidence, rules
from services.registry.projects.project import BoardEvent, Project, applied
from services.registry.projects.reading import Facts
from services.registry.projects.rules import DEFAULT_ID, Found
from services.registry.runs.queries import MAX_IDS, RunQueries
from services.runtime.context import Context

MONITORING = "monitoring"


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """What one event shows; `things` are what it is about, of which a project may own any."""

    event: Event
    cause: str
    things: list[Thing]
    found: list[Found]


class Reading:
    """Reads events as evidence: looks up the runs that they name."""

    def __init__(self, runs: RunQueries) -> None:
        self._runs = runs

    async def shown(self, events: Sequence[tuple[str, Event]], context: Context) -> list[Shown]:
        """Only those that show something about something that can be owned."""
        facts = await self._facts([event for _, event in events], context)
        shown = [
            Shown(
                event=event,
                cause=cause,
                things=evidence.things_of(event, facts),
                found=evidence.found_in(event, facts),
            )
            for cause, event in events
        ]
        return [entry for entry in shown if entry.things and entry.found]

    async def _facts(self, events: Sequence[Event], context: Context) -> Facts:
        ids = list({run for event in events for run in evidence.runs_of(event)})
        runs = {}
        for at in range(0, len(ids), MAX_IDS):
            views = await self._runs.get(GetRuns(ids=ids[at : at + MAX_IDS]), context)
            runs.update({view.id: view for view in views if view is not None})
        return Facts(runs=runs)


def owned(things: Sequence[Thing], owners: Mapping[Thing, str]) -> Thing:
    """Through which of several things an event belongs to a project: the first that somebody claims."""
    return next((thing for thing in things if owners[thing] != DEFAULT_ID), things[0])


def read(
    board: Project, shown: Shown, thing: Thing, now: int, who: str, *, loop: bool = False
) -> tuple[Project, list[BoardEvent]]:
    """The board after what one event shows, with the board's own events about it.

    `loop`: a request for retraining moves the project back, as it does once, when it is made.
    """
    new: list[BoardEvent] = []

    def add(event: BoardEvent | None) -> None:
        nonlocal board
        if event is not None:
            board = applied(board, event)
            new.append(event)

    for found in shown.found:
        for finding in (*rules.settled(board, found), found):
            add(rules.evidence_found(board, now, who, finding, thing, shown.cause))
    if loop and isinstance(shown.event, RetrainingOpened):
        add(_loop(board, shown.event, now))
    return board, new


def _loop(board: Project, event: RetrainingOpened, now: int) -> MovedBack | None:
    """Retraining leads back from monitoring: the board shows the loop."""
    if board.archived or board.template.stage(MONITORING) is None or board.template.stage(event.back_to) is None:
        return None
    reason = f"retraining of {event.model_name} {event.version}: {event.reason}"[: rules.REASON_LENGTH]
    return rules.moved_back(board, now, event.by, stage=MONITORING, to=event.back_to, reason=reason)
