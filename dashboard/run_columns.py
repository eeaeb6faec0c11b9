"""Which columns the grid of runs has, and in what order its rows stand: as texts of an address, and what they mean.

A column is an attribute (`status`), a metric (`metrics.roc_auc`), a parameter (`params.max_depth`) or a tag
(`tags.team`). In an address, columns stand with commas between; commas and per cent signs of names are escaped.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any
from urllib.parse import unquote

from dashboard import formats
from dashboard.components.basics import clipped
from dashboard.components.models import chosen_metrics, metric_text
from dashboard.gateway.views import RunSummary
from dashboard.links import Links

MOST_COLUMNS = 40
LONGEST_NAME = 250  # characters of a metric's or parameter's name, as MLflow has them
_MOST_SUGGESTED = 2000
_AUTOMATIC = 2  # metrics, and as many parameters, that are shown when nobody has chosen any

ATTRIBUTES: dict[str, dict[str, Any]] = {
    "status": {"headerName": "Status", "width": 112, "cellRenderer": "RunStatus"},
    "experiment": {"headerName": "Experiment", "width": 150, "sortable": False},
    "user": {"headerName": "User", "width": 96},
    "started": {"headerName": "Started", "width": 136, "cellRenderer": "RunTime"},
    "duration": {"headerName": "Duration", "width": 100, "sortable": False, "type": "rightAligned"},
}
_KINDS = {"metrics": "metric", "params": "parameter", "tags": "tag"}
_ORDER = {
    "name": "attributes.run_name",
    "started": "attributes.start_time",
    "status": "attributes.status",
    "user": "attributes.user_id",
}
_RUN = {
    "field": "name",
    "headerName": "Run",
    "flex": 1,
    "minWidth": 210,
    "cellRenderer": "RunLink",
    "initialPinned": "left",
}


def known(column: str) -> bool:
    """Whether this can be a column at all."""
    kind, dot, name = column.partition(".")
    return column in ATTRIBUTES or (bool(dot and name) and kind in _KINDS and len(name) <= LONGEST_NAME)


def read(text: str) -> list[str]:
    """The columns that an address names, each once; what can't be one is left out."""
    found = dict.fromkeys(unquote(part) for part in text.split(",") if part)
    return [column for column in found if known(column)][:MOST_COLUMNS]


def written(columns: Sequence[str]) -> str:
    return ",".join(_escaped(column) for column in columns)


def _escaped(name: str) -> str:
    return name.replace("%", "%25").replace(",", "%2C")


def automatic(runs: Sequence[RunSummary]) -> list[str]:
    """Without a choice: the metrics that most of these runs have and parameters that differ, among the attributes."""
    metrics = Counter(metric.key for run in runs for metric in chosen_metrics(run.metrics, _AUTOMATIC))
    values: dict[str, set[str]] = {}
    for run in runs:
        for param in run.params:
            values.setdefault(param.key, set()).add(param.value)
    differing = sorted(values, key=lambda key: (len(values[key]) == 1, key))
    found = [f"metrics.{key}" for key, _ in metrics.most_common(_AUTOMATIC)]
    found += [f"params.{key}" for key in differing[:_AUTOMATIC]]
    return ["status", *(column for column in found if known(column)), "user", "started", "duration", "experiment"]


def suggested(runs: Sequence[RunSummary]) -> list[dict[str, Any]]:
    """What can be chosen, as far as these runs know it: the groups of a field with suggestions."""
    metrics = Counter(f"metrics.{metric.key}" for run in runs for metric in run.metrics)
    params = Counter(f"params.{param.key}" for run in runs for param in run.params)
    groups = (("Attributes", list(ATTRIBUTES)), ("Metrics", sorted(metrics)), ("Parameters", sorted(params)))
    return [
        {"group": name, "items": [column for column in columns if known(column)][:_MOST_SUGGESTED]}
        for name, columns in groups
        if columns
    ]


def definitions(columns: Sequence[str], sort: str = "") -> list[dict[str, Any]]:
    """The grid's columns; `sort`, as it stands in an address, is how they are ordered at first."""
    steps = {column: (place, way) for place, (column, way) in enumerate(order(sort))}
    found = []
    for one in [_RUN, *(_definition(column) for column in columns)]:
        place, way = steps.get(str(one["field"]), (None, None))
        found.append({**one, "colId": one["field"], "initialSort": way, "initialSortIndex": place})
    return found


def _definition(column: str) -> dict[str, Any]:
    if column in ATTRIBUTES:
        return {"field": column, **ATTRIBUTES[column]}
    kind, _, name = column.partition(".")
    shown = {
        "field": column,
        "headerName": clipped(name, 60),
        "headerTooltip": f"{_KINDS[kind]} {clipped(name)}",
        "width": min(240, max(104, 44 + 8 * len(name))),
        "sortable": bool(clause(column)),
        "tooltipField": column,
    }
    return {**shown, "type": "rightAligned"} if kind == "metrics" else shown


def order(sort: str) -> list[tuple[str, str]]:
    """`-metrics.auc,started` as columns with `asc` or `desc`."""
    steps = []
    for part in sort.split(",") if sort else ():
        column = unquote(part.removeprefix("-"))
        if column in _ORDER or known(column):
            steps.append((column, "desc" if part.startswith("-") else "asc"))
    return steps


def clauses(sorting: Sequence[dict[str, str]]) -> list[str]:
    """The grid's sorting as MLflow order clauses."""
    found = ((clause(one["colId"]), one["sort"].upper()) for one in sorting)
    return [f"{clause} {way}" for clause, way in found if clause]


def clause(column: str) -> str:
    """Empty for what MLflow can't order by."""
    if column in ATTRIBUTES or column == "name":
        return _ORDER.get(column, "")
    kind, _, name = column.partition(".")
    quote = next((mark for mark in '`"' if mark not in name), "")
    return f"{kind}.{quote}{name}{quote}" if quote and kind in _KINDS else ""


def row(run: RunSummary, columns: Sequence[str], links: Links) -> dict[str, Any]:
    """One line of the grid; texts only."""
    found = {
        "id": run.run_id,
        "name": clipped(run.name or run.run_id, 120),
        "href": links.run(run.run_id),
        "status": run.status,
        "experiment": clipped(run.experiment_name, 120),
        "user": clipped(run.user, 60),
        "started": run.start_time.isoformat(),
        "startedSaid": formats.absolute(run.start_time),
        "duration": formats.duration(run.duration_seconds),
    }
    values = {f"metrics.{metric.key}": metric_text(metric) for metric in run.metrics}
    values |= {f"params.{param.key}": clipped(param.value, 120) for param in run.params}
    values |= {f"tags.{tag.key}": clipped(tag.value, 120) for tag in run.tags}
    return {**found, **{column: values.get(column, "") for column in columns if column not in ATTRIBUTES}}
