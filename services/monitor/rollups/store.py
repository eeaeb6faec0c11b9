"""Marks of days and stored roll-ups in MongoDB."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import structlog
from pymongo import ASCENDING, IndexModel, InsertOne, ReplaceOne

from services.monitor.partitions import Part
from services.monitor.rollups.rules import DAY, HOUR, Kind, Mark, sealed_together
from services.runtime.change import Change
from services.runtime.ids import new_id
from services.runtime.store import Refused, Step, Store, translated

log = structlog.get_logger()

MARKS: Final = "window_days"
ROLLUPS: Final = "window_rollups"
ADOPTED: Final = "adopted"
DUPLICATE_KEY: Final = 11000

INDEXES = {
    # The first covers totals.
    MARKS: [
        IndexModel([("k", ASCENDING), ("of", ASCENDING), ("d", ASCENDING), ("n", ASCENDING), ("last_at", ASCENDING)]),
        IndexModel([("due", ASCENDING), ("d", ASCENDING)], sparse=True),
    ],
    ROLLUPS: [IndexModel([("k", ASCENDING), ("of", ASCENDING), ("l", ASCENDING), ("w", ASCENDING)])],
}


class MongoMarks:
    """A document for each version, kind, day and writer: how many rows, up to when, and a seal for each hour."""

    def __init__(self, store: Store, kind: Kind) -> None:
        self._store = store
        self.kind = kind

    def touch(self, change: Change, slot: int, parts: Sequence[tuple[Part[Any], int]]) -> None:
        """Adds the writes that mark the days to which `parts` (each with its rows) are added."""
        days: dict[tuple[str, int], list[tuple[Part[Any], int]]] = {}
        for part, rows in parts:
            days.setdefault((part.key, part.start_ms // DAY * DAY), []).append((part, rows))
        now = datetime.now(UTC)
        for (key, day), some in days.items():
            seal = new_id()
            hours = {f"hours.{(part.start_ms - day) // HOUR}": seal for part, _ in some}
            last_at = max((part.largest["last_at"] for part, _ in some if "last_at" in part.largest), default=None)
            change.upsert(
                MARKS,
                {"_id": f"{self.kind}|{key}|{day}|{slot}"},
                {
                    "$setOnInsert": {"k": key, "of": self.kind, "d": day, "s": slot},
                    "$set": {"seal": seal, "at": now, "due": True, **hours},
                    "$inc": {"n": sum(rows for _, rows in some)},
                    **({} if last_at is None else {"$max": {"last_at": last_at}}),
                },
            )

    async def between(self, key: str, start_ms: int | None, end_ms: int | None) -> list[Mark]:
        """Of the days that overlap [start, end), in order of time."""
        within: dict[str, int] = {}
        if start_ms is not None:
            within["$gte"] = start_ms // DAY * DAY
        if end_ms is not None:
            within["$lt"] = end_ms
        wanted = {"k": key, "of": self.kind, "d": within} if within else {"k": key, "of": self.kind}
        with translated():
            rows = (
                await self._store[MARKS]
                .find(wanted, {"_id": 0, "d": 1, "s": 1, "seal": 1, "hours": 1})
                .sort([("k", ASCENDING), ("of", ASCENDING), ("d", ASCENDING)])
                .to_list(None)
            )
        days: dict[int, list[dict[str, Any]]] = {}
        for row in rows:
            days.setdefault(int(row["d"]), []).append(row)
        return [
            sealed_together([_mark(row) for row in sorted(some, key=lambda row: int(row["s"]))])
            for some in days.values()
        ]

    async def due(self, most: int) -> list[dict[str, Any]]:
        """Days written to since all their roll-ups were made, the oldest first: version, day, seal, last write."""
        with translated():
            rows: list[dict[str, Any]] = (
                await self._store[MARKS]
                .find({"due": True, "of": self.kind}, {"k": 1, "d": 1, "seal": 1, "at": 1})
                .sort([("due", ASCENDING), ("d", ASCENDING)])
                .limit(most)
                .to_list(most)
            )
        return rows

    async def again(self) -> None:
        """Puts all days on the list."""
        with translated():
            await self._store[MARKS].update_many({"of": self.kind}, {"$set": {"due": True}})

    async def done(self, row: Mapping[str, Any]) -> None:
        """Takes a day off the list, unless it was written to since `due` read it."""
        with translated():
            await self._store[MARKS].update_one({"_id": row["_id"], "seal": row["seal"]}, {"$unset": {"due": ""}})

    async def totals(self, keys: Sequence[str]) -> dict[str, tuple[int, int | None]]:
        """Per version: how many rows, and the newest event time among them in milliseconds."""
        stages: list[dict[str, Any]] = [
            {"$match": {"k": {"$in": list(keys)}, "of": self.kind}},
            {"$project": {"_id": 0, "k": 1, "of": 1, "d": 1, "n": 1, "last_at": 1}},
            {"$group": {"_id": "$k", "n": {"$sum": "$n"}, "last_at": {"$max": "$last_at"}}},
        ]
        with translated():
            rows = await self._store[MARKS].aggregate(stages).to_list(None)
        return {row["_id"]: (int(row["n"]), row["last_at"]) for row in rows}


class MongoRollups:
    """A document for each version, kind, level, start and reference; `seal` tells from what it was made.

    Of how many documents a span consists stands in each of them (`parts`), so that a half-written one isn't taken.
    """

    def __init__(self, store: Store, kind: Kind) -> None:
        self._store = store
        self.kind = kind

    async def heads(self, key: str, level: int, start_ms: int, end_ms: int) -> dict[int, list[dict[str, Any]]]:
        """Whole roll-ups of one level by their start within [start, end), without their counts."""
        with translated():
            rows = (
                await self._store[ROLLUPS]
                .find({"k": key, "of": self.kind, "l": level, "w": {"$gte": start_ms, "$lt": end_ms}}, {"counts": 0})
                .to_list(None)
            )
        found: dict[int, list[dict[str, Any]]] = {}
        for row in rows:
            found.setdefault(int(row["w"]), []).append(row)
        return {
            start: some
            for start, some in found.items()
            if len({row["seal"] for row in some}) == 1 and all(row["parts"] == len(some) for row in some)
        }

    async def load(self, ids: Sequence[str]) -> dict[str, bytes]:
        """Packed counts by document id."""
        if not ids:
            return {}
        with translated():
            rows = await self._store[ROLLUPS].find({"_id": {"$in": list(ids)}}, {"counts": 1}).to_list(len(ids))
        return {row["_id"]: bytes(row["counts"]) for row in rows}

    async def put(self, key: str, level: int, start_ms: int, seal: str, parts: Mapping[str, dict[str, Any]]) -> None:
        """`parts`: by reference id, what a window's document would hold."""
        writes = []
        for reference_id, values in parts.items():
            document_id = f"{self.kind}|{key}|{level}|{start_ms}|{reference_id}"
            where = {"k": key, "of": self.kind, "l": level, "w": start_ms, "r": reference_id}
            told = {"seal": seal, "token": seal, "parts": len(parts)}
            writes.append(ReplaceOne({"_id": document_id}, {**where, **told, **values}, upsert=True))
        if writes:
            with translated():
                await self._store[ROLLUPS].bulk_write(writes, ordered=False)


