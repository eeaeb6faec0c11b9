"""Columns of a batch in the two forms that counting works on: numbers, and codes into a list of texts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from services.contracts.errors import Invalid

Kind: TypeAlias = Literal["numeric", "integer", "categorical", "boolean"]
"""What a feature is. numeric and integer are counted between edges, categorical and boolean by value."""

MISSING = -1
"""The code of a missing value in a coded column."""

TRUE, FALSE = "true", "false"

SMALL_NUMBERS = 256
"""Whole numbers below it are told apart by counting."""


@dataclass(frozen=True, slots=True, eq=False)
class Numbers:
    """float64 values, NaN where missing. `invalid`: rows that held something else than a number (NaN in `values`)."""

    values: npt.NDArray[np.float64]
    invalid: npt.NDArray[np.bool_] | None = None
    integral: bool = False

    def pick(self, rows: slice | npt.NDArray[np.intp]) -> Numbers:
        return Numbers(self.values[rows], None if self.invalid is None else self.invalid[rows], self.integral)


@dataclass(frozen=True, slots=True, eq=False)
class Codes:
    """Integer codes into `values`, MISSING (−1) where missing. `invalid`: rows that can't be a category (MISSING)."""

    codes: npt.NDArray[np.signedinteger[Any]]
    values: Sequence[str]
    invalid: npt.NDArray[np.bool_] | None = None
    boolean: bool = False

    def pick(self, rows: slice | npt.NDArray[np.intp]) -> Codes:
        invalid = None if self.invalid is None else self.invalid[rows]
        return Codes(self.codes[rows], self.values, invalid, self.boolean)


Column: TypeAlias = Numbers | Codes


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """Named columns of equal length, from `columns_from_lists`, `columns_from_rows` or `arrow.columns_from_arrow`."""

    rows: int
    by_name: Mapping[str, Column]

    def pick(self, rows: slice | npt.NDArray[np.intp]) -> Columns:
        """The given rows; a slice copies nothing."""
        length = len(range(*rows.indices(self.rows))) if isinstance(rows, slice) else len(rows)
        return Columns(length, {name: column.pick(rows) for name, column in self.by_name.items()})

    def only(self, keep: Callable[[str], bool]) -> Columns:
        return Columns(self.rows, {name: column for name, column in self.by_name.items() if keep(name)})


def columns_from_lists(lists: Mapping[str, Sequence[object]], kinds: Mapping[str, Kind] | None = None) -> Columns:
    """Columns from JSON columns. `kinds` states a column's kind (from the reference); else it is inferred.

    Raises Invalid when lengths differ. A value of a wrong type never raises: it is marked invalid and counted.
    """
    kinds = kinds or {}
    lengths = {name: len(values) for name, values in lists.items()}
    rows = next(iter(lengths.values()), 0)
    for name, length in lengths.items():
        if length != rows:
            first = next(iter(lengths))
            raise Invalid(
                f"Column {name!r} has {length} values, column {first!r} has {rows}.",
                code="COLUMN_LENGTHS_DIFFER",
                field=f"columns.{name}",
                fix="Send the same number of values in each column; null stands for a missing one.",
            )
    return Columns(rows, {name: column_from_list(values, kinds.get(name)) for name, values in lists.items()})


def columns_from_rows(rows: Sequence[Mapping[str, object]], kinds: Mapping[str, Kind] | None = None) -> Columns:
    """Columns from JSON rows; a name that a row doesn't hold is missing there."""
    names: dict[str, None] = {}
    for row in rows:
        names.update(dict.fromkeys(row))
    return columns_from_lists({name: [row.get(name) for row in rows] for name in names}, kinds)


def column_from_list(values: Sequence[object], kind: Kind | None = None) -> Column:
    """One column from Python values as JSON gives them (None, bool, int, float, str; anything else is invalid)."""
    types = set(map(type, values))
    types.discard(type(None))
    if kind is None:
        kind = _kind_of_types(types)
    if kind in ("numeric", "integer"):
        return _numbers_from_list(values, types)
    return _codes_from_list(values, types)


def _kind_of_types(types: set[type]) -> Kind:
    if str in types:
        return "categorical"
    if types == {bool}:
        return "boolean"
    if types and types <= {int, float}:
        return "integer" if float not in types else "numeric"
    return "categorical" if types else "numeric"


def _numbers_from_list(values: Sequence[object], types: set[type]) -> Numbers:
    if types <= {int, float}:
        try:
            return Numbers(np.array(values, dtype=np.float64), integral=types == {int})
        except OverflowError:  # an integer beyond float64
            pass
    # A boolean is taken as 0 or 1, as every numeric library does; text isn't parsed.
    good = [value if isinstance(value, (int, float)) and _fits(value) else None for value in values]
    invalid = np.fromiter(
        (g is None and v is not None for g, v in zip(good, values, strict=True)), dtype=np.bool_, count=len(values)
    )
    return Numbers(np.array(good, dtype=np.float64), invalid if invalid.any() else None, integral=types <= {int, bool})


def _fits(value: float) -> bool:
    try:
        float(value)
    except OverflowError:
        return False
    return True


