"""How full the streams are, how far behind their consumers: gauges of every process that is on the bus.

All processes see the same servers, so queries take the `max by (stream)` or `max by (consumer)`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import nats.errors
import nats.js.errors
import structlog
from nats.js import JetStreamContext
from prometheus_client import Gauge

from services.contracts.streams import STREAMS, Stream

log = structlog.get_logger()

LOOK_SECONDS = 5.0

_bytes = Gauge("lifecycle_stream_bytes", "Bytes a stream holds", ["stream"])
_limit = Gauge("lifecycle_stream_limit_bytes", "Bytes at which a stream refuses new messages", ["stream"])
_behind = Gauge("lifecycle_consumer_pending_messages", "Messages a consumer hasn't acknowledged yet", ["consumer"])


async def watch_streams(
    jetstream: JetStreamContext, *, streams: Sequence[Stream] = STREAMS, every: float = LOOK_SECONDS
) -> None:
    """Runs until cancelled. While NATS is away the gauges keep their last values."""
    while True:
        try:
            for stream in streams:
                await look(jetstream, stream)
        except (nats.errors.Error, nats.js.errors.Error, TimeoutError, OSError) as error:
            log.debug("the streams can't be looked at now", error=repr(error))
        await asyncio.sleep(every)


async def look(jetstream: JetStreamContext, stream: Stream) -> None:
    """Sets the gauges of one stream and its durable consumers; passing readers have no name worth a series."""
    held = (await jetstream.stream_info(stream.name)).state
    _bytes.labels(stream.name).set(held.bytes)
    _limit.labels(stream.name).set(stream.max_bytes)
    for consumer in await jetstream.consumers_info(stream.name):
        if consumer.config.durable_name:
            behind = (consumer.num_pending or 0) + (consumer.num_ack_pending or 0)
            _behind.labels(consumer.config.durable_name).set(behind)
