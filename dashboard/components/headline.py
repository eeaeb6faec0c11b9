"""The figures at the top of a monitored version: how it performs, what drifts, how much is known, how fresh."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from statistics import fmean

from dash import html

from dashboard import formats
from dashboard.attention import STALE_AFTER, last_heard, newest_telling
from dashboard.components.basics import clipped, moment, stat, stats, wild
from dashboard.gateway.views import Window
from dashboard.performing import Performing, performing
from dashboard.site import Component, Site, Visit
from dashboard.watched import watched

_COMPARED = 7  # windows before the newest that it is compared with
_NAMED = 3


async def headline_section(site: Site, visit: Visit) -> Component:
    monitored = await watched(visit)
    [shown] = await performing(visit, [monitored])
    windows = shown.windows
    now = site.now()
    heard = last_heard(windows)
    stale = heard is not None and now - heard > STALE_AFTER
    coverage = monitored.labelled / monitored.rows if monitored.rows else None
    return stats(
        [
            _performance(shown),
            _drift(windows),
            stat(
                "Labelled",
                formats.share(coverage),
                f"{formats.count(monitored.labelled)} of {formats.count(monitored.rows)} rows",
                icon_name="tag",
            ),
            stat(
                "Last data",
                moment(heard, "none yet"),
                _event_time(monitored.last_prediction_at),
                tone="warn" if stale else "",
                icon_name="alert-triangle" if stale else "clock",
            ),
        ]
    )


def _event_time(last: datetime | None) -> str:
    return f"up to {formats.absolute(last)}" if last else "waiting for the first prediction"


def _performance(shown: Performing) -> Component:
    """The newest window with labels enough, against the mean of those before it."""
    measure, known = shown.measure, shown.points
    if not known:
        return stat(measure.label, formats.NOTHING, "waiting for labels", icon_name="chart-line")
    window, value = known[-1]
    note: list[Component] = [formats.period(window.start, window.end)]
    before = [pair[1] for pair in known[-1 - _COMPARED : -1]]
    if before:
        change = value - fmean(before)
        worse = measure.higher_is_better is (change < 0) and abs(change) >= 0.0005
        note = [
            html.Span(
                [html.Span("▲ " if change > 0 else "▼ ", **wild({"aria-hidden": "true"})), formats.signed(change)],
                className="worse" if worse else "better",
                title=f"{'Worse' if worse else 'Not worse'} than the mean of the {len(before)} windows before",
            ),
            f" · {formats.period(window.start, window.end)}",
        ]
    return stat(measure.label, formats.score(value), note, icon_name="chart-line")


def _drift(windows: Sequence[Window]) -> Component:
    newest = newest_telling(windows)
    if newest is None:
        return stat("Drifted features", formats.NOTHING, "no predictions yet", icon_name="activity")
    drifted = sorted((f for f in newest.features if f.drifted), key=lambda f: f.psi or 0.0, reverse=True)
    named = ", ".join(clipped(f.feature, 24) for f in drifted[:_NAMED])
    more = f" +{len(drifted) - _NAMED}" if len(drifted) > _NAMED else ""
    return stat(
        "Drifted features",
        [str(len(drifted)), html.Span(f" of {len(newest.features)}", className="stat-of")],
        f"{named}{more}" if drifted else "none beyond what is usual",
        tone="warn" if drifted else "",
        icon_name="alert-triangle" if drifted else "circle-check",
    )
