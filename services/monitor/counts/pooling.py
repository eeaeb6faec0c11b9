"""Bins too rare for a test in a window of this size are joined, so that the test keeps its promise."""

from __future__ import annotations

import numpy as np

from services.monitor.counts.grid import Ints, Positions

LEAST_SHARE = 0.05
"""Share of the reference from which on a category is judged by itself; rarer ones are judged together with others
about as frequent. Values come and go among the rare ones (of the flights' 116 plane models 2 % to 5 % of rows a
month) without anything having changed for a model."""

EXPECTED_ROWS = 5
"""Rows that a bin must expect in the current sample to stand alone (Cochran, 1954)."""


def group_bounds(categories: Ints) -> Positions:
    """(F, V + 1) reference counts, values by falling frequency and the others last → (F, G + 1) positions: group g of a
    feature holds the values from position g up to g + 1. Rows with fewer groups end with empty ones."""
    rows = [_bounds(counts.tolist()) for counts in categories]
    width = max((len(row) for row in rows), default=2)
    return np.array([[*row, *[row[-1]] * (width - len(row))] for row in rows], dtype=np.intp).reshape(len(rows), width)


def _bounds(counts: list[int]) -> list[int]:
    """Groups are filled up to LEAST_SHARE; what is left at the end joins the last one."""
    needed = LEAST_SHARE * sum(counts)
    bounds, filled = [0], 0
    for position, count in enumerate(counts):
        filled += count
        if filled >= needed and filled > 0:
            bounds.append(position + 1)
            filled = 0
    if len(bounds) == 1:
        bounds.append(len(counts))
    bounds[-1] = len(counts)
    return bounds


def grouped(categories: Ints, bounds: Positions) -> Ints:
    """(…, F, V + 1) counts → (…, F, G) counts of groups."""
    before = np.zeros((*categories.shape[:-1], categories.shape[-1] + 1), dtype=np.int64)
    np.cumsum(categories, axis=-1, out=before[..., 1:])
    result: Ints = np.diff(
        np.take_along_axis(before, np.broadcast_to(bounds, (*categories.shape[:-1], bounds.shape[-1])), axis=-1)
    )
    return result


def pool(reference: Ints, current: Ints) -> tuple[Ints, Ints]:
    """(…, B) counts over the same bins → (…, B + 1) with bins that expect too few current rows emptied into the last.

    If the last still expects too few (values that the reference never had), it joins the rarest of the others. What is
    joined follows from the reference and the number of current rows alone, never from where those fell.
    """
    reference, current = np.broadcast_arrays(reference, current)
    rows = current.sum(axis=-1, keepdims=True)
    needed = EXPECTED_ROWS * reference.sum(axis=-1, keepdims=True)
    rare = reference * rows < needed
    r, c = _emptied(reference, rare), _emptied(current, rare)
    weak = r[..., -1:] * rows < needed
    candidates = np.where(rare | (reference == 0), np.iinfo(np.int64).max, reference)
    rarest = candidates.argmin(axis=-1)[..., None]
    return _last_into(r, rarest, weak), _last_into(c, rarest, weak)


def _emptied(counts: Ints, rare: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> Ints:
    kept = np.where(rare, 0, counts)
    rest = counts.sum(axis=-1, keepdims=True) - kept.sum(axis=-1, keepdims=True)
    return np.concatenate((kept, rest), axis=-1)


def _last_into(counts: Ints, target: np.ndarray, where: np.ndarray) -> Ints:
    moved = np.where(where, counts[..., -1:], 0)
    np.put_along_axis(counts, target, np.take_along_axis(counts, target, axis=-1) + moved, axis=-1)
    counts[..., -1:] -= moved
    return counts
