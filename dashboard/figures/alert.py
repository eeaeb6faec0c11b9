"""An alert's windows: the leading cause's figure, where it fired, and the limit."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from dashboard import formats
from dashboard.figures.base import Figure, layout, time_axis, value_axis
from dashboard.gateway.alert_views import AlertWindow
from dashboard.theme import BLUE, GREY, VERMILLION

_DISTANCES = ("psi", "wasserstein")
_TIMES = "times its limit"
_MOMENT = "%Y-%m-%dT%H:%M:%S"
_LENGTH = 0.8  # of a window, that its bar takes
_LETTERS = ("psi", "js", "ks", "rmse", "mae", "auc")  # figures whose names are letters
_NAMES = {"wasserstein": "moved, in deviations"}


def _name(figure: str) -> str:
    return figure.upper() if figure in _LETTERS else _NAMES.get(figure, figure[:30])


def _apart(windows: Sequence[AlertWindow]) -> timedelta:
    """How far windows are from each other: they may slide, a week of them each day."""
    starts = sorted({one.start for one in windows})
    return min(
        (later - one for one, later in pairwise(starts)),
        default=max((one.end - one.start for one in windows), default=timedelta()),
    )


def _middle(one: AlertWindow) -> datetime:
    return one.start + (one.end - one.start) / 2


def _around(windows: Sequence[AlertWindow]) -> list[str]:
    """The time that is shown: somewhat more than the windows, so that a single one stands among days, not seconds."""
    middles, room = [_middle(one) for one in windows], 1.5 * _apart(windows)
    return [end.strftime(_MOMENT) for end in (min(middles) - room, max(middles) + room)]


def _differ(windows: Sequence[AlertWindow], figure: str, limit: float | None) -> bool:
    """Whether they can't stand on one scale of distances, and can in multiples of their limits."""
    measured = [one for one in windows if one.value is not None]
    told = {(one.figure or figure, one.limit if one.figure else limit) for one in measured}
    return len(told) > 1 and all(name in _DISTANCES and most for name, most in told) and all(o.limit for o in measured)


def _relative(one: AlertWindow) -> float | None:
    return None if one.value is None or not one.limit else one.value / one.limit


def _told(one: AlertWindow) -> str:
    parts = [formats.period(one.start, one.end)]
    if one.value is not None:
        parts.append(f"{_name(one.figure or '')} {formats.figure(one.value)}".strip())
    if one.limit is not None:
        parts.append(f"limit {formats.figure(one.limit)}")
    return "<br>".join(parts)


def alert_windows(windows: Sequence[AlertWindow], figure: str, limit: float | None) -> Figure:
    """Bars by window; those that fired differ in colour and pattern.

    `figure` and `limit` are the newest leading cause's. Where those of other windows differ (another feature led, or
    the same one by another distance), bars are told in multiples of the limit that held for each.
    """
    apart = _apart(windows)
    relative = _differ(windows, figure, limit)
    if relative:
        figure, limit = _TIMES, 1.0

    def trace(firing: bool) -> dict[str, object]:
        chosen = [one for one in windows if one.firing is firing]
        return {
            "type": "bar",
            "name": "fired" if firing else "quiet",
            "x": [_middle(one).strftime(_MOMENT) for one in chosen],
            "y": [_relative(one) if relative else one.value for one in chosen],
            "width": [_LENGTH * apart.total_seconds() * 1000] * len(chosen),
            "customdata": [_told(one) for one in chosen],
            "marker": {
                "color": VERMILLION if firing else BLUE,
                "pattern": {
                    "shape": "/" if firing else "",
                    "size": 6,
                    "solidity": 0.2,
                    "fillmode": "overlay",
                    "fgcolor": "rgba(255,255,255,.7)",
                },
            },
            "hovertemplate": "%{customdata}<extra></extra>",
        }

    shapes = (
        [
            {
                "type": "line",
                "xref": "paper",
                "x0": 0,
                "x1": 1,
                "y0": limit,
                "y1": limit,
                "line": {"color": GREY, "width": 1.5, "dash": "dot"},
            }
        ]
        if limit is not None
        else []
    )
    return {
        "data": [trace(False), trace(True)],
        "layout": layout(
            None,
            barmode="overlay",
            hovermode="closest",
            showlegend=True,
            legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
            xaxis=time_axis(range=_around(windows)) if windows else time_axis(),
            yaxis=value_axis(title={"text": _name(figure), "standoff": 6}, rangemode="tozero"),
            margin={"l": 60, "r": 12, "t": 34, "b": 40},
            shapes=shapes,
        ),
    }
