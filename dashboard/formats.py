"""Figures as people read them: grouped thousands, four significant digits, short durations."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

NOTHING = "–"

_UNITS = ((1_000_000_000, "B"), (1_000_000, "M"), (10_000, "k"))


def count(value: int | None) -> str:
    """`12,345`"""
    return NOTHING if value is None else f"{value:,}"


def short_count(value: int | None) -> str:
    """`9,876`, `12.3k`, `4.5M`: three significant digits from ten thousand on."""
    if value is None:
        return NOTHING
    for size, unit in _UNITS:
        if abs(value) >= size:
            scale = 1000 if unit == "k" else size
            scaled = value / scale
            return f"{scaled:.0f}{unit}" if abs(scaled) >= 100 else f"{scaled:.1f}{unit}"
    return f"{value:,}"


def size(value: int | None) -> str:
    """`812 B`, `4.2 MB`: bytes in powers of 1000."""
    if value is None:
        return NOTHING
    scaled, units = float(value), ("B", "kB", "MB", "GB", "TB")
    for unit in units:
        if scaled < 1000 or unit == units[-1]:
            return f"{scaled:.0f} {unit}" if unit == "B" or scaled >= 100 else f"{scaled:.1f} {unit}"
        scaled /= 1000
    return NOTHING


def figure(value: float | None, digits: int = 4) -> str:
    """A metric with `digits` significant digits: `0.6714`, `12.35`, `1.2e-07`; NaN and infinities by name."""
    if value is None:
        return NOTHING
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else ("∞" if value > 0 else "-∞")
    if value == 0:
        return "0"
    magnitude = abs(value)
    if magnitude >= 1e6 or magnitude < 1e-4:
        return f"{value:.{digits - 2}e}"
    if magnitude >= 10 ** (digits - 1):
        return f"{value:,.0f}"
    return f"{value:.{max(0, digits - 1 - math.floor(math.log10(magnitude)))}f}"


def score(value: float | None) -> str:
    """A figure between 0 and 1 with three decimals, so that a column of them aligns."""
    return NOTHING if value is None else f"{value:.3f}"


def share(value: float | None) -> str:
    """`0.972` as `97.2 %`."""
    return NOTHING if value is None else f"{value * 100:.1f} %" if value < 0.9995 else "100 %"


def signed(value: float) -> str:
    """A difference with its sign and a true minus: `+0.012`, `−0.003`."""
    return f"{value:+.3f}".replace("-", "−")


def duration(seconds: float | None) -> str:
    """`0.8 s`, `12 s`, `3 min 5 s`, `2 h 10 min`, `4 d 3 h`."""
    if seconds is None:
        return NOTHING
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    for size, unit, smaller, small_unit in (
        (86400, "d", 3600, "h"),
        (3600, "h", 60, "min"),
        (60, "min", 1, "s"),
    ):
        if whole >= size:
            rest = whole % size // smaller
            return f"{whole // size} {unit}" + (f" {rest} {small_unit}" if rest else "")
    return f"{whole} s"


def absolute(moment: datetime) -> str:
    """`4 Oct 2013, 12:00 UTC`"""
    moment = moment.astimezone(UTC)
    return f"{moment.day} {moment:%b %Y, %H:%M} UTC"


def period(start: datetime, end: datetime) -> str:
    """A half-open span in words: a whole day by its date, anything else by its two ends."""
    start, end = start.astimezone(UTC), end.astimezone(UTC)
    midnight = start.hour == start.minute == start.second == 0
    if midnight and end - start == timedelta(days=1):
        return f"{start.day} {start:%b %Y}"
    if midnight and end.hour == end.minute == end.second == 0:
        last = end - timedelta(days=1)
        return f"{start.day} {start:%b} – {last.day} {last:%b %Y}"
    if start.date() == end.date():
        return f"{start.day} {start:%b %Y, %H:%M} – {end:%H:%M}"
    return f"{start.day} {start:%b, %H:%M} – {end.day} {end:%b %Y, %H:%M}"


def ago(moment: datetime, now: datetime) -> str:
    """`just now`, `40 s ago`, `5 min ago`, `3 h ago`, `2 d ago`, else the date. The browser keeps it fresh."""
    seconds = (now - moment).total_seconds()
    if seconds < 5:
        return "just now"
    for limit, size, unit in ((60, 1, "s"), (3600, 60, "min"), (86400, 3600, "h"), (14 * 86400, 86400, "d")):
        if seconds < limit:
            return f"{int(seconds // size)} {unit} ago"
    return f"{moment.day} {moment:%b %Y}"


def who(actor: str) -> str:
    """A person's name, or what a service is called: `service:registry-boards` is the board."""
    name = actor.removeprefix("service:")
    if name == actor:
        return actor
    return "the board" if name == "registry-boards" else name.partition("-")[0]


def plural(number: int, noun: str, nouns: str = "") -> str:
    """`1 window`, `1,204 windows`"""
    return f"{number:,} {noun if number == 1 else nouns or noun + 's'}"
