"""Performance by segment: which values of the chosen columns a model serves worst."""

from __future__ import annotations

from math import inf
from typing import Final

from services.contracts.monitor import SegmentPerformance
from services.monitor.performance.measures import lower_is_better, main_measure, measured
from services.monitor.performance.rules import PerformanceCounts, performance

FEWEST_ROWS: Final = 30
"""Labelled rows below which a segment is shown but never called the worst."""


def by_segment(counts: PerformanceCounts, positive: str | None) -> list[SegmentPerformance]:
    """All segments with a labelled row, the worst first: by the good end of the main measure's 95 % interval, so that a
    segment of few rows doesn't look bad by chance."""
    name = main_measure(counts)
    ordered = sorted(counts.segments, key=lambda key: (_goodness(counts.segments[key], name, positive), key))
    return [
        SegmentPerformance(column=key[0], value=key[1], performance=performance(part, 0, positive=positive))
        for key in ordered
        if (part := counts.segments[key]).labelled > 0
    ]


def worst_segment(counts: PerformanceCounts, positive: str | None) -> SegmentPerformance | None:
    """The first of `by_segment` with FEWEST_ROWS; None without one that has the main measure."""
    name = main_measure(counts)
    for segment in by_segment(counts, positive):
        part = counts.segments[segment.column, segment.value]
        if part.labelled >= FEWEST_ROWS and measured(part, name, positive) is not None:
            return segment
    return None


def _goodness(counts: PerformanceCounts, name: str, positive: str | None) -> float:
    """Low is bad; segments without the measure come last."""
    estimate = measured(counts, name, positive)
    if estimate is None:
        return inf
    return -estimate.low if lower_is_better(name) else estimate.high
