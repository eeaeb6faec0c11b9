"""A page is found without sorting all rows, and is what sorting them all would give."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.registry.search import ranking

NUMBERS = st.one_of(st.integers(0, 3).map(float), st.floats(-2, 2), st.sampled_from([float("nan"), float("inf")]))


@settings(max_examples=200, deadline=None)
@given(
    values=st.lists(NUMBERS, min_size=1, max_size=400),
    start=st.integers(0, 60),
    most=st.integers(0, 30),
    small=st.sampled_from([1, 8, 2048]),
    sample=st.sampled_from([4, 16, 64]),
    margin=st.sampled_from([0, 1, 4]),
    seed=st.integers(0, 9),
)
def test_a_page_is_what_sorting_all_rows_would_give(
    values: list[float], start: int, most: int, small: int, sample: int, margin: int, seed: int
) -> None:
    first = np.array(values)
    order = np.random.default_rng(seed).permutation(len(values))
    keys: list[Any] = [lambda rows: first[rows], lambda rows: order[rows]]
    rows = np.arange(len(values))
    expected = np.lexsort([order, first])[start : start + most]
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (("SMALL", small), ("SAMPLE", sample), ("MARGIN", margin)):
            patch.setattr(ranking, name, value)
        assert ranking.window(rows, keys, start, start + most).tolist() == expected.tolist()
