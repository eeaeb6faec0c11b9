"""Compares the columns of the index of runs with what a filter says."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from services.contracts.conditions import like_pattern
from services.registry.search.columns import Array, Dictionary, Mask
from services.registry.search.syntax import MATCHERS, UNLIKE, Operator, Value

Compare = Callable[[Array, Any], Mask]

_COMPARE: Mapping[Operator, Compare] = {
    Operator.EQ: np.equal,
    Operator.LT: np.less,
    Operator.LE: np.less_equal,
    Operator.GT: np.greater,
    Operator.GE: np.greater_equal,
}
_EXACT = 2**53
"""Whole numbers beyond it aren't all representable as float64."""


def numbers_compared(values: Array, operator: Operator, value: Value) -> Mask:
    """Missing values pass nothing, NaN (kept as infinity) only `!=`. The column of start times is of whole numbers."""
    assert isinstance(value, int | float)
    number = value if isinstance(value, int) and abs(value) <= _EXACT else float(value)
    if values.dtype.kind == "i":
        whole: Mask = values != number if operator is Operator.NE else _COMPARE[operator](values, number)
        return whole
    if operator is Operator.NE:
        mask: Mask = (values != number) & ~np.isnan(values)
    else:
        mask = _COMPARE[operator](values, number) & (values != np.inf)
    return mask


def answers_of(dictionary: Dictionary, operator: Operator, value: Value) -> Mask:
    """By code, whether it passes."""
    if operator in (Operator.IS_NULL, Operator.IS_NOT_NULL):
        mask = np.full(len(dictionary.values), operator is Operator.IS_NOT_NULL)
        mask[0] = operator is Operator.IS_NULL
        return mask
    if operator in MATCHERS:
        return dictionary.passing((operator, value), test_of(operator, value))
    listed = dictionary.known(value if isinstance(value, tuple) else (value,))
    negative = operator in (Operator.NE, Operator.NOT_IN)
    mask = np.full(len(dictionary.values), negative)
    mask[listed] = not negative
    mask[0] = False
    return mask


def test_of(operator: Operator, value: Value) -> Callable[[str], bool]:
    """Whether a text passes."""
    if operator in MATCHERS:
        flags = re.DOTALL | (re.IGNORECASE if operator in (Operator.ILIKE, Operator.NOT_ILIKE) else re.NOFLAG)
        match = re.compile(like_pattern(str(value)), flags).match
        if operator in UNLIKE.values():
            return lambda text: match(text) is None
        return lambda text: match(text) is not None
    listed = frozenset(value) if isinstance(value, tuple) else frozenset((value,))
    if operator in (Operator.NE, Operator.NOT_IN):
        return lambda text: text not in listed
    return lambda text: text in listed
