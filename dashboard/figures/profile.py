"""What columns hold: distributions before and after, correlations."""

from __future__ import annotations

from collections.abc import Sequence

from dashboard.figures.base import Figure, layout, value_axis
from dashboard.figures.learning import shortened
from dashboard.gateway.data_views import ColumnProfile, Correlation
from dashboard.theme import BLUE, ORANGE

_MOST_COLUMNS = 24


def correlations(found: Sequence[Correlation]) -> Figure:
    """A symmetric heatmap over the columns of the strongest ones; diverging colours, figures written in."""
    names: list[str] = []
    for one in found:
        names += [name for name in (one.left, one.right) if name not in names]
    names = sorted(names[:_MOST_COLUMNS])
    known = {(one.left, one.right): one.value for one in found}

    def value(a: str, b: str) -> float | None:
        return 1.0 if a == b else known.get((a, b), known.get((b, a)))

    grid = [[value(a, b) for b in names] for a in names]
    short = [shortened(name, 16) for name in names]
    return {
        "data": [
            {
                "type": "heatmap",
                "x": list(range(len(names))),
                "y": list(range(len(names))),
                "z": grid,
                "text": [["" if v is None else f"{v:.2f}" for v in row] for row in grid],
                "customdata": [[[a, b] for b in names] for a in names],
                "texttemplate": "%{text}" if len(names) <= 14 else "",
                "textfont": {"size": 10},
                # Blue – white – orange: told apart by everybody, and by sign.
                "colorscale": [[0, "#2166ac"], [0.5, "#f7f7f7"], [1, "#b35806"]],
                "zmin": -1,
                "zmax": 1,
                "xgap": 1,
                "ygap": 1,
                "colorbar": {"thickness": 10, "outlinewidth": 0, "xpad": 6},
                "hovertemplate": "%{customdata[0]}<br>%{customdata[1]}<br>%{z:.3f}<extra></extra>",
            }
        ],
        "layout": layout(
            None,
            hovermode="closest",
            xaxis={
                "tickvals": list(range(len(names))),
                "ticktext": short,
                "tickangle": -45,
                "automargin": True,
                "fixedrange": True,
                "showgrid": False,
            },
            yaxis={
                "tickvals": list(range(len(names))),
                "ticktext": short,
                "autorange": "reversed",
                "automargin": True,
                "fixedrange": True,
                "showgrid": False,
            },
            margin={"l": 8, "r": 8, "t": 8, "b": 8},
            height=max(260, 90 + 24 * len(names)),
        ),
    }


def beside(before: ColumnProfile | None, after: ColumnProfile | None) -> Figure:
    """Shares before and after: over the bins of numbers, or the most frequent values."""
    data = []
    numeric = any(one and one.counts for one in (before, after))
    for name, one, colour in (("before", before, BLUE), ("after", after, ORANGE)):
        if one is None or not one.rows:
            continue
        if numeric and one.counts:
            middles = [(a + b) / 2 for a, b in zip(one.edges[:-1], one.edges[1:], strict=False)]
            data.append(
                {
                    "type": "scatter",
                    "mode": "lines",
                    "line": {"shape": "hvh", "color": colour, "width": 2, "dash": "solid" if one is before else "dash"},
                    "name": name,
                    "x": middles,
                    "y": [count / one.rows for count in one.counts],
                    "hovertemplate": "%{x:.4g}: %{y:.1%}<extra>" + name + "</extra>",
                }
            )
        else:
            data.append(
                {
                    "type": "bar",
                    "name": name,
                    "x": [shortened(value.value, 18) for value in one.top[:20]],
                    "y": [value.count / one.rows for value in one.top[:20]],
                    "marker": {"color": colour, "pattern": {"shape": "" if one is before else "/", "solidity": 0.25}},
                    "hovertemplate": "%{x}: %{y:.1%}<extra>" + name + "</extra>",
                }
            )
    return {
        "data": data,
        "layout": layout(
            None,
            hovermode="closest",
            barmode="group",
            showlegend=True,
            legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
            xaxis={"type": "linear" if numeric else "category", "zeroline": False, "showgrid": False},
            yaxis=value_axis(tickformat=".0%", rangemode="tozero"),
            margin={"l": 46, "r": 8, "t": 30, "b": 40},
        ),
    }
