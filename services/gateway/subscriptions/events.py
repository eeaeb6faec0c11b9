"""Lifecycle events, from any place in the stream on, none skipped.

Who follows the newest events shares one reader of the stream (`Tail`). Who starts further back, or falls behind
what the tail keeps, reads the stream with a reader of its own until it has caught up.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass

import structlog

from services.contracts.base import Envelope
from services.contracts.catalogue import EVENTS
from services.contracts.errors import Invalid, LifecycleError, NotFound
from services.gateway.subscriptions.cursors import Cursor
from services.gateway.subscriptions.tail import Tail
from services.gateway.types.events import Followed
from services.runtime.bus import Bus
from services.runtime.follow import event_id_at, follow_events, stream_bounds

log = structlog.get_logger()

MOST_TYPES = 100


@dataclass(frozen=True, slots=True)
class About:
    """What events have to be about; None lets any pass."""

    aggregate: str | None = None
    aggregate_id: str | None = None
    actor: str | None = None

    def covers(self, event: Envelope) -> bool:
        """Whether the event is about that."""
        return (
            self.aggregate in (None, event.aggregate)
            and self.aggregate_id in (None, event.aggregate_id)
            and self.actor in (None, event.actor)
        )


ANYTHING = About()


class EventSource:
    """Follows the event stream for subscribers."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._tail: Tail | None = None
        self._starting = asyncio.Lock()
        self._reading: asyncio.Task[None] | None = None
        self._followers = 0

    async def follow(
        self, after: str | None, types: Sequence[str] | None, about: About = ANYTHING
    ) -> AsyncGenerator[Followed, None]:
        """Events after the cursor, or from now on. Raises a typed error for a cursor that can't be resumed from."""
        wanted = _checked(types)
        sequence = None if after is None else await self._resumed(Cursor.parse(after))
        async with self._counted():
            while True:
                tail = await self._current_tail()
                number = tail.behind(tail.newest if sequence is None else sequence)
                if number is not None:
                    async for kept in tail.follow(number):
                        sequence = kept.sequence
                        event = kept.followed.event
                        if (not wanted or event.type in wanted) and about.covers(event):
                            yield kept.followed
                    sequence = tail.newest if sequence is None else sequence
                    continue
                assert sequence is not None
                async with aclosing(follow_events(self._bus, sequence, _subjects(wanted))) as events:
                    async for sequence, envelope in events:
                        if about.covers(envelope):
                            yield _followed(sequence, envelope)
                        if tail.behind(sequence) is not None and not tail.broken:
                            break

    async def _resumed(self, cursor: Cursor) -> int:
        """The sequence to go on behind. Raises NotFound if another event has it now."""
        held = await event_id_at(self._bus, cursor.sequence)
        if held is not None and held != cursor.event_id:
            raise NotFound(
                "the event stream was restored since, and the place of this cursor is lost",
                code="CURSOR_UNKNOWN",
                field="after",
                fix="Read what you missed from the event list, then subscribe without a cursor.",
            )
        return cursor.sequence

    @asynccontextmanager
    async def _counted(self) -> AsyncGenerator[None, None]:
        self._followers += 1
        try:
            yield
        finally:
            self._followers -= 1
            if not self._followers and self._reading is not None:
                self._reading.cancel()
                self._reading = self._tail = None

    async def _current_tail(self) -> Tail:
        """The tail, started when nobody followed. Raises Unavailable if the stream can't be reached."""
        async with self._starting:
            if self._tail is None or self._tail.broken:
                _, newest = await stream_bounds(self._bus)
                self._tail = Tail(newest)
                self._reading = asyncio.create_task(self._read(self._tail), name="events:tail")
            return self._tail

    async def _read(self, tail: Tail) -> None:
        try:
            async with aclosing(follow_events(self._bus, tail.newest)) as events:
                async for sequence, envelope in events:
                    tail.append(sequence, _followed(sequence, envelope))
        except LifecycleError as error:
            log.warning("reading the newest events ended; it starts again", error=str(error))
        finally:
            tail.end()


def _followed(sequence: int, envelope: Envelope) -> Followed:
    return Followed(str(Cursor(sequence, envelope.id)), envelope)


def _checked(types: Sequence[str] | None) -> frozenset[str]:
    """Raises `Invalid` for a type that doesn't exist."""
    if types and len(types) > MOST_TYPES:
        raise Invalid(f"{len(types)} types at once", field="types", fix=f"Name at most {MOST_TYPES}, or none for all.")
    for type_ in types or ():
        if type_ not in EVENTS:
            raise Invalid(
                f"there is no event type {type_!r}", field="types", fix=f"Use one of: {', '.join(sorted(EVENTS))}."
            )
    return frozenset(types or ())


def _subjects(types: frozenset[str]) -> list[str]:
    """The NATS subjects of events of `types`; of all for none."""
    return [f"events.{type_}.*" for type_ in sorted(types)] or ["events.>"]
