"""Scores, predicted classes, predicted values and labels: read in the form the model's task wants them."""

from __future__ import annotations

from typing import Final

import numpy as np

from services.contracts.errors import Invalid
from services.monitor.batches.tables import Rows, first_row
from services.monitor.counts.columns import MISSING, Codes, Numbers, as_codes, as_numbers
from services.monitor.performance.rules import Task
from services.monitor.versions.rules import ActiveReference

TRUTHS: Final = {"1": "1", "true": "1", "True": "1", "0": "0", "false": "0", "False": "0"}
"""Ways to write the two classes of a binary model whose positive class isn't stated."""


def read_value(rows: Rows, name: str) -> Numbers:
    """Numbers, NaN where missing. Raises Invalid for infinite ones and anything else."""
    column = as_numbers(rows.columns([name], {name: "numeric"}).by_name[name])
    wrong = np.isinf(column.values)
    if column.invalid is not None:
        wrong = wrong | column.invalid
    if wrong.any():
        raise Invalid(
            f"row {first_row(wrong)} of column {name!r} isn't a finite number",
            code="WRONG_TYPE",
            field=f"columns.{name}",
            fix="Send a number or null in each row.",
        )
    return column


def read_class(rows: Rows, name: str, active: ActiveReference) -> Codes:
    """Classes by their text; those of a binary model without a stated positive class become "1" and "0"."""
    return class_column(rows, name, active.task, active.positive)


def class_column(rows: Rows, name: str, task: Task, positive: str | None) -> Codes:
    column = as_codes(rows.columns([name], {name: "categorical"}).by_name[name])
    if column.invalid is not None and column.invalid.any():
        raise Invalid(
            f"row {first_row(column.invalid)} of column {name!r} isn't a class",
            code="WRONG_TYPE",
            field=f"columns.{name}",
            fix="Send the class as text, whole number or boolean, or null.",
        )
    if task != "binary" or positive is not None:
        return Codes(column.codes, list(column.values))
    used = np.flatnonzero(np.bincount(column.codes + 1, minlength=1)[1:]).tolist()
    for code in used:
        if column.values[code] not in TRUTHS:
            raise Invalid(
                f"column {name!r} holds {column.values[code]!r}, which isn't 0, 1, false or true",
                code="UNKNOWN_CLASS",
                field=f"columns.{name}",
                fix="Send 0 and 1, or set the reference with positive=NAME of the positive class.",
            )
    worth = [1 if TRUTHS.get(text) == "1" else 0 for text in column.values]
    codes = np.array([*worth, MISSING], dtype=np.int32)[column.codes]  # code −1 picks the last entry
    return Codes(codes, ["0", "1"])
