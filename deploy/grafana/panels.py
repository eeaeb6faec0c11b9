"""Panels of a Grafana dashboard as data, and the JSON they become.

Plain data instead of grafana-foundation-sdk: a dozen fields of five panel types are used, its plain install gives
the models of Grafana 10.1, and JSON of schema version 41 is what every Grafana since 12 takes as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

Json = dict[str, Any]
Kind = Literal["timeseries", "stat", "heatmap", "status-history", "table"]
DATASOURCE: Json = {"type": "prometheus", "uid": "${datasource}"}
COLUMNS = 24
"""Grafana's grid: every dashboard is this many columns wide."""


@dataclass(frozen=True)
class Query:
    """PromQL and how its series are called. `form`: heatmap for buckets, table for the newest values only."""

    expr: str
    legend: str = ""
    form: Literal["time_series", "heatmap", "table"] = "time_series"


@dataclass(frozen=True)
class Panel:
    """One panel.

    unit: Grafana's name of the unit. size: columns and rows of the grid.
    steps: colour from a value on, the first from the start (None).
    may_be_empty: also a busy and healthy system has no data here, because what it shows has not happened.
    """

    kind: Kind
    title: str
    description: str
    queries: Sequence[Query]
    unit: str = "short"
    size: tuple[int, int] = (8, 8)
    decimals: int | None = None
    least: float | None = None
    most: float | None = None
    steps: Sequence[tuple[float | None, str]] = ()
    stacked: bool = False
    may_be_empty: bool = False


@dataclass(frozen=True)
class Row:
    """A titled group of panels, laid out from left to right."""

    title: str
    panels: Sequence[Panel]


def panels_json(rows: Sequence[Row]) -> list[Json]:
    """Rows and panels with their places; ids count up from 1 in order of appearance."""
    laid: list[Json] = []
    y = 0
    for row in rows:
        laid.append(_row_json(row.title, y))
        y += 1
        x = height = 0
        for panel in row.panels:
            columns, lines = panel.size
            if x + columns > COLUMNS:
                y, x, height = y + height, 0, 0
            laid.append(_panel_json(panel, {"h": lines, "w": columns, "x": x, "y": y}))
            x, height = x + columns, max(height, lines)
        y += height
    return [{"id": number, **panel} for number, panel in enumerate(laid, start=1)]


def _row_json(title: str, y: int) -> Json:
    place = {"h": 1, "w": COLUMNS, "x": 0, "y": y}
    return {"type": "row", "title": title, "collapsed": False, "gridPos": place, "panels": []}


def _panel_json(panel: Panel, place: Json) -> Json:
    return {
        "type": panel.kind,
        "title": panel.title,
        "description": panel.description,
        "gridPos": place,
        "datasource": DATASOURCE,
        "targets": [_query_json(query, chr(ord("A") + i)) for i, query in enumerate(panel.queries)],
        "fieldConfig": {"defaults": _field_json(panel), "overrides": []},
        "options": _OPTIONS[panel.kind],
    }


def _query_json(query: Query, letter: str) -> Json:
    instant = query.form == "table"
    return {
        "refId": letter,
        "datasource": DATASOURCE,
        "expr": query.expr,
        "legendFormat": query.legend or "__auto",
        "format": query.form,
        "range": not instant,
        "instant": instant,
    }


def _field_json(panel: Panel) -> Json:
    field: Json = {"unit": panel.unit, "custom": _custom_json(panel)}
    limits = {"decimals": panel.decimals, "min": panel.least, "max": panel.most}
    field |= {name: value for name, value in limits.items() if value is not None}
    steps = panel.steps or [(None, "green" if panel.kind == "stat" else "text")]
    field["thresholds"] = {"mode": "absolute", "steps": [{"value": value, "color": color} for value, color in steps]}
    field["color"] = {"mode": "palette-classic" if panel.kind == "timeseries" else "thresholds"}
    return field


def _custom_json(panel: Panel) -> Json:
    if panel.kind == "timeseries":
        return {
            "drawStyle": "line",
            "lineWidth": 1,
            "fillOpacity": 20 if panel.stacked else 8,
            "showPoints": "never",
            "spanNulls": 60_000,  # milliseconds; longer gaps stay gaps
            "stacking": {"mode": "normal" if panel.stacked else "none", "group": "A"},
            "thresholdsStyle": {"mode": "dashed" if panel.steps else "off"},
        }
    if panel.kind == "status-history":
        return {"fillOpacity": 80, "lineWidth": 0}
    return {}


_LEGEND: Json = {"displayMode": "list", "placement": "bottom", "showLegend": True, "calcs": []}
_OPTIONS: dict[Kind, Json] = {
    "timeseries": {"legend": _LEGEND, "tooltip": {"mode": "multi", "sort": "desc"}},
    "stat": {
        "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
        "colorMode": "value",
        "graphMode": "area",
        "textMode": "auto",
        "justifyMode": "auto",
        "orientation": "auto",
    },
    "heatmap": {
        "calculate": False,
        "color": {
            "mode": "scheme",
            "scheme": "Oranges",
            "steps": 64,
            "reverse": False,
            "fill": "dark-orange",
            "scale": "exponential",
            "exponent": 0.5,
        },
        "yAxis": {"unit": "s", "axisPlacement": "left"},
        "cellGap": 1,
        "legend": {"show": True},
        "tooltip": {"mode": "single", "yHistogram": False},
    },
    "status-history": {
        "showValue": "never",
        "rowHeight": 0.9,
        "colWidth": 1,
        "legend": _LEGEND,
        "tooltip": {"mode": "single", "sort": "none"},
    },
    "table": {"showHeader": True, "cellHeight": "sm"},
}
