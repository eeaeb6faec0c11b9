"""Ranges brushed on axes of parallel coordinates: as an address holds them, and which runs lie within all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote

from dashboard.figures.compare import Axis

_MOST = 10
_ROOM = 1e-9


@dataclass(frozen=True, slots=True)
class Brush:
    """From one value to another, as their axis orders them; `name` says of which quantity (`params.depth`)."""

    name: str
    low: str
    high: str


def read(text: str) -> list[Brush]:
    """What an address holds: `params.depth~4~6,…`; one a quantity, the newest counts."""
    found = {}
    for part in text.split(",") if text else ():
        fields = [unquote(one) for one in part.split("~")]
        if len(fields) == 3:
            found[fields[0]] = Brush(*fields)
    return list(found.values())[-_MOST:]


def written(brushes: Sequence[Brush]) -> str:
    return ",".join("~".join(_escaped(one) for one in (b.name, b.low, b.high)) for b in brushes)


def _escaped(text: str) -> str:
    return quote(text, safe="").replace("~", "%7E")


def within(brushes: Sequence[Brush], axes: Mapping[str, Axis]) -> set[int]:
    """The columns whose values lie in every brushed range; a range that this comparison doesn't know limits nothing."""
    many = max((len(one.places) for one in axes.values()), default=0)
    kept = set(range(many))
    for brush in brushes:
        ends = _ends(brush, axes.get(brush.name))
        if ends:
            places = enumerate(axes[brush.name].places)
            kept &= {i for i, at in places if at is not None and ends[0] - _ROOM <= at <= ends[1] + _ROOM}
    return kept


def _ends(brush: Brush, axis: Axis | None) -> tuple[float, float] | None:
    if axis is None or brush.low not in axis.texts or brush.high not in axis.texts:
        return None
    low, high = (axis.places[axis.texts.index(text)] for text in (brush.low, brush.high))
    return (low, high) if low is not None and high is not None else None


def drawn(selected: Any, names: Sequence[str], axes: Mapping[str, Axis]) -> list[Brush]:
    """What was dragged over, as the chart tells it: on each of its axes, the lowest and highest value within."""
    points = selected.get("points") if isinstance(selected, dict) else None
    spots: dict[str, list[tuple[float, str]]] = {}
    for point in points if isinstance(points, list) else ():
        place, column = point.get("pointNumber"), point.get("curveNumber")
        if not (isinstance(place, int) and isinstance(column, int) and 0 <= place < len(names)):
            continue
        axis = axes[names[place]]
        at = axis.places[column] if 0 <= column < len(axis.places) else None
        if at is not None:
            spots.setdefault(names[place], []).append((at, axis.texts[column]))
    return [Brush(name, min(found)[1], max(found)[1]) for name, found in spots.items()]
