"""Bins too rare for a test in a window of this size are joined, so that the test keeps its promise."""

from __future__ import annotations

import numpy as np

from services.monitor.counts.grid import Ints

EXPECTED_ROWS = 5
"""Rows that a bin must expect in the current sample to stand alone (Cochran, 1954)."""


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
