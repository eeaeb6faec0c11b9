"""Lifecycle events, from any place in the stream on, none skipped."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import cast

from services.contracts.base import Envelope
from services.contracts.catalogue import EVENTS
from services.contracts.errors import Invalid
from services.gateway.subscriptions.cursors import cursor_of, sequence_of
from services.gateway.types.events import Followed
from services.runtime.bus import Bus
from services.runtime.follow import follow_events

MOST_TYPES = 100


class EventSource:
    """Follows the event stream for subscribers."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus

    async def follow(self, after: str | None, types: Sequence[str] | None) -> AsyncGenerator[Followed, None]:
        """Events after the cursor, or from now on. Raises a typed error for a cursor that can't be resumed from."""
        sequence = None if after is None else sequence_of(after)
        async with aclosing(_follow(self._bus, sequence, subjects(types))) as events:
            async for place, envelope in events:
                yield Followed(cursor_of(place), envelope)


def _follow(bus: Bus, after: int | None, wanted: list[str]) -> AsyncGenerator[tuple[int, Envelope], None]:
    """`follow_events`, typed as the generator that it is: one that can be closed."""
    return cast("AsyncGenerator[tuple[int, Envelope], None]", follow_events(bus, after, wanted))


def subjects(types: Sequence[str] | None) -> list[str]:
    """The NATS subjects of events of `types`. Raises `Invalid` for a type that doesn't exist."""
    if not types:
        return ["events.>"]
    if len(types) > MOST_TYPES:
        raise Invalid(f"{len(types)} types at once", field="types", fix=f"Name at most {MOST_TYPES}, or none for all.")
    for type_ in types:
        if type_ not in EVENTS:
            raise Invalid(
                f"there is no event type {type_!r}",
                field="types",
                fix=f"Use one of: {', '.join(sorted(EVENTS))}.",
            )
    return [f"events.{type_}.*" for type_ in dict.fromkeys(types)]
