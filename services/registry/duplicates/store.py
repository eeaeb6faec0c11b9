"""Fingerprints in MongoDB: one small document a run, found by its tokens in one index lookup each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
from pymongo import ASCENDING, DESCENDING, IndexModel

from services.registry.duplicates.rules import Fingerprint, data_token, tokens
from services.registry.values import KeyValue, mapping, pairs
from services.runtime.outbox import Change
from services.runtime.store import Store, translated

FINGERPRINTS = "fingerprints"
INDEXES: Mapping[str, list[IndexModel]] = {
    FINGERPRINTS: [IndexModel([("t", ASCENDING), ("d", ASCENDING), ("s", DESCENDING)])]
}

BUCKET = 200
"""Candidates that are looked at for each kind of token: the oldest of those with the same parameters, the newest of
those that may be near. Where so many share one, the index in memory knows the nearest of all."""

WITHOUT_TOKENS = {"t": 0}

MANY = 500
"""Runs that share a token with one of a batch, from which on each is looked up by itself."""


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """`v` numbers the events about the run; `s` is its start in milliseconds since 1970, `p` its normalised parameters;
    `d` stands for its datasets. `t`, the tokens, are written and searched by, not read again."""

    id: str = msgspec.field(name="_id")
    v: int
    s: int
    t: list[int] = []
    d: int
    p: list[KeyValue]
    datasets: list[str]
    code: str | None = None
    entry: str | None = None

    def fingerprint(self) -> Fingerprint:
        return Fingerprint(params=mapping(self.p), datasets=self.datasets, code=self.code, entry=self.entry)


def kept(run_id: str, version: int, start: int, one: Fingerprint) -> Kept:
    return Kept(
        id=run_id,
        v=version,
        s=start,
        t=tokens(one.params).all(),
        d=data_token(one.datasets or []),
        p=pairs(one.params),
        datasets=one.datasets or [],
        code=one.code,
        entry=one.entry,
    )


def keep(change: Change, entry: Kept) -> None:
    document: dict[str, Any] = msgspec.to_builtins(entry)
    change.upsert(FINGERPRINTS, {"_id": document.pop("_id")}, {"$set": document})


class MongoFingerprints:
    def __init__(self, store: Store) -> None:
        self._collection = store[FINGERPRINTS]

    async def versions(self, run_ids: Sequence[str]) -> dict[str, int]:
        """How many events there are so far about each run that there are any about."""
        with translated():
            rows = await self._collection.find({"_id": {"$in": list(run_ids)}}, {"v": 1}).to_list(len(run_ids))
        return {row["_id"]: int(row["v"]) for row in rows}

    async def taken(self, wanted: Sequence[int]) -> set[int] | None:
        """The tokens of kept runs that have one of these; None if there are too many to say."""
        with translated():
            rows = await self._collection.find({"t": {"$in": list(wanted)}}, {"t": 1}).limit(MANY).to_list(MANY)
        return None if len(rows) == MANY else {token for row in rows for token in row["t"]}

    async def by_ids(self, ids: Sequence[str]) -> Sequence[Kept]:
        """Those that are kept, in no order."""
        with translated():
            rows = await self._collection.find({"_id": {"$in": list(ids)}}, WITHOUT_TOKENS).to_list(len(ids))
        return [msgspec.convert(row, Kept) for row in rows]

    async def with_tokens(self, wanted: Iterable[int], data: int | None, *, newest: bool = True) -> Sequence[Kept]:
        """At most `BUCKET` runs that have one of the tokens: newest or oldest first with these datasets, or, with
        `data` None, in no order with any (sorting all of a large bucket would take its time)."""
        matching: dict[str, Any] = {"t": {"$in": list(wanted)}}
        if data is not None:
            matching["d"] = data
        cursor = self._collection.find(matching, WITHOUT_TOKENS).limit(BUCKET)
        if data is not None:
            cursor = cursor.sort("s", DESCENDING if newest else ASCENDING)
        with translated():
            rows = await cursor.to_list(BUCKET)
        return [msgspec.convert(row, Kept) for row in rows]
