"""An alert's windows: the leading cause's figure, where it fired, and the limit."""

from __future__ import annotations

from collections.abc import Sequence

from dashboard import formats
from dashboard.figures.base import Figure, layout, value_axis
from dashboard.gateway.alert_views import AlertWindow
from dashboard.theme import BLUE, GREY, VERMILLION

_LETTERS = ("psi", "js", "ks", "rmse", "mae", "auc")  # figures whose names are letters


def _name(figure: str) -> str:
    return figure.upper() if figure in _LETTERS else figure[:30]


def alert_windows(windows: Sequence[AlertWindow], figure: str, limit: float | None) -> Figure:
    """Bars by window; those that fired differ in colour and pattern."""

    def trace(firing: bool) -> dict[str, object]:
        chosen = [one for one in windows if one.firing is firing]
        return {
            "type": "bar",
            "name": "fired" if firing else "quiet",
            "x": [(one.start + (one.end - one.start) / 2).strftime("%Y-%m-%dT%H:%M:%S") for one in chosen],
            "y": [one.value for one in chosen],
            "customdata": [formats.period(one.start, one.end) for one in chosen],
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
            "hovertemplate": "%{customdata}<br>%{y:.4g}<extra></extra>",
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
            yaxis=value_axis(title={"text": _name(figure), "standoff": 6}, rangemode="tozero"),
            margin={"l": 60, "r": 12, "t": 34, "b": 40},
            shapes=shapes,
        ),
    }
