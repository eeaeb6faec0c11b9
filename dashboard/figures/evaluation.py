"""What an evaluation found: slices, importance, curves, the confusion matrix."""

from __future__ import annotations

from collections.abc import Sequence

from dashboard import formats
from dashboard.figures.base import Figure, layout, value_axis
from dashboard.figures.learning import DASHES, LINES, shortened
from dashboard.gateway.production_views import Confusion, Curve, Example, Importance, SliceScore
from dashboard.theme import BLUE, GREY, ORANGE, VERMILLION

_ROW = 24
_MOST = 30
_LEGEND = {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"}


def _named_rows(names: Sequence[str]) -> dict[str, object]:
    return {
        "type": "category",
        "tickvals": list(names),
        "ticktext": [shortened(name, 26) for name in names],
        "automargin": True,
        "showgrid": False,
        "fixedrange": True,
    }


def rows_height(count: int) -> int:
    return 76 + _ROW * max(count, 2)


def slices(scores: Sequence[SliceScore], metric: str, *, lower_is_better: bool, overall: float | None) -> Figure:
    """One dot a slice, the worst on top; the line is the whole split's value. At most the worst `_MOST`."""
    known = [(next((m.value for m in one.metrics if m.key == metric), None), one) for one in scores]
    ranked = sorted(
        ((value, one) for value, one in known if value is not None),
        key=lambda pair: -pair[0] if lower_is_better else pair[0],
    )[:_MOST][::-1]
    names = [f"{one.feature}: {one.value}" for _, one in ranked]
    worst = len(ranked) - 1
    line = (
        [
            {
                "type": "line",
                "yref": "paper",
                "y0": 0,
                "y1": 1,
                "x0": overall,
                "x1": overall,
                "line": {"color": GREY, "dash": "dot"},
            }
        ]
        if overall is not None
        else []
    )
    return {
        "data": [
            {
                "type": "scatter",
                "mode": "markers",
                "x": [value for value, _ in ranked],
                "y": names,
                "customdata": [formats.plural(one.rows, "row") for _, one in ranked],
                "marker": {
                    "size": 11,
                    "color": [VERMILLION if i == worst else BLUE for i in range(len(ranked))],
                    "symbol": ["diamond" if i == worst else "circle" for i in range(len(ranked))],
                },
                "hovertemplate": "%{x:.4f}<br>%{customdata}<extra></extra>",
            }
        ],
        "layout": layout(
            None,
            hovermode="closest",
            xaxis={"title": {"text": shortened(metric, 30)}, "zeroline": False, "fixedrange": True},
            yaxis=_named_rows(names),
            shapes=line,
            margin={"l": 8, "r": 14, "t": 8, "b": 42},
            height=rows_height(len(names)),
        ),
    }


def importance(values: Sequence[Importance]) -> Figure:
    """Bars, the most important feature on top, with the deviation over repeats."""
    chosen = sorted(values, key=lambda one: abs(one.value), reverse=True)[:_MOST][::-1]
    names = [one.feature for one in chosen]
    return {
        "data": [
            {
                "type": "bar",
                "orientation": "h",
                "x": [one.value for one in chosen],
                "y": names,
                "marker": {"color": BLUE},
                "error_x": {
                    "type": "data",
                    "array": [one.deviation or 0.0 for one in chosen],
                    "color": GREY,
                    "thickness": 1.2,
                    "width": 3,
                },
                "hovertemplate": "%{x:.4g}<extra></extra>",
            }
        ],
        "layout": layout(
            None,
            hovermode="closest",
            bargap=0.35,
            xaxis={"zeroline": False, "fixedrange": True},
            yaxis=_named_rows(names),
            margin={"l": 8, "r": 14, "t": 8, "b": 30},
            height=rows_height(len(names)),
        ),
    }


def contributions(example: Example) -> Figure:
    """What each feature added to one prediction, or took from it: colour and direction say which."""
    chosen = sorted(example.contributions, key=lambda one: abs(one.amount), reverse=True)[:12][::-1]
    names = [f"{one.feature} = {one.value}" for one in chosen]
    return {
        "data": [
            {
                "type": "bar",
                "orientation": "h",
                "x": [one.amount for one in chosen],
                "y": names,
                "marker": {"color": [ORANGE if one.amount > 0 else BLUE for one in chosen]},
                "hovertemplate": "%{x:+.4g}<extra></extra>",
            }
        ],
        "layout": layout(
            None,
            hovermode="closest",
            bargap=0.35,
            xaxis={"zeroline": True, "fixedrange": True},
            yaxis=_named_rows(names),
            margin={"l": 8, "r": 14, "t": 8, "b": 30},
            height=rows_height(len(names)),
        ),
    }


def curve(curves: Sequence[Curve]) -> Figure:
    """Curves of the same kind in one picture."""
    return {
        "data": [
            {
                "type": "scatter",
                "mode": "lines",
                "name": shortened(one.name.replace("_", " ")),
                "x": one.x,
                "y": one.y,
                "line": {"color": LINES[i % len(LINES)], "dash": DASHES[i % len(DASHES)], "width": 2},
            }
            for i, one in enumerate(curves)
        ],
        "layout": layout(
            None,
            hovermode="closest",
            showlegend=True,
            legend=_LEGEND,
            xaxis={"title": {"text": shortened(curves[0].x_title) if curves else ""}, "zeroline": False},
            yaxis=value_axis(title={"text": shortened(curves[0].y_title) if curves else "", "standoff": 6}),
            margin={"l": 56, "r": 12, "t": 34, "b": 44},
        ),
    }


def confusion(matrix: Confusion) -> Figure:
    """Shares of each label's rows by what was predicted, with the counts written in."""
    shares = [[count / sum(row) if sum(row) else 0.0 for count in row] for row in matrix.counts]
    names = [shortened(name, 18) for name in matrix.labels]
    return {
        "data": [
            {
                "type": "heatmap",
                "x": names,
                "y": names,
                "z": shares,
                "text": [[f"{count:,}" for count in row] for row in matrix.counts],
                "texttemplate": "%{text}" if len(names) <= 12 else "",
                "colorscale": [[0, "#eef3fb"], [1, "#7fb0e6"]],  # dark figures stay readable on all of it
                "zmin": 0,
                "zmax": 1,
                "xgap": 2,
                "ygap": 2,
                "showscale": False,
                "hovertemplate": "label %{y}, predicted %{x}<br>%{text} rows, %{z:.1%} of the label<extra></extra>",
            }
        ],
        "layout": layout(
            None,
            hovermode="closest",
            xaxis={"type": "category", "title": {"text": "Predicted"}, "fixedrange": True, "showgrid": False},
            yaxis={
                "type": "category",
                "title": {"text": "Label"},
                "autorange": "reversed",
                "fixedrange": True,
                "automargin": True,
                "showgrid": False,
            },
            margin={"l": 56, "r": 12, "t": 8, "b": 46},
        ),
    }
