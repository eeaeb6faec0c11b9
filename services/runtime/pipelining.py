"""The commands of one transaction sent together: one wait for all their answers instead of one wait for each.

MongoDB answers the messages of a connection one after the other, in their order, and once a command of a transaction
has failed, those after it are refused. The commit is sent when every answer is as it should be. Sessions, connections,
what the driver learns from errors, and committing again are PyMongo's own; its version is pinned, for this module and
no other uses what it doesn't promise to keep.
"""

from __future__ import annotations

import itertools
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import bson
from bson.codec_options import CodecOptions
from bson.objectid import ObjectId
from pymongo import DeleteMany, DeleteOne, InsertOne, MongoClient, ReadPreference, UpdateMany, helpers_shared
from pymongo.client_session import ClientSession
from pymongo.client_session_shared import _TxnState
from pymongo.errors import ConnectionFailure, DocumentTooLarge
from pymongo.synchronous.pool import Connection

from services.runtime.steps import Operation, Refused, Step, Unmet

OP_MSG = 2013
MOST_BYTES = 32 * 1024 * 1024
"""Of one command; the server takes 48 million."""

_header = struct.Struct("<iiiiIB")
_size = struct.Struct("<i")
_ids = itertools.count(1)
_PAYLOADS = {"insert": b"documents\0", "update": b"updates\0", "delete": b"deletes\0"}


@dataclass(frozen=True, slots=True)
class _Command:
    """Neighbouring operations of one kind: those of step `step` from number `first` on."""

    step: int
    first: int
    name: str
    collection: str
    documents: Sequence[bytes]


def transact(
    client: MongoClient[dict[str, Any]],
    database: str,
    options: CodecOptions[Any],
    steps: Sequence[Step],
    session: ClientSession,
) -> bool:
    """Carries the steps out in the session's transaction, and commits it.

    False: whether it was committed is unknown, so that it is to be committed again. Raises Refused, Unmet, or the
    driver's errors; then the transaction is to be aborted.
    """
    commands = list(_commands(steps, options))
    with client._conn_for_writes(session, "transaction") as conn:
        _check_sizes(commands, conn)
        replies = _answers(client, conn, session, [_spec(command, database) for command in commands])
        problem: Exception | None = None
        found = [0] * len(steps)
        for command, reply in zip(commands, replies, strict=True):
            helpers_shared._check_command_response(reply, conn.max_wire_version)
            if errors := reply.get("writeErrors"):
                problem = Refused(command.step, command.first + int(errors[0]["index"]), errors[0])
                break
            found[command.step] += int(reply["n"])
        for number, step in enumerate(steps if problem is None else ()):
            if step.expectation != "any" and found[number] != step.expected:
                problem = Unmet(number)
                break
        if problem is None:
            return _committed(client, conn, session)
    raise problem


def find_one(
    client: MongoClient[dict[str, Any]], database: str, options: CodecOptions[Any], collection: str, key: str
) -> dict[str, Any] | None:
    """The document with this id, by one plain command. Raises the driver's errors."""
    spec = {"find": collection, "filter": {"_id": key}, "limit": 1, "singleBatch": True, "$db": database}
    with client._conn_for_writes(None, "find") as conn:
        conn.send_cluster_time(spec, None, client)
        number = next(_ids) & 0x7FFFFFFF
        body = bson.encode(spec)
        conn.send_message(_header.pack(_header.size + len(body), number, 0, OP_MSG, 0, 0) + body, 0)
        reply = bson.decode(conn.receive_message(number).raw_command_response(), codec_options=options)
        helpers_shared._check_command_response(reply, conn.max_wire_version)
    found: list[dict[str, Any]] = reply["cursor"]["firstBatch"]
    return found[0] if found else None


def _commands(steps: Sequence[Step], options: CodecOptions[Any]) -> Iterator[_Command]:
    """Raises InvalidDocument for what can't be stored."""
    for number, step in enumerate(steps):
        name, first, size, documents = "", 0, 0, list[bytes]()
        for place, operation in enumerate(step.operations):
            kind, document = _statement(operation)
            encoded = bson.encode(document, codec_options=options)
            if documents and (kind != name or size + len(encoded) > MOST_BYTES):
                yield _Command(number, first, name, step.collection, documents)
                first, size, documents = place, 0, []
            name = kind
            size += len(encoded)
            documents.append(encoded)
        if documents:
            yield _Command(number, first, name, step.collection, documents)


def _statement(operation: Operation) -> tuple[str, dict[str, Any]]:
    if isinstance(operation, InsertOne):
        document = operation._doc
        if "_id" not in document:
            document = {"_id": ObjectId(), **document}
        return "insert", document
    if isinstance(operation, DeleteOne | DeleteMany):
        return "delete", {"q": operation._filter, "limit": int(isinstance(operation, DeleteOne))}
    several = isinstance(operation, UpdateMany)
    upsert = bool(operation._upsert)
    return "update", {"q": operation._filter, "u": operation._doc, "multi": several, "upsert": upsert}


def _check_sizes(commands: Sequence[_Command], conn: Connection) -> None:
    largest = max(len(document) for command in commands for document in command.documents)
    if largest > conn.max_bson_size:
        raise DocumentTooLarge(f"a document of {largest} bytes; the server takes {conn.max_bson_size}")


def _spec(command: _Command, database: str) -> tuple[dict[str, Any], bytes]:
    payload = b"".join(command.documents)
    name = _PAYLOADS[command.name]
    section = b"\x01" + _size.pack(_size.size + len(name) + len(payload)) + name + payload
    return {command.name: command.collection, "ordered": True, "$db": database}, section


def _answers(
    client: MongoClient[dict[str, Any]],
    conn: Connection,
    session: ClientSession,
    specs: Sequence[tuple[dict[str, Any], bytes]],
) -> list[dict[str, Any]]:
    """All answers are read before one is looked at, so that none is left in the connection."""
    messages, ids = [], []
    for spec, section in specs:
        session._apply_to(spec, False, ReadPreference.PRIMARY, conn)
        session._transaction.set_in_progress()
        conn.send_cluster_time(spec, session, client)
        body = bson.encode(spec)
        ids.append(next(_ids) & 0x7FFFFFFF)
        length = _header.size + len(body) + len(section)
        messages.append(_header.pack(length, ids[-1], 0, OP_MSG, 0, 0) + body + section)
    conn.send_message(b"".join(messages), 0)
    replies = [bson.decode(conn.receive_message(number).raw_command_response()) for number in ids]
    client._process_response(replies[-1], session)
    return replies


def _committed(client: MongoClient[dict[str, Any]], conn: Connection, session: ClientSession) -> bool:
    options = session._transaction.opts
    assert options is not None
    assert options.write_concern is not None
    spec = {"commitTransaction": 1, "writeConcern": options.write_concern.document, "$db": "admin"}
    try:
        [reply] = _answers(client, conn, session, [(spec, b"")])
    except ConnectionFailure:
        return False
    if not reply["ok"] or "writeConcernError" in reply:
        return False
    session._transaction.state = _TxnState.COMMITTED
    return True
