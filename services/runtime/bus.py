"""NATS, typed: publish to JetStream, ask and answer requests, send and hear live updates, follow events."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from functools import lru_cache
from typing import Any, TypeVar

import msgspec
import nats
import nats.errors
import nats.js.errors
import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js import JetStreamContext
from nats.js.api import DiscardPolicy, RetentionPolicy, StorageType, StreamConfig
from nats.micro import add_service
from nats.micro.request import Request as MicroRequest
from prometheus_client import Counter, Histogram

from services.contracts.base import LiveUpdate, Request
from services.contracts.errors import ErrorReply, Internal, Invalid, LifecycleError, TooLarge, Unavailable, raised_from
from services.contracts.streams import DUPLICATE_WINDOW_SECONDS, STREAMS, Consumer, Stream
from services.runtime.context import Context, from_headers, to_headers, using
from services.runtime.ids import new_id
from services.runtime.pull import DEFAULT_PULL_BYTES, Pull
from services.runtime.stream_metrics import watch_streams
from services.runtime.telemetry import SECONDS_BUCKETS

log = structlog.get_logger()

R = TypeVar("R")
U = TypeVar("U", bound=LiveUpdate)
Handler = Callable[[Any, Context], Awaitable[Any]]

STREAM_FULL = 10077
STORE_FAILED = 10047
PUBLISH_SECONDS = 5.0
REQUEST_SECONDS = 5.0
CONCURRENT_REQUESTS = 64
"""Requests of one kind answered at the same time by one process; more wait in NATS's queue."""

_ERROR_HEADER = "Nats-Service-Error"

_request_seconds = Histogram(
    "lifecycle_request_seconds", "Time to answer a request over NATS", ["request", "outcome"], buckets=SECONDS_BUCKETS
)
_live_sent = Counter("lifecycle_live_updates_total", "Live updates sent", ["update"])


def stream_config(stream: Stream) -> StreamConfig:
    return StreamConfig(
        name=stream.name,
        subjects=list(stream.subjects),
        retention=RetentionPolicy.WORK_QUEUE if stream.retention == "work_queue" else RetentionPolicy.LIMITS,
        storage=StorageType.FILE,
        max_bytes=stream.max_bytes,
        max_msg_size=stream.max_message_bytes,
        discard=DiscardPolicy.NEW,
        duplicate_window=DUPLICATE_WINDOW_SECONDS,
        allow_direct=True,
    )


class _Client(Client):
    """Reads a message's headers once for all consumers of this process that are given it."""

    @staticmethod
    def _parse_header_lines(raw: bytes) -> dict[str, str]:
        return dict(_headers_in(bytes(raw)))


@lru_cache(maxsize=2048)
def _headers_in(raw: bytes) -> tuple[tuple[str, str], ...]:
    """As the client itself reads them; a name with a space in it is passed over."""
    pairs = (line.partition(":") for line in raw.decode("utf-8", "replace").split("\r\n"))
    return tuple((name.strip(), value.strip()) for name, colon, value in pairs if colon and " " not in name.strip())


