"""Window counts in MongoDB: a document for each window, writer and reference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from pymongo import ASCENDING, DESCENDING, IndexModel

from services.monitor.counts.counting import BatchCounts
from services.monitor.counts.packing import pack, unpack
from services.monitor.partitions import Marked, Partitions
from services.monitor.performance.rules import PerformanceCounts, pack_performance, unpack_performance
from services.monitor.rollups.rules import Kind
from services.monitor.windows.rules import merge
from services.runtime.store import Store, translated

WINDOWS = "windows"
PERFORMANCES = "performances"
CLOSINGS = "closings"

ROWS: Mapping[Kind, tuple[str, str]] = {"rows": (WINDOWS, "rows"), "labels": (PERFORMANCES, "labelled")}
"""By kind the collection, and the field that says how many rows a document has."""

BEFORE = 56
"""Documents before a window that are looked at for what is usual: 28 windows of two writers."""

READ = 1000
"""Starts that are read together from the end of the index."""
NEWEST = 8
"""Documents of the newest windows among which the newest write is looked for (rows come late, clocks go wrong)."""

INDEXES = {
    # The first covers totals and listings without reading the counts.
    WINDOWS: [
        IndexModel([("k", ASCENDING), ("w", ASCENDING), ("rows", ASCENDING), ("last_at", ASCENDING)]),
        IndexModel([("open", ASCENDING), ("k", ASCENDING), ("w", ASCENDING)], sparse=True),
    ],
    PERFORMANCES: [
        IndexModel([("k", ASCENDING), ("w", ASCENDING), ("labelled", ASCENDING)]),
        IndexModel([("unjudged", ASCENDING), ("k", ASCENDING), ("w", ASCENDING)], sparse=True),
    ],
    CLOSINGS: [IndexModel([("k", ASCENDING), ("w", ASCENDING)])],
}


def window_partitions(store: Store, marked: Marked) -> Partitions[BatchCounts]:
    """Feature and output counts."""
    return Partitions(
        store,
        WINDOWS,
        pack=pack,
        unpack=unpack,
        merge=lambda old, new: merge([old, new]),
        fields=lambda counts: {"rows": counts.rows},
        first={"open": True},
        marked=lambda change, slot, parts: marked(change, slot, [(part, part.counts.rows) for part in parts]),
    )


def performance_partitions(store: Store, marked: Marked) -> Partitions[PerformanceCounts]:
    """Counts of predictions joined with labels."""
    return Partitions(
        store,
        PERFORMANCES,
        pack=pack_performance,
        unpack=unpack_performance,
        merge=lambda old, new: old + new,
        fields=lambda counts: {"labelled": counts.labelled},
        first={"unjudged": True},
        marked=lambda change, slot, parts: marked(change, slot, [(part, part.counts.labelled) for part in parts]),
    )


class MongoWindows:
    """Reads; what is written goes through a `Change`."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def newest(
        self, key: str, start_ms: int | None, end_ms: int | None, last: int, width_ms: int = 1
    ) -> list[int]:
        """Starts of the newest windows within [start, end), ascending: of the `last` newest spans of `width_ms`.

        Reads the index from its end, and no further than that.
        """
        found: list[int] = []
        spans = 0
        with translated():
            wanted = {"k": key, **_within(start_ms, end_ms)}
            places = [("k", DESCENDING), ("w", DESCENDING)]
            cursor = self._store[WINDOWS].find(wanted, {"_id": 0, "w": 1}, sort=places, batch_size=READ)
            try:
                while rows := await cursor.to_list(READ):
                    for row in rows:
                        start = int(row["w"])
                        if found and start == found[-1]:
                            continue
                        spans += not found or start // width_ms != found[-1] // width_ms
                        if spans > last:
                            return found[::-1]
                        found.append(start)
            finally:
                await cursor.close()
        return found[::-1]

    async def heads(self, key: str, start_ms: int, end_ms: int) -> list[dict[str, Any]]:
        """All writers' documents of the windows that start within [start, end), without their counts."""
        return await self._heads(WINDOWS, key, start_ms, end_ms)

    async def performance_heads(self, key: str, start_ms: int, end_ms: int) -> list[dict[str, Any]]:
        return await self._heads(PERFORMANCES, key, start_ms, end_ms)

    async def both_heads(
        self, key: str, start_ms: int, end_ms: int
    ) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """As `heads` and `performance_heads`, in one question: live figures ask it with every group of batches."""
        heads: list[dict[str, Any]] = [
            {"$match": {"k": key, **_within(start_ms, end_ms)}},
            {"$sort": {"k": ASCENDING, "w": ASCENDING}},
            {"$project": {"counts": 0}},
        ]
        joined = {"coll": PERFORMANCES, "pipeline": [*heads, {"$set": {"joined": True}}]}
        with translated():
            rows = await self._store[WINDOWS].aggregate([*heads, {"$unionWith": joined}]).to_list(None)
        return [row for row in rows if "joined" not in row], [row for row in rows if "joined" in row]

    async def load(self, ids: Sequence[str]) -> dict[str, bytes]:
        """Packed counts by document id."""
        return await self._load(WINDOWS, ids)

    async def load_performances(self, ids: Sequence[str]) -> dict[str, bytes]:
        return await self._load(PERFORMANCES, ids)

    async def closed(self, key: str, start_ms: int, end_ms: int) -> set[int]:
        """Starts of the windows within [start, end) that have been closed."""
        with translated():
            rows = (
                await self._store[CLOSINGS]
                .find({"k": key, **_within(start_ms, end_ms)}, {"w": 1, "_id": 0})
                .to_list(None)
            )
        return {int(row["w"]) for row in rows}

    async def open_within(self, key: str, start_ms: int, end_ms: int) -> set[int]:
        """Starts of the windows within [start, end) that have a document which nobody has closed."""
        with translated():
            rows = (
                await self._store[WINDOWS]
                .find({"open": True, "k": key, **_within(start_ms, end_ms)}, {"w": 1, "_id": 0})
                .to_list(None)
            )
        return {int(row["w"]) for row in rows}

    async def open(self) -> list[dict[str, Any]]:
        """Documents of windows that nobody has closed: key, start, event time reached, reference, last write."""
        with translated():
            rows: list[dict[str, Any]] = (
                await self._store[WINDOWS]
                .find({"open": True}, {"k": 1, "w": 1, "r": 1, "rows": 1, "last_at": 1, "updated_at": 1})
                .sort([("k", 1), ("w", 1)])
                .to_list(None)
            )
        return rows

    async def row_totals(self, key: str, last_ms: int, first_ms: int) -> dict[int, int]:
        """Rows by window start: of the windows from `first_ms` on up to `last_ms`, and the 28 before them."""
        stages: list[dict[str, Any]] = [
            {"$match": {"k": key, "w": {"$lte": last_ms}}},
            {"$project": {"_id": 0, "k": 1, "w": 1, "rows": 1}},
            {"$sort": {"k": DESCENDING, "w": DESCENDING}},
        ]
        before = await self._before(key, first_ms)
        if before is not None:
            stages[0]["$match"]["w"]["$gte"] = before
        stages.append({"$group": {"_id": "$w", "rows": {"$sum": "$rows"}}})
        with translated():
            rows = await self._store[WINDOWS].aggregate(stages).to_list(None)
        return {int(row["_id"]): int(row["rows"]) for row in rows}

    async def _before(self, key: str, first_ms: int) -> int | None:
        """Start of the window that lies so many documents before `first_ms`; None if there are fewer."""
        with translated():
            rows = (
                await self._store[WINDOWS]
                .find({"k": key, "w": {"$lt": first_ms}}, {"_id": 0, "w": 1})
                .sort([("k", DESCENDING), ("w", DESCENDING)])
                .skip(BEFORE - 1)
                .limit(1)
                .to_list(1)
            )
        return int(rows[0]["w"]) if rows else None

    async def unjudged_versions(self) -> list[str]:
        """Versions with labelled windows that no rule has looked at."""
        with translated():
            keys: list[str] = await self._store[PERFORMANCES].distinct("k", {"unjudged": True})
        return sorted(keys)

    async def unjudged(self, key: str) -> list[dict[str, Any]]:
        """Documents of labelled windows that no rule has looked at, in order of time, without their counts."""
        with translated():
            rows: list[dict[str, Any]] = (
                await self._store[PERFORMANCES]
                .find({"unjudged": True, "k": key}, {"counts": 0})
                .sort([("k", ASCENDING), ("w", ASCENDING)])
                .to_list(None)
            )
        return rows

    async def newest_labelled(self, key: str, least: int) -> int | None:
        """Start of the newest window with at least `least` labels in one document."""
        with translated():
            row = await self._store[PERFORMANCES].find_one(
                {"k": key, "labelled": {"$gte": least}}, {"w": 1}, sort=[("k", DESCENDING), ("w", DESCENDING)]
            )
        return None if row is None else int(row["w"])

    async def last_arrival(self, key: str) -> datetime | None:
        """When a row came last, by the clock: the newest write of the newest few windows."""
        with translated():
            rows = (
                await self._store[WINDOWS]
                .find({"k": key}, {"updated_at": 1})
                .sort([("k", DESCENDING), ("w", DESCENDING)])
                .limit(NEWEST)
                .to_list(NEWEST)
            )
        return max((row["updated_at"] for row in rows), default=None)

    async def beyond(self, key: str, time_ms: int, width_ms: int) -> int:
        """Rows in windows that hold a time of at least `time_ms` (of the newest, at least one)."""
        with translated():
            rows = (
                await self._store[WINDOWS]
                .aggregate(
                    [
                        {"$match": {"k": key, "w": {"$gt": time_ms - width_ms}, "last_at": {"$gte": time_ms}}},
                        {"$group": {"_id": None, "rows": {"$sum": "$rows"}}},
                    ]
                )
                .to_list(1)
            )
        return int(rows[0]["rows"]) if rows else 0

    async def _heads(self, collection: str, key: str, start_ms: int, end_ms: int) -> list[dict[str, Any]]:
        with translated():
            rows: list[dict[str, Any]] = (
                await self._store[collection]
                .find({"k": key, **_within(start_ms, end_ms)}, {"counts": 0})
                .sort("w", 1)
                .to_list(None)
            )
        return rows

    async def _load(self, collection: str, ids: Sequence[str]) -> dict[str, bytes]:
        if not ids:
            return {}
        with translated():
            rows = await self._store[collection].find({"_id": {"$in": list(ids)}}, {"counts": 1}).to_list(len(ids))
        return {row["_id"]: bytes(row["counts"]) for row in rows}


def _within(start_ms: int | None, end_ms: int | None) -> dict[str, Any]:
    bounds: dict[str, int] = {}
    if start_ms is not None:
        bounds["$gte"] = start_ms
    if end_ms is not None:
        bounds["$lt"] = end_ms
    return {"w": bounds} if bounds else {}
