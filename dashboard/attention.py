"""What needs attention now: plain rules over what the gateway answers, each with its words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from dashboard import formats
from dashboard.gateway.alert_views import AlertRow
from dashboard.gateway.production_views import GateRow, Retraining
from dashboard.gateway.project_views import ProjectRow, Review
from dashboard.gateway.views import Monitored, Window

STALE_AFTER = timedelta(minutes=15)
"""Without a prediction for this long, ingest is called stale: model servers that live send every few minutes."""

SMALLEST_PART = 0.25

_MOST_NAMED = 3


@dataclass(frozen=True, slots=True)
class Concern:
    """One thing to look at.

    `kind`: `alert`, `project`, `late` (a milestone), `review`, `gates`, `retraining`, `drift`, `stale` or `silent`
    (never a prediction). `page` and what follows name the page about it.
    """

    kind: str
    title: str
    detail: str
    model: str
    version: str
    feature: str = ""
    thing: str = ""


def of_alerts(alerts: Sequence[AlertRow]) -> list[Concern]:
    """Unresolved ones, the worst first."""
    rank = {"CRITICAL": 0, "WARNING": 1}
    return [
        Concern(
            "alert",
            one.title,
            f"{one.model} v{one.version}, {one.severity.lower()}"
            + (f", {one.acknowledged_by} looks after it" if one.acknowledged_by else ", nobody looks after it"),
            one.model,
            one.version,
            thing=one.alert_id,
        )
        for one in sorted(alerts, key=lambda one: (one.state != "OPEN", rank.get(one.severity, 2)))
        if one.state != "RESOLVED"
    ]


def of_projects(projects: Sequence[ProjectRow]) -> list[Concern]:
    """Overdue milestones, and what the boards call to attention."""
    found = []
    for one in projects:
        if one.overdue:
            late = formats.plural(one.overdue, "milestone")
            found.append(
                Concern("late", f"{late} of {one.name} overdue", "See its board.", "", "", thing=one.project_id)
            )
        if one.attention:
            more = f" and {len(one.attention) - 1} more" if len(one.attention) > 1 else ""
            found.append(Concern("project", one.name, one.attention[0] + more, "", "", thing=one.project_id))
    return found


def of_reviews(reviews: Sequence[Review]) -> list[Concern]:
    """Versions that wait for somebody."""
    return [
        Concern(
            "review",
            f"{one.model} v{one.version} waits for a review",
            f"Requested by {one.requested_by}; {formats.plural(one.missing, 'approval')} missing"
            + (f", asked: {', '.join(one.reviewers)}" if one.reviewers else ""),
            one.model,
            one.version,
        )
        for one in reviews
        if one.state == "OPEN"
    ]


def of_gates(results: Sequence[GateRow]) -> list[Concern]:
    """`results`: newest first. The version of each model that was judged last, if a gate that still counts failed.

    What came before it is history: somebody made a better one since, or is about to.
    """
    newest: dict[str, GateRow] = {}
    for one in results:
        newest.setdefault(one.model, one)
    return [
        Concern(
            "gates",
            f"{formats.plural(len(one.failed), 'gate')} of {one.model} v{one.version} failed",
            ", ".join(one.failed[:_MOST_NAMED])
            + (f" and {len(one.failed) - _MOST_NAMED} more" if len(one.failed) > _MOST_NAMED else ""),
            one.model,
            one.version,
        )
        for one in newest.values()
        if one.current and one.failed
    ]


def of_retrainings(retrainings: Sequence[Retraining]) -> list[Concern]:
    return [
        Concern("retraining", f"{one.model} v{one.version} is to be retrained", one.reason, one.model, one.version)
        for one in retrainings
        if one.state == "OPEN"
    ]


def last_heard(windows: Sequence[Window]) -> datetime | None:
    """When rows last arrived, by the clock: predictions carry event time, which a replay may have years behind."""
    return max((window.updated_at for window in windows if window.rows), default=None)


def concerns(monitored: Monitored, windows: Sequence[Window], now: datetime) -> list[Concern]:
    """`windows`: the newest ones, in time order."""
    newest = newest_telling(windows)
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


def newest_telling(windows: Sequence[Window]) -> Window | None:
    """The newest window that speaks for its time. Closed ones first: an open one still fills."""
    filled = telling(windows)
    closed = [window for window in filled if window.closed]
    chosen = closed or filled
    return chosen[-1] if chosen else None


def telling(windows: Sequence[Window]) -> list[Window]:
    """Those with at least SMALLEST_PART of the rows that windows have here: a day's first hours aren't a day."""
    filled = [window for window in windows if window.rows]
    usual = median(window.rows for window in filled) if filled else 0
    return [window for window in filled if window.rows >= SMALLEST_PART * usual]
