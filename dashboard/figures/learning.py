"""A run's metrics by training step, or by time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from dashboard.figures.base import Figure, layout, time_axis, value_axis
from dashboard.theme import BLUE, GREEN, GREY, ORANGE, PURPLE, VERMILLION

LINES = (BLUE, ORANGE, GREEN, VERMILLION, PURPLE, GREY)
DASHES = ("solid", "dash", "dot", "dashdot")


def shortened(text: str, longest: int = 40) -> str:
    """A name as far as a legend or an axis has room for it."""
    return text if len(text) <= longest else text[: longest - 1] + "…"


OVER = {"": "Step", "time": "Relative time", "wall": "Wall time"}
_UNITS = ((120, 1, "Seconds"), (7200, 60, "Minutes"), (172_800, 3600, "Hours"), (float("inf"), 86_400, "Days"))

Point = tuple[int, datetime, float | None]  # step, when it was logged, figure
Place = float | str  # on the axis: a step, an amount of time, or a moment as text
Series = Mapping[str, Sequence[tuple[Place, float | None]]]


@dataclass(frozen=True, slots=True)
class Along:
    """Lines by name, and the axis that they go along."""

    series: dict[str, list[tuple[Place, float | None]]]
    axis: dict[str, Any]


def along(histories: Mapping[str, Sequence[Point]], over: str, starts: Mapping[str, datetime]) -> Along:
    """`over`: the step (empty), the time since the line's run began (`time`), or the clock in UTC (`wall`)."""
    lines: dict[str, list[tuple[Place, float | None]]]
    if over == "wall":
        lines = {name: [(_clock(at), value) for _, at, value in points] for name, points in histories.items()}
        return Along(lines, time_axis(title={"text": "Time (UTC)"}))
    axis = {"showgrid": False, "zeroline": False, "title": {"text": "Step"}}
    if over != "time":
        return Along({name: [(step, value) for step, _, value in points] for name, points in histories.items()}, axis)
    passed = {
        name: [((at - starts[name]).total_seconds(), value) for _, at, value in points]
        for name, points in histories.items()
    }
    longest = max((seconds for points in passed.values() for seconds, _ in points), default=0.0)
    size, unit = next((size, unit) for limit, size, unit in _UNITS if longest < limit)
    lines = {name: [(seconds / size, value) for seconds, value in points] for name, points in passed.items()}
    return Along(lines, {**axis, "title": {"text": f"{unit} since it started"}})


def _clock(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3]


def level_lines(series: Series, levels: Sequence[tuple[str, float]]) -> list[dict[str, Any]]:
    """A thin grey line across for each level, in the legend by its name."""
    steps: list[Any] = [place for points in series.values() for place, _ in points]
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


def curves(drawn: Along, levels: Sequence[tuple[str, float]] = (), revision: str = "") -> Figure:
    """One line a metric; colour and dash both tell them apart. `levels`: names and values of lines across.

    `revision`: another one when a zoom into it is no longer meant.
    """
    return {
        "data": [
            {
                "type": "scatter",
                "mode": "lines",
                "name": shortened(name),
                "x": [place for place, _ in points],
                "y": [value for _, value in points],
                "line": {"color": LINES[i % len(LINES)], "dash": DASHES[i % len(DASHES)], "width": 2},
            }
            for i, (name, points) in enumerate(drawn.series.items())
        ]
        + level_lines(drawn.series, levels),
        "layout": layout(
            None,
            showlegend=True,
            legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
            xaxis=drawn.axis,
            yaxis=value_axis(),
            margin={"l": 52, "r": 12, "t": 36, "b": 42},
            uirevision=revision,
        ),
    }
