"""One feature's distribution: reference against what came in during the shown time."""

from __future__ import annotations

from collections.abc import Sequence

from dashboard import formats
from dashboard.figures.base import Figure, layout, value_axis
from dashboard.gateway.views import Distribution
from dashboard.theme import BLUE, GREY

_MOST_BARS = 40
_TICKS = 5  # stretches of a scale of numbers


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
    at, texts = _ticks(labels, view.edges)
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
                "tickvals": at,
                "ticktext": texts,
                "automargin": True,
            },
            yaxis=value_axis(tickformat=".0%", rangemode="tozero"),
            margin={"l": 46, "r": 12, "t": 30, "b": 40},
            uirevision=view.feature,
        ),
    }


def _ticks(labels: Sequence[str], edges: Sequence[float]) -> tuple[list[float], list[str]]:
    """Where names stand and which: of numbers, values between the bars; of categories, names below them."""
    if len(edges) == len(labels) + 1:
        chosen = sorted({round(part * len(labels) / _TICKS) for part in range(_TICKS + 1)})
        return [place - 0.5 for place in chosen], [formats.figure(edges[place]) for place in chosen]
    named = range(0, len(labels), max(1, len(labels) // 4))
    return [float(place) for place in named], [_short(labels[place]) for place in named]


def _short(label: str) -> str:
    return label if len(label) <= 16 else label[:15] + "…"
