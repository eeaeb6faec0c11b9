"""What the routes do: check at the edge, then hand over to JetStream or, for a reference, to the database."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from datetime import UTC, datetime

import msgspec
import pyarrow as pa

from services.contracts.errors import Invalid
from services.contracts.identity import Action, require
from services.contracts.monitor import BatchHeader
from services.monitor.batches.counted import messages_of
from services.monitor.batches.labels import normalised_labels
from services.monitor.batches.messages import (
    IngestKind,
    checked_batch_id,
    message_id,
    parts_of,
    subject_of,
)
from services.monitor.batches.predictions import normalised_predictions
from services.monitor.batches.references import ReferenceOptions, checked_name, made_reference
from services.monitor.batches.tables import (
    ARROW,
    CSV,
    JSON,
    PARQUET,
    Rows,
    media_type,
    read,
    read_arrow,
    read_csv,
    read_json,
    read_parquet,
)
from services.monitor.ingest_api.artifacts import RegistryFiles
from services.monitor.references.handlers import References
from services.monitor.versions.handlers import Versions
from services.monitor.versions.rules import ActiveReference
from services.runtime.bus import Bus
from services.runtime.context import Context
from services.runtime.ids import new_id
from services.runtime.inbox import batch_headers

INLINE_BYTES: Mapping[str, int] = {ARROW: 192 * 1024, JSON: 448 * 1024}
"""A smaller body is decoded in a few milliseconds (of JSON: without letting go of the interpreter), which isn't worth
waking up a thread (monitor/off_loop.py)."""

BATCH_READERS: Mapping[str, Callable[[bytes], Rows]] = {JSON: read_json, ARROW: read_arrow}
REFERENCE_READERS: Mapping[str, Callable[[bytes], Rows]] = {
    ARROW: read_arrow,
    PARQUET: read_parquet,
    CSV: read_csv,
    JSON: read_json,
}

Normalise = Callable[[Rows, ActiveReference, int], pa.RecordBatch]
NORMALISE: Mapping[IngestKind, Normalise] = {
    "predictions": normalised_predictions,
    "labels": normalised_labels,
}


class Accepted(msgspec.Struct, frozen=True):
    """The answer to a batch that JetStream has."""

    batch_id: str
    rows: int


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where a reference's rows lie in the registry: `runs:/RUN_ID/path`, `mlflow-artifacts:/path`, or a dataset (an
    empty digest: its newest version)."""

    artifact: str = ""
    dataset: str = ""
    digest: str = ""


