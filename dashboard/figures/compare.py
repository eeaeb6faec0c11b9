"""Runs side by side: overlaid curves, parallel coordinates, and a scatter of any two quantities."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from dashboard import formats
from dashboard.figures.base import Figure, layout, value_axis
from dashboard.figures.learning import DASHES, LINES, Along, level_lines, shortened

_LEGEND = {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"}
FAINT = 0.25  # opacity of what the eye is led away from
_SHORT = 7  # characters
_SYMBOLS = ("circle", "diamond", "square", "triangle-up", "cross", "x")


@dataclass(frozen=True, slots=True)
class Axis:
    """One axis of parallel coordinates. `texts` are the values as they are shown, `places` lie between 0 and 1."""

    name: str
    places: list[float | None]
    texts: list[str]
    low: str
    high: str


def numeric(text: str) -> float | None:
    """A finite number, or None for any other text."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if abs(value) < float("inf") else None


def axis(name: str, values: Sequence[str | None]) -> Axis:
    """Numbers by size, other texts in alphabetical order; equal values stand in the middle."""
    numbers = [None if value is None else numeric(value) for value in values]
    if all(number is not None for number, value in zip(numbers, values, strict=True) if value is not None):
        known = [number for number in numbers if number is not None]
        low, high = (min(known), max(known)) if known else (0.0, 0.0)
        span = high - low
        places = [None if n is None else (n - low) / span if span else 0.5 for n in numbers]
        texts = [value or "" for value in values]
        ends = [_end(texts[numbers.index(end)], end) if known else "" for end in (low, high)]
        return Axis(name, places, texts, *ends)
    order = sorted({value for value in values if value is not None})
    step = 1 / (len(order) - 1) if len(order) > 1 else 0.0
    spots = [None if value is None else order.index(value) * step if step else 0.5 for value in values]
    return Axis(name, spots, [value or "" for value in values], shortened(order[0], 16), shortened(order[-1], 16))


def _end(text: str, number: float) -> str:
    """As it was written, if that is short: nobody set a depth of 4.000."""
    return text if len(text) <= _SHORT else formats.figure(number)


def parallel(names: Sequence[str], axes: Sequence[Axis], faint: Collection[int] = (), revision: str = "") -> Figure:
    """One line a run over all axes; colour, dash and symbol tell them apart. `faint`: the numbers of lines in the back.

    Dragging selects a range on one axis or several; `revision` is another one when such a selection is to be cleared.
    """
    shapes = [
        {"type": "line", "x0": i, "x1": i, "y0": 0, "y1": 1, "line": {"color": "rgba(134,142,150,.5)", "width": 1}}
        for i in range(len(axes))
    ]
    ends = [
        {"x": i, "y": y, "text": text, "showarrow": False, "yshift": shift, "font": {"size": 11}}
        for i, one in enumerate(axes)
        for y, text, shift in ((0, one.low, -10), (1, one.high, 10))
    ]
    return {
        "data": [
            {
                "type": "scatter",
                "mode": "lines+markers",
                "name": shortened(name),
                "x": list(range(len(axes))),
                "y": [one.places[number] for one in axes],
                "customdata": [[one.name, one.texts[number]] for one in axes],
                "line": {"color": LINES[number % len(LINES)], "dash": DASHES[number % len(DASHES)], "width": 2},
                "marker": {"size": 7, "symbol": _SYMBOLS[number % len(_SYMBOLS)]},
                "hovertemplate": f"<b>{_plain(name)}</b><br>%{{customdata[0]}}: %{{customdata[1]}}<extra></extra>",
                "opacity": FAINT if number in faint else 1,
                "unselected": {"marker": {"opacity": 1}},
            }
            for number, name in enumerate(names)
        ],
        "layout": layout(
            None,
            hovermode="closest",
            dragmode="select",
            selectdirection="any",
            selections=[],
            selectionrevision=revision,
            showlegend=True,
            legend=_LEGEND,
            shapes=shapes,
            annotations=ends,
            xaxis={
                "tickvals": list(range(len(axes))),
                "ticktext": [shortened(one.name, 18) for one in axes],
                "range": [-0.35, max(len(axes) - 0.65, 0.35)],
                "showgrid": False,
                "zeroline": False,
                "fixedrange": True,
            },
            yaxis={"visible": False, "fixedrange": True, "range": [-0.12, 1.12]},
            margin={"l": 12, "r": 12, "t": 40, "b": 40},
        ),
    }


def overlaid(
    metric: str,
    drawn: Along,
    levels: Sequence[tuple[str, float]] = (),
    faint: Collection[int] = (),
) -> Figure:
    """The same metric of every run. `levels`: names and values of lines across; `faint`: lines in the back."""
    return {
        "data": [
            {
                "type": "scatter",
                "mode": "lines",
                "name": shortened(name),
                "x": [place for place, _ in points],
                "y": [value for _, value in points],
                "line": {"color": LINES[i % len(LINES)], "dash": DASHES[i % len(DASHES)], "width": 2},
                "opacity": FAINT if i in faint else 1,
            }
            for i, (name, points) in enumerate(drawn.series.items())
        ]
        + level_lines(drawn.series, levels),
        "layout": layout(
            None,
            showlegend=True,
            legend=_LEGEND,
            xaxis=drawn.axis,
            yaxis=value_axis(title={"text": shortened(metric, 24), "standoff": 6}),
            margin={"l": 60, "r": 12, "t": 40, "b": 42},
        ),
    }


def scattered(
    names: Sequence[str],
    x: tuple[str, list[str | None]],
    y: tuple[str, list[str | None]],
    faint: Collection[int] = (),
) -> Figure:
    """Each run at its values of two quantities; texts stand on a category axis. `faint`: points in the back."""

    def values(texts: list[str | None]) -> list[float | str | None]:
        numbers = [None if text is None else numeric(text) for text in texts]
        every = all(number is not None for number, text in zip(numbers, texts, strict=True) if text is not None)
        return list(numbers) if every else list(texts)

    xs, ys = values(x[1]), values(y[1])
    return {
        "data": [
            {
                "type": "scatter",
                "mode": "markers",
                "name": shortened(name),
                "x": [xs[i]],
                "y": [ys[i]],
                "marker": {"size": 12, "color": LINES[i % len(LINES)], "symbol": _SYMBOLS[i % len(_SYMBOLS)]},
                "opacity": FAINT if i in faint else 1,
                "hovertemplate": f"<b>{_plain(name)}</b><br>{_plain(x[0])} %{{x}}<br>{_plain(y[0])} %{{y}}"
                "<extra></extra>",
            }
            for i, name in enumerate(names)
        ],
        "layout": layout(
            None,
            hovermode="closest",
            showlegend=True,
            legend=_LEGEND,
            xaxis={"showgrid": True, "zeroline": False, "title": {"text": shortened(x[0], 30)}},
            yaxis={"showgrid": True, "zeroline": False, "title": {"text": shortened(y[0], 30), "standoff": 6}},
            margin={"l": 70, "r": 12, "t": 40, "b": 46},
        ),
    }


def _plain(text: str) -> str:
    """Plotly reads some markup in hover texts: names must stay names."""
    return shortened(text).replace("<", "‹").replace(">", "›").replace("%{", "% {")
