"""Samples of windows and what was found in them, in MongoDB."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pymongo import ASCENDING, IndexModel

from services.monitor.partitions import Partitions
from services.monitor.samples.rules import RowSample, merged, pack_sample, unpack_sample
from services.runtime.store import Store, translated

SAMPLES = "samples"
MULTIVARIATES = "multivariates"
MOST_AT_ONCE = 500
INDEXES: Mapping[str, list[IndexModel]] = {
    SAMPLES: [IndexModel([("k", ASCENDING), ("w", ASCENDING)])],
    MULTIVARIATES: [IndexModel([("k", ASCENDING), ("w", ASCENDING)])],
}


def sample_partitions(store: Store) -> Partitions[RowSample]:
    return Partitions(
        store,
        SAMPLES,
        pack=pack_sample,
        unpack=unpack_sample,
        merge=merged,
        fields=lambda sample: {"rows": len(sample)},
    )


class MongoSamples:
    """Reads; what is written goes through a `Change`."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def versions(self) -> list[str]:
        """Versions with samples that wait to be looked at."""
        with translated():
            keys: list[str] = await self._store[SAMPLES].distinct("k")
        return sorted(keys)

    async def heads(self, key: str) -> list[dict[str, Any]]:
        """The oldest waiting samples, without their rows."""
        with translated():
            rows: list[dict[str, Any]] = (
                await self._store[SAMPLES]
                .find({"k": key}, {"counts": 0})
                .sort([("k", ASCENDING), ("w", ASCENDING)])
                .limit(MOST_AT_ONCE)
                .to_list(MOST_AT_ONCE)
            )
        return rows

    async def load(self, ids: list[str]) -> dict[str, bytes]:
        with translated():
            rows = await self._store[SAMPLES].find({"_id": {"$in": ids}}, {"counts": 1}).to_list(len(ids))
        return {row["_id"]: bytes(row["counts"]) for row in rows}

    async def found(self, key: str, start_ms: int, end_ms: int) -> dict[int, dict[str, Any]]:
        """By window start within [start, end)."""
        with translated():
            rows = (
                await self._store[MULTIVARIATES]
                .find({"k": key, "w": {"$gte": start_ms, "$lt": end_ms}}, {"_id": 0, "w": 1, "figures": 1})
                .to_list(None)
            )
        return {int(row["w"]): row["figures"] for row in rows}
