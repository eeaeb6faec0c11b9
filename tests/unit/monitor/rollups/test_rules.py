"""Whatever is stored of hours and days, a time is read whole, and nothing of it twice."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.monitor.rollups.rules import (
    DAY,
    HOUR,
    MINUTE,
    Mark,
    cover,
    levels_of,
    sealed_together,
    start_of_newest,
    width_for,
    widths_of,
)

MINUTES_OF_HOUR = range(0, HOUR, 20 * MINUTE)


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[Mark], set[tuple[int, int]], int, int]:
    """Days with some of their hours, which roll-ups there are, and a time that may begin and end anywhere."""
    days = sorted(draw(st.sets(st.integers(0, 8), max_size=6)))
    marks, there = [], set()
    for day in days:
        hours = draw(st.sets(st.integers(0, 23), min_size=1, max_size=6))
        start = day * DAY
        marks.append(Mark(start, f"d{day}", {hour: f"h{hour}" for hour in hours}))
        if draw(st.booleans()):
            there.add((DAY, start))
        there |= {(HOUR, start + hour * HOUR) for hour in hours if draw(st.booleans())}
    first = draw(st.integers(0, 9 * DAY))
    return marks, there, first, draw(st.integers(first, 9 * DAY + 1))


@given(histories(), st.sampled_from([(), (HOUR,), (DAY,), (DAY, HOUR)]))
def test_every_window_is_read_once(
    history: tuple[list[Mark], set[tuple[int, int]], int, int], levels: tuple[int, ...]
) -> None:
    marks, there, first, after = history

    found = cover(marks, first, after, levels, lambda level, start, seal: (level, start) in there)

    windows = [start + minutes for mark in marks for start, _ in mark.spans() for minutes in MINUTES_OF_HOUR]
    pieces = sorted([*((start, start + level) for level, start in found.rolled), *found.spans])
    assert all(before[1] <= later[0] for before, later in pairwise(pieces))
    read = [window for window in windows if any(start <= window < end for start, end in pieces)]
    assert read == [window for window in windows if first <= window < after]
    assert all(place in there and place[0] in levels for place in found.rolled)


def test_a_whole_day_stands_for_its_hours_and_the_rest_is_read_together() -> None:
    marks = [Mark(0, "a", {1: "a1", 2: "a2"}), Mark(DAY, "b", {0: "b0", 1: "b1", 2: "b2", 9: "b9"})]

    found = cover(marks, 0, 2 * DAY, (DAY, HOUR), lambda level, start, seal: seal in ("a", "b0"))

    assert found.rolled == [(DAY, 0), (HOUR, DAY)]
    assert found.spans == [(DAY + HOUR, DAY + 10 * HOUR)]


def test_what_was_made_from_other_rows_does_not_stand() -> None:
    stored = {(DAY, 0): "before"}
    mark = Mark(0, "after", {5: "after"})

    found = cover([mark], 0, DAY, (DAY,), lambda level, start, seal: stored.get((level, start)) == seal)

    assert found.rolled == []
    assert found.spans == [(5 * HOUR, 6 * HOUR)]


def test_a_write_of_any_writer_changes_the_seal_of_its_hour_and_day_only() -> None:
    one, other = Mark(0, "x", {3: "x3", 4: "x4"}), Mark(0, "y", {4: "y4"})
    later = Mark(0, "z", {4: "z4"})

    before, after = sealed_together([one, other]), sealed_together([one, later])

    assert before.hours[3] == after.hours[3]
    assert before.hours[4] != after.hours[4]
    assert before.seal != after.seal


@pytest.mark.parametrize(
    ("window", "width", "levels"),
    [
        (MINUTE, None, (DAY, HOUR)),
        (MINUTE, 7 * DAY, (DAY, HOUR)),
        (MINUTE, 2 * HOUR, (HOUR,)),
        (MINUTE, 30 * MINUTE, ()),
        (HOUR, None, (DAY,)),
        (10 * MINUTE, None, (DAY,)),
        (DAY, None, ()),
    ],
)
def test_roll_ups_help_where_they_fit_and_hold_many_windows(
    window: int, width: int | None, levels: tuple[int, ...]
) -> None:
    assert levels_of(window, width) == levels


def test_figures_are_stored_for_every_usual_width_between_an_hour_and_a_day() -> None:
    assert widths_of(MINUTE) == tuple(hours * HOUR for hours in (1, 2, 3, 6, 12, 24))
    assert widths_of(15 * MINUTE) == tuple(hours * HOUR for hours in (2, 3, 6, 12, 24))
    assert widths_of(HOUR) == (12 * HOUR, DAY)
    assert widths_of(7 * MINUTE) == widths_of(DAY) == ()  # no hour of whole windows; nothing to merge


def test_the_newest_columns_begin_where_the_last_of_them_begins() -> None:
    marks = [Mark(0, "a", {1: "", 20: ""}), Mark(DAY, "b", {0: "", 23: ""}), Mark(5 * DAY, "c", {7: ""})]

    assert start_of_newest(marks, 0, 9 * DAY, DAY, 2) == DAY
    assert start_of_newest(marks, 0, 9 * DAY, HOUR, 2) == DAY + HOUR  # no window before that one's
    assert start_of_newest(marks, 0, 9 * DAY, DAY, 9) == 0
    assert start_of_newest(marks, 0, 5 * DAY, DAY, 1) == DAY


@given(st.integers(1, 3 * 365 * DAY), st.sampled_from([MINUTE, 7 * MINUTE, HOUR, DAY, 7 * DAY]), st.integers(2, 1000))
def test_columns_of_the_chosen_width_hold_whole_windows_and_are_no_more_than_asked(
    length: int, window: int, most: int
) -> None:
    width = width_for(length, window, most)

    assert width % window == 0
    assert -(-length // width) < most or width == window * -(-length // (window * (most - 1)))
    assert -(-length // width) <= most


def test_a_year_of_minutes_on_a_screen_is_a_day_a_column() -> None:
    assert width_for(365 * DAY, MINUTE, 400) == DAY
    assert width_for(30 * DAY, MINUTE, 400) == 2 * HOUR
    assert width_for(7 * HOUR, MINUTE, 400) == 5 * MINUTE
