"""Arrow tables and record batches as columns: the one place where the monitor's arithmetic meets pyarrow."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from services.contracts.errors import Invalid
from services.monitor.counts.columns import FALSE, MISSING, TRUE, Codes, Column, Columns, Numbers, category_text


def columns_from_arrow(data: pa.Table | pa.RecordBatch) -> Columns:
    """Numbers without nulls and dictionary codes are taken over without a copy.

    Numeric and decimal types become numbers; text, dictionaries and booleans become codes. A column of any other type
    (time, list, struct, binary …) is kept with every non-null value marked invalid: counted, never dropped silently.
    Raises Invalid when two columns have one name.
    """
    names = data.schema.names
    if len(set(names)) != len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise Invalid(
            f"Column {twice!r} comes twice.", code="DUPLICATE_COLUMN", field=f"columns.{twice}", fix="Send it once."
        )
    return Columns(data.num_rows, {name: _column(data.column(i)) for i, name in enumerate(names)})


def _column(data: pa.Array | pa.ChunkedArray) -> Column:
    if isinstance(data, pa.ChunkedArray):
        data = data.unify_dictionaries().combine_chunks() if data.num_chunks != 1 else data.chunk(0)
    kind = data.type
    if pa.types.is_floating(kind) or pa.types.is_integer(kind):
        values = data.to_numpy(zero_copy_only=False)
        return Numbers(values.astype(np.float64, copy=False), integral=pa.types.is_integer(kind))
    if pa.types.is_dictionary(kind):
        return _from_dictionary(data)
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return _from_dictionary(data.dictionary_encode())
    if pa.types.is_boolean(kind):
        codes = data.cast(pa.int8()).fill_null(MISSING).to_numpy(zero_copy_only=False)
        return Codes(codes, (FALSE, TRUE), boolean=True)
    if pa.types.is_decimal(kind):
        return Numbers(data.cast(pa.float64()).to_numpy(zero_copy_only=False))
    present = pc.is_valid(data).to_numpy(zero_copy_only=False)
    return Numbers(np.full(len(data), np.nan), present if present.any() else None)


def _from_dictionary(data: pa.DictionaryArray) -> Codes:
    indices = data.indices.cast(pa.int32())
    if indices.null_count:
        indices = indices.fill_null(MISSING)
    codes = indices.to_numpy(zero_copy_only=False)
    values = data.dictionary.to_pylist()
    if all(type(value) is str for value in values):
        return Codes(codes, values)
    texts = [category_text(value) for value in values]
    unusable = np.array([text is None for text in texts] + [False])
    absent = np.array([value is None for value in values] + [True])
    invalid = unusable[codes] & ~absent[codes]
    codes = np.where(unusable[codes], MISSING, codes)
    return Codes(codes, [text or "" for text in texts], invalid if invalid.any() else None)
