"""Drift over time: a heatmap of features by windows, and one feature's figures against their limits."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from itertools import pairwise

from dashboard.figures.base import Figure, Span, layout, time_axis, value_axis
from dashboard.figures.rows import HEAT_FLOOR, PREDICTION, Row, live, read
from dashboard.theme import BLUE, GREY, ORANGE

# The classic lines of credit scoring (Siddiqi 2006): orientation, never the judge (see psi_threshold).
PSI_WATCH = 0.1
PSI_ACT = 0.2
_HEAT_TOP = 5.0  # PSI: everything above is as bright as it gets
_TICKS = (0.01, 0.1, 0.2, 1.0, 5.0)
_ROW_PIXELS = 22
RUN_END = 0.3  # of a window's length: so far a line goes on from the middle of its last window


def feature_order(rows: list[Row], features: list[str]) -> list[str]:
    """Drifted in most windows at the end, which a chart draws on top; the model's output above all."""

    def worst(feature: str) -> tuple[int, float]:
        found = [row["f"].get(feature) or {} for row in rows]
        return sum(bool(one.get("mark")) for one in found), sum(one.get("heat") or 0.0 for one in found)

    return [*sorted(features, key=worst), PREDICTION]


def heatmap_height(features: int) -> int:
    return max(180, 76 + _ROW_PIXELS * (features + 1))


def heat_colours() -> dict[str, object]:
    """The scale of a heatmap of PSI, of which `z` is the decimal logarithm."""
    return {
        "colorscale": "Cividis",
        "zmin": math.log10(HEAT_FLOOR),
        "zmax": math.log10(_HEAT_TOP),
        "colorbar": {
            "title": {"text": "PSI", "side": "right"},
            "tickvals": [math.log10(tick) for tick in _TICKS],
            "ticktext": [f"{tick:g}" for tick in _TICKS],
            "thickness": 10,
            "outlinewidth": 0,
            "len": 1,
            "xpad": 6,
        },
    }


def heatmap(rows: list[Row], features: list[str], span: Span) -> Figure:
    """`features` in drawing order, from the bottom. Colour is PSI on a log scale; a line marks where drift goes on.

    One line of few points, and not a sign in each cell: thousands of texts would hold the browser up.
    """
    marks = [[read(row, ("f", name, "mark")) or "" for row in rows] for name in features]
    trace = {
        "type": "heatmap",
        "x": [row["x"] for row in rows],
        "y": features,
        "z": [[read(row, ("f", name, "heat")) for row in rows] for name in features],
        "text": marks,
        "customdata": [[[row["when"], read(row, ("f", name, "say")) or "–"] for row in rows] for name in features],
        "hovertemplate": "<b>%{y}</b><br>%{customdata[0]}<br>PSI %{customdata[1]}<extra></extra>",
        "xgap": 1 if len(rows) <= 45 else 0,
        "ygap": 1,
        **heat_colours(),
        "meta": {"heat": features},
    }
    stretches = drift_runs([row["x"] for row in rows], features, marks)
    # White within black: seen on every colour of the scale, and without any.
    lines = [
        {
            "type": "scatter",
            "mode": "lines",
            **stretches,
            "line": {"color": colour, "width": width, "simplify": False},
            "hoverinfo": "skip",
            "meta": {"marks": features},
        }
        for colour, width in (("#000000", 4), ("#ffffff", 1.5))
    ]
    return {
        "data": [trace, *lines],
        "layout": layout(
            span,
            hovermode="closest",
            yaxis=value_axis(
                type="category",
                categoryorder="array",
                categoryarray=features,
                range=[-0.5, len(features) - 0.5],
                tickvals=features,
                ticktext=[_short(name) for name in features],
                automargin=True,
                showgrid=False,
            ),
            margin={"l": 8, "r": 8, "t": 8, "b": 40},
            height=heatmap_height(len(features)),
        ),
    }


def drift_runs(moments: list[str], features: list[str], marks: list[list[str]]) -> dict[str, list[str | None]]:
    """The points of a line in each feature's row from the first to the last of windows that follow each other and
    drifted, with gaps between them; charts.js makes the same of pushed windows."""
    middles = [datetime.fromisoformat(one) for one in moments]
    apart = [after - before for before, after in pairwise(middles)]
    half = min(apart, default=timedelta(hours=1)) * RUN_END
    x: list[str | None] = []
    y: list[str | None] = []
    for name, line in zip(features, marks, strict=True):
        begun: int | None = None
        for place, mark in enumerate([*line, ""]):
            if mark and begun is None:
                begun = place
            elif not mark and begun is not None:
                ends = middles[begun] - half, middles[place - 1] + half
                x += [*(end.strftime("%Y-%m-%dT%H:%M:%S") for end in ends), None]
                y += [name, name, None]
                begun = None
    return {"x": x, "y": y}


def _short(name: str) -> str:
    return name if len(name) <= 24 else name[:23] + "…"


def feature_series(rows: list[Row], feature: str, span: Span) -> Figure:
    """PSI and Jensen–Shannon distance of one feature, with the sample-size-aware limit of PSI."""
    psi = {
        **live(rows, "f", feature, "psi"),
        "type": "scatter",
        "mode": "lines+markers",
        "name": "PSI",
        "line": {"color": BLUE, "width": 2},
        "marker": {"size": 4},
        "hovertemplate": "PSI <b>%{y:.4f}</b><extra></extra>",
    }
    limit = {
        **live(rows, "f", feature, "limit"),
        "type": "scatter",
        "mode": "lines",
        "name": "limit for this many rows",
        "line": {"color": GREY, "width": 1.5, "dash": "dot"},
        "hovertemplate": "limit %{y:.4f}<extra></extra>",
    }
    js = {
        **live(rows, "f", feature, "js"),
        "type": "scatter",
        "mode": "lines+markers",
        "name": "Jensen–Shannon",
        "yaxis": "y2",
        "line": {"color": ORANGE, "width": 2, "dash": "dash"},
        "marker": {"size": 4, "symbol": "diamond"},
        "hovertemplate": "JS <b>%{y:.4f}</b><extra></extra>",
    }
    orientation_line = {
        "type": "line",
        "xref": "paper",
        "x0": 0,
        "x1": 1,
        "y0": PSI_ACT,
        "y1": PSI_ACT,
        "line": {"color": GREY, "width": 1},
        "opacity": 0.6,
    }
    return {
        "data": [psi, limit, js],
        "layout": layout(
            span,
            xaxis=time_axis(span, anchor="y2"),
            yaxis=value_axis(domain=[0.42, 1], rangemode="tozero", title={"text": "PSI", "standoff": 6}),
            yaxis2=value_axis(domain=[0, 0.32], rangemode="tozero", nticks=4, title={"text": "JS", "standoff": 6}),
            showlegend=True,
            legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
            margin={"l": 56, "r": 12, "t": 30, "b": 40},
            shapes=[orientation_line],
        ),
    }
