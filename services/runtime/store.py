"""The one module that knows the MongoDB driver: connecting, transactions, and what its errors mean.

Motor 3.7 wraps PyMongo for asyncio; it gets critical fixes only, so a move to PyMongo's own asynchronous API
is meant to stay within this file (docs/adr/0003).
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any, TypeVar

import structlog
from bson.codec_options import CodecOptions
from motor.motor_asyncio import AsyncIOMotorClient, AsyncIOMotorClientSession, AsyncIOMotorCollection
from pymongo import IndexModel, ReadPreference, WriteConcern, errors
from pymongo.read_concern import ReadConcern

from services.contracts.errors import Unavailable

log = structlog.get_logger()

Session = AsyncIOMotorClientSession
Collection = AsyncIOMotorCollection
T = TypeVar("T")

PING_SECONDS = 2.0
TRANSACTION_SECONDS = 15.0
"""How long a write may be retried through elections and restarts before the caller hears "unavailable"."""
SELECTION_MILLISECONDS = 3000
SOCKET_MILLISECONDS = 20000
DURABLE = WriteConcern(w="majority", j=True)

_TRANSIENT = "TransientTransactionError"
_UNKNOWN = "UnknownTransactionCommitResult"
_UNREACHABLE = (
    errors.ConnectionFailure,
    errors.ExecutionTimeout,
    errors.WaitQueueTimeoutError,
    errors.WTimeoutError,
    errors.NetworkTimeout,
)
_INTERRUPTED = {91, 189, 10107, 11600, 11602, 13435, 13436}
"""Server codes of a node that is shutting down or stepping down."""


def _unavailable(error: errors.PyMongoError) -> Unavailable:
    return Unavailable(
        "the database can't be reached at the moment", code="DATABASE_UNAVAILABLE", fix="Try again in a few seconds."
    )


@contextmanager
def translated() -> Iterator[None]:
    """Turns the driver's "can't reach the server" errors into `Unavailable`; others pass through."""
    try:
        yield
    except _UNREACHABLE as error:
        raise _unavailable(error) from error
    except errors.OperationFailure as error:
        if error.code in _INTERRUPTED:
            raise _unavailable(error) from error
        raise


class Store:
    """A service's own database."""

    def __init__(self, client: AsyncIOMotorClient[dict[str, Any]], database: str) -> None:
        self._client = client
        self._options: CodecOptions[dict[str, Any]] = CodecOptions(tz_aware=True)
        self._database = client.get_database(database, codec_options=self._options, write_concern=DURABLE)
        self.name = database
        self._unreachable: str | None = None

    @classmethod
    @asynccontextmanager
    async def open(cls, uri: str, database: str) -> AsyncIterator[Store]:
        """Connects lazily: an unreachable server shows in `ping`, not here."""
        client: AsyncIOMotorClient[dict[str, Any]] = AsyncIOMotorClient(
            uri,
            tz_aware=True,
            serverSelectionTimeoutMS=SELECTION_MILLISECONDS,
            connectTimeoutMS=SELECTION_MILLISECONDS,
            socketTimeoutMS=SOCKET_MILLISECONDS,
            appname="lifecycle",
            uuidRepresentation="standard",
        )
        try:
            yield cls(client, database)
        finally:
            client.close()

    def __getitem__(self, collection: str) -> Collection[dict[str, Any]]:
        return self._database[collection]

    async def ping(self) -> None:
        """Raises `Unavailable` unless a primary answers."""
        with translated():
            await self._client.admin.command("ping", read_preference=ReadPreference.PRIMARY)

    async def watch(self) -> None:
        """Looks for ever whether a primary answers, for `not_ready`."""
        while True:
            try:
                await self.ping()
                self._unreachable = None
            except (Unavailable, errors.PyMongoError) as error:
                self._unreachable = str(error)
            await asyncio.sleep(PING_SECONDS)

    def not_ready(self) -> str | None:
        """For the health check: None, or why facts can't be read and written now."""
        return self._unreachable

    async def ensure(self, indexes: Mapping[str, Sequence[IndexModel]]) -> None:
        """Creates the indexes that are missing."""
        with translated():
            for collection, models in indexes.items():
                if models:
                    await self._database[collection].create_indexes(list(models))

    async def transact(self, work: Callable[[Session], Awaitable[T]], *, seconds: float = TRANSACTION_SECONDS) -> T:
        """Runs `work` in one transaction, durable on a majority when this returns.

        Transient failures (elections, write conflicts, a restarted server) run `work` again; a commit whose outcome
        is unknown is committed again on the same session, which the server treats as the same commit. Whatever
        `work` raises itself aborts and passes through. Raises `Unavailable` when the time is up.
        """
        deadline = asyncio.get_running_loop().time() + seconds
        pause = 0.002
        with translated():
            while True:
                try:
                    return await self._attempt(work, deadline)
                except errors.PyMongoError as error:
                    if not error.has_error_label(_TRANSIENT) and not isinstance(error, _UNREACHABLE):
                        raise
                    if asyncio.get_running_loop().time() + pause > deadline:
                        raise _unavailable(error) from error
                    await asyncio.sleep(pause * (0.5 + random.random()))
                    pause = min(pause * 2, 0.5)

    async def _attempt(self, work: Callable[[Session], Awaitable[T]], deadline: float) -> T:
        async with await self._client.start_session() as session:
            session.start_transaction(
                read_concern=ReadConcern("snapshot"), write_concern=DURABLE, read_preference=ReadPreference.PRIMARY
            )
            try:
                result = await work(session)
            except BaseException:
                if session.in_transaction:  # type: ignore[truthy-function]  # a property that Motor's stubs call a method
                    await asyncio.shield(_abort(session))
                raise
            while True:
                try:
                    await session.commit_transaction()
                    return result
                except errors.PyMongoError as error:
                    late = asyncio.get_running_loop().time() > deadline
                    if late or not error.has_error_label(_UNKNOWN):
                        raise
                    await asyncio.sleep(0.05)


async def _abort(session: Session) -> None:
    try:
        await session.abort_transaction()
    except errors.PyMongoError as error:
        log.debug("abort failed; the server ends the transaction by its time limit", error=str(error))
