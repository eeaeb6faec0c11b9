"""Deliveries of a consumer decoded and grouped by model version."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from services.contracts.errors import Invalid
from services.monitor.batches.counted import WindowShare, merged_shares, shares_in
from services.monitor.batches.labels import normalised_labels
from services.monitor.batches.predictions import normalised_predictions
from services.monitor.batches.tables import ARROW, JSON, Rows, read, read_arrow, read_json
from services.monitor.counts.arrow import columns_from_arrow
from services.monitor.counts.columns import Columns
from services.monitor.labels.hashing import Hashes
from services.monitor.versions.rules import ID, LABEL, TIME, ActiveReference
from services.runtime.inbox import Delivery


@dataclass(frozen=True, slots=True, eq=False)
class Predictions:
    """Rows of one model version. `columns`: its features, `@score` and `@prediction`.

    Rows that came counted have their `shares`, the reference they were counted against, and in `columns` only what
    their labels need.
    """

    ids: Hashes
    times_ms: npt.NDArray[np.int64]
    columns: Columns
    shares: list[WindowShare] | None = None
    reference_id: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Labels:
    """Rows of one model version in the order they were received. `order`: when, in microseconds since 1970."""

    ids: Hashes
    columns: Columns
    order: npt.NDArray[np.int64]
    times_ms: npt.NDArray[np.int64] | None


def predictions_of(deliveries: Sequence[Delivery], active: ActiveReference, now_ms: int) -> list[Predictions]:
    """Many small batches become one large one, where they hold the same columns: counting it costs far less.

    Raises Invalid for a message that isn't a batch of this version.
    """
    by_form: dict[tuple[str | None, pa.Schema], tuple[list[pa.RecordBatch], list[WindowShare]]] = {}
    for delivery in deliveries:
        for batch in _decoded(delivery, lambda rows: normalised_predictions(rows, active, now_ms)):
            counted = shares_in(batch.schema)
            plain = batch.replace_schema_metadata(None)
            batches, shares = by_form.setdefault((counted[0] if counted else None, plain.schema), ([], []))
            batches.append(plain)
            shares.extend(counted[1] if counted else [])
    found = []
    for (reference_id, schema), (batches, shares) in by_form.items():
        table = pa.Table.from_batches(batches, schema)
        found.append(
            Predictions(
                table.column(ID).to_numpy(),
                table.column(TIME).to_numpy(),
                columns_from_arrow(table.drop_columns([ID, TIME])),
                merged_shares(shares) if reference_id else None,
                reference_id,
            )
        )
    return found


def labels_of(deliveries: Sequence[Delivery], active: ActiveReference, now_ms: int) -> list[Labels]:
    """One entry for each run of batches with the same columns, in stream order. Raises Invalid as above."""
    runs: list[tuple[pa.Schema, list[pa.RecordBatch], list[npt.NDArray[np.int64]]]] = []
    for delivery in deliveries:
        received = int(delivery.header.received_at.timestamp() * 1_000_000)
        for batch in _decoded(delivery, lambda rows: normalised_labels(rows, active, now_ms)):
            if not runs or runs[-1][0] != batch.schema:
                runs.append((batch.schema, [], []))
            runs[-1][1].append(batch)
            runs[-1][2].append(np.full(batch.num_rows, received, dtype=np.int64))
    found = []
    for schema, batches, order in runs:
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


def _decoded(delivery: Delivery, normalise: Callable[[Rows], pa.RecordBatch]) -> list[pa.RecordBatch]:
    """The message's rows in the form that the HTTP edge sends; a producer's own message is brought into it."""
    if delivery.body.startswith(b"{"):  # Arrow's begins with four bytes of ones
        return [normalise(read(JSON, delivery.body, {JSON: read_json}))]
    try:
        with pa.ipc.open_stream(pa.py_buffer(delivery.body)) as reader:
            names = reader.schema.names
            batches: list[pa.RecordBatch] = [batch for batch in reader if batch.num_rows]
    except (pa.ArrowException, OSError, ValueError) as error:
        raise Invalid(f"the message isn't an Arrow IPC stream: {error}", code="NOT_ARROW", field="body") from error
    if ID in names or not batches:
        return batches
    return [normalise(read(ARROW, delivery.body, {ARROW: read_arrow}))]
