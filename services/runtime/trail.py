"""The audit chain in MongoDB: blocks that only grow, and the chain's end. The same for every service."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pymongo import ASCENDING, IndexModel, InsertOne, UpdateOne

from services.contracts.audit import AuditHead
from services.runtime.chain import SEAL, START, Block
from services.runtime.change import AUDIT, OUTBOX
from services.runtime.store import Step, Store, translated

BLOCKS = "audit_blocks"
HEAD = "audit_head"
_ID = "head"
INDEXES: Mapping[str, list[IndexModel]] = {BLOCKS: [IndexModel([("rows", ASCENDING)])]}


def sealing(block: Block) -> list[Step]:
    """Adds a block and moves the head, if that is still where the block begins: of two sealers one is refused."""
    document = {
        "_id": block.head.number,
        "n": block.before.number,
        "b": block.before.hash,
        "rows": list(block.rows),
        "hashes": list(block.hashes),
        "h": block.hash,
    }
    after = {"n": block.head.number, "h": block.hash}
    move = (
        Step(HEAD, "insert", [InsertOne({"_id": _ID, **after})])
        if block.before == START
        else Step(HEAD, "match", [UpdateOne({"_id": _ID, "n": block.before.number}, {"$set": after})])
    )
    return [Step(BLOCKS, "insert", [InsertOne(document)]), move]


class Trail:
    """Reads the chain of one service."""

    def __init__(self, store: Store) -> None:
        self._rows = store[AUDIT]
        self._blocks = store[BLOCKS]
        self._head = store[HEAD]
        self._outbox = store[OUTBOX]

    async def head(self) -> AuditHead:
        with translated():
            row = await self._head.find_one({"_id": _ID})
        return START if row is None else AuditHead(number=row["n"], hash=row["h"])

    async def begins(self) -> int | None:
        """The number of rows before the first block (of former versions); None if there is no block yet."""
        with translated():
            row = await self._blocks.find_one({}, {"n": 1}, sort=[("_id", ASCENDING)])
        return None if row is None else int(row["n"])

    async def after(self, number: int, most: int) -> list[Block]:
        """The blocks that hold the rows after `number`, as many as it takes for `most` rows."""
        blocks: list[Block] = []
        with translated():
            async for row in self._blocks.find({"_id": {"$gt": number}}).sort("_id", ASCENDING):
                blocks.append(_block(row))
                if blocks[-1].head.number - number >= most:
                    break
        return blocks

    async def contents(self, ids: Iterable[str]) -> dict[str, Mapping[str, Any]]:
        """Those rows that are there, by id."""
        wanted = list(ids)
        with translated():
            rows = await self._rows.find({"_id": {"$in": wanted}}).to_list(len(wanted)) if wanted else []
        return {row["_id"]: row for row in rows}

    async def places(self, ids: Sequence[str]) -> dict[str, AuditHead]:
        """Where rows stand in the chain, for those that blocks hold."""
        with translated():
            rows = await self._blocks.find({"rows": {"$in": list(ids)}}).to_list(len(ids)) if ids else []
        wanted = set(ids)
        return {row: link for found in rows for row, link in _block(found).links() if row in wanted}

    async def waiting(self) -> list[str]:
        """Rows that are too young to be in a block."""
        with translated():
            found = await self._outbox.find({"rows": {"$exists": True}}, {"rows": 1}).to_list(None)
        return [row for one in found for row in one["rows"]]

    async def count_rows(self) -> int:
        """All rows, whether in the chain or not."""
        with translated():
            return await self._rows.count_documents({})

    async def unsealed(self, waiting: Iterable[str]) -> str | None:
        """A row that neither a block nor the row itself says to be in the chain, and that doesn't wait to be."""
        looking: list[dict[str, Any]] = [
            {"$match": {SEAL: {"$exists": False}, "_id": {"$nin": list(waiting)}}},
            {"$lookup": {"from": BLOCKS, "localField": "_id", "foreignField": "rows", "as": "blocks"}},
            {"$match": {"blocks": []}},
            {"$project": {"_id": 1}},
            {"$limit": 1},
        ]
        with translated():
            found = await self._rows.aggregate(looking).to_list(1)
        return found[0]["_id"] if found else None


def _block(row: Mapping[str, Any]) -> Block:
    return Block(AuditHead(number=row["n"], hash=row["b"]), row["rows"], row["hashes"], row["h"])