class ReferenceAccepted(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to a reference. `ignored`: columns that can't be compared, each with the reason."""

    reference: str
    rows: int
    features: list[str]
    window_seconds: float
    task: str
    ignored: dict[str, str]
    changed: bool


class Ingest:
    """Takes batches and references in; one per process."""

    def __init__(self, versions: Versions, references: References, files: RegistryFiles, bus: Bus) -> None:
        self._versions = versions
        self._references = references
        self._files = files
        self._bus = bus
        self._reading_json = asyncio.Semaphore(1)

    async def batch(
        self,
        kind: IngestKind,
        model_name: str,
        version: str,
        body: bytes,
        content_type: str,
        batch_id: str,
        context: Context,
    ) -> Accepted:
        """Returns when JetStream has the whole batch durably."""
        require(context.principal, Action.SEND_PREDICTIONS)
        watched, active = await self._versions.watched(model_name, version, context)
        received = datetime.now(UTC)
        now_ms = time.time_ns() // 1_000_000
        try:
            stated, parts = await self._prepared(kind, active, content_type, body, now_ms)
        except Invalid as error:
            if error.code not in ("UNKNOWN_COLUMN", "MISSING_COLUMN", "WRONG_TYPE"):
                raise
            self._versions.forget(watched.key)  # perhaps another process has set a new reference
            _, newer = await self._versions.watched(model_name, version, context)
            if newer.id == active.id:
                raise
            stated, parts = await self._prepared(kind, newer, content_type, body, now_ms)
        batch_id = checked_batch_id(batch_id or stated or new_id())
        await asyncio.gather(
            *(
                self._bus.publish(
                    subject_of(kind, watched.model_name, version),
                    part,
                    message_id=message_id(kind, watched.key, batch_id, number),
                    headers=batch_headers(
                        BatchHeader(
                            batch_id=batch_id,
                            model_name=watched.model_name,
                            version=version,
                            key=watched.key,
                            rows=rows,
                            actor=context.principal.user,
                            correlation_id=context.correlation_id,
                            received_at=received,
                        )
                    ),
                )
                for number, (part, rows) in enumerate(parts)
            )
        )
        return Accepted(batch_id, sum(rows for _, rows in parts))

    async def reference(
        self,
        model_name: str,
        version: str,
        name: str,
        body: bytes,
        content_type: str,
        options: ReferenceOptions,
        context: Context,
    ) -> ReferenceAccepted:
        """Returns when the reference is durable and in force."""
        require(context.principal, Action.SET_REFERENCE)
        checked_name(name)
        await self._versions.known(model_name, version, context)
        made, content = await asyncio.to_thread(_made, name, body, content_type, options)
        changed = await self._references.set(model_name, version, made, content, context)
        return _accepted(made, changed)

    async def reference_from_registry(
        self,
        model_name: str,
        version: str,
        name: str,
        place: Place,
        authorization: str | None,
        options: ReferenceOptions,
        context: Context,
    ) -> ReferenceAccepted:
        """As `reference`, from a file that lies in the registry."""
        require(context.principal, Action.SET_REFERENCE)
        checked_name(name)
        if bool(place.artifact) == bool(place.dataset):
            raise Invalid("name either an artifact or a dataset", code="BAD_QUERY", field="query.artifact")
        location = place.artifact or await self._files.location_of(place.dataset, place.digest, context)
        body, kind = await self._files.fetch(location, authorization)
        return await self.reference(model_name, version, name, body, kind, options, context)

    async def reference_from_windows(
        self, model_name: str, version: str, name: str, start: str, end: str, context: Context
    ) -> ReferenceAccepted:
        """`start`, `end`: ISO 8601. Returns when the past period is the reference in force."""
        require(context.principal, Action.SET_REFERENCE)
        made, changed = await self._references.from_windows(
            model_name, version, checked_name(name), _moment(start, "start"), _moment(end, "end"), context
        )
        return _accepted(made, changed)

    async def _prepared(
        self, kind: IngestKind, active: ActiveReference, content_type: str, body: bytes, now_ms: int
    ) -> tuple[str, list[tuple[bytes, int]]]:
        """The batch id that the body states, and the messages it becomes.

        Large bodies of JSON are read one after the other: reading them holds the interpreter, and several threads that
        take it from each other, and each other's pages from the cache, take twice as long as one.
        """
        media = media_type(content_type)
        if len(body) < INLINE_BYTES.get(media, 0):
            return _messages(kind, active, content_type, body, now_ms)
        async with self._reading_json if media == JSON else nullcontext():
            return await asyncio.to_thread(_messages, kind, active, content_type, body, now_ms)


def _accepted(made: ActiveReference, changed: bool) -> ReferenceAccepted:
    return ReferenceAccepted(
        reference=made.name,
        rows=made.reference.rows,
        features=made.features,
        window_seconds=made.window_ms / 1000,
        task=made.task,
        ignored=made.reference.ignored,
        changed=changed,
    )


def _moment(text: str, field: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise Invalid(
            f"{text!r} is no time", code="BAD_TIME", field=field, fix="Write ISO 8601, such as 2026-03-01T00:00:00Z."
        ) from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _messages(
    kind: IngestKind, active: ActiveReference, content_type: str, body: bytes, now_ms: int
) -> tuple[str, list[tuple[bytes, int]]]:
    rows = read(content_type, body, BATCH_READERS)
    normalised = NORMALISE[kind](rows, active, now_ms)
    return rows.batch_id, list(messages_of(normalised, active) if kind == "predictions" else parts_of(normalised))


def _made(name: str, body: bytes, content_type: str, options: ReferenceOptions) -> tuple[ActiveReference, str]:
    content = hashlib.blake2b(body, digest_size=16, person=b"reference")
    content.update(repr((name, options)).encode())
    rows = read(content_type, body, REFERENCE_READERS)
    return made_reference(rows, name, options, new_id(), datetime.now(UTC)), content.hexdigest()
