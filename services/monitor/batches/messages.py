"""Normalised rows as JetStream messages: cut to size, named so that a repeat is recognised."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Final, Literal

import pyarrow as pa

from services.contracts.base import subject_token
from services.contracts.errors import Invalid

MAX_MESSAGE_BYTES: Final = 4 * 1024 * 1024
"""Body of one message; the streams take 6 MiB, NATS itself 8."""

FEW_ROWS: Final = 2_000
"""So many nearly always fit: they are written without being measured before."""

MAX_BATCH_ID: Final = 128

IngestKind = Literal["predictions", "labels"]


def subject_of(kind: IngestKind, model_name: str, version: str) -> str:
    return f"ingest.{kind}.{subject_token(model_name)}.{subject_token(version)}"


def message_id(kind: IngestKind, key: str, batch_id: str, part: int) -> str:
    """The same for every repeat of a part. Hashed: ids may hold any text, a header can't."""
    digest = hashlib.blake2b(f"{kind}\0{key}\0{batch_id}\0{part}".encode(), digest_size=16)
    return digest.hexdigest()


def parts_of(rows: pa.RecordBatch) -> Iterator[tuple[bytes, int]]:
    """(Arrow IPC stream, its rows), each below the size limit, cut at the same rows on every repeat."""
    if rows.num_rows <= FEW_ROWS:
        yield from _halved(rows)
        return
    step = max(1, rows.num_rows * MAX_MESSAGE_BYTES // max(rows.nbytes, 1))
    for start in range(0, rows.num_rows, step):
        yield from _halved(rows.slice(start, step))


def _halved(rows: pa.RecordBatch) -> Iterator[tuple[bytes, int]]:
    body = encoded(rows)
    if len(body) <= MAX_MESSAGE_BYTES:
        yield body, rows.num_rows
    elif rows.num_rows > 1:  # large dictionaries went along with each part
        middle = rows.num_rows // 2
        yield from _halved(_compacted(rows.slice(0, middle)))
        yield from _halved(_compacted(rows.slice(middle)))
    else:
        raise Invalid(
            f"a row of {len(body)} bytes doesn't fit into a message",
            code="ROW_TOO_LARGE",
            field="columns",
            fix="Send shorter texts.",
        )


def _compacted(rows: pa.RecordBatch) -> pa.RecordBatch:
    """Rows with only the dictionary values they use."""
    arrays = [
        column.dictionary_decode().dictionary_encode() if pa.types.is_dictionary(column.type) else column
        for column in rows.columns
    ]
    return pa.record_batch(arrays, names=rows.schema.names)


def encoded(rows: pa.RecordBatch) -> bytes:
    """An Arrow IPC stream with one batch."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, rows.schema) as writer:
        writer.write_batch(rows)
    return sink.getvalue().to_pybytes()  # type: ignore[no-any-return]  # pyarrow ships no types


def checked_batch_id(batch_id: str) -> str:
    if not 0 < len(batch_id) <= MAX_BATCH_ID:
        raise Invalid(
            f"a batch id has between 1 and {MAX_BATCH_ID} characters",
            code="BAD_BATCH_ID",
            field="batch_id",
            fix="Use a UUID, or your own job's name and number.",
        )
    return batch_id
