"""One feature's distribution: reference against what came in during the shown time."""

from __future__ import annotations

from dashboard.figures.base import Figure, layout, value_axis
from dashboard.gateway.views import Distribution
from dashboard.theme import BLUE, GREY

_MOST_BARS = 40


def distribution(view: Distribution) -> Figure:
    """Shares per bin: the reference grey, the current data blue and hatched; side by side only for categories."""
    labels, reference, current = view.labels, view.reference, view.current
    if view.kind == "categorical" and len(labels) > _MOST_BARS:
        order = sorted(range(len(labels)), key=lambda i: max(reference[i], current[i]), reverse=True)[:_MOST_BARS]
        labels, reference, current = (
            [labels[i] for i in order],
            [reference[i] for i in order],
            [current[i] for i in order],
        )
    positions = list(range(len(labels)))
    step = max(1, len(labels) // 4)
    common = {"type": "bar", "x": positions, "customdata": labels}
    return {
        "data": [
            {
                **common,
                "y": reference,
                "name": "Reference",
                "marker": {"color": GREY, "opacity": 0.6},
                "hovertemplate": "%{customdata}<br>reference <b>%{y:.1%}</b><extra></extra>",
            },
            {
                **common,
                "y": current,
                "name": "Now",
                "marker": {
                    "color": "rgba(0, 128, 196, 0.18)",
                    "line": {"color": BLUE, "width": 1.5},
                    "pattern": {"shape": "/", "size": 6, "solidity": 0.15, "fgcolor": BLUE},
                },
                "hovertemplate": "now <b>%{y:.1%}</b><extra></extra>",
            },
        ],
        "layout": layout(
            None,
            showlegend=True,
            legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
            dragmode=False,
            barmode="group" if view.kind == "categorical" else "overlay",
            bargap=0.25 if view.kind == "categorical" else 0.04,
            xaxis={
                "fixedrange": True,
                "showgrid": False,
                "zeroline": False,
                "tickvals": positions[::step],
                "ticktext": [_short(labels[i]) for i in positions[::step]],
                "automargin": True,
            },
            yaxis=value_axis(tickformat=".0%", rangemode="tozero"),
            margin={"l": 46, "r": 12, "t": 30, "b": 40},
            uirevision=view.feature,
        ),
    }


def _short(label: str) -> str:
    return label if len(label) <= 16 else label[:15] + "…"
