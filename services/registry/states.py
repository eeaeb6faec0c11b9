"""What models, versions and reviews were at any moment: each change keeps what it made, in its own transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, TypeVar

import msgspec
from pymongo import ASCENDING, DESCENDING, IndexModel

from services.contracts.errors import Invalid
from services.registry.documents import from_document, to_document
from services.registry.values import Aggregate
from services.runtime.ids import new_id
from services.runtime.outbox import Change
from services.runtime.store import Store, translated

STATES = "states"
INDEXES: Mapping[str, list[IndexModel]] = {
    STATES: [
        IndexModel([("kind", ASCENDING), ("of", ASCENDING), ("at", DESCENDING), ("_id", DESCENDING)]),
        IndexModel(
            [("former", ASCENDING), ("kind", ASCENDING), ("at", ASCENDING)],
            partialFilterExpression={"former": {"$exists": True}},
        ),
    ]
}
RENAMES_FOLLOWED = 50
_BEGUN = "0"
"""Sorts before every id."""

Kind = Literal["model", "version", "review"]
S = TypeVar("S", bound=msgspec.Struct)
_UNSAID = ("_id", "v", "r", "updated", "last_version")
"""What an audit row needn't say of what was changed."""


def keep(
    change: Change, kind: Kind, before: Aggregate | None, after: Aggregate, now: int, former: str | None = None
) -> None:
    """Keeps what becomes of a document at `now`. `former`: the id that it had until then.

    The audit row of the change says what was there before and what is there after.
    """
    row: dict[str, Any] = {"_id": new_id(), "kind": kind, "of": after.id, "at": now, "is": to_document(after)}
    if former is not None:
        row["former"] = former
    change.insert(STATES, row)
    if change.audited is None:
        change.audit(**_difference(before, after))


def _difference(before: Aggregate | None, after: Aggregate) -> dict[str, Any]:
    old = {} if before is None else to_document(before)
    new = to_document(after)
    changed = [key for key in new if key not in _UNSAID and old.get(key) != new[key]]
    was = {"id": before.id, **{key: old[key] for key in changed if key in old}} if before is not None else None
    return {"before": was, "after": {"id": after.id, **{key: new[key] for key in changed}}}


def milliseconds(moment: datetime) -> int:
    """Raises Invalid for a moment without a time zone."""
    if moment.tzinfo is None:
        raise Invalid("the moment needs a time zone", field="as_of", fix="Such as 2026-11-22T10:00:00Z.")
    return int(moment.timestamp() * 1000)


class States:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._states = store[STATES]

    async def at(self, kind: Kind, ids: Sequence[str], moment: int, as_type: type[S]) -> dict[str, S]:
        """What was at `moment`, by the id that was asked for, also if it had another id then. Nothing for what didn't
        exist; what was deleted is there as `gone`."""
        found: dict[str, S] = {}
        asked = {id_: id_ for id_ in ids}
        for _ in range(RENAMES_FOLLOWED):
            if not asked:
                return found
            rows = await self._rows(kind, list(asked), {"at": {"$lte": moment}}, DESCENDING)
            found |= {asked[id_]: from_document(row["is"], as_type) for id_, row in rows.items()}
            missing = [id_ for id_ in asked if id_ not in rows]
            first = await self._rows(kind, missing, {}, ASCENDING) if missing else {}
            asked = {row["former"]: asked[id_] for id_, row in first.items() if "former" in row}
        return found

    async def id_now(self, kind: Kind, id_: str, moment: int) -> str:
        """What something that had this id at `moment` is called now."""
        for _ in range(RENAMES_FOLLOWED):
            renamed = {"kind": kind, "former": id_, "at": {"$gt": moment}}
            with translated():
                row = await self._states.find_one(renamed, {"of": 1, "at": 1}, sort=[("at", ASCENDING)])
            if row is None:
                break
            id_, moment = row["of"], row["at"]
        return id_

    async def _rows(
        self, kind: Kind, ids: Sequence[str], when: Mapping[str, Any], direction: int
    ) -> dict[str, dict[str, Any]]:
        """The first row of each id in one direction of time."""
        pipeline: list[dict[str, Any]] = [
            {"$match": {"kind": kind, "of": {"$in": list(ids)}, **when}},
            {"$sort": {"of": 1, "at": direction, "_id": direction}},
            {"$group": {"_id": "$of", "row": {"$first": "$$ROOT"}}},
        ]
        with translated():
            rows = await self._states.aggregate(pipeline).to_list(None)
        return {row["_id"]: row["row"] for row in rows}

    async def begin(self, collections: Mapping[Kind, tuple[str, str]]) -> None:
        """Once, for data from before states were kept: each document counts as having always been as it is.

        `collections`: of each kind the collection's name and the field that says since when its documents exist.
        """
        with translated():
            if await self._states.find_one({"_id": _BEGUN}) is not None:
                return
            for kind, (name, since) in collections.items():
                row = {
                    "_id": {"$concat": [f"{_BEGUN}/{kind}/", "$_id"]},
                    "kind": {"$literal": kind},
                    "of": "$_id",
                    "at": {"$cond": [{"$eq": ["$gone", True]}, "$updated", f"${since}"]},
                    "is": "$$ROOT",
                }
                into = {"into": STATES, "whenMatched": "keepExisting", "whenNotMatched": "insert"}
                await self._store[name].aggregate([{"$project": row}, {"$merge": into}]).to_list(None)
            await self._states.update_one({"_id": _BEGUN}, {"$set": {"kind": _BEGUN}}, upsert=True)
