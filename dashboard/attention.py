"""What needs attention now: plain rules over what the gateway answers, each with its words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from dashboard import formats
from dashboard.gateway.views import Monitored, Window

STALE_AFTER = timedelta(minutes=15)
"""Without a prediction for this long, ingest is called stale: model servers that live send every few minutes."""

_MOST_NAMED = 3


@dataclass(frozen=True, slots=True)
class Concern:
    """One thing to look at. `kind`: `drift`, `stale` or `silent` (never a prediction)."""

    kind: str
    title: str
    detail: str
    model: str
    version: str
    feature: str = ""


def last_heard(windows: Sequence[Window]) -> datetime | None:
    """When rows last arrived, by the clock: predictions carry event time, which a replay may have years behind."""
    return max((window.updated_at for window in windows if window.rows), default=None)


def concerns(monitored: Monitored, windows: Sequence[Window], now: datetime) -> list[Concern]:
    """`windows`: the newest ones, in time order."""
    newest = newest_with_rows(windows)
    found: list[Concern] = []
    who = f"{monitored.model} v{monitored.version}"
    if newest:
        drifted = sorted((f for f in newest.features if f.drifted), key=lambda f: f.psi or 0.0, reverse=True)
        if drifted:
            names = ", ".join(f"{f.feature} (PSI {formats.figure(f.psi, 3)})" for f in drifted[:_MOST_NAMED])
            more = f" and {len(drifted) - _MOST_NAMED} more" if len(drifted) > _MOST_NAMED else ""
            found.append(
                Concern(
                    "drift",
                    f"{formats.plural(len(drifted), 'feature')} of {who} drifted",
                    f"{names}{more} in {formats.period(newest.start, newest.end)}",
                    monitored.model,
                    monitored.version,
                    drifted[0].feature,
                )
            )
    last = last_heard(windows)
    if last is None:
        detail = "A reference is set, but nothing has been sent yet."
        found.append(Concern("silent", f"{who} has no predictions", detail, monitored.model, monitored.version))
    elif now - last > STALE_AFTER:
        detail = f"The last ones came on {formats.absolute(last)}."
        found.append(Concern("stale", f"No new predictions for {who}", detail, monitored.model, monitored.version))
    return found


def newest_with_rows(windows: Sequence[Window]) -> Window | None:
    """Prefers the newest closed window: an open one still fills, and little data drifts easily."""
    filled = [window for window in windows if window.rows]
    closed = [window for window in filled if window.closed]
    chosen = closed or filled
    return chosen[-1] if chosen else None
