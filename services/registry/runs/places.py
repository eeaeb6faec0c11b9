"""Where a run stands in an order, as a cursor says it: by its values, so that no page shifts when runs come or go."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from services.contracts.errors import Invalid
from services.registry.runs.rules import Run
from services.registry.search.columns import numeric
from services.registry.search.syntax import Order, Section
from services.registry.values import mapping

Place = Sequence[Any]
"""A value for each order (None: the run has none), then the start time and the id. NaN is written as text."""

NAN = "NaN"
_ID = re.compile("[0-9a-f]{1,32}")
_ATTRIBUTES = {"run_id": "id", "run_name": "name", "user_id": "user"}


def place_of(run: Run, orders: Sequence[Order]) -> Place:
    return [*(_value(run, order) for order in orders), run.start_time, run.id]


def _value(run: Run, order: Order) -> Any:
    key = order.field.key
    if order.field.section is Section.METRIC:
        value = next((metric.v for metric in run.metrics if metric.k == key), None)
        return NAN if value is not None and value != value else value
    if order.field.section is Section.ATTRIBUTE:
        return getattr(run, _ATTRIBUTES.get(key, key))
    return mapping(run.params if order.field.section is Section.PARAM else run.tags).get(key)


def checked(values: Place, orders: Sequence[Order]) -> Place:
    """Raises Invalid for what isn't a place in this order."""
    *asked, start, id_ = values
    fits = all(_fits(value, order) for value, order in zip(asked, orders, strict=True))
    if not fits or not _is_whole(start) or not _is_id(id_):
        raise Invalid("the cursor isn't one of this list", field="after", fix="Start without a cursor.")
    return values


def number_kept(value: object) -> float:
    """A metric's value or a moment of a place that was checked, as a column of numbers keeps it."""
    if value is None:
        return float("nan")
    return numeric(float("nan") if value == NAN else float(value))  # type: ignore[arg-type]


def _fits(value: object, order: Order) -> bool:
    key = order.field.key
    if order.field.section is Section.METRIC:
        return value is None or value == NAN or type(value) in (int, float)
    if order.field.section is not Section.ATTRIBUTE:
        return value is None or isinstance(value, str)
    if key in ("start_time", "end_time"):
        return _is_whole(value) or (value is None and key == "end_time")
    return _is_id(value) if key == "run_id" else isinstance(value, str)


def _is_whole(value: object) -> bool:
    return type(value) is int and -(2**63) <= value < 2**63


def _is_id(value: object) -> bool:
    return isinstance(value, str) and _ID.fullmatch(value) is not None
