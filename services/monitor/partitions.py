"""Counts that several processes add to: a document for each window and writer, merged when read."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

from services.runtime.ids import new_id
from services.runtime.outbox import Change
from services.runtime.store import Store, translated

C = TypeVar("C")

KEPT = 48
"""Unpacked counts kept per process; some 0.3 MB each for 20 features."""

FEW = 2
"""Documents merged and packed at once, half a millisecond each; more go to a thread."""

LARGEST = ("last_at",)
"""Fields that a document keeps the largest value of: the newest event time in milliseconds."""


@dataclass(frozen=True, slots=True)
class Part(Generic[C]):
    """What is to be added to one window; `largest` are values of LARGEST."""

    key: str
    start_ms: int
    reference_id: str
    counts: C
    largest: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _State(Generic[C]):
    token: str
    counts: C
    largest: Mapping[str, Any]


Marked = Callable[[Change, int, Sequence[tuple[Part[Any], int]]], None]
"""Adds writes that tell where something was added: to the change, for a writer, each part with its rows."""


class Partitions(Generic[C]):
    """One collection of counts. A document's `token` changes with every write; a write names the token it saw, so a
    lost race (two writers on one slot) shows as `Stale` and is decided again.

    What was written last and is known to be durable (`committed`) is taken as the database's without asking: should
    somebody else have written since, the commit fails, and the next attempt asks.
    """

    def __init__(
        self,
        store: Store,
        collection: str,
        *,
        pack: Callable[[C], bytes],
        unpack: Callable[[bytes], C],
        merge: Callable[[C, C], C],
        fields: Callable[[C], Mapping[str, Any]],
        first: Mapping[str, Any] | None = None,
        marked: Callable[[Change, int, list[Part[C]]], None] | None = None,
    ) -> None:
        self._store = store
        self._collection = collection
        self._pack = pack
        self._unpack = unpack
        self._merge = merge
        self._fields = fields
        self._first = first or {}
        self._marked = marked
        self._cache: OrderedDict[str, _State[C]] = OrderedDict()
        self._unsure: set[str] = set()

    def committed(self) -> None:
        """To be called once the change that `add` was last called for is durable."""
        self._unsure.clear()

    def known(self, document_id: str, token: str) -> C | None:
        """The counts of a document as it stands, if this process wrote it; nobody may change them."""
        state = self._cache.get(document_id)
        return state.counts if state is not None and state.token == token else None

    async def add(self, change: Change, slot: int, parts: list[Part[C]]) -> None:
        """Adds the writes that merge `parts` (one a window and reference) into this slot's documents."""
        ids = {f"{part.key}|{part.start_ms}|{slot}|{part.reference_id}": part for part in parts}
        before = await self._current(list(ids))
        merged = self._merged(ids, before) if len(ids) <= FEW else await asyncio.to_thread(self._merged, ids, before)
        if self._marked is not None:
            self._marked(change, slot, parts)
        for document_id, (values, state) in merged.items():
            part = ids[document_id]
            old = before.get(document_id)
            if old is None:
                where = {"_id": document_id, "k": part.key, "w": part.start_ms, "s": slot, "r": part.reference_id}
                change.insert(self._collection, {**where, **self._first, **values})
            else:
                change.update(self._collection, {"_id": document_id, "token": old.token}, {"$set": values})
            if state is not None:
                self._keep(document_id, state)

    def _merged(
        self, ids: Mapping[str, Part[C]], before: Mapping[str, _State[C]]
    ) -> dict[str, tuple[dict[str, Any], _State[C] | None]]:
        """The documents' new values; the unpacked counts only of as many as are kept anyway."""
        merged: dict[str, tuple[dict[str, Any], _State[C] | None]] = {}
        for number, (document_id, part) in enumerate(ids.items()):
            old = before.get(document_id)
            counts, largest = part.counts, dict(part.largest)
            if old is not None:
                counts = self._merge(old.counts, counts)
                largest = {name: max(value, old.largest.get(name, value)) for name, value in largest.items()}
            state = _State(new_id(), counts, largest)
            values = {
                "token": state.token,
                "updated_at": datetime.now(UTC),
                "counts": self._pack(counts),
                **self._fields(counts),
                **largest,
            }
            merged[document_id] = (values, state if len(ids) - number <= KEPT else None)
        return merged

    async def _current(self, ids: list[str]) -> dict[str, _State[C]]:
        """What the database holds now: from the cache where its token is still the database's."""
        collection = self._store[self._collection]
        found = {i: state for i in ids if i not in self._unsure and (state := self._cache.get(i))}
        asked = [i for i in ids if i not in found]
        if not asked:
            return found
        with translated():
            rows = await collection.find({"_id": {"$in": asked}}, {"token": 1}).to_list(len(asked))
            tokens = {row["_id"]: row["token"] for row in rows}
            found |= {i: state for i in tokens if (state := self._cache.get(i)) and state.token == tokens[i]}
            unknown = [i for i in tokens if i not in found]
            if unknown:
                rows = await collection.find({"_id": {"$in": unknown}}).to_list(len(unknown))
                loaded = await asyncio.to_thread(self._loaded, rows)
                found.update(loaded)
        return found

    def _loaded(self, rows: list[dict[str, Any]]) -> dict[str, _State[C]]:
        return {
            row["_id"]: _State(
                row["token"], self._unpack(row["counts"]), {name: row[name] for name in LARGEST if name in row}
            )
            for row in rows
        }

    def _keep(self, document_id: str, state: _State[C]) -> None:
        self._cache[document_id] = state
        self._unsure.add(document_id)
        self._cache.move_to_end(document_id)
        while len(self._cache) > KEPT:
            oldest, _ = self._cache.popitem(last=False)
            self._unsure.discard(oldest)
