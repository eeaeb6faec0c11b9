"""When a window closes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from services.monitor.windows.closing import OpenWindow, quiet, witnesses_needed

START = datetime(2026, 3, 1, tzinfo=UTC)


def window(updated: datetime) -> OpenWindow:
    return OpenWindow(int(START.timestamp() * 1000), 3_600_000, 60_000, 10, updated, ("d",))


def test_a_busy_window_needs_more_rows_beyond_its_end_than_a_quiet_one() -> None:
    assert [witnesses_needed(rows) for rows in (0, 5, 199, 1_000, 1_000_000)] == [1, 1, 1, 10, 20]


def test_a_window_goes_quiet_only_after_its_end_and_lateness_by_the_clock() -> None:
    idle = timedelta(seconds=30)
    end = START + timedelta(hours=1)
    assert not quiet(window(START), end, idle)
    assert quiet(window(START), end + timedelta(minutes=1), idle)
    assert not quiet(window(end + timedelta(seconds=50)), end + timedelta(minutes=1), idle)
