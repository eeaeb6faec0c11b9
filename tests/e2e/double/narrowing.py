"""How the double narrows and orders what it knows, and what it says where it can't or won't."""

from __future__ import annotations

import statistics
from datetime import datetime
from typing import Any

from tests.e2e.double.recorded import Record


def value(run: Record, column: str) -> Any:
    """What a run is ordered by."""
    kind, _, name = column.partition(".")
    name = name.strip('`"')
    if kind == "attributes":
        return run[{"run_name": "name", "start_time": "startTime", "user_id": "user"}.get(name, name)]
    value = next((one["value"] for one in run[kind] if one["key"] == name), None)
    return (value is None, value if isinstance(value, float) else str(value))


def grouped(runs: list[Record], by: list[Record], metrics: list[str]) -> list[Record]:
    """Groups of runs as pages show them, the largest first."""

    def common(run: Record, one: Record) -> Any:
        if one["by"] in ("PARAM", "TAG"):
            pairs = run["params" if one["by"] == "PARAM" else "tags"]
            return next((pair["value"] for pair in pairs if pair["key"] == one["key"]), None)
        return run[one["by"].lower()]

    found: dict[tuple[Any, ...], list[Record]] = {}
    for run in runs:
        found.setdefault(tuple(common(run, one) for one in by), []).append(run)
    largest = sorted(found.items(), key=lambda item: -len(item[1]))
    return [
        {
            "values": list(values),
            "runs": len(members),
            "newest": max(run["startTime"] for run in members),
            "metrics": [_figures(metric, members) for metric in metrics],
        }
        for values, members in largest
    ]


def groups_of(runs: list[Record], connection: Any) -> Any:
    """Answers the question for groups of them."""

    def groups(
        _: Any, by: list[Record], first: int, metrics: list[str] | None = None, after: str | None = None, **__: Any
    ) -> Record:
        found: Record = connection(grouped(runs, by, metrics or []), first, after)
        return found

    return groups


def _figures(metric: str, runs: list[Record]) -> Record:
    values = [
        one["value"] for run in runs for one in run["metrics"] if one["key"] == metric and one["value"] is not None
    ]
    mean, several = statistics.fmean(values) if values else None, len(values) > 1
    found: Record = {"key": metric, "runs": len(values), "mean": mean, "least": min(values, default=None)}
    return {**found, "greatest": max(values, default=None), "deviation": statistics.stdev(values) if several else None}


def holds(event: Record, where: Record) -> bool:
    """Of the filter's conditions those that pages ask for."""
    words, conditions = str({**event, "time": ""}).lower(), where.get("and") or []
    if any(one.get("time") and event["time"] >= text(one["time"]["before"]) for one in conditions):
        return False
    return all(one["or"][0]["type"]["ilike"].strip("%").lower() in words for one in conditions if one.get("or"))


class Away(Exception):
    extensions = {"code": "UNAVAILABLE", "kind": "unavailable", "reason": "UNAVAILABLE", "field": None, "fix": None}


def resting(*_: Any, **__: Any) -> None:
    raise Away("the service is resting")


class Refused(Exception):
    extensions = {"code": "BAD_USER_INPUT", "kind": "invalid", "reason": "INVALID", "field": "filter", "fix": None}


def text(moment: Any) -> str:
    return moment.isoformat() if isinstance(moment, datetime) else str(moment).replace("Z", "+00:00")
