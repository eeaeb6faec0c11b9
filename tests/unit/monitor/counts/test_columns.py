import numpy as np
import pytest

from services.contracts.errors import Invalid
from services.monitor.counts.columns import (
    Codes,
    Columns,
    Numbers,
    as_codes,
    as_numbers,
    can_concatenate,
    column_from_list,
    columns_from_lists,
    columns_from_rows,
    concatenate,
)


def texts(column: Codes) -> list[str | None]:
    return [None if code < 0 else column.values[code] for code in column.codes]


def test_numbers_with_nulls_become_floats_with_nan() -> None:
    column = column_from_list([1, 2.5, None])
    assert isinstance(column, Numbers)
    np.testing.assert_array_equal(column.values, [1.0, 2.5, np.nan])
    assert column.invalid is None


def test_a_text_in_a_numeric_feature_is_invalid_and_not_parsed() -> None:
    column = column_from_list([1.0, "2.0", None, [3]], "numeric")
    assert isinstance(column, Numbers)
    np.testing.assert_array_equal(column.values, [1.0, np.nan, np.nan, np.nan])
    assert column.invalid is not None
    assert column.invalid.tolist() == [False, True, False, True]


def test_an_integer_beyond_floats_is_invalid() -> None:
    column = column_from_list([10**400, 5], "integer")
    assert isinstance(column, Numbers)
    assert column.invalid is not None
    assert column.invalid.tolist() == [True, False]


def test_booleans_in_a_numeric_feature_are_zero_and_one() -> None:
    column = as_numbers(column_from_list([True, False, None], "numeric"))
    np.testing.assert_array_equal(column.values, [1.0, 0.0, np.nan])
    np.testing.assert_array_equal(as_numbers(column_from_list([True, False, None])).values, [1.0, 0.0, np.nan])


def test_texts_become_codes_by_first_appearance() -> None:
    column = column_from_list(["b", None, "a", "b"])
    assert isinstance(column, Codes)
    assert list(column.values) == ["b", "a"]
    assert column.codes.tolist() == [0, -1, 1, 0]


def test_whole_numbers_and_booleans_in_a_category_are_known_by_their_text() -> None:
    column = column_from_list(["x", 1, 2.0, True, None, 2.5, {}], "categorical")
    assert isinstance(column, Codes)
    assert texts(column) == ["x", "1", "2", "true", None, None, None]
    assert column.invalid is not None
    assert column.invalid.tolist() == [False, False, False, False, False, True, True]


def test_a_numeric_column_for_a_category_agrees_with_its_json_form() -> None:
    column = as_codes(Numbers(np.array([2.0, np.nan, 7.0, 2.5, np.inf])))
    assert texts(column) == ["2", None, "7", None, None]
    assert column.invalid is not None
    assert column.invalid.tolist() == [False, False, False, True, True]


def test_a_text_column_for_a_numeric_feature_is_all_invalid() -> None:
    column = as_numbers(column_from_list(["a", None]))
    assert np.isnan(column.values).all()
    assert column.invalid is not None
    assert column.invalid.tolist() == [True, False]


@pytest.mark.parametrize(
    ("values", "kind"),
    [([1, 2], "integer"), ([1, 2.0], "numeric"), (["a", 1], "categorical"), ([True, None], "boolean")],
)
def test_the_kind_of_a_column_is_inferred(values: list[object], kind: str) -> None:
    column = column_from_list(values)
    if isinstance(column, Numbers):
        assert kind == ("integer" if column.integral else "numeric")
    else:
        assert kind == ("boolean" if column.boolean else "categorical")


def test_columns_of_different_lengths_are_refused_by_name() -> None:
    with pytest.raises(Invalid) as refused:
        columns_from_lists({"a": [1, 2], "b": [1]})
    assert refused.value.field == "columns.b"
    assert refused.value.fix


def test_rows_become_columns_and_a_name_left_out_is_missing() -> None:
    columns = columns_from_rows([{"a": 1, "c": "x"}, {"a": 2}])
    assert columns.rows == 2
    np.testing.assert_array_equal(as_numbers(columns.by_name["a"]).values, [1.0, 2.0])
    assert texts(as_codes(columns.by_name["c"])) == ["x", None]


def test_batches_concatenate_with_their_dictionaries_and_marks() -> None:
    first = columns_from_lists({"n": [1.0, "x"], "c": ["b", "a"]}, {"n": "numeric"})
    second = columns_from_lists({"n": [3.0, None], "c": ["c", "a"]})
    both = concatenate([first, second])
    numbers = as_numbers(both.by_name["n"])
    np.testing.assert_array_equal(numbers.values, [1.0, np.nan, 3.0, np.nan])
    assert numbers.invalid is not None
    assert numbers.invalid.tolist() == [False, True, False, False]
    assert texts(as_codes(both.by_name["c"])) == ["b", "a", "c", "a"]
    assert both.rows == 4


def test_batches_with_different_columns_do_not_concatenate() -> None:
    first, second = columns_from_lists({"a": [1]}), columns_from_lists({"b": [1]})
    assert not can_concatenate([first, second])
    with pytest.raises(ValueError, match="different columns"):
        concatenate([first, second])


def test_picking_rows_keeps_columns_in_step() -> None:
    columns = columns_from_lists({"n": [1.0, 2.0, 3.0], "c": ["a", "b", "a"]})
    picked = columns.pick(np.array([2, 0]))
    assert isinstance(picked, Columns)
    assert picked.rows == 2
    np.testing.assert_array_equal(as_numbers(picked.by_name["n"]).values, [3.0, 1.0])
    assert texts(as_codes(picked.by_name["c"])) == ["a", "a"]
