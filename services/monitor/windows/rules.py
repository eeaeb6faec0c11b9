"""Rows fall into tumbling windows; each window's counts against the reference give drift and data quality."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import pairwise
from math import isfinite
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from services.contracts.monitor import FeatureDrift
from services.monitor.counts.columns import Columns
from services.monitor.counts.counting import BatchCounts, count_columns, empty_counts, merge
from services.monitor.counts.drift import DriftFigures, Sample, drift_figures
from services.monitor.counts.grid import Floats
from services.monitor.counts.packing import pack, unpack
from services.monitor.detectors.effect import Limits
from services.monitor.detectors.rules import Verdict, judge, natural_limits, verdict
from services.monitor.detectors.sequential import limit_p_values
from services.monitor.references.rules import Reference
from services.monitor.windows.distributions import distribution
from services.monitor.windows.quality import FeatureQuality, Quality, quality

__all__ = [
    "BatchCounts",
    "FeatureQuality",
    "Judged",
    "Quality",
    "Verdict",
    "added",
    "count_batch",
    "distribution",
    "drift",
    "drifts",
    "judge",
    "merge",
    "no_counts",
    "pack",
    "quality",
    "split",
    "split_rows",
    "unpack",
    "window_start",
]


MOST_TOGETHER = 2_000
"""Features of windows whose figures are made at the same time; some kilobytes each meanwhile."""

_SHOWN = (
    "psi",
    "psi_threshold",
    "psi_excess",
    "js",
    "ks",
    "ks_p",
    "wasserstein",
    "hellinger",
    "chi2",
    "chi2_p",
    "l_infinity",
)
"""Figures of `DriftFigures` that `FeatureDrift` carries under the same name."""


def window_start(time_ms: int, width_ms: int) -> int:
    """Start of the tumbling window [start, start + width) that holds this time; milliseconds since 1970, UTC."""
    return time_ms // width_ms * width_ms


def split(times_ms: npt.NDArray[np.int64], width_ms: int, columns: Columns) -> Iterator[tuple[int, Columns]]:
    """(window start, its rows) in ascending order of windows; rows keep their order.

    A batch within one window, and one in time order, is split without copying.
    """
    for start, rows in split_rows(times_ms, width_ms):
        yield start, columns if isinstance(rows, slice) and rows == slice(0, columns.rows) else columns.pick(rows)


def split_rows(times_ms: npt.NDArray[np.int64], width_ms: int) -> Iterator[tuple[int, slice | npt.NDArray[np.intp]]]:
    """(window start, which rows) in ascending order of windows; slices where the times are in order of windows."""
    if not len(times_ms):
        return
    windows = times_ms // width_ms
    steps = np.diff(windows)
    order = None
    if (steps < 0).any():
        order = np.argsort(windows, kind="stable")
        windows = windows[order]
        steps = np.diff(windows)
    bounds = [0, *(np.flatnonzero(steps) + 1).tolist(), len(windows)]
    for first, stop in pairwise(bounds):
        rows = slice(first, stop) if order is None else order[first:stop]
        yield int(windows[first]) * width_ms, rows


def count_batch(reference: Reference, columns: Columns) -> BatchCounts:
    """Counts of a batch over the reference's grid, and by its segments; see `counts.counting.count_columns`."""
    counts = count_columns(reference.grid, columns)
    if reference.segment_grid is not None:
        counts.segments = reference.segment_grid.count(columns)
    return counts


def added(total: BatchCounts | None, packed: Iterable[bytes]) -> BatchCounts:
    """`total`, if there is one, and some packed counts (then at least one) together."""
    return merge([*([] if total is None else [total]), *(unpack(data) for data in packed)])


def no_counts(reference: Reference) -> BatchCounts:
    counts = empty_counts(reference.grid)
    if reference.segment_grid is not None:
        counts.segments = reference.segment_grid.empty()
    return counts


def drift(reference: Reference, counts: BatchCounts, windows: int = 1) -> list[FeatureDrift]:
    """Every feature's figures against the reference, in the reference's order; a prediction column is one of them.

    A feature without a usable value has None for every statistic. Shares are of all rows. `drifted`: the verdict of
    detectors/rules.py, believable and large. `windows`: how many were merged into `counts`.
    """
    return drifts(reference, [counts], windows)[0].features


class Judged(NamedTuple):
    """A window's figures: of all features, or of those asked for; data quality of all."""

    features: list[FeatureDrift]
    quality: Quality


def drifts(
    reference: Reference, several: Sequence[BatchCounts], windows: int = 1, only: Collection[str] | None = None
) -> list[Judged]:
    """`drift` of each; together, as one window's arithmetic takes less time than calling for it.

    `only`: of these features, judged among all.
    """
    together = max(1, MOST_TOGETHER // max(1, len(reference.grid.order)))
    limits = natural_limits(reference, windows)
    found: list[Judged] = []
    for i in range(0, len(several), together):
        some = several[i : i + together]
        figures = drift_figures(reference.grid, reference.sample, Sample.of_each(some))
        beyond = limit_p_values(figures.psi_excess, figures.psi_noise, figures.freedom, limits.psi)
        found.extend(
            _judged(reference, counts, figures.at(place), beyond[place], limits, only)
            for place, counts in enumerate(some)
        )
    return found


def _judged(
    reference: Reference,
    counts: BatchCounts,
    figures: DriftFigures,
    beyond: Floats,
    limits: Limits,
    only: Collection[str] | None,
) -> Judged:
    judged = verdict(reference, figures, limits)
    drifted, moved = set(judged.drifted), set(judged.moved)
    place = {name: i for i, name in enumerate(reference.grid.order)}
    statistics = list(zip(*(_known(getattr(figures, name)) for name in _SHOWN), strict=True))
    psi_limits, moves, chances = limits.psi.tolist(), limits.move.tolist(), _known(beyond)
    rows = max(counts.rows, 1)
    shown = []
    known_quality = quality(reference, counts)
    for feature in known_quality.features:
        if only is not None and feature.feature not in only:
            continue
        i = place[feature.feature]
        known = dict(zip(_SHOWN, statistics[i], strict=True))
        shown.append(
            FeatureDrift(
                feature=feature.feature,
                kind=feature.kind,
                rows=feature.usable,
                missing_share=feature.gone / rows,
                unseen_share=(feature.unseen or 0) / rows,
                out_of_range_share=feature.out_of_range / rows,
                invalid_share=feature.invalid / rows,
                infinite_share=feature.infinite / rows,
                drifted=feature.feature in drifted,
                moved=feature.feature in moved,
                psi_limit=psi_limits[i],
                psi_limit_p=chances[i],
                wasserstein_limit=moves[i] if known["wasserstein"] is not None else None,
                **known,
            )
        )
    return Judged(shown, known_quality)


def _known(figures: Floats) -> list[float | None]:
    """Infinite and undefined ones are None."""
    values = figures.tolist()
    return values if np.isfinite(figures).all() else [value if isfinite(value) else None for value in values]
