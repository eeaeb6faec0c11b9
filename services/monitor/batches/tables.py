"""Bodies in Arrow, Parquet, CSV or JSON become columns; what isn't what it says is refused in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any, Final

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pa_parquet

from services.contracts.errors import Invalid
from services.monitor.counts.arrow import columns_from_arrow
from services.monitor.counts.columns import Column, Columns, Kind, Numbers, columns_from_lists

ARROW: Final = "application/vnd.apache.arrow.stream"
PARQUET: Final = "application/vnd.apache.parquet"
CSV: Final = "text/csv"
JSON: Final = "application/json"

MAX_COLUMNS: Final = 2_000
_NUMBERS: Final = pa.float64()
_CODED: Final = pa.dictionary(pa.int32(), pa.string())


class Rows:
    """A body's columns, still as they came: `lists` (JSON) or an Arrow table. `batch_id` as a JSON body states it."""

    def __init__(
        self, *, lists: Mapping[str, Sequence[object]] | None = None, table: pa.Table | None = None, batch_id: str = ""
    ) -> None:
        self._lists = lists
        self._table = table
        self.batch_id = batch_id
        self.names: list[str] = list(lists) if lists is not None else list(table.schema.names)  # type: ignore[union-attr]  # one is given
        self.rows: int = _same_length(lists) if lists is not None else table.num_rows  # type: ignore[union-attr]

    def arrow(self, name: str) -> pa.Array | None:
        """The column as an Arrow array in one piece, if it came in Arrow."""
        if self._table is None:
            return None
        column = self._table.column(name)
        if pa.types.is_dictionary(column.type):
            column = column.unify_dictionaries()
        return column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)

    def as_they_are(self, names: Sequence[str], kinds: Mapping[str, Kind]) -> dict[str, pa.Array]:
        """Those columns that have the form they are counted in, float64 and texts by int32 codes, or whose JSON values
        come into it without a look at each."""
        found: dict[str, pa.Array] = {}
        for name in names:
            numeric = kinds[name] in ("numeric", "integer")
            array = _from_list(self._lists[name], numeric) if self._lists is not None else self._as_it_is(name, numeric)
            if array is not None:
                found[name] = array
        return found

    def _as_it_is(self, name: str, numeric: bool) -> pa.Array | None:
        array = self._whole.get(name)
        if array is None or array.type != (_NUMBERS if numeric else _CODED):
            return None
        return None if (array if numeric else array.dictionary).null_count else array

    @cached_property
    def _whole(self) -> dict[str, pa.Array]:
        """The columns of a table that came in one piece, as nearly all do."""
        assert self._table is not None
        pieces = self._table.to_batches()
        return dict(zip(self.names, pieces[0].columns, strict=True)) if len(pieces) == 1 else {}

    def values(self, name: str) -> Sequence[object]:
        """The column as Python values, if it came in JSON."""
        assert self._lists is not None
        return self._lists[name]

    def columns(self, names: Sequence[str], kinds: Mapping[str, Kind] | None = None) -> Columns:
        """Some columns for counting. `kinds` says what a JSON column is to be; Arrow columns say it themselves."""
        if self._table is not None:
            return columns_from_arrow(self._table.select(list(names)))
        assert self._lists is not None
        return columns_from_lists({name: self._lists[name] for name in names}, kinds)


def _from_list(values: Sequence[object], numeric: bool) -> pa.Array | None:
    """Numbers (or booleans, as 0 and 1) and None, texts and None; None for anything else."""
    try:
        if numeric:
            array = pa.array(values, pa.float64())
            return array.fill_null(np.nan) if array.null_count else array
        return pa.array(values, pa.string()).dictionary_encode()
    except (pa.ArrowException, TypeError, OverflowError, UnicodeEncodeError):
        return None


def _same_length(lists: Mapping[str, Sequence[object]]) -> int:
    lengths = {name: len(values) for name, values in lists.items()}
    first = next(iter(lengths), None)
    for name, length in lengths.items():
        if length != lengths[first or name]:
            raise Invalid(
                f"column {name!r} has {length} values, column {first!r} has {lengths[first or name]}",
                code="COLUMN_LENGTHS_DIFFER",
                field=f"columns.{name}",
                fix="Send the same number of values in each column; null stands for a missing one.",
            )
    return next(iter(lengths.values()), 0)


def media_type(content_type: str) -> str:
    """The media type without its parameters, in lower case."""
    return content_type.partition(";")[0].strip().lower()


def read(content_type: str, body: bytes, readers: Mapping[str, Callable[[bytes], Rows]]) -> Rows:
    """Raises Invalid for another media type, a body that isn't what it says, and one without rows."""
    reader = readers.get(media_type(content_type))
    if reader is None:
        raise Invalid(
            f"the content type {content_type or '(none)'!r} can't be read here",
            code="UNSUPPORTED_MEDIA_TYPE",
            field="Content-Type",
            fix=f"Send one of: {', '.join(readers)}.",
        )
    if not body:
        raise Invalid("the body is empty", code="EMPTY_BODY", field="body", fix="Send at least one row.")
    rows = reader(body)
    if len(rows.names) > MAX_COLUMNS:
        raise Invalid(
            f"{len(rows.names)} columns are more than {MAX_COLUMNS}", code="TOO_MANY_COLUMNS", field="columns"
        )
    if not rows.rows:
        raise Invalid("there are no rows", code="EMPTY_BATCH", field="columns", fix="Send at least one row.")
    return rows


