"""A durable JetStream pull consumer as a steady flow of messages.

nats-py's `fetch` waits for a whole batch or its time-out once a first message is there, which costs up to a second.
Here one pull request is always open; what arrives is handed over at once, as large a group as is waiting.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections import deque
from collections.abc import Awaitable, Callable

import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy

from services.contracts.streams import MEBIBYTE, Consumer, Stream

log = structlog.get_logger()

EXPIRES_SECONDS = 10.0
HEARTBEAT_SECONDS = 1.0
SILENCE_SECONDS = 3.0
"""No heartbeat for this long means that the request is lost (server restarted, consumer deleted): ask again."""
_NANOSECONDS = 1_000_000_000
_ENDED = {"404", "408"}
"""A pull request that ended as usual: nothing there, or its time is up. Others may mean the consumer is gone."""


class Pull:
    """The messages of one consumer, for one reader. At most `batch` messages wait here unhandled."""

    def __init__(
        self,
        client: Client,
        jetstream: JetStreamContext,
        ensure_stream: Callable[[Stream], Awaitable[None]],
        spec: Consumer,
        batch: int,
        max_bytes: int,
    ) -> None:
        self._client = client
        self._jetstream = jetstream
        self._ensure_stream = ensure_stream
        self._spec = spec
        self._batch = batch
        self._max_bytes = max_bytes
        self._waiting: deque[Msg] = deque()
        self._arrived = asyncio.Event()
        self.full = asyncio.Event()
        """Set once as many messages have come as were asked for: no more come until they are taken."""
        self._subscription: Subscription | None = None
        self._inbox = ""
        self._serial = 0
        self._open_for = 0
        self._heard = 0.0
        self._bound = False

    async def next_group(
        self, most: int, linger: float = 0.0, lull: Callable[[], Awaitable[None]] | None = None
    ) -> list[Msg]:
        """Waits for a message, then returns it with whatever else has arrived, at most `most`, in stream order.

        `linger` seconds are granted for a fuller group once the first is there; then `lull` is awaited.
        """
        while not self._waiting:
            await self._ask_if_needed()
            self._arrived.clear()
            if self._waiting:
                break
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(HEARTBEAT_SECONDS):
                    await self._arrived.wait()
        if linger and len(self._waiting) < most:
            await asyncio.sleep(linger)
        if lull is not None:
            await lull()
        group = [self._waiting.popleft() for _ in range(min(most, len(self._waiting)))]
        self.full.clear()
        await self._ask_if_needed()
        return group

    async def close(self) -> None:
        """Stops asking; what waits unhandled is redelivered to others after its acknowledgement time."""
        if self._subscription is not None and not self._client.is_closed:
            await self._subscription.unsubscribe()
            for message in self._waiting:
                await message.nak()
        self._waiting.clear()

    async def _ask_if_needed(self) -> None:
        silent = time.monotonic() - self._heard > SILENCE_SECONDS
        if not self._client.is_connected or (self._open_for > 0 and not silent):
            return
        if len(self._waiting) >= self._batch:
            return
        try:
            if not self._bound or silent:
                await self._bind()
            self._serial += 1
            self._open_for = self._batch
            self._heard = time.monotonic()
            request = {
                "batch": self._batch,
                "max_bytes": self._max_bytes,
                "expires": int(EXPIRES_SECONDS * _NANOSECONDS),
                "idle_heartbeat": int(HEARTBEAT_SECONDS * _NANOSECONDS),
            }
            subject = f"$JS.API.CONSUMER.MSG.NEXT.{self._spec.stream.name}.{self._spec.name}"
            await self._client.publish(subject, json.dumps(request).encode(), reply=f"{self._inbox}.{self._serial}")
        except (NatsError, OSError, TimeoutError) as error:
            log.warning("can't pull at the moment", consumer=self._spec.name, error=str(error))
            self._open_for = 0
            self._bound = False
            await asyncio.sleep(0.2)

    async def _bind(self) -> None:
        await self._ensure_stream(self._spec.stream)
        await self._jetstream.add_consumer(
            self._spec.stream.name,
            ConsumerConfig(
                durable_name=self._spec.name,
                deliver_policy=DeliverPolicy.ALL,
                ack_policy=AckPolicy.EXPLICIT,
                ack_wait=self._spec.ack_wait_seconds,
                max_ack_pending=self._spec.max_ack_pending,
                max_deliver=-1,
                filter_subjects=list(self._spec.subjects),
            ),
        )
        if self._subscription is None:
            self._inbox = self._client.new_inbox()
            self._subscription = await self._client.subscribe(
                f"{self._inbox}.*", cb=self._receive, pending_bytes_limit=-1, pending_msgs_limit=-1
            )
        self._bound = True

    async def _receive(self, message: Msg) -> None:
        current = message.subject == f"{self._inbox}.{self._serial}" or not message.subject.startswith(self._inbox)
        self._heard = time.monotonic()
        status = (message.headers or {}).get("Status") if not message.data else None
        if status == "100":
            return
        if status is not None:
            if current:
                self._open_for = 0
                self._bound = self._bound and status in _ENDED
                self._arrived.set()
            return
        self._open_for -= 1
        self._waiting.append(message)
        self._arrived.set()
        if self._open_for <= 0 or len(self._waiting) >= self._batch:
            self.full.set()


DEFAULT_PULL_BYTES = 32 * MEBIBYTE
