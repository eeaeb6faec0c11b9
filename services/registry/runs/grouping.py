"""Groups of runs that have a parameter, a tag or an attribute in common, with the figures of their metrics.

All of it is arithmetic over columns: it takes time in proportion to the runs, and may be done beside the event loop.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np

from services.contracts.errors import Invalid
from services.contracts.registry import GroupMetric, GroupOrder, RunGroup
from services.registry.search.columns import LARGEST, Array, Dictionary, Rows

MOST_FIELDS = 2
MOST_METRICS = 20
MOST_GROUPS = 10_000
_ROOMY = 4
"""Combinations of codes are told apart in a table of them all, if that has at most so many places for each run."""


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one metric, by group: `runs` that have a finite value, and over these its arithmetic mean, the standard
    deviation of a sample (over n - 1; NaN of fewer than two), the least and the greatest."""

    runs: Array
    mean: Array
    deviation: Array
    least: Array
    greatest: Array


@dataclass(frozen=True, slots=True)
class Groupable:
    """Of the runs that are wanted, in one order: the codes of what they are grouped by, with the dictionaries of these;
    when they started (milliseconds since 1970); the metrics as an index keeps them."""

    codes: Sequence[Array]
    dictionaries: Sequence[Dictionary]
    starts: Array
    metrics: Mapping[str, Array]


class Grouped:
    """What is groupable, by group. Raises Invalid for more than `MOST_GROUPS`."""

    def __init__(self, groupable: Groupable) -> None:
        sizes = [int(codes.max(initial=0)) + 1 for codes in groupable.codes]
        found, self._members = _apart(groupable.codes, sizes)
        self.count = len(found)
        if self.count > MOST_GROUPS:
            raise Invalid(
                f"{self.count:,} groups, more than {MOST_GROUPS:,}",
                field="by",
                fix="Group by what fewer runs differ in, or filter the runs.",
            )
        self._values = [
            [dictionary.values[code] for code in codes.tolist()]
            for dictionary, codes in zip(groupable.dictionaries, np.unravel_index(found, sizes), strict=True)
        ]
        self._runs = np.bincount(self._members, minlength=self.count)
        self._newest = np.full(self.count, np.iinfo(np.int64).min)
        np.maximum.at(self._newest, self._members, groupable.starts)
        self._metrics = {key: figures(self._members, self.count, values) for key, values in groupable.metrics.items()}

    def ordered(self, order: GroupOrder) -> Rows:
        """All groups in that order; what a group has no value of is last, and equal ones are by value."""
        by_value = self._by_value()
        key = by_value if order.by == "value" else self._figure(order)
        if order.descending:
            key = -key
        if order.by == "value":
            key = np.where([None in self.names(group) for group in range(self.count)], np.nan, key)
        found: Rows = np.lexsort([by_value, key])
        return found

    def _figure(self, order: GroupOrder) -> Array:
        if order.by in ("runs", "newest"):
            return (self._runs if order.by == "runs" else self._newest).astype(np.float64)
        if order.metric not in self._metrics:
            raise Invalid(
                f"groups can't be ordered by the {order.by} of a metric that isn't asked for",
                field="order",
                fix="Name one of `metrics`.",
            )
        values: Array = getattr(self._metrics[order.metric], order.by)
        return values

    def _by_value(self) -> Array:
        """By group, its place by what it has in common: numbers as numbers, if all are; without a value last."""
        place = np.zeros(self.count)
        for values in self._values:
            known = sorted({value for value in values if value is not None}, key=_sorting(values))
            places = {value: number for number, value in enumerate(known)}
            place = place * (len(places) + 1) + [places.get(value, len(places)) for value in values]
        return place

    def names(self, group: int) -> list[str | None]:
        return [values[group] for values in self._values]

    def find(self, names: Sequence[str | None], among: Rows) -> int | None:
        """Its position in an order; None if there is no such group."""
        return next((place for place, group in enumerate(among.tolist()) if self.names(group) == names), None)

    def view(self, group: int) -> RunGroup:
        return RunGroup(
            values=self.names(group),
            runs=int(self._runs[group]),
            newest=datetime.fromtimestamp(int(self._newest[group]) / 1000, UTC),
            metrics=[
                GroupMetric(
                    key=key,
                    runs=int(one.runs[group]),
                    mean=_told(one.mean[group]),
                    deviation=_told(one.deviation[group]),
                    least=_told(one.least[group]),
                    greatest=_told(one.greatest[group]),
                )
                for key, one in self._metrics.items()
            ],
        )


def figures(members: Rows, count: int, values: Array) -> Figures:
    """Of `values`, one for each row, within the `count` groups that `members` names. Neither missing values nor NaN
    and infinities, as columns of numbers keep them, are counted."""
    there = np.flatnonzero(np.abs(values) < LARGEST)
    of, numbers = members[there], values[there]
    runs = np.bincount(of, minlength=count)
    least, greatest = np.full(count, np.inf), np.full(count, -np.inf)
    np.minimum.at(least, of, numbers)
    np.maximum.at(greatest, of, numbers)
    with np.errstate(all="ignore"):
        mean = np.bincount(of, numbers, minlength=count) / runs
        squares = np.bincount(of, (numbers - mean[of]) ** 2, minlength=count)
        deviation = np.sqrt(np.where(runs > 1, squares, np.nan) / (runs - 1))
    none = runs == 0
    return Figures(runs, mean, deviation, np.where(none, np.nan, least), np.where(none, np.nan, greatest))


def _apart(codes: Sequence[Array], sizes: Sequence[int]) -> tuple[Array, Rows]:
    """The different combinations of codes, each as one number, and by row the number of its group."""
    combined = np.ravel_multi_index([column.astype(np.int64) for column in codes], sizes)
    room = math.prod(sizes)
    if room > _ROOMY * len(combined) + MOST_GROUPS:
        found, members = np.unique(combined, return_inverse=True)
        return found, members
    seen = np.zeros(room, dtype=np.bool_)
    seen[combined] = True
    found = np.flatnonzero(seen)
    numbers = np.empty(room, dtype=np.intp)
    numbers[found] = np.arange(len(found))
    return found, numbers[combined]


def _sorting(values: Sequence[Any]) -> Any:
    """As what the values sort: as numbers if all are numbers, as texts otherwise."""
    try:
        if all(math.isfinite(float(value)) for value in values if value is not None):
            return lambda value: (float(value), value)
    except ValueError:
        pass
    return str


def _told(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
