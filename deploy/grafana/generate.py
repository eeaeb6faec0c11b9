"""Writes dashboards/live.json from live.py: `python -m deploy.grafana.generate`."""

from __future__ import annotations

import json
from pathlib import Path

from deploy.grafana.live import ROWS
from deploy.grafana.panels import DATASOURCE, Json, panels_json

FILE = Path(__file__).parent / "dashboards" / "live.json"
SCHEMA_VERSION = 41
"""Of Grafana 12; later ones bring it to their own when they read it."""


def dashboard() -> Json:
    """The dashboard as Grafana imports it. The data source is a variable, so that it fits any Grafana."""
    return {
        "uid": "lifecycle-live",
        "title": "ML Lifecycle — live",
        "description": "Models under watch, the way of a batch from ingest to live figures, and the machinery below.",
        "tags": ["ml-lifecycle"],
        "schemaVersion": SCHEMA_VERSION,
        "version": 1,
        "editable": False,
        "graphTooltip": 1,  # one crosshair over all panels
        "refresh": "5s",
        "time": {"from": "now-15m", "to": "now"},
        "timepicker": {"refresh_intervals": ["5s", "15s", "1m", "5m"]},
        "timezone": "browser",
        "links": [],
        "annotations": {"list": []},
        "templating": {"list": [_datasource(), _labels("model", "model"), _labels("version", "version", "model")]},
        "panels": panels_json(ROWS),
    }


def text() -> str:
    """The file's content."""
    return json.dumps(dashboard(), indent=2, ensure_ascii=False) + "\n"


def _datasource() -> Json:
    return {"type": "datasource", "name": "datasource", "label": "Prometheus", "query": "prometheus", "refresh": 1}


def _labels(name: str, label: str, within: str = "") -> Json:
    """A variable with a label's values; `within` narrows it by another variable of that name."""
    selector = f'{{{within}=~"${within}"}}' if within else ""
    query = f"label_values(lifecycle_monitor_window_rows{selector}, {label})"
    return {
        "type": "query",
        "name": name,
        "label": name.capitalize(),
        "datasource": DATASOURCE,
        "query": {"query": query, "refId": "StandardVariableQuery"},
        "refresh": 2,  # when the time range changes
        "sort": 3,  # by number
        "multi": True,
        "includeAll": True,
        "allValue": ".*",
        "current": {"text": "All", "value": "$__all"},
    }


if __name__ == "__main__":
    FILE.write_text(text())
