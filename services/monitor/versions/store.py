"""Model versions and their references in MongoDB."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pymongo import ASCENDING, IndexModel

from services.monitor.references.rules import decode_reference
from services.monitor.versions.rules import ActiveReference
from services.runtime.store import Store, translated

VERSIONS = "monitored"
REFERENCES = "references"

INDEXES = {
    REFERENCES: [IndexModel([("key", ASCENDING), ("set_at", ASCENDING)])],
    # One version goes by a name; those whose name has gone to another have `gone`, their own key.
    VERSIONS: [
        IndexModel([("model_name", ASCENDING), ("version", ASCENDING), ("gone", ASCENDING)], unique=True),
        IndexModel([("former", ASCENDING), ("version", ASCENDING)], sparse=True),
    ],
}


class MongoVersions:
    """Reads; what is written goes through a `Change`."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def find(self, key: str) -> dict[str, Any] | None:
        with translated():
            row: dict[str, Any] | None = await self._store[VERSIONS].find_one({"_id": key})
        return row

    async def called(self, model_name: str, version: str) -> dict[str, Any] | None:
        """The version that goes by this name, a deleted one too."""
        with translated():
            row: dict[str, Any] | None = await self._store[VERSIONS].find_one(
                {"model_name": model_name, "version": version, "gone": None}
            )
        return row

    async def formerly(self, model_name: str, version: str) -> dict[str, Any] | None:
        """The version that went by this name once, the newest of several."""
        with translated():
            row: dict[str, Any] | None = await self._store[VERSIONS].find_one(
                {"former": model_name, "version": version, "gone": None}, sort=[("_id", -1)]
            )
        return row

    async def list(self, model_name: str | None, version: str | None) -> list[dict[str, Any]]:
        """Versions with a reference, by name and number."""
        wanted: dict[str, Any] = {"reference_id": {"$ne": None}, "gone": None}
        if model_name is not None:
            wanted["model_name"] = model_name
        if version is not None:
            wanted["version"] = version
        with translated():
            rows: list[dict[str, Any]] = await self._store[VERSIONS].find(wanted).sort("_id", 1).to_list(None)
        return rows

    async def reference(self, reference_id: str) -> ActiveReference | None:
        with translated():
            row = await self._store[REFERENCES].find_one({"_id": reference_id})
        return None if row is None else active_reference(row)

    async def named(self, key: str, name: str) -> str | None:
        """Id of the newest reference of this name."""
        with translated():
            row = await self._store[REFERENCES].find_one(
                {"key": key, "name": name}, {"_id": 1}, sort=[("key", -1), ("set_at", -1)]
            )
        return None if row is None else str(row["_id"])

    async def names(self, keys: Sequence[str]) -> Mapping[str, Sequence[str]]:
        """By version, the names of all references it had, the newest first."""
        with translated():
            rows = (
                await self._store[REFERENCES]
                .find({"key": {"$in": list(keys)}}, {"_id": 0, "key": 1, "name": 1})
                .sort([("key", 1), ("set_at", -1)])
                .to_list(None)
            )
        found: dict[str, dict[str, None]] = {}
        for row in rows:
            found.setdefault(row["key"], {})[row["name"]] = None
        return {key: tuple(names) for key, names in found.items()}

    async def content(self, reference_id: str) -> str:
        with translated():
            row = await self._store[REFERENCES].find_one({"_id": reference_id}, {"content": 1})
        return "" if row is None else str(row["content"])


def active_reference(row: dict[str, Any]) -> ActiveReference:
    return ActiveReference(
        id=row["_id"],
        name=row["name"],
        set_at=row["set_at"],
        window_ms=row["window_ms"],
        lateness_ms=row["lateness_ms"],
        task=row["task"],
        positive=row["positive"],
        center=row["center"],
        reference=decode_reference(row["encoded"]),
        performance=row.get("performance"),
        segments=row.get("segments", []),
        sample=row.get("sample"),
        sample_wander=row.get("sample_wander", 0.0),
    )
