"""Rows per window, split into those whose outcome is known and those still waiting for it."""

from __future__ import annotations

from dashboard.figures.base import Figure, Span, layout, value_axis
from dashboard.figures.rows import Row, live
from dashboard.theme import BLUE, GREY


def volume(rows: list[Row], span: Span) -> Figure:
    """Stacked bars over time."""
    return {
        "data": [
            {
                **live(rows, "labelled"),
                "type": "bar",
                "name": "Labelled",
                "marker": {"color": BLUE},
                "hovertemplate": "%{y:,} labelled<extra></extra>",
            },
            {
                **live(rows, "waiting"),
                "type": "bar",
                "name": "Waiting for labels",
                "marker": {"color": GREY, "opacity": 0.6, "pattern": {"shape": "/", "size": 5, "solidity": 0.3}},
                "hovertemplate": "%{y:,} waiting<br>%{customdata}<extra></extra>",
            },
        ],
        "layout": layout(
            span,
            barmode="stack",
            bargap=0.2,
            showlegend=True,
            legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "traceorder": "normal"},
            yaxis=value_axis(rangemode="tozero", tickformat=",~s"),
            margin={"l": 46, "r": 12, "t": 30, "b": 40},
        ),
    }