class Bus:
    """One connection to NATS. It reconnects by itself for ever; until then calls raise `Unavailable`."""

    def __init__(self, client: Client, name: str) -> None:
        self.client = client
        self.name = name
        self.jetstream: JetStreamContext = client.jetstream(timeout=PUBLISH_SECONDS)
        self.reconnected = asyncio.Event()
        """Set after each reconnect; the relay clears it when it has looked for a stream that lost its tail."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._stopping: list[Callable[[], Awaitable[None]]] = []

    @classmethod
    @asynccontextmanager
    async def connect(cls, url: str, name: str) -> AsyncIterator[Bus]:
        """Connects (trying until it succeeds) and sees to it that the streams exist; drains and closes at the end."""
        client = _Client()
        bus = cls(client, name)

        async def failed(error: Exception) -> None:
            if not isinstance(error, nats.errors.SlowConsumerError):
                log.debug("nats error", error=repr(error))
            else:
                log.warning("a subscription is too slow", error=str(error))

        async def reconnected() -> None:
            log.info("connected to NATS again")
            bus.reconnected.set()

        leaving = False

        async def disconnected() -> None:
            if not leaving:
                log.warning("lost the connection to NATS")

        pause = 0.05
        while True:
            try:
                await client.connect(
                    url,
                    name=name,
                    error_cb=failed,
                    reconnected_cb=reconnected,
                    disconnected_cb=disconnected,
                    max_reconnect_attempts=-1,
                    reconnect_time_wait=0.2,  # type: ignore[arg-type]  # seconds, taken as they are by asyncio.sleep
                    connect_timeout=2,
                    ping_interval=5,
                    max_outstanding_pings=2,
                    allow_reconnect=True,
                )
                break
            except (OSError, nats.errors.Error, TimeoutError) as error:
                log.warning("NATS isn't there yet", error=str(error))
                await asyncio.sleep(pause)
                pause = min(pause * 2, 1.0)
        try:
            await bus._ensure_streams()
            bus._tasks.add(asyncio.create_task(watch_streams(bus.jetstream), name="stream metrics"))
            yield bus
        finally:
            leaving = True
            for stop in reversed(bus._stopping):
                await stop()
            for task in bus._tasks:
                task.cancel()
            with contextlib.suppress(nats.errors.Error, TimeoutError):
                await asyncio.wait_for(client.drain() if client.is_connected else client.close(), 5)

    async def _ensure_streams(self) -> None:
        pause = 0.05
        while True:
            try:
                for stream in STREAMS:
                    await self.ensure_stream(stream)
                return
            except (nats.errors.Error, nats.js.errors.Error, TimeoutError) as error:
                log.warning("JetStream isn't ready yet", error=str(error))
                await asyncio.sleep(pause)
                pause = min(pause * 2, 1.0)

    async def ensure_stream(self, stream: Stream) -> None:
        """Creates the stream, or brings an existing one to its declared settings."""
        config = stream_config(stream)
        try:
            await self.jetstream.add_stream(config)
        except nats.js.errors.BadRequestError:
            await self.jetstream.update_stream(config)

    def not_ready(self) -> str | None:
        """For the health check: None, or why messages can't be exchanged now."""
        return None if self.client.is_connected else "not connected to NATS"

    # ------------------------------------------------------------ JetStream

    async def publish(
        self, subject: str, body: bytes, *, message_id: str, headers: Mapping[str, str] | None = None
    ) -> int:
        """Stores a message durably and returns its stream sequence; a repeated `message_id` stores nothing new.

        Raises TooLarge, or Unavailable (stream full, NATS away: whether it was stored is then unknown, and a repeat
        with the same id is safe within the stream's duplicate window).
        """
        all_headers = {**(headers or {}), "Nats-Msg-Id": message_id}
        try:
            acknowledged = await self.jetstream.publish(subject, body, headers=all_headers)
        except nats.js.errors.APIError as error:
            raise _publish_refused(error) from error
        except nats.errors.MaxPayloadError as error:
            raise TooLarge("the message is larger than NATS takes", fix="Send smaller batches.") from error
        except nats.js.errors.NoStreamResponseError as error:
            await self._heal_streams()
            raise Unavailable("no stream takes this message at the moment", code="STREAM_UNAVAILABLE") from error
        except (nats.errors.Error, TimeoutError, OSError) as error:
            raise Unavailable(
                "NATS can't be reached at the moment", code="BUS_UNAVAILABLE", fix="Try again."
            ) from error
        return int(acknowledged.seq)

    async def _heal_streams(self) -> None:
        with contextlib.suppress(nats.errors.Error, nats.js.errors.Error, TimeoutError):
            for stream in STREAMS:
                await self.ensure_stream(stream)

    def pull(self, spec: Consumer, *, batch: int = 256, max_bytes: int = DEFAULT_PULL_BYTES) -> Pull:
        return Pull(self.client, self.jetstream, self.ensure_stream, spec, batch, max_bytes)

    # ------------------------------------------------------------ requests

    async def request(self, request: Request[R], context: Context, timeout: float = REQUEST_SECONDS) -> R:  # noqa: ASYNC109
        """Asks the service that owns `request`. Raises its typed error, or `Unavailable` if nobody answers in time."""
        try:
            answer = await self.client.request(
                request.subject(), msgspec.msgpack.encode(request), timeout=timeout, headers=to_headers(context)
            )
        except nats.errors.NoRespondersError as error:
            raise _away(request.service, "isn't running") from error
        except nats.errors.MaxPayloadError as error:
            raise TooLarge("the request is larger than NATS takes", fix="Ask for less at once.") from error
        except TimeoutError as error:
            raise _away(request.service, f"didn't answer within {timeout:g} s") from error
        except (nats.errors.Error, OSError) as error:
            raise _away(request.service, "can't be reached") from error
        if answer.headers and _ERROR_HEADER in answer.headers:
            raise raised_from(msgspec.msgpack.decode(answer.data, type=ErrorReply))
        reply: R = msgspec.msgpack.decode(answer.data, type=request.reply_type())
        return reply

    async def serve(self, service: str, version: str, handlers: Mapping[type[Request[Any]], Handler]) -> None:
        """Answers requests as a NATS micro service; replicas share them. One call a process."""
        micro = await add_service(self.client, name=service, version=version, queue_group=service)
        self._stopping.append(micro.stop)
        for request_type, handler in handlers.items():
            await micro.add_endpoint(
                name=request_type.name.replace(".", "-"),
                subject=request_type.subject(),
                handler=self._endpoint(request_type, handler),
            )
        # Whoever finds the service ready now is heard. After a break the client subscribes again by itself.
        with contextlib.suppress(nats.errors.Error):
            await self.client.flush(timeout=int(REQUEST_SECONDS))

    def _endpoint(
        self, request_type: type[Request[Any]], handler: Handler
    ) -> Callable[[MicroRequest], Awaitable[None]]:
        decoder = msgspec.msgpack.Decoder(request_type)
        slots = asyncio.Semaphore(CONCURRENT_REQUESTS)
        name = f"{request_type.service}.{request_type.name}"

        async def answer(message: MicroRequest) -> None:
            started = asyncio.get_running_loop().time()
            context = from_headers(message.headers, cause=new_id())
            outcome = "ok"
            try:
                with using(context):
                    try:
                        request = decoder.decode(message.data)
                    except msgspec.MsgspecError as error:
                        raise Invalid(f"not a {name} request: {error}") from error
                    try:
                        reply = await handler(request, context)
                    except LifecycleError:
                        raise
                    except Exception as error:
                        log.exception("a request failed", request=name)
                        raise Internal("an unexpected error happened; it has been logged") from error
                await self._respond(message, msgspec.msgpack.encode(reply))
            except LifecycleError as error:
                outcome = error.kind
                await self._respond_error(message, error)
            finally:
                slots.release()
                seconds = asyncio.get_running_loop().time() - started
                _request_seconds.labels(name, outcome).observe(seconds)

        async def receive(message: MicroRequest) -> None:
            await slots.acquire()
            task = asyncio.create_task(answer(message), name=name)
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

        return receive

    async def _respond(self, message: MicroRequest, body: bytes) -> None:
        if len(body) > self.client.max_payload:
            raise TooLarge("the answer is larger than NATS takes", fix="Ask for less at once.", code="ANSWER_TOO_LARGE")
        with contextlib.suppress(nats.errors.Error):  # whoever asked will time out and ask again
            await message.respond(body)

    async def _respond_error(self, message: MicroRequest, error: LifecycleError) -> None:
        with contextlib.suppress(nats.errors.Error):
            await message.respond_error(error.code, "see body", msgspec.msgpack.encode(error.reply()))

    # ------------------------------------------------------------ live updates

    async def live(self, update: LiveUpdate) -> None:
        """Sends the newest figure to whoever listens; while NATS is away it is dropped."""
        if not self.client.is_connected:
            return
        with contextlib.suppress(nats.errors.Error):
            await self.client.publish(update.subject(), msgspec.msgpack.encode(update))
            _live_sent.labels(type(update).name).inc()

    @asynccontextmanager
    async def hear(self, update_type: type[U], *key: str, most: int = 1024) -> AsyncIterator[asyncio.Queue[U]]:
        """A queue of the live updates of one class (whose key starts with `key`); the oldest gives way when full."""
        decoder = msgspec.msgpack.Decoder(update_type)
        queue: asyncio.Queue[U] = asyncio.Queue(most)

        async def receive(message: Msg) -> None:
            if queue.full():
                queue.get_nowait()
            queue.put_nowait(decoder.decode(message.data))

        subscription = await self.client.subscribe(update_type.pattern(*key), cb=receive)
        try:
            yield queue
        finally:
            with contextlib.suppress(nats.errors.Error):
                await subscription.unsubscribe()


def _away(service: str, what: str) -> Unavailable:
    return Unavailable(f"the {service} service {what}", code="SERVICE_UNAVAILABLE", fix="Try again in a few seconds.")


def _publish_refused(error: nats.js.errors.APIError) -> LifecycleError:
    if error.err_code == STREAM_FULL:
        return Unavailable(
            "the stream is full: messages arrive faster than they are worked off",
            code="STREAM_FULL",
            fix="Wait as long as Retry-After says and send it again.",
        )
    if error.code is not None and error.code >= 500:
        return Unavailable(
            f"NATS can't store the message at the moment: {error.description}", code="STREAM_UNAVAILABLE"
        )
    return TooLarge(f"NATS refused the message: {error.description}", fix="Send smaller batches.")
