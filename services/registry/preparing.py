"""What the registry needs before anything is served, and what its consumers share."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping

import structlog
from pymongo import IndexModel

from services.contracts.base import Envelope
from services.contracts.errors import Unavailable
from services.registry import states
from services.registry.models import store as model_store
from services.registry.reviews import store as review_store
from services.runtime.inbox import EventConsumer
from services.runtime.outbox import Change, Outbox
from services.runtime.store import Store

log = structlog.get_logger()

TakeIn = Callable[[list[Envelope], Change], Awaitable[None]]
Indexes = Mapping[str, list[IndexModel]]

STATES_BEGIN: dict[states.Kind, tuple[str, str]] = {
    "model": (model_store.MODELS, "created"),
    "version": (model_store.VERSIONS, "created"),
    "review": (review_store.REVIEWS, "requested"),
}
"""Where the states of each kind begin: its collection, and since when a document exists."""


async def prepared(
    store: Store, outbox: Outbox, monitoring: EventConsumer, states_: states.States, indexes: Iterable[Indexes]
) -> None:
    """Creates what is missing in the database, as soon as it is there."""
    pause = 0.05
    while True:
        try:
            await store.ping()
            await outbox.prepare()
            await monitoring.prepare()
            for each in indexes:
                await store.ensure(each)
            await states_.begin(STATES_BEGIN)
            return
        except Unavailable as error:
            log.warning("MongoDB isn't there yet", error=str(error))
            await asyncio.sleep(pause)
            pause = min(pause * 2, 1.0)


def together(*parts: TakeIn) -> TakeIn:
    """One consumer for several: what they make of a batch is one transaction."""

    async def take_in(envelopes: list[Envelope], change: Change) -> None:
        for part in parts:
            await part(envelopes, change)

    return take_in
