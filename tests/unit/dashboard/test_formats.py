"""Figures as people read them."""

from datetime import UTC, datetime, timedelta

import pytest

from dashboard import formats


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        (0.0, "0"),
        (0.67143, "0.6714"),
        (12.3456, "12.35"),
        (123456.7, "123,457"),
        (1.2345e-7, "1.23e-07"),
        (float("nan"), "NaN"),
        (float("inf"), "∞"),
        (-0.5, "-0.5000"),
    ],
)
def test_a_figure_has_four_significant_digits(value: float | None, text: str) -> None:
    assert formats.figure(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "–"), (0, "0"), (9_999, "9,999"), (12_345, "12.3k"), (167_683, "168k"), (4_500_000, "4.5M")],
)
def test_a_large_count_is_shortened(value: int | None, text: str) -> None:
    assert formats.short_count(value) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "–"),
        (0.84, "0.8 s"),
        (12, "12 s"),
        (185, "3 min 5 s"),
        (7800, "2 h 10 min"),
        (86400, "1 d"),
        (60, "1 min"),
    ],
)
def test_a_duration_has_two_units_at_most(seconds: float | None, text: str) -> None:
    assert formats.duration(seconds) == text


def test_a_share_never_rounds_up_to_everything() -> None:
    assert formats.share(0.972) == "97.2 %"
    assert formats.share(0.9994) == "99.9 %"
    assert formats.share(1.0) == "100 %"


def test_a_period_of_one_day_is_that_date() -> None:
    start = datetime(2013, 10, 4, tzinfo=UTC)
    assert formats.period(start, start + timedelta(days=1)) == "4 Oct 2013"
    assert formats.period(start, start + timedelta(days=7)) == "4 Oct – 10 Oct 2013"
    assert formats.period(start, start + timedelta(hours=1)) == "4 Oct 2013, 00:00 – 01:00"


def test_how_long_ago_in_words() -> None:
    now = datetime(2026, 1, 31, tzinfo=UTC)
    assert formats.ago(now - timedelta(seconds=2), now) == "just now"
    assert formats.ago(now - timedelta(minutes=5), now) == "5 min ago"
    assert formats.ago(now - timedelta(days=30), now) == "1 Jan 2026"


def test_a_service_is_called_by_what_people_know_of_it() -> None:
    assert [formats.who(actor) for actor in ("anna", "service:monitor", "service:registry-similarity")] == [
        "anna",
        "monitor",
        "registry",
    ]
    assert formats.who("service:registry-boards") == "the board"
