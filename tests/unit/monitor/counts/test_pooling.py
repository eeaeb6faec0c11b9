"""Which categories are judged together."""

import numpy as np

from services.monitor.counts.pooling import group_bounds, grouped


def test_frequent_values_stand_alone_and_rare_ones_are_judged_together() -> None:
    counts = np.array([[600, 300, 30, 20, 20, 20, 10, 0]])  # the last cell: values the reference never had
    bounds = group_bounds(counts)
    assert bounds.tolist() == [[0, 1, 2, 4, 8]]
    assert grouped(counts, bounds).tolist() == [[600, 300, 50, 50]]
    assert grouped(np.array([[[0, 0, 0, 0, 0, 0, 0, 7]]]), bounds).tolist() == [[[0, 0, 0, 7]]]


def test_many_rare_values_make_groups_of_a_twentieth() -> None:
    counts = np.array([[*[5] * 200, 0]])
    bounds = group_bounds(counts)
    assert grouped(counts, bounds).tolist() == [[50] * 20]


def test_features_with_fewer_groups_end_with_empty_ones() -> None:
    counts = np.array([[1, 0, 0], [40, 60, 0]])
    assert grouped(counts, group_bounds(counts)).tolist() == [[1, 0], [40, 60]]
    assert grouped(np.zeros((0, 1), np.int64), group_bounds(np.zeros((0, 1), np.int64))).shape == (0, 1)
