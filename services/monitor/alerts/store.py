"""Alerts, what rules remember between windows, and the rules themselves, in MongoDB."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from pymongo import ASCENDING, DESCENDING, IndexModel

from services.contracts.alerts import AlertView, ListAlerts
from services.contracts.paging import Page
from services.monitor.alerts import rules
from services.monitor.alerts.rule_sets import RuleSet
from services.monitor.alerts.rules import Alert
from services.monitor.alerts.watching import Watch
from services.runtime import conditions
from services.runtime.conditions import Field
from services.runtime.documents import from_document
from services.runtime.paging import page_of
from services.runtime.store import Store, translated

ALERTS = "alerts"
WATCHES = "alert_watches"
RULE_SETS = "alert_rules"

INDEXES: Mapping[str, list[IndexModel]] = {
    ALERTS: [
        IndexModel([("model_name", ASCENDING), ("version", ASCENDING), ("_id", DESCENDING)]),
        IndexModel([("state", ASCENDING), ("_id", DESCENDING)]),
    ],
}


class Memory(msgspec.Struct, frozen=True, kw_only=True):
    """`baseline`: packed counts of the first labelled windows, where reference `baseline_of` has no labels; complete
    once `baseline_windows` were enough."""

    watches: dict[str, Watch] = {}
    baseline: bytes | None = None
    baseline_of: str = ""
    baseline_windows: int = 0


FIELDS: Mapping[str, Field] = {
    "model": Field("model_name"),
    "version": Field("version"),
    "rule": Field("rule"),
    "metric": Field("metric"),
    "title": Field("title"),
    "severity": Field("severity"),
    "state": Field("state"),
    "acknowledged_by": Field("acknowledged_by", orders=False),
    "opened_at": Field("opened_ms", "milliseconds"),
    "first_window": Field("first_ms", "milliseconds"),
    "last_window": Field("last_ms", "milliseconds"),
}
"""What lists can be asked for."""


class Watches(msgspec.Struct, frozen=True, kw_only=True):
    """One document a version. `memory`: encoded, because features are its keys."""

    id: str = msgspec.field(name="_id")
    r: int = 1
    memory: bytes = msgspec.msgpack.encode(Memory())

    def read(self) -> Memory:
        return msgspec.msgpack.decode(self.memory, type=Memory)


class MongoAlerts:
    """Reads; what is written goes through a `Change`."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def get(self, alert_id: str) -> Alert | None:
        with translated():
            row = await self._store[ALERTS].find_one({"_id": alert_id})
        return None if row is None else from_document(row, Alert)

    async def page(self, question: ListAlerts) -> Page[AlertView]:
        """Newest first: ids sort by time."""
        return await page_of(
            self._store[ALERTS],
            {"$and": [_matching(question), conditions.query(question.where, FIELDS)]},
            conditions.keys(question.order, FIELDS, [("_id", -1)]),
            question.paging,
            lambda row: rules.view(from_document(row, Alert)),
        )

    async def unresolved(self, key: Sequence[str]) -> list[Alert]:
        """Of one version: (model, version)."""
        model_name, version = key
        wanted = {"model_name": model_name, "version": version, "state": {"$ne": "resolved"}}
        with translated():
            rows = await self._store[ALERTS].find(wanted).sort("_id", 1).to_list(None)
        return [from_document(row, Alert) for row in rows]

    async def of_version(self, model_name: str, version: str) -> list[tuple[str, int]]:
        """Ids and revisions of all its alerts."""
        with translated():
            rows = (
                await self._store[ALERTS]
                .find({"model_name": model_name, "version": version}, {"r": 1})
                .sort("_id", 1)
                .to_list(None)
            )
        return [(str(row["_id"]), int(row["r"])) for row in rows]

    async def open_counts(self) -> dict[tuple[str, str, str, str], int]:
        """Unresolved alerts by model, version, severity and state."""
        fields = ("model_name", "version", "severity", "state")
        stages: list[dict[str, Any]] = [
            {"$match": {"state": {"$in": ["open", "acknowledged"]}}},
            {"$group": {"_id": {name: f"${name}" for name in fields}, "n": {"$sum": 1}}},
        ]
        with translated():
            rows = await self._store[ALERTS].aggregate(stages).to_list(None)
        counts: dict[tuple[str, str, str, str], int] = {}
        for row in rows:
            model_name, version, severity, state = (str(row["_id"][name]) for name in fields)
            counts[model_name, version, severity, state] = int(row["n"])
        return counts

    async def watches(self, key: str) -> Watches | None:
        with translated():
            row = await self._store[WATCHES].find_one({"_id": key})
        return None if row is None else from_document(row, Watches)

    async def rule_set(self, key: str) -> RuleSet | None:
        with translated():
            row = await self._store[RULE_SETS].find_one({"_id": key})
        return None if row is None else from_document(row, RuleSet)


def _matching(question: ListAlerts) -> dict[str, Any]:
    wanted: dict[str, Any] = {
        name: value
        for name, value in (
            ("model_name", question.model_name),
            ("version", question.version),
            ("rule", question.rule),
        )
        if value is not None
    }
    if question.states:
        wanted["state"] = {"$in": list(question.states)}
    if question.severities:
        wanted["severity"] = {"$in": list(question.severities)}
    bounds: dict[str, int] = {}
    if question.start is not None:
        bounds["$gte"] = int(question.start.timestamp() * 1000)
    if question.end is not None:
        bounds["$lt"] = int(question.end.timestamp() * 1000)
    if bounds:
        wanted["opened_ms"] = bounds
    return wanted
