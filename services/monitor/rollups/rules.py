"""Which stored hours and days stand in for the windows of a time, and what has to be read window by window."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

Kind = Literal["rows", "labels"]
"""Of what: counts of predictions, or of their labels."""

HOUR: Final = 3_600_000
DAY: Final = 86_400_000
LEVELS: Final = (DAY, HOUR)
"""Lengths of roll-ups in milliseconds, the coarsest first; each divides the one before."""

LEAST_TOGETHER: Final = 8
"""Windows that a roll-up must be able to hold: fewer are read as quickly by themselves."""

STEPS: Final = (1, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 10_080, 20_160, 40_320)
"""Minutes that a column stands for where the reader leaves the choice to us."""
MINUTE: Final = 60_000


@dataclass(frozen=True, slots=True)
class Mark:
    """What is known of a day: which of its hours have windows, and seals that change with every write to one of them.

    `start_ms`: of the day, milliseconds since 1970, UTC. `hours`: seal by hour, 0 to 23.
    """

    start_ms: int
    seal: str
    hours: Mapping[int, str]

    def spans(self) -> Iterator[tuple[int, str]]:
        """Start in ms and seal of the hours that have windows."""
        for hour in sorted(self.hours):
            yield self.start_ms + hour * HOUR, self.hours[hour]


@dataclass(slots=True)
class Cover:
    """How a time is read: roll-ups as (level, start), and the spans [start, end) read window by window."""

    rolled: list[tuple[int, int]] = field(default_factory=list)
    spans: list[tuple[int, int]] = field(default_factory=list)


def levels_of(window_ms: int, width_ms: int | None = None) -> tuple[int, ...]:
    """The roll-ups that help with windows of this length; `width_ms`: of the columns that they have to fit into."""
    return tuple(
        level for level in LEVELS if level >= LEAST_TOGETHER * window_ms and (width_ms is None or width_ms % level == 0)
    )


def widths_of(window_ms: int) -> tuple[int, ...]:
    """The usual widths of columns, from an hour to a day, that hold enough windows of this length."""
    widths = (minutes * MINUTE for minutes in STEPS)
    return tuple(
        width
        for width in widths
        if HOUR <= width <= DAY and DAY % width == 0 and not width % window_ms and width >= LEAST_TOGETHER * window_ms
    )


def sealed_together(marks: Sequence[Mark]) -> Mark:
    """One day's marks of several writers (in a fixed order) as one."""
    if len(marks) == 1:
        return marks[0]
    hours: dict[int, list[str]] = {}
    for mark in marks:
        for hour, seal in mark.hours.items():
            hours.setdefault(hour, []).append(seal)
    joined = {hour: "+".join(seals) for hour, seals in hours.items()}
    return Mark(marks[0].start_ms, "+".join(mark.seal for mark in marks), joined)


def cover(
    marks: Sequence[Mark], start_ms: int, end_ms: int, levels: Sequence[int], stands: Callable[[int, int, str], bool]
) -> Cover:
    """Every window that starts within [start, end) once. `marks`: of all days that have windows then, in order of time.

    `stands(level, start, seal)`: whether there is a roll-up made from what this seal stands for.
    """
    found = Cover()
    together = False  # whether the next span may be read with the last one: nothing was taken in between
    for mark in marks:
        if (
            DAY in levels
            and start_ms <= mark.start_ms
            and mark.start_ms + DAY <= end_ms
            and stands(DAY, mark.start_ms, mark.seal)
        ):
            found.rolled.append((DAY, mark.start_ms))
            together = False
            continue
        for first, seal in mark.spans():
            after = first + HOUR
            if after <= start_ms or first >= end_ms:
                continue
            if HOUR in levels and start_ms <= first and after <= end_ms and stands(HOUR, first, seal):
                found.rolled.append((HOUR, first))
                together = False
                continue
            span = max(first, start_ms), min(after, end_ms)
            if together:
                found.spans[-1] = found.spans[-1][0], span[1]
            else:
                found.spans.append(span)
            together = True
    return found


def start_of_newest(marks: Sequence[Mark], start_ms: int, end_ms: int, width_ms: int, last: int) -> int:
    """From where on the `last` newest columns of `width_ms` (whole hours) lie that have windows within [start, end)."""
    columns: set[int] = set()
    for mark in reversed(marks):
        for first, _ in reversed(list(mark.spans())):
            if first >= end_ms or first + HOUR <= start_ms:
                continue
            columns.add(first // width_ms)
            if len(columns) > last:
                return max(start_ms, (first // width_ms + 1) * width_ms)
    return start_ms


def width_for(length_ms: int, window_ms: int, most: int) -> int:
    """The width of columns by which at most `most` cover this length of time, a usual one if windows fit into it."""
    for minutes in STEPS:
        width = minutes * MINUTE
        if width >= window_ms and width % window_ms == 0 and -(-length_ms // width) < most:
            return width
    together = -(-length_ms // (window_ms * max(1, most - 1)))
    width = window_ms * max(1, together)
    return width if width < DAY or DAY % window_ms else -(-width // DAY) * DAY
