"""What is recorded about making runs again, one document a run."""

from __future__ import annotations

from collections.abc import Iterable

from services.registry.documents import from_document
from services.registry.reproduction.rules import Reproduction
from services.runtime.store import Store, translated

REPRODUCTIONS = "reproductions"


class MongoReproductions:
    def __init__(self, store: Store) -> None:
        self._collection = store[REPRODUCTIONS]

    async def get(self, run_id: str) -> Reproduction | None:
        return (await self.get_many([run_id])).get(run_id)

    async def get_many(self, run_ids: Iterable[str]) -> dict[str, Reproduction]:
        wanted = list(run_ids)
        with translated():
            rows = await self._collection.find({"_id": {"$in": wanted}}).to_list(len(wanted)) if wanted else []
        return {row["_id"]: from_document(row, Reproduction) for row in rows}
