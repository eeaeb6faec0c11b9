"""Columns of an index in memory: one value a row; few values are kept apart, many as one array.

A missing value is the column's `fill`. Numbers hold NaN as infinity (no infinite number is ever stored), so that NaN
itself is free to mean "missing" and sorts last, as numpy has it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Mask = npt.NDArray[np.bool_]
Rows = npt.NDArray[np.intp]

DENSE_FROM = 1 / 16
"""From this share of rows with a value on, a column is an array; below half of it, it is none any more."""
GROWTH = 1.25
LARGEST = 1.7976931348623157e308
ABSENT_RANK = np.iinfo(np.int32).max
FEW_CODES = 4
REMEMBERED = 32
"""Answers about a dictionary's values that are kept, of the newest questions."""


class Column:
    """Values of one key. `rows` are positions below `height`, the number of rows that the whole index has."""

    def __init__(self, kind: str, fill: Any) -> None:
        self._kind = np.dtype(kind)
        self._fill = fill
        self._few: dict[int, Any] = {}
        self._all: Array | None = None

    def put(self, rows: Sequence[int], values: Sequence[Any], height: int) -> None:
        if self._all is None:
            self._few.update(zip(rows, values, strict=True))
            if len(self._few) > height * DENSE_FROM:
                self._all, self._few = self._spread(height), {}
            return
        self._grow(height)
        if self._all is None:
            self.put(rows, values, height)
        else:
            self._all[rows] = values

    def read(self, rows: Rows | slice, height: int) -> Array:
        """The values of `rows`, in their order."""
        self._grow(height)
        values = self._spread(height) if self._all is None else self._all[:height]
        found: Array = values[rows]
        return found

    @property
    def nbytes(self) -> int:
        """About what it takes."""
        return 120 * len(self._few) if self._all is None else int(self._all.nbytes)

    def _spread(self, height: int) -> Array:
        values = np.full(height, self._fill, dtype=self._kind)
        if self._few:
            count = len(self._few)
            rows = np.fromiter(self._few.keys(), dtype=np.intp, count=count)
            values[rows] = np.fromiter(self._few.values(), dtype=self._kind, count=count)
        return values

    def _grow(self, height: int) -> None:
        """Makes room; a key that only old rows have leaves its array then."""
        if self._all is None or len(self._all) >= height:
            return
        held = np.flatnonzero(~same(self._all, self._fill))
        if len(held) < height * DENSE_FROM / 2:
            self._few = dict(zip(held.tolist(), self._all[held].tolist(), strict=True))
            self._all = None
            return
        grown = np.full(int(height * GROWTH) + 64, self._fill, dtype=self._kind)
        grown[: len(self._all)] = self._all
        self._all = grown


def numbers() -> Column:
    """A column of numbers, to be written with `numeric`."""
    return Column("f8", np.nan)


def numeric(value: float) -> float:
    """A number as a column keeps it: NaN becomes infinity, infinity the largest number."""
    if value != value:  # NaN
        return float("inf")
    return min(max(value, -LARGEST), LARGEST)


def same(values: Array, value: Any) -> Mask:
    """Where `values` equals `value`; NaN equals NaN."""
    found: Mask = np.isnan(values) if value != value else values == value
    return found


def having(codes: Array, answers: Mask) -> Mask:
    """Which rows have a code that `answers` says yes to; comparing with the few there are is faster than looking up."""
    wanted = np.flatnonzero(answers)
    if len(wanted) > FEW_CODES:
        found: Mask = answers[codes]
        return found
    found = codes == codes.dtype.type(wanted[0]) if len(wanted) else np.zeros(len(codes), dtype=np.bool_)
    for code in wanted[1:]:
        found |= codes == codes.dtype.type(code)
    return found


class Dictionary:
    """Different values, each with its code, counted from 1; code 0 stands for a missing one."""

    def __init__(self) -> None:
        self.values: list[Any] = [None]
        self._codes: dict[Hashable, int] = {}
        self._sorted: list[int] = []
        self._ranks = np.array([ABSENT_RANK], dtype=np.int32)
        self._answers: OrderedDict[Hashable, Mask] = OrderedDict()

    def code(self, value: Hashable) -> int:
        """The code of `value`, which gets one if it has none."""
        code = self._codes.get(value)
        if code is None:
            code = self._codes[value] = len(self.values)
            self.values.append(value)
        return code

    def known(self, values: Iterable[Hashable]) -> list[int]:
        """The codes of those of `values` that have one."""
        return [self._codes[value] for value in values if value in self._codes]

    def ranks(self) -> npt.NDArray[np.int32]:
        """By code, how many values sort before it; a missing one sorts last."""
        count = len(self.values)
        if len(self._ranks) < count:
            self._sorted.extend(range(len(self._sorted) + 1, count))
            self._sorted.sort(key=self.values.__getitem__)  # nearly sorted already: little more than reading it
            self._ranks = np.empty(count, dtype=np.int32)
            self._ranks[0] = ABSENT_RANK
            self._ranks[self._sorted] = np.arange(count - 1, dtype=np.int32)
        return self._ranks

    def place(self, value: Any) -> float:
        """How many values sort before `value`; between two of them, if it has no code. A missing one sorts last."""
        if value is None:
            return ABSENT_RANK
        ranks = self.ranks()
        code = self._codes.get(value)
        if code is not None:
            return int(ranks[code])
        return bisect_left(self._sorted, value, key=self.values.__getitem__) - 0.5

    def passing(self, question: Hashable, passes: Callable[[Any], bool]) -> Mask:
        """By code, which values pass; `question` names `passes`, whose answers are remembered."""
        answers = self._answers.pop(question, np.zeros(1, dtype=np.bool_))
        if len(answers) < len(self.values):
            new = self.values[len(answers) :]
            answers = np.concatenate([answers, np.fromiter(map(passes, new), dtype=np.bool_, count=len(new))])
        self._answers[question] = answers
        if len(self._answers) > REMEMBERED:
            self._answers.popitem(last=False)
        return answers

    @property
    def nbytes(self) -> int:
        """About what it takes, texts of 30 characters supposed."""
        return 200 * len(self.values) + sum(answers.nbytes for answers in self._answers.values())


class Coded:
    """A column of values out of a dictionary, which others may share."""

    def __init__(self, dictionary: Dictionary | None = None) -> None:
        self.dictionary = dictionary or Dictionary()
        self._column = Column("i4", 0)

    def put(self, rows: Sequence[int], values: Sequence[Hashable], height: int) -> None:
        """None is a missing value."""
        code = self.dictionary.code
        self._column.put(rows, [0 if value is None else code(value) for value in values], height)

    def codes(self, rows: Rows | slice, height: int) -> Array:
        return self._column.read(rows, height)

    def value(self, row: int, height: int) -> Any:
        return self.dictionary.values[int(self._column.read(slice(row, row + 1), height)[0])]

    def ranks(self, rows: Rows | slice, height: int) -> Array:
        found: Array = self.dictionary.ranks()[self.codes(rows, height)]
        return found

    @property
    def nbytes(self) -> int:
        return self._column.nbytes
