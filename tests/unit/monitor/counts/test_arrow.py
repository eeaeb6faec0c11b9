import datetime as dt
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest

from services.contracts.errors import Invalid
from services.monitor.counts.arrow import columns_from_arrow
from services.monitor.counts.columns import Codes, Column, Numbers


def column(data: pa.Array | pa.ChunkedArray) -> Column:
    return columns_from_arrow(pa.table({"x": data})).by_name["x"]


def texts(codes: Column) -> list[str | None]:
    assert isinstance(codes, Codes)
    return [None if code < 0 else codes.values[code] for code in codes.codes]


def test_floats_without_nulls_are_not_copied() -> None:
    values = np.array([1.0, 2.0])
    taken = column(pa.array(values))
    assert isinstance(taken, Numbers)
    assert np.shares_memory(taken.values, values)


@pytest.mark.parametrize("kind", [pa.int8(), pa.uint16(), pa.int64(), pa.float32(), pa.float64()])
def test_numbers_of_any_width_become_floats_with_nan(kind: pa.DataType) -> None:
    taken = column(pa.array([1, None, 3], kind))
    assert isinstance(taken, Numbers)
    assert taken.values.dtype == np.float64
    np.testing.assert_array_equal(taken.values, [1.0, np.nan, 3.0])


def test_decimals_are_numbers() -> None:
    taken = column(pa.array([Decimal("1.5"), None]))
    assert isinstance(taken, Numbers)
    np.testing.assert_array_equal(taken.values, [1.5, np.nan])


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.string_view()])
def test_texts_become_codes(kind: pa.DataType) -> None:
    assert texts(column(pa.array(["b", None, "a", "b"]).cast(kind))) == ["b", None, "a", "b"]


def test_dictionaries_become_codes() -> None:
    assert texts(column(pa.array(["b", None, "a", "b"]).dictionary_encode())) == ["b", None, "a", "b"]


def test_unsigned_codes_of_a_full_dictionary_keep_their_values() -> None:
    names = [f"v{i}" for i in range(256)]
    data = pa.DictionaryArray.from_arrays(pa.array(range(256), pa.uint8()), pa.array(names))
    assert texts(column(data)) == names


def test_a_dictionary_of_numbers_is_known_by_text_and_a_null_in_it_is_missing() -> None:
    data = pa.DictionaryArray.from_arrays(pa.array([0, 1, 2, None], pa.int8()), pa.array([7.0, None, 2.5]))
    taken = column(data)
    assert texts(taken) == ["7", None, None, None]
    assert taken.invalid is not None
    assert taken.invalid.tolist() == [False, False, True, False]


def test_booleans_are_codes_of_true_and_false() -> None:
    taken = column(pa.array([True, None, False]))
    assert texts(taken) == ["true", None, "false"]
    assert isinstance(taken, Codes)
    assert taken.boolean


def test_a_column_of_another_type_is_kept_as_invalid() -> None:
    taken = column(pa.array([dt.date(2013, 1, 1), None]))
    assert taken.invalid is not None
    assert taken.invalid.tolist() == [True, False]


def test_a_column_of_nulls_is_all_missing() -> None:
    taken = column(pa.nulls(2))
    assert isinstance(taken, Numbers)
    assert taken.invalid is None
    assert np.isnan(taken.values).all()


def test_chunks_with_their_own_dictionaries_are_joined() -> None:
    chunks = pa.chunked_array([pa.array(["a", "b"]).dictionary_encode(), pa.array(["b", "c"]).dictionary_encode()])
    assert texts(column(chunks)) == ["a", "b", "b", "c"]


def test_an_empty_table_has_no_rows() -> None:
    columns = columns_from_arrow(pa.schema([("x", pa.float64())]).empty_table())
    assert columns.rows == 0


def test_two_columns_of_one_name_are_refused() -> None:
    table = pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["x", "x"])
    with pytest.raises(Invalid, match="comes twice"):
        columns_from_arrow(table)
