"""Segments of rows, such as one carrier's: how good the model is in each, and how far its features have moved there."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from typing import TypeVar

from dashboard.figures.base import Figure, layout, value_axis
from dashboard.figures.drift import heat_colours
from dashboard.figures.performance import Measure
from dashboard.figures.rows import HEAT_FLOOR
from dashboard.gateway.views import Performance, SegmentDrift, SegmentPerformance
from dashboard.theme import BLUE, GREY

MOST_SEGMENTS = 24
MOST_FEATURES = 14
_ROW_PIXELS = 22

Named = TypeVar("Named", bound=Hashable)


def segment_name(column: str, value: str) -> str:
    text = f"{column} = {value}"
    return text if len(text) <= 34 else text[:33] + "…"


def height(rows: int) -> int:
    return max(180, 76 + _ROW_PIXELS * rows)


def worst_first(found: Sequence[SegmentPerformance], measure: Measure) -> list[SegmentPerformance]:
    """Those whose figure is known."""
    known = [one for one in found if getattr(one.performance, measure.key) is not None]
    return sorted(
        known, key=lambda one: float(getattr(one.performance, measure.key)), reverse=measure.higher_is_better is False
    )


def performance_by_segment(found: Sequence[SegmentPerformance], whole: Performance, measure: Measure) -> Figure:
    """A point a segment, the worst on top, with its 95 % confidence limits; the line is all rows together."""
    shown = list(reversed(worst_first(found, measure)[:MOST_SEGMENTS]))
    values = [getattr(one.performance, measure.key) for one in shown]
    limits: dict[str, object] = {}
    if measure.band:
        lows = [getattr(one.performance, f"{measure.key}_low") for one in shown]
        highs = [getattr(one.performance, f"{measure.key}_high") for one in shown]
        limits = {
            "error_x": {
                "type": "data",
                "symmetric": False,
                "array": [None if high is None else high - value for high, value in zip(highs, values, strict=True)],
                "arrayminus": [None if low is None else value - low for low, value in zip(lows, values, strict=True)],
                "color": BLUE,
                "thickness": 1.2,
                "width": 3,
            }
        }
    places = list(range(len(shown)))
    points = {
        "type": "scatter",
        "mode": "markers",
        "x": values,
        "y": places,
        "customdata": [[f"{one.column} = {one.value}"[:120], f"{one.performance.labelled:,}"] for one in shown],
        "marker": {"color": BLUE, "size": 8},
        "hovertemplate": "<b>%{customdata[0]}</b><br>%{x:.4f}<br>%{customdata[1]} labelled rows<extra></extra>",
        **limits,
    }
    mean = getattr(whole, measure.key)
    line = {"type": "line", "yref": "paper", "y0": 0, "y1": 1, "x0": mean, "x1": mean}
    return {
        "data": [points],
        "layout": layout(
            hovermode="closest",
            dragmode=False,
            xaxis={"title": {"text": measure.label}, "fixedrange": True, "zeroline": False, "nticks": 6},
            yaxis=value_axis(
                tickvals=places,
                ticktext=[segment_name(one.column, one.value) for one in shown],
                range=[-0.6, len(shown) - 0.4],
                automargin=True,
            ),
            margin={"l": 8, "r": 12, "t": 8, "b": 44},
            shapes=[] if mean is None else [{**line, "line": {"color": GREY, "width": 1.5, "dash": "dot"}}],
            height=height(len(shown)),
        ),
    }


def drift_by_segment(found: Sequence[SegmentDrift]) -> Figure:
    """Segments by features, the farthest of both first; colours as in the heatmap of windows."""
    psi = {((one.column, one.value), one.feature): one for one in found}
    segments = _farthest([(key[0], one.psi or 0.0) for key, one in psi.items()], MOST_SEGMENTS)
    features = _farthest([(key[1], one.psi or 0.0) for key, one in psi.items()], MOST_FEATURES)
    rows = list(reversed(segments))
    cells = [[psi.get((segment, feature)) for feature in features] for segment in rows]
    return {
        "data": [
            {
                "type": "heatmap",
                "x": [name if len(name) <= 18 else f"{name[:14]}… {place}" for place, name in enumerate(features)],
                "y": list(range(len(rows))),
                "z": [
                    [None if one is None or one.psi is None else math.log10(max(one.psi, HEAT_FLOOR)) for one in line]
                    for line in cells
                ],
                "text": [["●" if one and one.drifted else "" for one in line] for line in cells],
                "customdata": [[_say(one) for one in line] for line in cells],
                "texttemplate": "%{text}",
                "textfont": {"size": 9},
                "hovertemplate": "%{customdata}<extra></extra>",
                "xgap": 1,
                "ygap": 1,
                **heat_colours(),
            }
        ],
        "layout": layout(
            hovermode="closest",
            dragmode=False,
            xaxis={
                "type": "category",  # on a phone, names that don't fit are left out
                "tickangle": -40,
                "fixedrange": True,
                "showgrid": False,
                "zeroline": False,
                "automargin": True,
            },
            yaxis=value_axis(
                tickvals=list(range(len(rows))),
                ticktext=[segment_name(*segment) for segment in rows],
                automargin=True,
                showgrid=False,
            ),
            margin={"l": 8, "r": 8, "t": 8, "b": 44},
            height=height(len(rows)) + 40,
        ),
    }


def _farthest(weights: Sequence[tuple[Named, float]], most: int) -> list[Named]:
    largest: dict[Named, float] = {}
    for name, weight in weights:
        largest[name] = max(weight, largest.get(name, 0.0))
    return sorted(largest, key=lambda name: -largest[name])[:most]


def _say(one: SegmentDrift | None) -> str:
    if one is None:
        return "not among the farthest"
    figure = "too few rows" if one.psi is None else f"PSI {one.psi:.3f}{' · drifted' if one.drifted else ''}"
    return f"<b>{one.feature[:60]}</b><br>{one.column[:60]} = {one.value[:60]}<br>{figure}, {one.rows:,} rows"
