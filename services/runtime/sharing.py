"""One delivery of each event for several consumers of a process: it comes once, and is acknowledged once all have it.

To each of them it is as if it had a durable consumer of its own: it reads at its own pace, keeps its own watermarks,
transactions and dead letters, and is given a message again that it gave back. If that is in another process then, the
others are given it again too, and recognise it. What they don't have of their own is the number of messages that may be
under way.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable, Collection, Iterable
from typing import Any

import nats.errors
import nats.js.errors
import structlog
from nats.aio.msg import Msg
from nats.js.errors import NotFoundError

from services.contracts.base import Envelope
from services.contracts.streams import Consumer
from services.runtime import cloudevents
from services.runtime.bus import Bus

log = structlog.get_logger()

BATCH = 256
GIVEN_BACK_AT_MOST = 10_000
"""Of which it is remembered who has taken them."""


class _Delivered:
    """A message as it came, and how many still have to answer it."""

    def __init__(self, message: Msg, sharers: Collection[str], given_back: Callable[[_Delivered], None]) -> None:
        self.message = message
        self.done: set[str] = set()
        self._given_back = given_back
        self._left = len(sharers)
        self._again: float | None = None
        self._envelope: Envelope | None = None

    def envelope(self) -> Envelope:
        """Read once for all. Raises Invalid."""
        if self._envelope is None:
            self._envelope = cloudevents.from_message(self.message.headers, self.message.data)
        return self._envelope

    async def answered(self, sharer: str, again: float | None) -> None:
        self._left -= 1
        if again is None:
            self.done.add(sharer)
        else:
            self._again = max(again, self._again or 0.0)
        if self._left:
            return
        if self._again is None:
            await self.message.ack()
        else:
            self._given_back(self)
            await self.message.nak(delay=self._again)


class Share:
    """One sharer's copy of a message."""

    def __init__(self, delivered: _Delivered, sharer: str) -> None:
        self._delivered = delivered
        self._sharer = sharer
        self._answered = False

    @property
    def subject(self) -> str:
        return self._delivered.message.subject

    @property
    def data(self) -> bytes:
        return self._delivered.message.data

    @property
    def headers(self) -> Any:
        return self._delivered.message.headers

    @property
    def metadata(self) -> Any:
        return self._delivered.message.metadata

    def envelope(self) -> Envelope:
        return self._delivered.envelope()

    async def ack(self) -> None:
        await self._answer(None)

    async def nak(self, delay: int | float | None = None) -> None:
        await self._answer(float(delay or 0.0))

    async def _answer(self, again: float | None) -> None:
        if not self._answered:
            self._answered = True
            await self._delivered.answered(self._sharer, again)


class Branch:
    """What one sharer reads: as `services.runtime.pull.Pull`."""

    def __init__(self, spec: Consumer) -> None:
        self._starts = tuple(pattern.removesuffix(">") for pattern in spec.subjects)
        self._waiting: deque[Share] = deque()
        self._arrived = asyncio.Event()
        self._closed = False
        self.full = asyncio.Event()

    def wants(self, subject: str) -> bool:
        return subject.startswith(self._starts)

    async def give(self, share: Share) -> None:
        if self._closed:
            await share.nak()
            return
        self._waiting.append(share)
        self._arrived.set()
        if len(self._waiting) >= BATCH:
            self.full.set()

    async def next_group(
        self, most: int, linger: float = 0.0, lull: Callable[[], Awaitable[None]] | None = None
    ) -> list[Share]:
        """As `Pull.next_group`."""
        while not self._waiting:
            self._arrived.clear()
            await self._arrived.wait()
        if linger and len(self._waiting) < most:
            await asyncio.sleep(linger)
        if lull is not None:
            await lull()
        self.full.clear()
        return [self._waiting.popleft() for _ in range(min(most, len(self._waiting)))]

    async def close(self) -> None:
        """Gives back what waits, and whatever comes."""
        self._closed = True
        while self._waiting:
            await self._waiting.popleft().nak()


class Shared:
    """The consumer `spec`, of whose messages each of `sharers` is given those that it asks for."""

    def __init__(self, bus: Bus, spec: Consumer, sharers: Iterable[Consumer]) -> None:
        self._bus = bus
        self._branches = {sharer.name: Branch(sharer) for sharer in sharers}
        self._done: OrderedDict[int, set[str]] = OrderedDict()
        """By sequence in the stream: who needn't be given again what another gave back."""
        self._spec = spec

    def pull(self, spec: Consumer) -> Branch:
        return self._branches[spec.name]

    async def run(self) -> None:
        """Runs until cancelled; what waits with the sharers then is theirs to give back."""
        await self._take_over()
        pull = self._bus.pull(self._spec, batch=BATCH)
        try:
            while True:
                for message in await pull.next_group(BATCH):
                    await self._hand_out(message)
        finally:
            if not self._bus.client.is_closed:
                await pull.close()

    async def _hand_out(self, message: Msg) -> None:
        done = self._done.pop(message.metadata.sequence.stream, set()) if self._done else set()
        wanting = {
            name: branch
            for name, branch in self._branches.items()
            if branch.wants(message.subject) and name not in done
        }
        if not wanting:
            await message.ack()
            return
        delivered = _Delivered(message, wanting, self._given_back)
        delivered.done |= done
        for name, branch in wanting.items():
            await branch.give(Share(delivered, name))

    def _given_back(self, delivered: _Delivered) -> None:
        self._done[delivered.message.metadata.sequence.stream] = delivered.done
        while len(self._done) > GIVEN_BACK_AT_MOST:
            self._done.popitem(last=False)

    async def _take_over(self) -> None:
        """Removes the consumers that the sharers had of their own in former versions: what these have seen, their
        watermarks say, and nobody reads them any more."""
        for name in self._branches:
            try:
                await self._bus.jetstream.delete_consumer(self._spec.stream.name, name)
            except NotFoundError:
                continue
            except (nats.errors.Error, nats.js.errors.Error, OSError, TimeoutError) as error:
                log.debug("a former consumer can't be removed now", consumer=name, error=repr(error))
