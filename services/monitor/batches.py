"""Deliveries of a consumer decoded and grouped by model version."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from services.contracts.errors import Invalid
from services.monitor.counts.arrow import columns_from_arrow
from services.monitor.counts.columns import Columns
from services.monitor.labels.hashing import Hashes
from services.monitor.versions.rules import ID, LABEL, TIME, key_of
from services.runtime.inbox import Delivery


@dataclass(frozen=True, slots=True, eq=False)
class Predictions:
    """Rows of one model version. `columns`: its features, `@score` and `@prediction`."""

    ids: Hashes
    times_ms: npt.NDArray[np.int64]
    columns: Columns


@dataclass(frozen=True, slots=True, eq=False)
class Labels:
    """Rows of one model version in the order they were received. `order`: when, in milliseconds since 1970."""

    ids: Hashes
    columns: Columns
    order: npt.NDArray[np.int64]
    times_ms: npt.NDArray[np.int64] | None


def by_version(deliveries: Sequence[Delivery]) -> dict[str, list[Delivery]]:
    groups: dict[str, list[Delivery]] = {}
    for delivery in deliveries:
        groups.setdefault(key_of(delivery.header.model_name, delivery.header.version), []).append(delivery)
    return groups


def predictions_of(deliveries: Sequence[Delivery]) -> list[Predictions]:
    """Many small batches become one large one, where they hold the same columns: counting it costs far less."""
    by_schema: dict[pa.Schema, list[pa.RecordBatch]] = {}
    for delivery in deliveries:
        for batch in _decoded(delivery):
            by_schema.setdefault(batch.schema, []).append(batch)
    found = []
    for schema, batches in by_schema.items():
        _needs(schema, (ID, TIME))
        table = pa.Table.from_batches(batches, schema)
        found.append(
            Predictions(
                table.column(ID).to_numpy(),
                table.column(TIME).to_numpy(),
                columns_from_arrow(table.drop_columns([ID, TIME])),
            )
        )
    return found


def labels_of(deliveries: Sequence[Delivery]) -> list[Labels]:
    """One entry for each run of batches with the same columns, in stream order."""
    runs: list[tuple[pa.Schema, list[pa.RecordBatch], list[npt.NDArray[np.int64]]]] = []
    for delivery in deliveries:
        received = int(delivery.header.received_at.timestamp() * 1000)
        for batch in _decoded(delivery):
            if not runs or runs[-1][0] != batch.schema:
                runs.append((batch.schema, [], []))
            runs[-1][1].append(batch)
            runs[-1][2].append(np.full(batch.num_rows, received, dtype=np.int64))
    found = []
    for schema, batches, order in runs:
        _needs(schema, (ID, LABEL))
        table = pa.Table.from_batches(batches, schema)
        found.append(
            Labels(
                table.column(ID).to_numpy(),
                columns_from_arrow(table.select([LABEL])),
                np.concatenate(order),
                table.column(TIME).to_numpy() if TIME in schema.names else None,
            )
        )
    return found


def _decoded(delivery: Delivery) -> list[pa.RecordBatch]:
    try:
        with pa.ipc.open_stream(pa.py_buffer(delivery.body)) as reader:
            batches: list[pa.RecordBatch] = [batch for batch in reader if batch.num_rows]
    except (pa.ArrowException, OSError, ValueError) as error:
        raise Invalid(f"the message isn't an Arrow IPC stream: {error}", code="NOT_ARROW", field="body") from error
    return batches


def _needs(schema: pa.Schema, names: Sequence[str]) -> None:
    for name in names:
        if name not in schema.names:
            raise Invalid(f"the message has no column {name!r}", code="MISSING_COLUMN", field=name)
