"""A label batch, checked and brought into the one form that travels."""

from __future__ import annotations

import pyarrow as pa

from services.contracts.errors import Invalid
from services.monitor.batches.identities import read_ids, read_times
from services.monitor.batches.outcomes import read_class, read_value
from services.monitor.batches.tables import Rows, as_arrow, first_row
from services.monitor.counts.columns import Column, Numbers
from services.monitor.versions.rules import ID, LABEL, TIME, ActiveReference

NAMES = ("id", "label", "timestamp")


def normalised_labels(rows: Rows, active: ActiveReference, now_ms: int) -> pa.RecordBatch:
    """`@id` uint64, `@label` (class or value, none missing), and `@time` int64 (ms) if times were sent.

    `timestamp` is the time of the prediction; it only makes finding it cheaper. Raises Invalid.
    """
    for name in ("id", "label"):
        if name not in rows.names:
            raise Invalid(
                f"column {name!r} is missing", code="MISSING_COLUMN", field=f"columns.{name}", fix="Send id and label."
            )
    for name in rows.names:
        if name not in NAMES:
            raise Invalid(
                f"column {name!r} has no meaning for labels",
                code="UNKNOWN_COLUMN",
                field=f"columns.{name}",
                fix="Send id, label and, if known, timestamp (of the prediction).",
            )
    label: Column = read_value(rows, "label") if active.task == "regression" else read_class(rows, "label", active)
    _none_missing(label)
    arrays = {ID: pa.array(read_ids(rows)), LABEL: as_arrow(label)}
    if "timestamp" in rows.names:
        arrays[TIME] = pa.array(read_times(rows, now_ms))
    return pa.record_batch(list(arrays.values()), names=list(arrays))


def _none_missing(label: Column) -> None:
    missing = label.values != label.values if isinstance(label, Numbers) else label.codes < 0
    if missing.any():
        raise Invalid(
            f"row {first_row(missing)} has no label",
            code="MISSING_VALUE",
            field="columns.label",
            fix="Send a row once its label is known.",
        )
