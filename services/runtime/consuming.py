"""What every consumer has in common: reading groups, acknowledging, patience, dead letters."""

from __future__ import annotations

import asyncio
import random
from abc import ABC, abstractmethod
from asyncio import FIRST_COMPLETED
from collections.abc import Awaitable, Sequence
from datetime import UTC, datetime

import nats.errors
import structlog
from prometheus_client import Counter
from pymongo import ASCENDING, IndexModel
from pymongo.errors import PyMongoError

from services.contracts.errors import LifecycleError, Unavailable, manner_of
from services.contracts.streams import Consumer
from services.runtime import dead_letters
from services.runtime.bus import Bus
from services.runtime.context import service_context, using
from services.runtime.dead_letters import Message
from services.runtime.outbox import Change, Duplicate, Outbox, Stale
from services.runtime.pull import Pull
from services.runtime.sharing import Branch, Shared
from services.runtime.store import translated

log = structlog.get_logger()

INBOX = "inbox"
INBOX_SECONDS = 14 * 24 * 3600
"""A redelivery later than this is not recognised; JetStream redelivers within seconds."""
MAX_NAK_SECONDS = 10.0
DEAD_LOOK_SECONDS = 3.0
STALE_TRIES = 5
"""Times a group that lost a race to another replica is decided anew before it is split."""

INDEXES = {
    INBOX: [IndexModel([("time", ASCENDING)], expireAfterSeconds=INBOX_SECONDS)],
    **dead_letters.INDEXES,
}

_consumed = Counter("lifecycle_consumed_total", "Messages consumed by outcome", ["consumer", "outcome"])


