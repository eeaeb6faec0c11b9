"""Metric points: the latest of each key, packing many into columns, and choosing from a history."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Sequence

import msgspec
import numpy as np
import numpy.typing as npt

LARGEST = sys.float_info.max


class Point(msgspec.Struct, frozen=True, kw_only=True):
    """One logged value. `timestamp` is in milliseconds; the rest ties it to a logged model and its dataset."""

    key: str
    value: float
    timestamp: int
    step: int = 0
    model_id: str | None = None
    dataset_name: str | None = None
    dataset_digest: str | None = None


class Metric(msgspec.Struct, frozen=True):
    """A key's latest point, as a run's document holds it: key, value, timestamp, step."""

    k: str
    v: float
    t: int
    s: int


class Column(msgspec.Struct, frozen=True):
    """Points of one key, packed: steps and timestamps as little-endian int64, values as float64."""

    k: str
    s: bytes
    t: bytes
    x: bytes


class History(msgspec.Struct, frozen=True):
    """Points of one key as arrays of equal length."""

    steps: npt.NDArray[np.int64]
    times: npt.NDArray[np.int64]
    values: npt.NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.steps)

    def take(self, indexes: npt.NDArray[np.intp] | slice) -> History:
        return History(self.steps[indexes], self.times[indexes], self.values[indexes])


def stored_value(value: float) -> float:
    """Infinity becomes the largest number, as MLflow's own store keeps it."""
    return math.copysign(LARGEST, value) if math.isinf(value) else value


def latest(metrics: Sequence[Metric], points: Iterable[Point]) -> list[Metric]:
    """`metrics` with `points` considered: of each key the greatest (step, timestamp, value), NaN counting as 0."""
    newest = {metric.k: metric for metric in metrics}
    of_points: dict[str, Point] = {}
    for point in points:
        other = of_points.get(point.key)
        if other is None or point.step > other.step or (point.step == other.step and _later(point, other)):
            of_points[point.key] = point
    for key, point in of_points.items():
        candidate = Metric(key, stored_value(point.value), point.timestamp, point.step)
        known = newest.get(key)
        if known is None or _rank(candidate) > _rank(known):
            newest[key] = candidate
    return list(newest.values())


def _later(point: Point, other: Point) -> bool:
    """Of two points of the same step."""
    if point.timestamp != other.timestamp:
        return point.timestamp > other.timestamp
    value, known = stored_value(point.value), stored_value(other.value)
    return (0.0 if math.isnan(value) else value) > (0.0 if math.isnan(known) else known)


def _rank(metric: Metric) -> tuple[int, int, float]:
    return metric.s, metric.t, 0.0 if math.isnan(metric.v) else metric.v


def packed(points: Iterable[Point]) -> list[Column]:
    """`points` as one column a key, in the order given."""
    by_key: dict[str, list[Point]] = {}
    for point in points:
        by_key.setdefault(point.key, []).append(point)
    return [
        Column(
            key,
            np.array([point.step for point in group], dtype="<i8").tobytes(),
            np.array([point.timestamp for point in group], dtype="<i8").tobytes(),
            _stored([point.value for point in group]).tobytes(),
        )
        for key, group in by_key.items()
    ]


def _stored(values: Sequence[float]) -> npt.NDArray[np.float64]:
    array = np.array(values, dtype="<f8")
    infinite = np.isinf(array)
    array[infinite] = np.copysign(LARGEST, array[infinite])
    return array


def unpacked(columns: Sequence[Column]) -> History:
    """All points of `columns`, each different one once, in no particular order."""
    gathered = Gathered()
    for column in columns:
        gathered.add(column)
    return gathered.history()


class Gathered:
    """Columns of one key, put together as they come: what they came in needn't be kept until the last is there."""

    def __init__(self) -> None:
        self._steps, self._times, self._values = bytearray(), bytearray(), bytearray()

    def add(self, column: Column) -> None:
        self._steps += column.s
        self._times += column.t
        self._values += column.x

    def history(self) -> History:
        """Each different point once, in no particular order."""
        steps, times = np.frombuffer(self._steps, dtype="<i8"), np.frombuffer(self._times, dtype="<i8")
        return _distinct(History(steps, times, np.frombuffer(self._values, dtype="<f8")))


def _distinct(history: History) -> History:
    if _ascends(history.steps, history.times):
        return history
    ordered = by_step(history)
    same = (
        (np.diff(ordered.steps) == 0)
        & (np.diff(ordered.times) == 0)
        & ((ordered.values[1:] == ordered.values[:-1]) | (np.isnan(ordered.values[1:]) & np.isnan(ordered.values[:-1])))
    )
    return ordered.take(np.flatnonzero(np.concatenate(([True], ~same))))


def newest(key: str, history: History) -> Metric:
    """The last point of a history that isn't empty."""
    last = by_step(history).take(slice(-1, None))
    return Metric(key, float(last.values[0]), int(last.times[0]), int(last.steps[0]))


def by_time(history: History) -> History:
    """In order of timestamp, step and value."""
    return _by(history, history.times, history.steps)


def by_step(history: History) -> History:
    """In order of step, timestamp and value."""
    return _by(history, history.steps, history.times)


def _by(history: History, first: npt.NDArray[np.int64], second: npt.NDArray[np.int64]) -> History:
    return history if _ascends(first, second) else history.take(_sorted(history, (first, second)))


def _ascends(first: npt.NDArray[np.int64], second: npt.NDArray[np.int64]) -> bool:
    """Whether each point comes after the one before, as they mostly do: sorting a million takes much more memory."""
    return bool(np.all((first[1:] > first[:-1]) | ((first[1:] == first[:-1]) & (second[1:] > second[:-1]))))


def _sorted(history: History, keys: tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]) -> npt.NDArray[np.intp]:
    nan = np.isnan(history.values)
    return np.lexsort((nan, np.where(nan, 0.0, history.values), keys[1], keys[0]))


def between(history: History, start_step: int, end_step: int) -> History:
    """Points with `start_step` ≤ step ≤ `end_step`."""
    return history.take(np.flatnonzero((history.steps >= start_step) & (history.steps <= end_step)))


def sampled(history: History, most: int) -> History:
    """At most `most` points of an ordered history: the first of equally large groups, and always the last.

    With SQL's NTILE: n points in b buckets give the first n mod b buckets one point more.
    """
    count = len(history)
    if count <= most:
        return history
    small, larger = divmod(count, most)
    buckets = np.arange(most)
    starts = buckets * small + np.minimum(buckets, larger)
    if starts[-1] != count - 1:
        starts[-1] = count - 1
    return history.take(starts)
