"""Data quality and service of each window: shares of what is wrong, and how long predictions took."""

from __future__ import annotations

from dashboard.figures.base import Figure, Span, layout, nothing_yet, value_axis
from dashboard.figures.learning import DASHES
from dashboard.figures.rows import Row, live
from dashboard.theme import BLUE, GREEN, ORANGE, PURPLE

_LEGEND = {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"}
_QUALITY = (
    ("missing_share", "Missing", BLUE),
    ("unseen_share", "Unseen category", ORANGE),
    ("out_of_range_share", "Out of range", GREEN),
    ("invalid_share", "Wrong type", PURPLE),
)
_LATENCY = (
    ("latency_p50", "half of them within", BLUE),
    ("latency_p90", "90 %", ORANGE),
    ("latency_p99", "99 %", PURPLE),
)


def quality(rows: list[Row], span: Span) -> Figure:
    """Of each kind of trouble, the share in the feature that has most of it."""
    return {
        "data": [
            {
                **live(rows, "q", key),
                "type": "scatter",
                "mode": "lines",
                "name": name,
                "line": {"color": colour, "width": 2, "dash": DASHES[i % len(DASHES)]},
                "hovertemplate": name + " <b>%{y:.2%}</b><extra></extra>",
            }
            for i, (key, name, colour) in enumerate(_QUALITY)
        ],
        "layout": layout(
            span,
            showlegend=True,
            legend=_LEGEND,
            yaxis=value_axis(rangemode="tozero", tickformat=".0%"),
            margin={"l": 52, "r": 12, "t": 30, "b": 40},
        ),
    }


def latency(rows: list[Row], span: Span) -> Figure:
    """Seconds from request to answer, as model servers reported them; where none did, the chart says so."""
    traces = [
        {
            **live(rows, "s", key),
            "type": "scatter",
            "mode": "lines",
            "name": name,
            "line": {"color": colour, "width": 2, "dash": DASHES[i % len(DASHES)]},
            "hovertemplate": name + " <b>%{y:.3s}s</b><extra></extra>",
        }
        for i, (key, name, colour) in enumerate(_LATENCY)
    ]
    known = any(value is not None for trace in traces for value in trace["y"])
    return {
        "data": traces,
        "layout": layout(
            span,
            showlegend=True,
            legend=_LEGEND,
            yaxis=value_axis(rangemode="tozero", tickformat="~s", ticksuffix="s"),
            margin={"l": 58, "r": 12, "t": 30, "b": 40},
            annotations=[] if known else [nothing_yet("No latencies were reported")],
        ),
    }
