"""Days of the past: what a page may be looked at as it was."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta


def day_in(text: str) -> date | None:
    """The day that is looked at; None for now, and for nonsense."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def end_of(day: date) -> str:
    """The last moment of a day in UTC, as GraphQL takes it."""
    return (datetime.combine(day, time.min, UTC) + timedelta(days=1, microseconds=-1)).isoformat()


def spelled(day: date) -> str:
    return f"{day.day} {day:%B %Y}"
