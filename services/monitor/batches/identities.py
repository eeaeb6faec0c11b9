"""The id and time columns of a batch: checked, ids hashed, times in milliseconds since 1970."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from services.contracts.errors import Invalid
from services.monitor.batches.tables import Rows, first_row
from services.monitor.labels.hashing import Hashes, hash_ids

MAX_ID_BYTES: Final = 256
EARLIEST_MS: Final = 946_684_800_000  # 2000-01-01: an earlier time is nearly always seconds taken for milliseconds
FUTURE_MS: Final = 24 * 3600 * 1000
"""How far a producer's clock may run ahead of ours."""

Times = npt.NDArray[np.int64]


def read_ids(rows: Rows, name: str = "id") -> Hashes:
    """Texts or whole numbers, none missing. 7 and "7" are the same id. Raises Invalid."""
    data = rows.arrow(name)
    if data is None:
        data = _ids_from_json(rows.values(name), name)
    kind = data.type
    if pa.types.is_dictionary(kind):
        data = data.dictionary_decode()
        kind = data.type
    if pa.types.is_integer(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        data = data.cast(pa.string())
    elif not pa.types.is_string(kind):
        raise _wrong_ids(name, f"of type {kind}")
    if data.null_count:
        row = first_row(pc.is_null(data).to_numpy(zero_copy_only=False))
        raise Invalid(f"row {row} has no id", code="MISSING_VALUE", field=f"columns.{name}", fix="Give each row an id.")
    lengths = pc.binary_length(data)
    if pc.max(lengths).as_py() > MAX_ID_BYTES or pc.min(lengths).as_py() == 0:
        raise Invalid(
            f"an id has between 1 and {MAX_ID_BYTES} bytes",
            code="BAD_ID",
            field=f"columns.{name}",
            fix="Shorten the ids, for example by a hash of your own.",
        )
    return hash_ids(data)


def _ids_from_json(values: Sequence[object], name: str) -> pa.Array:
    types = set(map(type, values))
    if types == {int}:
        values = [str(value) for value in values]
    elif types == {str, int}:
        values = [value if isinstance(value, str) else str(value) for value in values]
    elif not types <= {str, type(None)}:
        other = next(kind for kind in types if kind not in (str, int, type(None)))
        raise _wrong_ids(name, f"of type {other.__name__}")
    try:
        return pa.array(values, pa.string())
    except (pa.ArrowException, UnicodeEncodeError) as error:
        raise _wrong_ids(name, "not valid text") from error


def _wrong_ids(name: str, what: str) -> Invalid:
    return Invalid(
        f"the ids are {what}", code="WRONG_TYPE", field=f"columns.{name}", fix="Send texts or whole numbers as ids."
    )


def read_times(rows: Rows, now_ms: int, name: str = "timestamp") -> Times:
    """Milliseconds since 1970 (UTC). Accepts Arrow timestamps, whole milliseconds, and ISO 8601 texts.

    Raises Invalid for a missing or unreadable time, one before 2000 and one more than a day ahead of `now_ms`.
    """
    field = f"columns.{name}"
    data = rows.arrow(name)
    if data is None:
        data = _times_from_json(rows.values(name), field)
    if data.null_count:
        row = first_row(pc.is_null(data).to_numpy(zero_copy_only=False))
        raise _missing_time(row, field)
    times = _milliseconds(data, field)
    low, high = int(times.min()), int(times.max())
    if low < EARLIEST_MS:
        row = first_row(times < EARLIEST_MS)
        raise Invalid(
            f"row {row} has the time {_text(low)}, before the year 2000",
            code="TIME_OUT_OF_RANGE",
            field=field,
            fix="Send milliseconds since 1970 (not seconds), or ISO 8601.",
        )
    if high > now_ms + FUTURE_MS:
        row = first_row(times > now_ms + FUTURE_MS)
        raise Invalid(
            f"row {row} has the time {_text(high)}, more than a day in the future",
            code="TIME_OUT_OF_RANGE",
            field=field,
            fix="Check the clock of the sender and the unit (milliseconds since 1970, or ISO 8601).",
        )
    return times


def _milliseconds(data: pa.Array, field: str) -> Times:
    kind = data.type
    try:
        if pa.types.is_string(kind) or pa.types.is_large_string(kind):
            data = _parsed(data)
            kind = data.type
        if pa.types.is_timestamp(kind):
            data = data.cast(pa.timestamp("ms", kind.tz), safe=False).cast(pa.int64())
        elif pa.types.is_date(kind):
            data = data.cast(pa.timestamp("ms")).cast(pa.int64())
        elif pa.types.is_integer(kind):
            data = data.cast(pa.int64())
        elif pa.types.is_floating(kind):
            values = data.to_numpy(zero_copy_only=False).astype(np.float64)
            if not np.isfinite(values).all():
                raise _missing_time(first_row(~np.isfinite(values)), field)
            if np.abs(values).max() > 2.0**53:
                raise pa.ArrowInvalid("beyond any time")
            whole: Times = np.floor(values).astype(np.int64)
            return whole
        else:
            raise pa.ArrowInvalid(f"it is of type {kind}")
    except pa.ArrowException as error:
        raise Invalid(
            f"the times can't be read: {str(error)[:160]}",
            code="WRONG_TYPE",
            field=field,
            fix="Send ISO 8601 texts with a zone (2026-01-31T12:00:00Z) or whole milliseconds since 1970.",
        ) from error
    result: Times = data.to_numpy(zero_copy_only=False)
    return result


def _parsed(texts: pa.Array) -> pa.Array:
    try:
        return texts.cast(pa.timestamp("us", "UTC"))
    except pa.ArrowException:
        return texts.cast(pa.timestamp("us"))  # without a zone: UTC


def _times_from_json(values: Sequence[object], field: str) -> pa.Array:
    types = set(map(type, values))
    if type(None) in types:
        raise _missing_time(next(i for i, value in enumerate(values) if value is None), field)
    try:
        if types == {str}:
            return pa.array(values, pa.string())
        if types == {int}:
            return pa.array(values, pa.int64())
        if types <= {int, float}:
            return pa.array([float(value) for value in values], pa.float64())  # type: ignore[arg-type]  # int or float
    except (pa.ArrowException, OverflowError, UnicodeEncodeError) as error:
        raise Invalid("the times can't be read", code="WRONG_TYPE", field=field) from error
    raise Invalid(
        f"the times are of mixed or wrong types: {', '.join(sorted(kind.__name__ for kind in types))}",
        code="WRONG_TYPE",
        field=field,
        fix="Send ISO 8601 texts or whole milliseconds since 1970.",
    )


def _missing_time(row: int, field: str) -> Invalid:
    return Invalid(
        f"row {row} has no time", code="MISSING_VALUE", field=field, fix="Give each row the time of its prediction."
    )


def _text(milliseconds: int) -> str:
    try:
        return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat()
    except (OverflowError, OSError, ValueError):
        return f"{milliseconds} ms"
