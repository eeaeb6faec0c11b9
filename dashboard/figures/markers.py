"""What happened, on the charts' time axis: deployments, alerts, requests for retraining."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from dashboard.figures.base import Figure
from dashboard.figures.rows import Row
from dashboard.gateway.alert_views import AlertRow
from dashboard.gateway.production_views import Deployment, Retraining
from dashboard.theme import GREEN, PURPLE, VERMILLION

_MOST = 12
_WORDS_ABOVE = 22  # pixels
_LABEL_WIDTH = 0.08  # of a chart's width


@dataclass(frozen=True, slots=True)
class Marker:
    """A line at `at`; with `end`, a strip along the top."""

    at: datetime
    words: str
    colour: str
    end: datetime | None = None


def markers(
    version: str, alerts: Sequence[AlertRow], deployments: Sequence[Deployment], retrainings: Sequence[Retraining]
) -> list[Marker]:
    """Those of one version; the newest of each kind."""
    found = [Marker(one.first_window, "alert", VERMILLION, one.last_window) for one in alerts[:_MOST]]
    stays = [(one.environment, stay) for one in deployments for stay in one.history if stay.version == version]
    found += [Marker(stay.start, f"to {environment[:14]}", GREEN) for environment, stay in stays[:_MOST]]
    asked = [one for one in retrainings if one.version == version]
    return found + [Marker(one.requested_at, "retraining", PURPLE) for one in asked[:_MOST]]


def marked(figure: Figure, found: Sequence[Marker], rows: Sequence[Row], *, above: bool = False) -> Figure:
    """The chart with the markers that lie within the time it shows: others would stretch its axis.

    `above`: their words stand over the chart, and their lines on white, because cells fill it.
    """
    if not rows or not found:
        return figure
    first, last = rows[0]["x"], rows[-1]["x"]
    shapes: list[dict[str, Any]] = list(figure["layout"].get("shapes", []))
    notes: list[dict[str, Any]] = list(figure["layout"].get("annotations", []))
    labelled: list[datetime] = []
    apart = (_read(last) - _read(first)) * _LABEL_WIDTH
    for one in sorted(found, key=lambda one: one.words == "alert"):  # their words give way
        start = _text(one.at)
        end = _text(one.end) if one.end else start
        if end < first or start > last:
            continue
        start, end = max(start, first), min(end, last)
        line = {"color": one.colour, "width": 1.5, "dash": "dot"}
        across = {"type": "line", "yref": "paper", "x0": start, "x1": start, "y0": 0, "y1": 1}
        if above:
            shapes.append({**across, "line": {"color": "#ffffff", "width": 4}, "opacity": 0.85})
        shapes.append({**across, "line": line})
        if one.end:
            strip = {"type": "rect", "yref": "paper", "x0": start, "x1": end, "y0": 0.985, "y1": 1}
            shapes.append({**strip, "fillcolor": one.colour, "line": {"width": 0}})
        if any(abs(_read(start) - other) < apart for other in labelled):
            continue  # its words would lie upon another's
        labelled.append(_read(start))
        notes.append(
            {
                "x": start,
                "y": 1,
                "yref": "paper",
                "yanchor": "bottom" if above else "top",
                "xanchor": "left",
                "text": one.words,
                "showarrow": False,
                "font": {"size": 11},
            }
        )
    changed: dict[str, Any] = {"shapes": shapes, "annotations": notes}
    if above and notes:
        changed["margin"] = {**figure["layout"]["margin"], "t": _WORDS_ABOVE}
    return {**figure, "layout": {**figure["layout"], **changed}}


def _read(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
