"""A run's metrics by training step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dashboard.figures.base import Figure, layout, value_axis
from dashboard.theme import BLUE, GREEN, GREY, ORANGE, PURPLE, VERMILLION

LINES = (BLUE, ORANGE, GREEN, VERMILLION, PURPLE, GREY)
DASHES = ("solid", "dash", "dot", "dashdot")


def shortened(text: str, longest: int = 40) -> str:
    """A name as far as a legend or an axis has room for it."""
    return text if len(text) <= longest else text[: longest - 1] + "…"


def level_lines(
    series: Mapping[str, Sequence[tuple[int, float | None]]], levels: Sequence[tuple[str, float]]
) -> list[dict[str, Any]]:
    """A thin grey line across for each level, in the legend by its name."""
    steps = [step for points in series.values() for step, _ in points]
    return [
        {
            "type": "scatter",
            "mode": "lines",
            "name": shortened(name),
            "x": [min(steps), max(steps)],
            "y": [value, value],
            "line": {"color": GREY, "dash": DASHES[(i + 2) % len(DASHES)], "width": 1},
        }
        for i, (name, value) in enumerate(levels)
        if steps
    ]


_SPLITS = ("training", "train", "validation", "valid", "val", "eval", "test")
_BESIDE = "_/.- "


def grouped(names: Sequence[str]) -> dict[str, list[str]]:
    """Metrics that belong in one chart: the same figure on different splits (`loss`, `val_loss`, `train/loss`)."""
    found: dict[str, list[str]] = {}
    for name in names:
        found.setdefault(_figure(name), []).append(name)
    return found


def _figure(name: str) -> str:
    low = name.lower()
    for split in _SPLITS:
        if len(low) > len(split) + 1:
            if low.startswith(split) and low[len(split)] in _BESIDE:
                return name[len(split) + 1 :].lower()
            if low.endswith(split) and low[-len(split) - 1] in _BESIDE:
                return name[: -len(split) - 1].lower()
    return low


def curves(
    series: Mapping[str, Sequence[tuple[int, float | None]]], levels: Sequence[tuple[str, float]] = ()
) -> Figure:
    """One line a metric; colour and dash both tell them apart. `levels`: names and values of lines across."""
    return {
        "data": [
            {
                "type": "scatter",
                "mode": "lines",
                "name": shortened(name),
                "x": [step for step, _ in points],
                "y": [value for _, value in points],
                "line": {"color": LINES[i % len(LINES)], "dash": DASHES[i % len(DASHES)], "width": 2},
            }
            for i, (name, points) in enumerate(series.items())
        ]
        + level_lines(series, levels),
        "layout": layout(
            None,
            showlegend=True,
            legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
            xaxis={"showgrid": False, "zeroline": False, "title": {"text": "Step"}},
            yaxis=value_axis(),
            margin={"l": 52, "r": 12, "t": 36, "b": 42},
        ),
    }
