"""A prediction batch, checked against the reference's schema and brought into the one form that travels."""

from __future__ import annotations

from typing import Final

import numpy as np
import pyarrow as pa

from services.contracts.errors import Invalid
from services.monitor.batches.identities import read_ids, read_times
from services.monitor.batches.outcomes import read_class, read_value
from services.monitor.batches.tables import Rows, as_arrow, first_row
from services.monitor.counts.columns import Codes, Column, Kind, Numbers, as_codes, as_numbers
from services.monitor.counts.service import LATENCY
from services.monitor.versions.rules import HIGH, ID, LOW, OUTPUT_MARK, OUTPUT_NAMES, SCORE, TIME, ActiveReference

LATENCY_NAME: Final = "latency"
"""Milliseconds that a prediction took, for each row, if the reference has no feature of that name."""

LOW_NAME: Final = "prediction_low"
HIGH_NAME: Final = "prediction_high"
"""Bounds of the interval that a regression model predicts with each value, likewise."""
BOUNDS: Final = {LOW: LOW_NAME, HIGH: HIGH_NAME}

MAX_WINDOWS: Final = 400
"""Windows that one batch may touch: bounds the size of the transaction that counts it."""


def normalised_predictions(rows: Rows, active: ActiveReference, now_ms: int) -> pa.RecordBatch:
    """`@id` uint64, `@time` int64 (ms), `@score`/`@prediction` as the reference has them, `@latency` if it was sent,
    `@low` and `@high` likewise, then the features by name.

    Raises Invalid naming the column (and row) and what to do.
    """
    _check_names(rows, active)
    ids = read_ids(rows)
    times = read_times(rows, now_ms)
    _check_span(times, active)
    arrays: dict[str, pa.Array] = {ID: pa.array(ids), TIME: pa.array(times)}
    for output in active.outputs:
        arrays[output] = as_arrow(_output(rows, output, active))
    if LATENCY_NAME in rows.names and LATENCY_NAME not in active.kinds:
        arrays[LATENCY] = as_arrow(_latency(rows))
    arrays.update((mark, as_arrow(read_value(rows, name))) for mark, name in _bounds(rows, active).items())
    kinds = active.kinds
    features = active.features
    fit = rows.as_they_are(features, kinds)
    columns = rows.columns([name for name in features if name not in fit], kinds)
    for name in features:
        arrays[name] = (
            fit[name]
            if name in fit
            else as_arrow(fitting(name, columns.by_name[name], kinds[name], f"columns.features.{name}"))
        )
    return pa.record_batch(list(arrays.values()), names=list(arrays))


def _output(rows: Rows, output: str, active: ActiveReference) -> Column:
    name = OUTPUT_NAMES[output]
    if output == SCORE:
        scores = read_value(rows, name)
        if active.task == "binary":
            wrong = (scores.values < 0) | (scores.values > 1)
            if wrong.any():
                row = first_row(wrong)
                raise Invalid(
                    f"row {row} has the score {scores.values[row]:g}, which is no probability",
                    code="OUT_OF_RANGE",
                    field=f"columns.{name}",
                    fix="Send the positive class's probability, between 0 and 1.",
                )
        return scores
    return read_value(rows, name) if active.task == "regression" else read_class(rows, name, active)


def _bounds(rows: Rows, active: ActiveReference) -> dict[str, str]:
    """Both bounds, if both were sent."""
    sent = active.task == "regression" and all(n in rows.names and n not in active.kinds for n in BOUNDS.values())
    return BOUNDS if sent else {}


def _latency(rows: Rows) -> Column:
    column = read_value(rows, LATENCY_NAME)
    if (column.values < 0).any():
        row = first_row(column.values < 0)
        raise Invalid(
            f"row {row} took {column.values[row]:g} ms",
            code="OUT_OF_RANGE",
            field=f"columns.{LATENCY_NAME}",
            fix="Send milliseconds, or null where it isn't known.",
        )
    return column


def _check_names(rows: Rows, active: ActiveReference) -> None:
    features = active.features
    needed = ["id", "timestamp", *(OUTPUT_NAMES[output] for output in active.outputs)]
    given = set(rows.names)
    for name in (*needed, *features):
        if name not in given:
            field = f"columns.{name}" if name in needed else f"columns.features.{name}"
            raise Invalid(
                f"column {name!r} is missing",
                code="MISSING_COLUMN",
                field=field,
                fix=f"Send it with a value or null for each row; reference {active.name!r} has it.",
            )
    # An output the reference doesn't know is let through unread, so that a score can be sent before it is compared.
    optional = {*OUTPUT_NAMES.values(), LATENCY_NAME, *(BOUNDS.values() if active.task == "regression" else ())}
    for name in rows.names:
        if name not in needed and name not in active.kinds and name not in optional:
            raise Invalid(
                f"column {name!r} isn't a feature of reference {active.name!r}",
                code="UNKNOWN_COLUMN",
                field=f"columns.features.{name}",
                fix=f"Leave it out, or set a reference that has it. Features: {', '.join(features[:30])}.",
            )
        if name.startswith(OUTPUT_MARK):
            raise reserved_name(name)


def reserved_name(name: str) -> Invalid:
    return Invalid(
        f"column {name!r} starts with {OUTPUT_MARK!r}",
        code="RESERVED_NAME",
        field=f"columns.features.{name}",
        fix="Give the feature another name.",
    )


def _check_span(times: np.ndarray[tuple[int], np.dtype[np.int64]], active: ActiveReference) -> None:
    width = active.window_ms
    if (int(times.max()) - int(times.min())) // width < MAX_WINDOWS:
        return
    windows = len(np.unique(times // width))
    if windows > MAX_WINDOWS:
        raise Invalid(
            f"the rows fall into {windows} windows of {width // 1000} s; a batch may touch {MAX_WINDOWS}",
            code="TOO_MANY_WINDOWS",
            field="columns.timestamp",
            fix="Send fewer windows in a batch, or set the reference with a wider window.",
        )


def fitting(name: str, column: Column, kind: Kind, field: str) -> Column:
    """The column in the form its feature is counted in. Raises Invalid when a value isn't of that kind."""
    numeric = kind in ("numeric", "integer")
    fitted: Numbers | Codes = as_numbers(column) if numeric else as_codes(column)
    if fitted.invalid is not None and fitted.invalid.any():
        row = first_row(fitted.invalid)
        wanted = "a number" if numeric else "a category (text, whole number or boolean)"
        raise Invalid(
            f"row {row} of column {name!r} holds something else than {wanted}",
            code="WRONG_TYPE",
            field=field,
            fix=f"Send {wanted} or null in each row: the reference has it as {kind}.",
        )
    return fitted
