"""Picks a page out of many rows in their order without sorting them all."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from services.registry.search.columns import ABSENT_RANK, Array, Mask, Rows, same

Key = Callable[[Rows], Array]
"""What rows sort by, smaller first; NaN is last."""

SMALL = 2048
"""So many rows are simply sorted."""
SAMPLE = 1024
"""About so many rows tell below which value a first page of many more rows ends."""
MARGIN = 16
"""So many of the sample more than the page's share of it, lest the value be too small by chance."""


def window(rows: Rows, keys: Sequence[Key], start: int, stop: int) -> Rows:
    """Positions `start` to before `stop` of `rows` sorted by `keys`, in order. Takes time in proportion to `rows`."""
    stop = min(stop, len(rows))
    start = min(start, stop)
    if start == stop or not keys:
        return rows[start:stop]
    if len(rows) <= SMALL:
        return rows[np.lexsort([key(rows) for key in reversed(keys)])][start:stop]
    head = keys[0](rows)
    if (first_ones := _up_to(head, stop)) is not None:
        return window(rows[first_ones], keys, start, stop)
    parted = np.partition(head, (start, stop - 1))
    first, last = parted[start], parted[stop - 1]
    before_first = int(np.count_nonzero(sorts_before(head, first)))
    if same(parted[start : start + 1], last)[0]:
        return window(rows[same(head, first)], keys[1:], start - before_first, stop - before_first)
    with_first = rows[same(head, first)]
    between = rows[sorts_before(head, last) & ~sorts_before(head, first) & ~same(head, first)]
    before_last = before_first + len(with_first) + len(between)
    return np.concatenate(
        [
            window(with_first, keys[1:], start - before_first, len(with_first)),
            between[np.lexsort([key(between) for key in reversed(keys)])],
            window(rows[same(head, last)], keys[1:], 0, stop - before_last),
        ]
    )


def _up_to(head: Array, stop: int) -> Mask | None:
    """Which are at most some value that at least `stop` are at most; None where that wouldn't leave few of many.

    Comparing all with one value takes a fraction of parting them.
    """
    sample = head[:: max(len(head) // SAMPLE, 1)]
    place = stop * len(sample) // len(head) + MARGIN
    if place >= len(sample) // 4:
        return None
    found: Mask = head <= np.partition(sample, place)[place]  # none is, where that is NaN
    return found if stop <= np.count_nonzero(found) <= len(head) // 2 else None


def sorts_before(values: Array, edge: float) -> Mask:
    """Which sort before `edge`; NaN is last."""
    found: Mask = ~np.isnan(values) if edge != edge else values < edge
    return found


def descending(values: Array) -> Array:
    """NaN, kept as infinity, stays behind the numbers, and missing values behind NaN."""
    if values.dtype.kind == "i":
        backward: Array = ~values
        return backward
    return np.where(values == np.inf, np.inf, -values)


def descending_ranks(ranks: Array) -> Array:
    return np.where(ranks == ABSENT_RANK, ABSENT_RANK, -ranks)
