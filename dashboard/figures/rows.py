"""A monitoring window as the charts read it: one flat row, the same at first paint and when pushed.

Each live trace names in its `meta` where in a row it reads (`y`: a path, `heat`: features), so that the browser
can put a pushed row into any chart without knowing what it shows.
"""

from __future__ import annotations

import math
from typing import Any

import msgspec

from dashboard import formats
from dashboard.gateway.views import FeatureDrift, Performance, Window

PREDICTION = "(prediction)"
"""Stands among the features for the model's own output."""

HEAT_FLOOR = 0.003  # PSI: below this nothing is worth a colour

Row = dict[str, Any]

_PERFORMANCE = tuple(field for field in Performance.__struct_fields__ if field not in ("labelled", "coverage"))


def window_row(window: Window) -> Row:
    """`x` is the window's middle (UTC, no zone mark: Plotly would drop it), `p` its figures, `e` the estimated
    ones, `q` its quality, `s` its service, `f` its features'."""
    middle = window.start + (window.end - window.start) / 2
    performance = window.performance
    labelled = performance.labelled if performance else 0
    features = [*window.features]
    row: Row = {
        "x": middle.strftime("%Y-%m-%dT%H:%M:%S"),
        "when": formats.period(window.start, window.end) + ("" if window.closed else " · still open"),
        "labelled": labelled,
        "waiting": max(0, window.rows - labelled),
        "coverage": performance.coverage if performance and window.rows else None,
        "p": {name: getattr(performance, name) for name in _PERFORMANCE} if performance else {},
        "e": msgspec.structs.asdict(window.estimated) if window.estimated else {},
        "q": msgspec.structs.asdict(window.quality) if window.quality and window.rows else {},
        "s": msgspec.structs.asdict(window.service) if window.service else {},
        "f": {drift.feature: _drift(drift) for drift in features},
    }
    if window.prediction:
        row["f"][PREDICTION] = _drift(window.prediction)
    return row


def _drift(drift: FeatureDrift) -> Row:
    return {
        "psi": drift.psi,
        "js": drift.js,
        "limit": drift.psi_threshold,
        "heat": None if drift.psi is None else round(math.log10(max(drift.psi, HEAT_FLOOR)), 3),
        "mark": "●" if drift.drifted else "",
        "say": f"{formats.figure(drift.psi, 3)}{' · drifted' if drift.drifted else ''}",
    }


def read(row: Row, path: tuple[str, ...]) -> Any:
    """What stands at `path` in a row; None where there is nothing."""
    value: Any = row
    for part in path:
        value = value.get(part) if isinstance(value, dict) else None
    return value


def live(rows: list[Row], *path: str) -> dict[str, Any]:
    """The data part of a trace that reads `path` from each row and stays live."""
    return {
        "x": [row["x"] for row in rows],
        "y": [read(row, path) for row in rows],
        "customdata": [row["when"] for row in rows],
        "meta": {"y": list(path)},
    }