class Consuming(ABC):
    """Hands groups of messages to `_handle`, which acknowledges what has taken effect. One task a consumer."""

    def __init__(
        self,
        bus: Bus,
        outbox: Outbox,
        spec: Consumer,
        *,
        most: int,
        linger: float = 0.0,
        patience: float = 0.0,
        shared: Shared | None = None,
    ) -> None:
        """`patience`: seconds that a group waits for a lull in what the process is asked to do.

        `shared`: what the messages come through, instead of a consumer of its own.
        """
        self._shared = shared
        self.bus = bus
        self.outbox = outbox
        self._dead = dead_letters.DeadLetters(outbox)
        self._next_look = 0.0
        self.spec = spec
        self._most = most
        self._linger = linger
        self._patience = patience
        self._stopping = asyncio.Event()
        self._finished = asyncio.Event()

    async def prepare(self) -> None:
        await self.outbox.store.ensure(INDEXES)

    async def stop(self) -> None:
        """Finishes the group under way; `run` returns then."""
        self._stopping.set()
        await self._finished.wait()

    async def run(self) -> None:
        """Runs until stopped or cancelled."""
        await self.prepare()
        pull: Pull | Branch
        pull = self.bus.pull(self.spec, batch=self._most) if self._shared is None else self._shared.pull(self.spec)
        reading: asyncio.Task[Sequence[Message]] | None = None
        stopping = asyncio.create_task(self._stopping.wait())
        try:
            while not self._stopping.is_set():
                reading = asyncio.create_task(self._read(pull))
                while not reading.done() and not self._stopping.is_set():
                    await asyncio.wait({reading, stopping}, timeout=DEAD_LOOK_SECONDS / 4, return_when=FIRST_COMPLETED)
                    await self._look_at_the_dead()
                if reading.done():
                    await self._handle_group(await reading)
        finally:
            stopping.cancel()
            if reading is not None and not reading.done():
                reading.cancel()
            self._finished.set()
            if not self.bus.client.is_closed:
                await pull.close()

    async def _read(self, pull: Pull | Branch) -> Sequence[Message]:
        return await pull.next_group(self._most, self._linger, lambda: self._lull(pull.full))

    async def _lull(self, full: asyncio.Event) -> None:
        """What a group waits for before it is taken. `full`: as many wait as it may hold."""
        if self._patience:
            await self.outbox.lull(self._patience)

    async def _handle_group(self, messages: Sequence[Message], tries: int = STALE_TRIES) -> None:
        context = service_context(self.spec.name)
        with using(context):
            try:
                await self._handle(messages)
            except Stale:
                if tries > 1:  # another replica was faster: decide again on what it wrote
                    await asyncio.sleep(random.random() * 0.01)
                    await self._handle_group(messages, tries - 1)
                    return
                if len(messages) == 1:
                    await self._later(messages)
                else:
                    await self._one_by_one(messages)
            except Duplicate:
                await self._one_by_one(messages) if len(messages) > 1 else await self._later(messages)
            except Exception as error:  # noqa: BLE001  # the bus boundary: retried or dead-lettered, never dropped
                await self._failed(messages, error)

    async def _failed(self, messages: Sequence[Message], error: Exception) -> None:
        if manner_of(error).acknowledge == "retry" or _is_driver_error(error):
            log.warning("will be tried again", consumer=self.spec.name, messages=len(messages), error=str(error))
            await self._later(messages)
        elif len(messages) > 1:
            await self._one_by_one(messages)
        else:
            await self._bury(messages[0], error)

    async def _one_by_one(self, messages: Sequence[Message]) -> None:
        for message in messages:
            await self._handle_group([message])

    async def _later(self, messages: Sequence[Message]) -> None:
        _consumed.labels(self.spec.name, "retried").inc(len(messages))
        for message in messages:
            tries = message.metadata.num_delivered or 1
            await _quietly(message.nak(delay=min(MAX_NAK_SECONDS, 0.1 * 2 ** min(tries, 8))))

    async def _bury(self, message: Message, error: Exception) -> None:
        """A message that can never succeed goes to the dead letters, for an operator to retry or skip."""
        log.error("a message can't be handled; it is in the dead letters", consumer=self.spec.name, exc_info=error)
        change = dead_letters.buried(self.spec.name, message_id(message), message, error)
        try:
            await self.outbox.commit(change, behind=True)
        except Unavailable:
            await self._later([message])
            return
        _consumed.labels(self.spec.name, "dead").inc()
        await _quietly(message.ack())

    async def _unseen(self, ids: Sequence[str]) -> set[str]:
        keys = [f"{self.spec.name}/{message_id}" for message_id in ids]
        with translated():
            rows = await self.outbox.store[INBOX].find({"_id": {"$in": keys}}, {"_id": 1}).to_list(len(keys))
        seen = {row["_id"] for row in rows}
        return {message_id for message_id, key in zip(ids, keys, strict=True) if key not in seen}

    def _mark(self, change: Change, message_id: str) -> None:
        change.insert(INBOX, {"_id": f"{self.spec.name}/{message_id}", "time": datetime.now(UTC)})

    async def _acknowledge(self, messages: Sequence[Message], applied: int) -> None:
        for message in messages:
            await _quietly(message.ack())
        _consumed.labels(self.spec.name, "applied").inc(applied)
        _consumed.labels(self.spec.name, "repeated").inc(len(messages) - applied)

    async def _look_at_the_dead(self) -> None:
        """Carries out what an operator has decided; whatever hinders it now is tried again at the next look."""
        now = asyncio.get_running_loop().time()
        if now < self._next_look:
            return
        self._next_look = now + DEAD_LOOK_SECONDS
        try:
            for row in await self._dead.decided(self.spec.name):
                await self._carry_out(dead_letters.Revived.of(row), skip=row["decision"] == "skip")
        except (LifecycleError, PyMongoError, nats.errors.Error, TimeoutError, OSError) as error:
            log.debug("dead letters can't be looked at now", consumer=self.spec.name, error=str(error))

    async def _carry_out(self, letter: dead_letters.Revived, *, skip: bool) -> None:
        """The inbox makes it harmless that the effect and the letter's removal are two transactions."""
        try:
            await self._handle([letter], skip=skip)
        except Exception as error:
            passing = isinstance(error, Stale | Duplicate) or _is_driver_error(error)
            if passing or manner_of(error).acknowledge == "retry":
                raise
            if not skip:
                log.warning("a dead letter failed again", consumer=self.spec.name, letter=letter.id, error=str(error))
                await self._dead.failed_again(letter, error)
                return
            log.warning("skipped unread", consumer=self.spec.name, letter=letter.id, error=str(error))
        await self._dead.remove(letter)
        _consumed.labels(self.spec.name, "skipped" if skip else "revived").inc()

    @abstractmethod
    async def _handle(self, messages: Sequence[Message], *, skip: bool = False) -> None:
        """Gives the messages their effect (none if `skip`), marks them in the inbox, and acknowledges them."""


def message_id(message: Message) -> str:
    return (message.headers or {}).get("Nats-Msg-Id") or f"{message.metadata.stream}-{message.metadata.sequence.stream}"


def _is_driver_error(error: Exception) -> bool:
    return isinstance(error, nats.errors.Error | PyMongoError | TimeoutError | OSError)


async def _quietly(acknowledgement: Awaitable[None]) -> None:
    """An acknowledgement that gets lost only means a redelivery, which the inbox recognises."""
    try:
        await acknowledgement
    except (nats.errors.Error, OSError) as error:
        log.debug("an acknowledgement was lost", error=str(error))