def read_arrow(body: bytes) -> Rows:
    try:
        table = pa.ipc.open_stream(pa.py_buffer(body)).read_all()
        table.validate()
    except (pa.ArrowException, OSError, ValueError) as error:
        raise Invalid(
            f"the body isn't a complete Arrow IPC stream: {_first_line(error)}",
            code="NOT_ARROW",
            field="body",
            fix="Write it with pyarrow.ipc.new_stream (the stream format, not the file format).",
        ) from error
    _no_twins(table.schema.names)
    return Rows(table=table)


def read_parquet(body: bytes) -> Rows:
    try:
        table = pa_parquet.read_table(pa.BufferReader(body))
    except (pa.ArrowException, OSError, ValueError) as error:
        raise Invalid(
            f"the body isn't a Parquet file: {_first_line(error)}", code="NOT_PARQUET", field="body"
        ) from error
    _no_twins(table.schema.names)
    return Rows(table=table)


def read_csv(body: bytes) -> Rows:
    """Types are inferred; an empty cell is missing."""
    try:
        table = pa_csv.read_csv(
            pa.BufferReader(body), convert_options=pa_csv.ConvertOptions(strings_can_be_null=True, null_values=[""])
        )
    except (pa.ArrowException, OSError, ValueError) as error:
        raise Invalid(
            f"the body isn't a CSV file with a header line: {_first_line(error)}", code="NOT_CSV", field="body"
        ) from error
    _no_twins(table.schema.names)
    return Rows(table=table)


class _JsonBatch(msgspec.Struct):
    columns: dict[str, Any] | None = None
    rows: list[dict[str, Any]] | None = None
    batch_id: str = ""


def read_json(body: bytes) -> Rows:
    """`{"columns": {name: [value, …], "features": {name: [value, …]}}, "batch_id": …}`, or the same by rows:
    `{"rows": [{name: value, …, "features": {name: value, …}}, …], "batch_id": …}`. Columns cost a third to read."""
    try:
        batch = msgspec.json.decode(body, type=_JsonBatch)
    except msgspec.ValidationError as error:
        raise Invalid(
            f"the body doesn't fit: {error}",
            code="MALFORMED_BODY",
            field="columns",
            fix='Send {"batch_id": "...", "columns": {"id": [...], "timestamp": [...], "features": {"name": [...]}}}.',
        ) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Invalid(
            f"the body isn't JSON: {error}", code="MALFORMED_JSON", field="body", fix="Send a JSON object."
        ) from error
    if (batch.columns is None) == (batch.rows is None):
        raise Invalid(
            "the body needs either columns or rows", code="MALFORMED_BODY", field="columns", fix="Send one of them."
        )
    if batch.rows is not None:
        return Rows(lists=_turned(batch.rows), batch_id=batch.batch_id)
    assert batch.columns is not None
    lists: dict[str, Sequence[object]] = {}
    for name, values in batch.columns.items():
        if name == "features" and isinstance(values, dict):
            for feature, inner in values.items():
                _take(lists, feature, inner, f"columns.features.{feature}")
        else:
            _take(lists, name, values, f"columns.{name}")
    return Rows(lists=lists, batch_id=batch.batch_id)


def _turned(rows: list[dict[str, Any]]) -> dict[str, Sequence[object]]:
    """Rows as columns; what a row doesn't hold is missing there."""
    flat: list[dict[str, object]] = []
    names: dict[str, None] = {}
    for row in rows:
        inner = row.get("features")
        if isinstance(inner, dict):
            for name in inner:
                if name in row:
                    raise _twin(name)
            row = {**row, **inner}
            del row["features"]
        names.update(dict.fromkeys(row))
        flat.append(row)
    return {name: [row.get(name) for row in flat] for name in names}


def _take(lists: dict[str, Sequence[object]], name: str, values: object, field: str) -> None:
    if not isinstance(values, list):
        raise Invalid(
            f"column {name!r} isn't a list of values", code="MALFORMED_BODY", field=field, fix="Send a JSON array."
        )
    if name in lists:
        raise _twin(name)
    lists[name] = values


def _no_twins(names: Sequence[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise _twin(name)
        seen.add(name)


def _twin(name: str) -> Invalid:
    return Invalid(
        f"column {name!r} comes twice", code="DUPLICATE_COLUMN", field=f"columns.{name}", fix="Send it once."
    )


def _first_line(error: BaseException) -> str:
    return str(error).partition("\n")[0][:200]


def first_row(mask: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> int:
    """The index of the first marked row."""
    return int(np.flatnonzero(mask)[0])


def as_arrow(column: Column) -> pa.Array:
    """A counting column as Arrow, without a copy: NaN and code −1 stand for missing."""
    if isinstance(column, Numbers):
        return pa.array(column.values, from_pandas=False)
    codes = column.codes.astype(np.int32, copy=False)
    missing = codes < 0
    indices = pa.array(codes, mask=missing) if missing.any() else pa.array(codes)
    return pa.DictionaryArray.from_arrays(indices, pa.array(list(column.values), pa.string()))
