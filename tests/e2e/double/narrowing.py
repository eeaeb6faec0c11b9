"""How the double narrows and orders what it knows, and what it says where it can't or won't."""

from __future__ import annotations

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
