"""A small line of recent values in a table: two shapes cut by CSS, so that a hundred of them cost a page nothing."""

from __future__ import annotations

from collections.abc import Sequence

from dash import html

from dashboard.components.basics import wild
from dashboard.site import Component

THICK = 7.0  # per cent of the height
LEAST_RANGE = 0.05  # small wobbles stay small


def sparkline(points: Sequence[float]) -> Component:
    """At least two values, in order of time; the lowest at the bottom."""
    line = heights(points)
    steps = [100 * place / (len(line) - 1) for place in range(len(line))]
    above = [(x, y - THICK / 2) for x, y in zip(steps, line, strict=True)]
    below = [(x, y + THICK / 2) for x, y in zip(steps, line, strict=True)]
    area = [*above, (100.0, 100.0), (0.0, 100.0)]
    return html.Span(
        [
            html.Span(style={"clipPath": _polygon(area)}, className="area"),
            html.Span(style={"clipPath": _polygon([*above, *reversed(below)])}),
        ],
        className="spark",
        **wild({"aria-hidden": "true"}),
    )


def heights(points: Sequence[float]) -> list[float]:
    """Per cent from the top: between THICK and 90."""
    low, high = min(points), max(points)
    room = max(high - low, LEAST_RANGE)
    return [90 - (90 - THICK) * (point - low) / room for point in points]


def _polygon(corners: Sequence[tuple[float, float]]) -> str:
    return f"polygon({', '.join(f'{x:.1f}% {y:.1f}%' for x, y in corners)})"
