"""The one module that knows the MongoDB driver: connecting, transactions, and what its errors mean.

Motor 3.7 wraps PyMongo for asyncio; it gets critical fixes only, so a move to PyMongo's own asynchronous API
is meant to stay within this file (docs/adr/0003).
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from bson.codec_options import CodecOptions
from motor.motor_asyncio import AsyncIOMotorClient, AsyncIOMotorCollection
from pymongo import IndexModel, MongoClient, ReadPreference, WriteConcern, errors
from pymongo.read_concern import ReadConcern

from services.contracts.errors import Unavailable
from services.runtime.pipelining import find_one, transact
from services.runtime.steps import Expectation, Operation, Refused, Step, Unmet

__all__ = ["DURABLE", "Collection", "Expectation", "Operation", "Refused", "Step", "Store", "Unmet", "translated"]

Collection = AsyncIOMotorCollection

PING_SECONDS = 2.0
TRANSACTION_SECONDS = 15.0
"""How long a write may be retried through elections and restarts before the caller hears "unavailable"."""
COMMIT_AGAIN_SECONDS = 0.05
SELECTION_MILLISECONDS = 3000
SOCKET_MILLISECONDS = 20000
DURABLE = WriteConcern(w="majority", j=True)

WRITERS = 4
"""Transactions of one store that may be under way at once."""
READERS = 4
"""Single documents of one store that may be read at once."""

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
        self._plain_client: MongoClient[dict[str, Any]] = client.delegate
        self._plain = self._plain_client.get_database(database, codec_options=self._options)
        self._writers = ThreadPoolExecutor(WRITERS, thread_name_prefix=f"write:{database}")
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix=f"read:{database}")
        self._collections: dict[str, Collection[dict[str, Any]]] = {}
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
        store = cls(client, database)
        try:
            yield store
        finally:
            store._writers.shutdown(wait=False)
            store._readers.shutdown(wait=False)
            client.close()

    def __getitem__(self, collection: str) -> Collection[dict[str, Any]]:
        known = self._collections.get(collection)
        if known is None:
            known = self._collections[collection] = self._database[collection]
        return known

    async def one(self, collection: str, key: str) -> dict[str, Any] | None:
        """The document with this id: the shortest way to the database and back. Raises `Unavailable`."""
        with translated():
            loop = asyncio.get_running_loop()
            found: dict[str, Any] | None = await loop.run_in_executor(self._readers, self._one, collection, key)
            return found

    def _one(self, collection: str, key: str) -> dict[str, Any] | None:
        try:
            return find_one(self._plain_client, self.name, self._options, collection, key)
        except errors.PyMongoError:  # the driver's own way tries again
            found: dict[str, Any] | None = self._plain[collection].find_one({"_id": key})
            return found

    def relayed(self, collection: str) -> Collection[dict[str, Any]]:
        """Reads only what a majority has for good; writes notes whose loss costs a repetition, without waiting."""
        return self[collection].with_options(read_concern=ReadConcern("majority"), write_concern=WriteConcern(w=1))

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

    async def write(self, steps: Sequence[Step], *, seconds: float = TRANSACTION_SECONDS) -> None:
        """Carries the steps out in one transaction, durable on a majority when this returns.

        Transient failures (elections, write conflicts, a restarted server) begin it again; a commit whose outcome is
        unknown is committed again on the same session, which the server treats as the same commit. Raises `Unmet` or
        `Refused` (nothing was written), or `Unavailable` when the time is up.

        The whole transaction is one piece of work in a thread: a hop there and back for each of its commands would
        cost more than the commands.
        """
        deadline = time.monotonic() + seconds
        loop = asyncio.get_running_loop()
        pause = 0.002
        with translated():
            while True:
                try:
                    return await loop.run_in_executor(self._writers, self._attempt, steps, deadline)
                except errors.PyMongoError as error:
                    if not error.has_error_label(_TRANSIENT) and not isinstance(error, _UNREACHABLE):
                        raise
                    if time.monotonic() + pause > deadline:
                        raise _unavailable(error) from error
                    await asyncio.sleep(pause * (0.5 + random.random()))
                    pause = min(pause * 2, 0.5)

    def _attempt(self, steps: Sequence[Step], deadline: float) -> None:
        """Runs in a thread, on the driver that Motor wraps."""
        with self._plain_client.start_session() as session:
            session.start_transaction(
                read_concern=ReadConcern("snapshot"), write_concern=DURABLE, read_preference=ReadPreference.PRIMARY
            )
            # An error ends the session, which aborts the transaction.
            if transact(self._plain_client, self.name, self._options, steps, session):
                return
            while True:
                try:
                    session.commit_transaction()
                    return
                except errors.PyMongoError as error:
                    if error.has_error_label(_TRANSIENT):
                        raise
                    if time.monotonic() > deadline or not error.has_error_label(_UNKNOWN):
                        raise _unavailable(error) from error  # it may have been committed
                    time.sleep(COMMIT_AGAIN_SECONDS)  # in a writer's own thread