def _codes_from_list(values: Sequence[object], types: set[type]) -> Codes:
    if types <= {str}:
        codes, texts = _codes_of(values)
        return Codes(codes, texts)
    if len(types) == 1 and types <= {int, bool}:  # alone: 1, 1.0 and true are one key of a dictionary
        known = {value: category_text(value) for value in set(values)}
        codes, texts = _codes_of(list(map(known.__getitem__, values)))
        return Codes(codes, texts, boolean=types == {bool})
    keys = [category_text(value) for value in values]
    invalid = np.fromiter(
        (key is None and not _is_missing(value) for key, value in zip(keys, values, strict=True)), np.bool_, len(values)
    )
    codes, texts = _codes_of(keys)
    return Codes(codes, texts, invalid if invalid.any() else None, boolean=types == {bool})


def _codes_of(keys: Sequence[object]) -> tuple[npt.NDArray[np.int32], list[str]]:
    """Codes by first appearance; None is MISSING. Every other key is a text."""
    position: dict[object, int] = dict.fromkeys(keys, 0)
    position.pop(None, None)
    texts = [str(key) for key in position]
    position = {key: code for code, key in enumerate(texts)}
    position[None] = MISSING
    return np.fromiter(map(position.__getitem__, keys), np.int32, len(keys)), texts


def category_text(value: object) -> str | None:
    """The text a category is known by; whole numbers read alike as int and float. None: missing or not a category."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return TRUE if value else FALSE
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return None


def _is_missing(value: object) -> bool:
    return value is None or (isinstance(value, float) and value != value)


def as_numbers(column: Column) -> Numbers:
    """A coded column where a number is expected: a boolean is 0 or 1, every other value is invalid."""
    if isinstance(column, Numbers):
        return column
    present = column.codes != MISSING
    values = np.full(len(column.codes), np.nan)
    if column.boolean:
        worth = np.array([1.0 if text == TRUE else 0.0 for text in column.values])
        values[present] = worth[column.codes[present]]
        return Numbers(values, column.invalid, integral=True)
    invalid = present if column.invalid is None else present | column.invalid
    return Numbers(values, invalid)


def as_codes(column: Column) -> Codes:
    """A numeric column where a category is expected: whole numbers by their text, every other number is invalid."""
    if isinstance(column, Codes):
        return column
    present = ~np.isnan(column.values)
    whole = present & np.isfinite(column.values) & (np.trunc(column.values) == column.values)
    distinct, inverse = _distinct(column.values if whole.all() else column.values[whole])
    codes = np.full(len(column.values), MISSING, dtype=np.int64)
    codes[whole] = inverse
    wrong = present & ~whole
    if column.invalid is not None:
        wrong = wrong | column.invalid
    return Codes(codes, [str(int(value)) for value in distinct], wrong if wrong.any() else None)


def _distinct(whole: npt.NDArray[np.float64]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """As numpy.unique with its inverse, of whole numbers; small ones (classes, mostly) without sorting."""
    if not len(whole) or whole.min() < 0 or whole.max() >= SMALL_NUMBERS:
        distinct, inverse = np.unique(whole, return_inverse=True)
        return distinct, inverse
    numbers = whole.astype(np.int64)
    found = np.flatnonzero(np.bincount(numbers))
    places = np.zeros(SMALL_NUMBERS, dtype=np.int64)
    places[found] = np.arange(len(found))
    return found.astype(np.float64), places[numbers]


def concatenate(batches: Sequence[Columns]) -> Columns:
    """Several batches as one (counting one large batch costs far less than many small ones).

    A column that only some batches hold, or that they hold in different forms, can't be joined: ValueError. Use
    `can_concatenate` first, or count such batches apart and merge the counts.
    """
    if len(batches) == 1:
        return batches[0]
    if not can_concatenate(batches):
        raise ValueError("the batches hold different columns")
    first = batches[0]
    joined = {name: _joined([batch.by_name[name] for batch in batches]) for name in first.by_name}
    return Columns(sum(batch.rows for batch in batches), joined)


def can_concatenate(batches: Sequence[Columns]) -> bool:
    """Whether all batches hold the same columns in the same form."""
    forms = {frozenset((name, type(column)) for name, column in batch.by_name.items()) for batch in batches}
    return len(forms) <= 1


def _joined(columns: Sequence[Column]) -> Column:
    marks = [column.invalid for column in columns]
    invalid = None
    if any(mark is not None for mark in marks):
        lengths = [len(c.values) if isinstance(c, Numbers) else len(c.codes) for c in columns]
        invalid = np.concatenate(
            [np.zeros(n, np.bool_) if mark is None else mark for n, mark in zip(lengths, marks, strict=True)]
        )
    numbers = [column for column in columns if isinstance(column, Numbers)]
    if numbers:
        return Numbers(np.concatenate([c.values for c in numbers]), invalid, all(c.integral for c in numbers))
    coded = [column for column in columns if isinstance(column, Codes)]
    position: dict[str, int] = {}
    parts = []
    for column in coded:
        translate = np.array([position.setdefault(text, len(position)) for text in column.values] + [MISSING], np.int32)
        parts.append(translate[column.codes])  # code −1 picks the last entry: missing stays missing
    return Codes(np.concatenate(parts), list(position), invalid, all(column.boolean for column in coded))