async def adopt(store: Store, collections: Mapping[Kind, tuple[str, str]]) -> None:
    """Marks the days of windows that were counted before days were marked; once, and before anything else is counted.

    `collections`: by kind the collection of windows, and the field that holds their rows.
    """
    with translated():
        if await store[MARKS].find_one({"_id": ADOPTED}) is not None:
            return
        documents: list[dict[str, Any]] = [{"_id": ADOPTED, "at": datetime.now(UTC)}]
        for kind, (collection, rows) in collections.items():
            stages: list[dict[str, Any]] = [
                {"$project": {"_id": 0, "k": 1, "w": 1, "s": 1, "last_at": 1, "n": f"${rows}"}},
                {
                    "$group": {
                        "_id": {"k": "$k", "s": "$s", "h": {"$floor": {"$divide": ["$w", HOUR]}}},
                        "n": {"$sum": "$n"},
                        "last_at": {"$max": "$last_at"},
                    }
                },
            ]
            hours = await store[collection].aggregate(stages, allowDiskUse=True).to_list(None)
            documents.extend(_adopted(kind, hours))
        try:
            await store.write([Step(MARKS, "insert", [InsertOne(document) for document in documents])])
        except Refused as error:
            if error.failure.get("code") != DUPLICATE_KEY:
                raise
            log.info("another process has just marked the days")


def _adopted(kind: Kind, hours: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    days: dict[str, dict[str, Any]] = {}
    now = datetime.now(UTC)
    for row in hours:
        key, slot, hour = row["_id"]["k"], row["_id"]["s"], int(row["_id"]["h"])
        day = hour * HOUR // DAY * DAY
        document_id = f"{kind}|{key}|{day}|{slot}"
        where = {"_id": document_id, "k": key, "of": kind, "d": day, "s": slot}
        told = days.setdefault(document_id, {**where, "n": 0, "seal": new_id(), "at": now, "due": True, "hours": {}})
        told["n"] += int(row["n"])
        told["hours"][str(hour % 24)] = told["seal"]
        if row["last_at"] is not None:
            told["last_at"] = max(int(row["last_at"]), told.get("last_at", 0))
    return list(days.values())


def _mark(row: Mapping[str, Any]) -> Mark:
    return Mark(int(row["d"]), str(row["seal"]), {int(hour): str(seal) for hour, seal in row["hours"].items()})
