"""Digests tell values apart, and are the same whichever way a table was stored."""

import datetime as dt
import decimal

import numpy as np
import pyarrow as pa

from services.profiling.hashing import digests_of, row_digests


def test_the_same_number_has_the_same_digest_in_any_type() -> None:
    whole = digests_of(pa.array([0, 1, -7, None], pa.int16()))
    for kind in (pa.int64(), pa.float32(), pa.float64()):
        assert (digests_of(pa.array([0, 1, -7, None], kind)) == whole).all()
    assert digests_of(pa.array([decimal.Decimal("1.0")]))[0] == whole[1]
    assert digests_of(pa.array([True]))[0] == whole[1]
    assert digests_of(pa.array([-0.0]))[0] == whole[0]


def test_a_missing_value_is_like_nan_and_like_nothing_else() -> None:
    missing = digests_of(pa.array([None], pa.string()))[0]
    assert digests_of(pa.array([float("nan")]))[0] == missing
    others = [digests_of(pa.array([value]))[0] for value in (0, 0.0, "", "None", False)]
    assert missing not in others


def test_texts_that_differ_a_little_have_different_digests() -> None:
    texts = ["", "a", "b", "ab", "ba", "aa", "a ", " a", "ä", "a\0", "\0", "1", "x" * 5000, "x" * 5001]
    texts += [f"row {number}" for number in range(20_000)]
    assert len(set(digests_of(pa.array(texts)).tolist())) == len(texts)


def test_a_slice_and_a_dictionary_have_the_digests_of_their_values() -> None:
    whole = pa.array(["one", None, "two", "three", "two"])
    expected = digests_of(whole)
    assert (digests_of(whole.slice(2, 3)) == expected[2:]).all()
    assert (digests_of(whole.dictionary_encode()) == expected).all()
    assert (digests_of(whole.cast(pa.large_string())) == expected).all()


def test_moments_and_nested_values_have_digests_too() -> None:
    moment = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
    coarse, fine = pa.array([moment], pa.timestamp("s", "UTC")), pa.array([moment], pa.timestamp("us", "UTC"))
    assert digests_of(coarse)[0] == digests_of(fine)[0]
    nested = digests_of(pa.array([[1, 2], [1, 3], None]))
    assert len(set(nested.tolist())) == 3


def test_a_row_has_one_digest_whatever_the_order_of_its_columns() -> None:
    one, two = digests_of(pa.array([1, 2, 1])), digests_of(pa.array([5, 5, 5]))
    rows = row_digests([one, two], ["a", "b"])
    assert (row_digests([two, one], ["b", "a"]) == rows).all()
    assert rows[0] == rows[2] != rows[1]
    assert (row_digests([one, two], ["b", "a"]) != rows).all()


def test_digests_spread_evenly() -> None:
    low = digests_of(pa.array(np.arange(20_000))) < np.uint64(2**62)
    assert abs(low.mean() - 0.25) < 0.02
