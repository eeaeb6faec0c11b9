"""Small plots as inline SVG, with a title for those who can't see them. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

WIDTH = 480
LABEL = 170
ROW = 22
HEIGHT = 180
MARGIN = 40
LABEL_LENGTH = 24


def bars(title: str, labels: Sequence[str], values: Sequence[float], marked: int | None) -> str:
    """Horizontal bars from zero; a value that is no number has none."""
    height = ROW * len(labels) + 4
    finite = [value for value in values if math.isfinite(value)]
    low, high = min([0.0, *finite]), max([0.0, *finite])
    scale = (WIDTH - LABEL - 60) / ((high - low) or 1.0)
    zero = LABEL - low * scale
    parts = []
    for number, (label, value) in enumerate(zip(labels, values, strict=True)):
        y = number * ROW + 3
        size = abs(value) * scale if math.isfinite(value) else 0.0
        x = zero - size if value < 0 else zero
        kind = "marked" if number == marked else "bar"
        parts.append(
            f'<text x="{LABEL - 6}" y="{y + 13}" text-anchor="end">{escape(_short(label))}</text>'
            f'<rect class="{kind}" x="{x:.1f}" y="{y}" width="{size:.1f}" height="{ROW - 6}"/>'
            f'<text x="{max(zero, x + size) + 4:.1f}" y="{y + 13}">{escape(f"{value:.4g}")}</text>'
        )
    return _svg(title, WIDTH, height, "".join(parts))


def histogram(title: str, edges: Sequence[float], counts: Sequence[int]) -> str:
    """Vertical bars over the edges; heights are counts."""
    width, top = WIDTH // 2, max([1, *counts])
    step = (width - 10) / max(len(counts), 1)
    drawn = "".join(
        f'<rect class="bar" x="{5 + number * step:.1f}" y="{90 - 84 * count / top:.1f}" '
        f'width="{max(step - 1, 0.5):.1f}" height="{84 * count / top:.1f}"/>'
        for number, count in enumerate(counts)
    )
    low, high = (edges[0], edges[-1]) if edges else (0.0, 0.0)
    ends = f'<text x="5" y="106">{low:.4g}</text><text x="{width - 5}" y="106" text-anchor="end">{high:.4g}</text>'
    return _svg(title, width, 112, drawn + ends)


def lines(title: str, series: Sequence[tuple[Sequence[float], Sequence[float]]], x_title: str, y_title: str) -> str:
    """Curves over a common range; points that are no numbers are left out."""
    found = [
        [(x, y) for x, y in zip(xs, ys, strict=False) if math.isfinite(x) and math.isfinite(y)] for xs, ys in series
    ]
    points = [point for curve in found for point in curve]
    width, height = WIDTH, HEIGHT + MARGIN
    if not points:
        return _svg(title, width, height, "")
    (left, right), (low, high) = _range([x for x, _ in points]), _range([y for _, y in points])
    drawn = []
    for curve in found:
        path = " ".join(
            f"{MARGIN + (x - left) / (right - left) * (width - MARGIN - 10):.1f},"
            f"{HEIGHT - (y - low) / (high - low) * (HEIGHT - 10):.1f}"
            for x, y in curve
        )
        drawn.append(f'<polyline class="curve" points="{path}"/>')
    frame = f'<path class="axis" d="M{MARGIN} 5V{HEIGHT}H{width - 5}"/>'
    texts = (
        f'<text x="2" y="14">{high:.3g}</text><text x="2" y="{HEIGHT}">{low:.3g}</text>'
        f'<text x="{MARGIN}" y="{HEIGHT + 16}">{left:.3g}</text>'
        f'<text x="{width - 5}" y="{HEIGHT + 16}" text-anchor="end">{right:.3g}</text>'
        f'<text x="{width / 2:.0f}" y="{HEIGHT + 34}" text-anchor="middle">'
        f"{escape(_short(y_title))} {'over' if x_title and y_title else ''} {escape(_short(x_title))}</text>"
    )
    return _svg(title, width, height, frame + "".join(drawn) + texts)


def _range(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def _short(text: str) -> str:
    return text if len(text) <= LABEL_LENGTH else text[: LABEL_LENGTH - 1] + "…"


def _svg(title: str, width: int, height: int, content: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}"><title>{escape(title)}</title>{content}</svg>'
    )
