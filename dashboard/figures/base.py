"""What all charts share. Text, grid and hover colours come from the style sheet, which knows the theme."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dashboard.theme import FONT

Figure = dict[str, Any]

CONFIG: Any = {
    "displayModeBar": False,
    "displaylogo": False,
    "scrollZoom": False,
    "responsive": True,
    "doubleClick": "reset",
    "showTips": False,
}


@dataclass(frozen=True, slots=True)
class Span:
    """What part of time a chart shows: the newest `last` columns, or [start, end) as ISO texts.

    `merged`: how many of the monitor's windows make one column. `against`: what drift is compared with; empty for
    the reference in force.
    """

    last: int | None = None
    start: str | None = None
    end: str | None = None
    merged: int = 1
    against: str = ""

    @property
    def asked(self) -> bool:
        """Whether its figures are made when they are asked for, so that none can be pushed."""
        return self.merged > 1 or bool(self.against)

    @property
    def zoomed(self) -> bool:
        return self.start is not None and self.end is not None


def layout(span: Span | None = None, **changes: Any) -> dict[str, Any]:
    """A layout with the shared look; `uirevision` keeps zoom and selection while data moves."""
    span = span or Span()
    base: dict[str, Any] = {
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": FONT, "size": 12},
        "margin": {"l": 52, "r": 12, "t": 8, "b": 40},
        "hovermode": "x unified",
        "dragmode": "zoom",
        "showlegend": False,
        "uirevision": f"{span.last}/{span.start}/{span.end}/{span.merged}",
        "meta": {"limit": span.last, "start": span.start, "end": span.end, "coarse": span.asked},
        "xaxis": time_axis(span),
        "yaxis": value_axis(),
    }
    return base | changes


def nothing_yet(words: str) -> dict[str, Any]:
    """An annotation in the middle of a chart without a value; charts.js takes it away with the first one."""
    where = {"xref": "paper", "yref": "paper", "x": 0.5, "y": 0.5, "showarrow": False}
    return {**where, "name": "nothing", "text": words, "font": {"size": 13}}


def time_axis(span: Span | None = None, **changes: Any) -> dict[str, Any]:
    """Event time in UTC. Dragging selects a span of time and nothing else."""
    axis: dict[str, Any] = {
        "type": "date",
        "showgrid": False,
        "zeroline": False,
        "ticks": "outside",
        "ticklen": 4,
        "tickangle": 0,
        "tickformatstops": [
            {"dtickrange": [None, 60_000], "value": "%H:%M:%S"},
            {"dtickrange": [60_000, 86_400_000], "value": "%H:%M\n%-d %b"},
            {"dtickrange": [86_400_000, "M1"], "value": "%-d %b\n%Y"},
            {"dtickrange": ["M1", None], "value": "%b\n%Y"},
        ],
    }
    if span and span.zoomed:
        axis["range"] = [span.start, span.end]
    return axis | changes


def value_axis(**changes: Any) -> dict[str, Any]:
    axis: dict[str, Any] = {"fixedrange": True, "zeroline": False, "nticks": 6, "automargin": False}
    return axis | changes
