"""Blocks of prediction rows, their labels, and labels that wait, in MongoDB."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bson import Binary
from pymongo import ASCENDING, DESCENDING, IndexModel

from services.monitor.labels.blocks import LabelRows, PredictionRows, unpack_labels, unpack_rows
from services.runtime.store import Store, translated

BLOCKS = "prediction_blocks"
ROWS = "prediction_rows"
LABELS = "prediction_labels"
WAITING = "waiting_labels"
DROPPED = "dropped_labels"

INDEXES = {
    BLOCKS: [
        IndexModel([("k", ASCENDING), ("last", ASCENDING)]),
        # The sequence of one writer's blocks: also what keeps two processes on one slot from writing the same number.
        IndexModel([("k", ASCENDING), ("s", ASCENDING), ("q", DESCENDING)], unique=True),
    ],
    WAITING: [IndexModel([("k", ASCENDING), ("at", ASCENDING)])],
}


@dataclass(frozen=True, slots=True)
class Block:
    """A block without its rows. `number` grows with every block of one `slot`; `first`, `last`: event times in ms.

    `token` changes with every write to the block's labels, and dies with the block.
    """

    id: str
    key: str
    slot: int
    number: int
    rows: int
    first: int
    last: int
    reference_id: str
    token: str

    def document(self) -> dict[str, Any]:
        return {
            "_id": self.id,
            "k": self.key,
            "s": self.slot,
            "q": self.number,
            "n": self.rows,
            "first": self.first,
            "last": self.last,
            "r": self.reference_id,
            "token": self.token,
        }


@dataclass(frozen=True, slots=True)
class Waiting:
    """Labels whose predictions haven't come. `searched`: per slot, the number of the newest block looked into;
    `at`: since when."""

    id: str
    key: str
    rows: int
    searched: dict[int, int]
    token: str
    at: datetime

    def document(self, packed: bytes) -> dict[str, Any]:
        return {
            "_id": self.id,
            "k": self.key,
            "n": self.rows,
            "searched": {str(slot): number for slot, number in self.searched.items()},
            "token": self.token,
            "at": self.at,
            "rows": Binary(packed),
        }


class MongoBlocks:
    """Reads; what is written goes through a `Change`."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def directory(self, key: str) -> list[Block]:
        """All blocks of a version by their newest event time."""
        with translated():
            rows = await self._store[BLOCKS].find({"k": key}).sort("last", 1).to_list(None)
        return [_block(row) for row in rows]

    async def tail(self, key: str, slot: int, most: int) -> list[Block]:
        """The newest blocks of one slot, newest first."""
        with translated():
            rows = await self._store[BLOCKS].find({"k": key, "s": slot}).sort("q", -1).limit(most).to_list(most)
        return [_block(row) for row in rows]

    async def rows(self, block_id: str) -> PredictionRows | None:
        """None: the block has been merged into another meanwhile."""
        with translated():
            row = await self._store[ROWS].find_one({"_id": block_id})
        return None if row is None else unpack_rows(row["rows"])

    async def labels(self, block_ids: Sequence[str]) -> dict[str, LabelRows]:
        """The labels of those blocks that have any."""
        with translated():
            rows = await self._store[LABELS].find({"_id": {"$in": list(block_ids)}}).to_list(len(block_ids))
        return {row["_id"]: unpack_labels(row["rows"]) for row in rows}

    async def versions(self) -> list[str]:
        """Keys of all versions with blocks."""
        with translated():
            keys: list[str] = await self._store[BLOCKS].distinct("k")
        return keys

    async def waiting(self) -> list[Waiting]:
        """All labels that wait, without their rows, oldest first."""
        return await self._waiting({})

    async def waiting_since_before(self, time: datetime) -> list[Waiting]:
        return await self._waiting({"at": {"$lt": time}})

    async def _waiting(self, which: dict[str, Any]) -> list[Waiting]:
        with translated():
            rows = await self._store[WAITING].find(which, {"rows": 0}).sort([("k", 1), ("at", 1)]).to_list(None)
        return [
            Waiting(
                id=row["_id"],
                key=row["k"],
                rows=row["n"],
                searched={int(slot): number for slot, number in row["searched"].items()},
                token=row["token"],
                at=row["at"],
            )
            for row in rows
        ]

    async def waiting_rows(self, ids: Sequence[str]) -> dict[str, bytes]:
        with translated():
            rows = await self._store[WAITING].find({"_id": {"$in": list(ids)}}, {"rows": 1}).to_list(len(ids))
        return {row["_id"]: bytes(row["rows"]) for row in rows}

    async def newest(self, key: str) -> dict[int, int]:
        """Per slot, the number of its newest block."""
        with translated():
            rows = (
                await self._store[BLOCKS]
                .aggregate([{"$match": {"k": key}}, {"$group": {"_id": "$s", "q": {"$max": "$q"}}}])
                .to_list(None)
            )
        return {int(row["_id"]): int(row["q"]) for row in rows}


def _block(row: dict[str, Any]) -> Block:
    return Block(row["_id"], row["k"], row["s"], row["q"], row["n"], row["first"], row["last"], row["r"], row["token"])
