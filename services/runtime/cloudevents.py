"""An event as a NATS message: CloudEvents 1.0, binary mode (attributes in `ce-` headers, JSON body)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote, unquote

from services.contracts.base import Envelope
from services.contracts.errors import Invalid


def to_headers(envelope: Envelope) -> dict[str, str]:
    headers = {
        "ce-specversion": "1.0",
        "ce-id": envelope.id,
        "ce-type": envelope.type,
        "ce-source": f"/lifecycle/{envelope.service}/{envelope.aggregate}",
        "ce-subject": quote(envelope.aggregate_id, safe="/"),
        "ce-time": envelope.time.isoformat(),
        "ce-aggregateversion": str(envelope.version),
        "ce-actor": quote(envelope.actor, safe=""),
        "ce-correlationid": quote(envelope.correlation_id, safe=""),
        "content-type": "application/json",
    }
    if envelope.cause:
        headers["ce-causationid"] = envelope.cause
    return headers


def from_message(headers: Mapping[str, str] | None, body: bytes) -> Envelope:
    """Raises `Invalid` for a message that isn't one of our events."""
    try:
        given = headers or {}
        _, _, service, aggregate = given["ce-source"].split("/", 3)
        return Envelope(
            id=given["ce-id"],
            type=given["ce-type"],
            service=service,
            aggregate=aggregate,
            aggregate_id=unquote(given["ce-subject"]),
            version=int(given["ce-aggregateversion"]),
            time=datetime.fromisoformat(given["ce-time"]),
            actor=unquote(given["ce-actor"]),
            correlation_id=unquote(given["ce-correlationid"]),
            cause=given.get("ce-causationid"),
            data=body,
        )
    except (KeyError, ValueError) as error:
        raise Invalid(f"not a CloudEvent of ours: {error!r}") from error


def from_row(row: Mapping[str, Any]) -> Envelope:
    """The envelope of a row of the event log."""
    return Envelope(
        id=row["_id"],
        type=row["type"],
        service=row["service"],
        aggregate=row["aggregate"],
        aggregate_id=row["aggregate_id"],
        version=row["version"],
        time=row["time"],
        actor=row["actor"],
        correlation_id=row["correlation_id"],
        cause=row.get("cause"),
        data=row["data"].encode(),
    )
