"""Bins too rare for a test in a window of this size are joined into one, so that the test keeps its promise."""

from __future__ import annotations

import numpy as np

from services.monitor.counts.grid import Ints

EXPECTED_ROWS = 5
"""Rows that a bin must expect in the current sample to stand alone (Cochran, 1954)."""


def pool(reference: Ints, current: Ints) -> tuple[Ints, Ints]:
    """(…, B) counts → (…, B + 1): bins expecting fewer than EXPECTED_ROWS current rows are empty, their sum is the last.

    Which bins are rare follows from the reference and the number of current rows alone, never from where those fell.
    """
    rows = current.sum(axis=-1, keepdims=True)
    total = reference.sum(axis=-1, keepdims=True)
    rare = reference * rows < EXPECTED_ROWS * total
    return _joined(np.broadcast_to(reference, rare.shape), rare), _joined(np.broadcast_to(current, rare.shape), rare)


def _joined(counts: Ints, rare: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> Ints:
    kept = np.where(rare, 0, counts)
    rest = counts.sum(axis=-1, keepdims=True) - kept.sum(axis=-1, keepdims=True)
    return np.concatenate((kept, rest), axis=-1)
