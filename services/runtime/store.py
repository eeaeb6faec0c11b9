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
from dataclasses import dataclass
from typing import Any, Literal

from bson.codec_options import CodecOptions
from motor.motor_asyncio import AsyncIOMotorClient, AsyncIOMotorCollection
from pymongo import (
    DeleteMany,
    DeleteOne,
    IndexModel,
    InsertOne,
    MongoClient,
    ReadPreference,
    ReplaceOne,
    UpdateMany,
    UpdateOne,
    WriteConcern,
    errors,
)
from pymongo.client_session import ClientSession
from pymongo.read_concern import ReadConcern

from services.contracts.errors import Unavailable

Collection = AsyncIOMotorCollection
Operation = InsertOne[dict[str, Any]] | UpdateOne | UpdateMany | ReplaceOne[dict[str, Any]] | DeleteOne | DeleteMany
Expectation = Literal["insert", "match", "delete", "any"]

PING_SECONDS = 2.0
TRANSACTION_SECONDS = 15.0
"""How long a write may be retried through elections and restarts before the caller hears "unavailable"."""
COMMIT_AGAIN_SECONDS = 0.05
SELECTION_MILLISECONDS = 3000
SOCKET_MILLISECONDS = 20000
DURABLE = WriteConcern(w="majority", j=True)

WRITERS = 4
"""Transactions of one store that may be under way at once."""

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


@dataclass(frozen=True, slots=True)
class Step:
    """Operations on one collection, carried out in their order; each has to find what `expectation` says.

    `found`: how many documents together, if that isn't one for each operation.
    """

    collection: str
    expectation: Expectation
    operations: Sequence[Operation]
    found: int | None = None

    @property
    def expected(self) -> int:
        return len(self.operations) if self.found is None else self.found


class Unmet(Exception):
    """Not all operations of step number `step` found their document."""

    def __init__(self, step: int) -> None:
        super().__init__(f"step {step} found less than it should")
        self.step = step


class Refused(Exception):
    """Operation number `operation` of step number `step` was refused; `failure` is the server's description."""

    def __init__(self, step: int, operation: int, failure: Mapping[str, Any]) -> None:
        super().__init__(str(failure.get("errmsg", "the server refused a write")))
        self.step = step
        self.operation = operation
        self.failure = failure


class Store:
    """A service's own database."""

    def __init__(self, client: AsyncIOMotorClient[dict[str, Any]], database: str) -> None:
        self._client = client
        self._options: CodecOptions[dict[str, Any]] = CodecOptions(tz_aware=True)
        self._database = client.get_database(database, codec_options=self._options, write_concern=DURABLE)
        self._plain_client: MongoClient[dict[str, Any]] = client.delegate
        self._plain = self._plain_client.get_database(database, codec_options=self._options, write_concern=DURABLE)
        self._writers = ThreadPoolExecutor(WRITERS, thread_name_prefix=f"write:{database}")
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
            client.close()

    def __getitem__(self, collection: str) -> Collection[dict[str, Any]]:
        known = self._collections.get(collection)
        if known is None:
            known = self._collections[collection] = self._database[collection]
        return known

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
            for number, step in enumerate(steps):
                self._carry_out(number, step, session)  # an error ends the session, which aborts the transaction
            while True:
                try:
                    return session.commit_transaction()
                except errors.PyMongoError as error:
                    if error.has_error_label(_TRANSIENT):
                        raise
                    if time.monotonic() > deadline or not error.has_error_label(_UNKNOWN):
                        raise _unavailable(error) from error  # it may have been committed
                    time.sleep(COMMIT_AGAIN_SECONDS)  # in a writer's own thread

    def _carry_out(self, number: int, step: Step, session: ClientSession) -> None:
        try:
            done = self._plain[step.collection].bulk_write(step.operations, session=session)
        except errors.BulkWriteError as error:
            if error.has_error_label(_TRANSIENT):
                raise
            failures = (error.details or {}).get("writeErrors") or [{}]
            raise Refused(number, int(failures[0].get("index", 0)), failures[0]) from error
        hit = {
            "insert": done.inserted_count,
            "match": done.matched_count,
            "delete": done.deleted_count,
            "any": step.expected,
        }[step.expectation]
        if hit != step.expected:
            raise Unmet(number)
