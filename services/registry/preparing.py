"""What the registry's database needs before anything is served."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping

import structlog
from pymongo import IndexModel

from services.contracts.errors import Unavailable
from services.registry import states
from services.registry.models import store as model_store
from services.registry.reviews import store as review_store
from services.runtime.inbox import EventConsumer
from services.runtime.outbox import Outbox
from services.runtime.store import Store

log = structlog.get_logger()

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
