"""Reading the event stream from any point on, in order, without a durable consumer: for subscriptions."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

import nats.errors
import nats.js.errors
import structlog
from nats.aio.msg import Msg
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy

from services.contracts.base import Envelope
from services.contracts.errors import Invalid, NotFound, Unavailable
from services.contracts.streams import EVENTS
from services.runtime import cloudevents
from services.runtime.bus import Bus

log = structlog.get_logger()

BUFFER = 1024
"""Messages waiting in this process before NATS is asked to hold back."""
MESSAGE_ID = "Nats-Msg-Id"
"""The header in which the relay puts the event's id."""
HEARTBEAT_SECONDS = 2.0
SILENCE_SECONDS = 5.0


async def follow_events(
    bus: Bus, after: int | None = None, subjects: Sequence[str] = ("events.>",)
) -> AsyncGenerator[tuple[int, Envelope], None]:
    """Yields (stream sequence, event) for ever: from the next event on, or those after sequence `after`.

    A lost connection or server restart is bridged: reading goes on where it stopped. Raises NotFound with code
    CURSOR_TOO_OLD when `after` lies before what the stream still holds, CURSOR_UNKNOWN when it lies beyond its end.
    """
    last = after
    if last is None:
        last = (await stream_bounds(bus))[1]
    else:
        first, newest = await stream_bounds(bus)
        if last + 1 < first:
            raise NotFound(
                f"events after {after} are no longer kept; the oldest is {first}",
                code="CURSOR_TOO_OLD",
                fix="Read what you missed from the event list, then subscribe without a cursor.",
            )
        if last > newest:
            raise NotFound(f"there is no event {after} yet", code="CURSOR_UNKNOWN", fix="Subscribe without a cursor.")
    while True:
        try:
            async with aclosing(_read(bus, last, subjects)) as messages:
                async for sequence, envelope in messages:
                    last = sequence
                    if envelope is not None:
                        yield sequence, envelope
        except (nats.errors.Error, nats.js.errors.Error, TimeoutError, OSError) as error:
            log.warning("following events again after a break", error=str(error))
        await asyncio.sleep(0.2)
        with contextlib.suppress(Unavailable):
            last = min(last, (await stream_bounds(bus))[1])  # the stream lost its tail: it will be published again


async def stream_bounds(bus: Bus) -> tuple[int, int]:
    """Sequences of the oldest and the newest event that the stream holds. Raises Unavailable."""
    try:
        state = (await bus.jetstream.stream_info(EVENTS.name)).state
    except (nats.errors.Error, nats.js.errors.Error, TimeoutError, OSError) as error:
        raise Unavailable("the event stream can't be reached at the moment", code="STREAM_UNAVAILABLE") from error
    return int(state.first_seq), int(state.last_seq)


async def event_id_at(bus: Bus, sequence: int) -> str | None:
    """The id of the event that has this sequence; None if the stream holds no event there. Raises Unavailable."""
    try:
        message = await bus.jetstream.get_msg(EVENTS.name, sequence)
    except nats.js.errors.NotFoundError:
        return None
    except (nats.errors.Error, nats.js.errors.Error, TimeoutError, OSError) as error:
        raise Unavailable("the event stream can't be reached at the moment", code="STREAM_UNAVAILABLE") from error
    return (message.headers or {}).get(MESSAGE_ID)


async def _read(bus: Bus, after: int, subjects: Sequence[str]) -> AsyncGenerator[tuple[int, Envelope | None], None]:
    """One ephemeral push consumer with flow control, until it falls silent or skips a message."""
    inbox = bus.client.new_inbox()
    queue: asyncio.Queue[Msg] = asyncio.Queue()

    async def receive(message: Msg) -> None:
        await queue.put(message)

    subscription = await bus.client.subscribe(inbox, cb=receive, pending_bytes_limit=-1, pending_msgs_limit=-1)
    name = ""
    try:
        info = await bus.jetstream.add_consumer(
            EVENTS.name,
            ConsumerConfig(
                deliver_policy=DeliverPolicy.BY_START_SEQUENCE,
                opt_start_seq=after + 1,
                ack_policy=AckPolicy.NONE,
                deliver_subject=inbox,
                filter_subjects=list(subjects),
                flow_control=True,
                idle_heartbeat=HEARTBEAT_SECONDS,
                inactive_threshold=30.0,
                mem_storage=True,
                num_replicas=1,
            ),
        )
        name = info.name
        expected = 1
        while True:
            async with asyncio.timeout(SILENCE_SECONDS):  # wait_for may swallow a cancellation
                message = await queue.get()
            if (message.headers or {}).get("Status") == "100":
                if message.reply:  # flow control: everything before it has been read
                    await bus.client.publish(message.reply)
                continue
            metadata = message.metadata
            if metadata.sequence.consumer != expected:
                return
            expected += 1
            try:
                envelope = cloudevents.from_message(message.headers, message.data)
            except Invalid as error:
                log.warning("a message in the event stream isn't an event", error=str(error))
                envelope = None
            yield metadata.sequence.stream, envelope
    finally:
        with contextlib.suppress(nats.errors.Error, nats.js.errors.Error, TimeoutError):
            await subscription.unsubscribe()
            if name and bus.client.is_connected:
                await bus.jetstream.delete_consumer(EVENTS.name, name)
