"""Metric points: latest values, packing, histories and samples."""

import math

import numpy as np
import pytest

from services.registry.runs.metrics import (
    LARGEST,
    Metric,
    Point,
    between,
    by_step,
    by_time,
    latest,
    packed,
    sampled,
    unpacked,
)


def point(value: float, step: int = 0, timestamp: int = 0, key: str = "a") -> Point:
    return Point(key=key, value=value, timestamp=timestamp, step=step)


def test_the_latest_point_has_the_greatest_step_then_time_then_value() -> None:
    [newest] = latest([], [point(9, 1, 5), point(1, 2, 1), point(2, 2, 1), point(0, 2, 0)])
    assert newest == Metric("a", 2, 1, 2)


def test_an_earlier_point_changes_nothing() -> None:
    known = [Metric("a", 1.0, 10, 5)]
    assert latest(known, [point(99, 4, 100)]) == known


def test_nan_counts_as_zero_when_points_compare() -> None:
    [newest] = latest([], [point(math.nan), point(-1)])
    assert math.isnan(newest.v)
    [newest] = latest([], [point(math.nan), point(1)])
    assert newest.v == 1


def test_infinity_is_kept_as_the_largest_number() -> None:
    assert latest([], [point(math.inf)])[0].v == LARGEST
    assert latest([], [point(-math.inf)])[0].v == -LARGEST


def test_points_are_packed_by_key_and_come_back() -> None:
    columns = packed([point(1, 1, 1), point(2, 2, 2, "b"), point(3, 3, 3)])
    assert [column.k for column in columns] == ["a", "b"]
    history = by_step(unpacked([columns[0]]))
    assert (history.steps.tolist(), history.times.tolist(), history.values.tolist()) == ([1, 3], [1, 3], [1, 3])


def test_identical_points_count_once_nan_too() -> None:
    columns = packed([point(1), point(1), point(math.nan), point(math.nan), point(1, 1)])
    assert len(unpacked(columns)) == 3


def test_a_history_of_nothing_is_empty() -> None:
    assert len(by_time(unpacked([]))) == 0


def test_histories_order_by_time_or_by_step() -> None:
    history = unpacked(packed([point(1, 5, 1), point(2, 1, 9), point(0, 5, 1)]))
    assert by_time(history).values.tolist() == [0, 1, 2]
    assert by_step(history).values.tolist() == [2, 0, 1]
    assert between(history, 2, 5).steps.tolist() == [5, 5]


@pytest.mark.parametrize("count", [1, 2, 3, 7, 22, 23, 24, 100])
def test_a_sample_keeps_the_last_point_and_its_size(count: int) -> None:
    history = by_step(unpacked(packed([point(step, step, step) for step in range(23)])))
    chosen = sampled(history, count).steps
    assert len(chosen) == min(count, 23)
    assert chosen[-1] == 22
    assert count == 1 or chosen[0] == 0
    assert np.all(np.diff(chosen) > 0)
