"""One feature's distribution: reference against what came in during the shown time."""

from __future__ import annotations

from dashboard.figures.base import Figure, layout, value_axis
from dashboard.gateway.views import Distribution
from dashboard.theme import BLUE, GREY

_MOST_BARS = 40


def distribution(view: Distribution) -> Figure:
    """Shares per bin; the reference as grey bars, the current data as outlined blue ones beside them."""
    labels, reference, current = view.labels, view.reference, view.current
    if view.kind == "categorical" and len(labels) > _MOST_BARS:
        order = sorted(range(len(labels)), key=lambda i: max(reference[i], current[i]), reverse=True)[:_MOST_BARS]
        labels, reference, current = (
            [labels[i] for i in order],
            [reference[i] for i in order],
            [current[i] for i in order],
        )
    positions = list(range(len(labels)))
    step = max(1, len(labels) // 6)
    common = {"type": "bar", "x": positions, "customdata": labels}
    return {
        "data": [
            {
                **common,
                "y": reference,
                "name": "Reference",
                "marker": {"color": GREY, "opacity": 0.75},
                "hovertemplate": "%{customdata}<br>reference <b>%{y:.1%}</b><extra></extra>",
            },
            {
                **common,
                "y": current,
                "name": "Now",
                "marker": {"color": BLUE, "pattern": {"shape": "/", "size": 5, "solidity": 0.25}},
                "hovertemplate": "now <b>%{y:.1%}</b><extra></extra>",
            },
        ],
        "layout": layout(
            None,
            showlegend=True,
            legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
            dragmode=False,
            bargap=0.12,
            bargroupgap=0,
            xaxis={
                "fixedrange": True,
                "showgrid": False,
                "zeroline": False,
                "tickvals": positions[::step],
                "ticktext": [_short(labels[i]) for i in positions[::step]],
                "automargin": True,
            },
            yaxis=value_axis(tickformat=".0%", rangemode="tozero"),
            margin={"l": 46, "r": 12, "t": 30, "b": 34},
            uirevision=view.feature,
        ),
    }


def _short(label: str) -> str:
    return label if len(label) <= 16 else label[:15] + "…"
