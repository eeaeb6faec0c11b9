"""Runs and their metric points in MongoDB."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

import msgspec
from pymongo import ASCENDING, DESCENDING, IndexModel

from services.contracts.base import Event
from services.contracts.catalogue import EVENTS as EVENTS_BY_TYPE
from services.contracts.errors import Unavailable
from services.contracts.registry import RunStarted
from services.registry.documents import from_document, to_document
from services.registry.runs.grouping import Groupable
from services.registry.runs.metrics import Column, Gathered, History, Metric, Point, newest, packed, unpacked
from services.registry.runs.past import Told
from services.registry.runs.places import NAN, Place
from services.registry.runs.rules import Run
from services.registry.search.entities import RUNS as ENTITY
from services.registry.search.mongo import beyond_stages, order_stages, query
from services.registry.search.syntax import Field, Node, Order, Section
from services.runtime.ids import id_after, new_id
from services.runtime.outbox import EVENTS, Change
from services.runtime.store import Store, translated

RUNS = "runs"
POINTS = "metric_points"
RECENT = 512
"""Runs that are remembered as this process committed them last: what follows from their events looks at them."""
SMALL = 200
"""Metrics, parameters and tags of a run that is remembered so."""
TIES = (("start_time", -1), ("_id", 1))
"""The order of runs that are equal in all that is asked for."""

INDEXES: Mapping[str, list[IndexModel]] = {
    RUNS: [
        IndexModel([("experiment_id", ASCENDING), ("lifecycle_stage", ASCENDING), ("start_time", DESCENDING)]),
        IndexModel([("start_time", DESCENDING), ("_id", ASCENDING)]),
        IndexModel([("deleted_time", ASCENDING)], partialFilterExpression={"deleted_time": {"$gt": 0}}),
    ],
    POINTS: [IndexModel([("r", ASCENDING), ("p.k", ASCENDING)])],
}


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which runs, in which order; `experiment_ids` None means all experiments."""

    node: Node
    experiment_ids: Sequence[str] | None
    stages: Sequence[str]
    orders: Sequence[Order]


class RunSearch(Protocol):
    """Finds runs fast; what it answers with are ids, which the store turns into runs."""

    async def find(self, wanted: Wanted, skip: int, limit: int) -> list[str]:
        """Ids from position `skip` on, at most `limit`."""

    async def beyond(self, wanted: Wanted, place: Place, limit: int, *, backward: bool) -> list[str]:
        """Ids of the nearest runs behind a place, or before it; at most `limit`, in their order."""

    async def count(self, wanted: Wanted) -> int:
        """How many there are."""

    async def gathered(self, wanted: Wanted, by: Sequence[Field], metrics: Sequence[str]) -> Groupable:
        """What groups of them are made of. Raises Unavailable or Unsupported where that can't be told."""


class MongoRunSearch:
    """Searches the documents themselves: exact, and slow over many runs, for there is no index on keys and values."""

    def __init__(self, store: Store) -> None:
        self._collection = store[RUNS]

    async def find(self, wanted: Wanted, skip: int, limit: int) -> list[str]:
        return await self._ids([*order_stages(wanted.orders, ENTITY, TIES), {"$skip": skip}], wanted, limit)

    async def beyond(self, wanted: Wanted, place: Place, limit: int, *, backward: bool) -> list[str]:
        values = [float("nan") if value == NAN and _of_metric(order) else value
                  for value, order in zip(place, [*wanted.orders, None, None], strict=True)]  # fmt: skip
        found = await self._ids(beyond_stages(wanted.orders, ENTITY, TIES, values, backward=backward), wanted, limit)
        return found[::-1] if backward else found

    async def _ids(self, stages: Sequence[dict[str, Any]], wanted: Wanted, limit: int) -> list[str]:
        pipeline = [{"$match": _matching(wanted)}, *stages, {"$limit": limit}, {"$project": {"_id": 1}}]
        with translated():
            rows = await self._collection.aggregate(pipeline, allowDiskUse=True).to_list(limit)
        return [row["_id"] for row in rows]

    async def count(self, wanted: Wanted) -> int:
        with translated():
            return int(await self._collection.count_documents(_matching(wanted)))

    async def gathered(self, wanted: Wanted, by: Sequence[Field], metrics: Sequence[str]) -> Groupable:
        raise Unavailable("groups are made in the index of runs, which is still being filled", code="INDEX_FILLING")


def _of_metric(order: Order | None) -> bool:
    return order is not None and order.field.section is Section.METRIC


def _matching(wanted: Wanted) -> dict[str, Any]:
    conditions: list[dict[str, Any]] = [{"lifecycle_stage": {"$in": list(wanted.stages)}}, query(wanted.node, ENTITY)]
    if wanted.experiment_ids is not None:
        conditions.append({"experiment_id": {"$in": list(wanted.experiment_ids)}})
    return {"$and": conditions}


class MongoRuns:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._runs = store[RUNS]
        self._points = store[POINTS]
        self._events = store[EVENTS]
        self._recent: OrderedDict[str, Run] = OrderedDict()

    def remember(self, run: Run) -> None:
        """`run` as this process has just committed it, for `get_many`."""
        self._recent.pop(run.id, None)
        if len(run.metrics) + len(run.params) + len(run.tags) <= SMALL:
            self._recent[run.id] = run
            while len(self._recent) > RECENT:
                self._recent.popitem(last=False)

    def forget(self, run_id: str) -> None:
        self._recent.pop(run_id, None)

    async def get(self, run_id: str) -> Run | None:
        row = await self._store.one(RUNS, run_id)
        return None if row is None else from_document(row, Run)

    async def get_many(self, ids: Sequence[str], heard: Mapping[str, int] | None = None) -> list[Run | None]:
        """In the order of `ids`; None where there is no such run.

        `heard`: versions that are new enough, by "run/ID": what this process committed at least so late isn't read.
        """
        found: dict[str, Run] = {}
        if heard:
            for run_id in ids:
                enough, run = heard.get(f"run/{run_id}"), self._recent.get(run_id)
                if enough is not None and run is not None and run.v >= enough:
                    found[run_id] = run
        missing = [run_id for run_id in ids if run_id not in found]
        if missing:
            with translated():
                rows = await self._runs.find({"_id": {"$in": missing}}).to_list(None)
            found |= {row["_id"]: from_document(row, Run) for row in rows}
        return [found.get(run_id) for run_id in ids]

    async def each(self, batch: int) -> AsyncGenerator[list[Run], None]:
        """All runs, `batch` at a time, in no order."""
        with translated():
            cursor = self._runs.find({}, batch_size=batch)
            while rows := await cursor.to_list(batch):
                yield [from_document(row, Run) for row in rows]

    async def not_in_stage(self, experiment_id: str, stage: str, most: int) -> list[Run]:
        """Some runs of an experiment that are in another lifecycle stage."""
        matching = {"experiment_id": experiment_id, "lifecycle_stage": {"$ne": stage}}
        with translated():
            rows = await self._runs.find(matching).limit(most).to_list(most)
        return [from_document(row, Run) for row in rows]

    async def deleted_before(self, time: int, skip: int, most: int) -> list[Run]:
        """Runs that were deleted before that time, in milliseconds; oldest deletions first."""
        with translated():
            cursor = self._runs.find({"deleted_time": {"$gt": 0, "$lt": time}}).sort("deleted_time", ASCENDING)
            rows = await cursor.skip(skip).limit(most).to_list(most)
        return [from_document(row, Run) for row in rows]

    async def any_in(self, experiment_id: str) -> bool:
        with translated():
            return await self._runs.find_one({"experiment_id": experiment_id}, {"_id": 1}) is not None

    async def counts(self, experiment_ids: Sequence[str]) -> dict[str, int]:
        """Active runs of each experiment that has any."""
        pipeline = [
            {"$match": {"experiment_id": {"$in": list(experiment_ids)}, "lifecycle_stage": "active"}},
            {"$group": {"_id": "$experiment_id", "count": {"$sum": 1}}},
        ]
        with translated():
            rows = await self._runs.aggregate(pipeline).to_list(None)
        return {row["_id"]: int(row["count"]) for row in rows}

    async def dataset_uses(self, experiment_ids: Sequence[str], most: int) -> list[tuple[str, str, str, str | None]]:
        """Different (experiment, name, digest, context) among the inputs of runs."""
        use = {"e": "$experiment_id", "n": "$inputs.name", "d": "$inputs.digest", "c": "$inputs.context"}
        pipeline: list[dict[str, Any]] = [
            {"$match": {"experiment_id": {"$in": list(experiment_ids)}, "inputs.0": {"$exists": True}}},
            {"$unwind": "$inputs"},
            {"$group": {"_id": use}},
            {"$sort": {"_id": 1}},
            {"$limit": most},
        ]
        with translated():
            rows = [row["_id"] for row in await self._runs.aggregate(pipeline).to_list(most)]
        return [(row["e"], row["n"], row["d"], row.get("c")) for row in rows]

    async def history(self, run_id: str, key: str, by: int | None = None) -> History:
        """Every different point of one metric of one run, in no particular order; `by`: stored by then, in
        milliseconds since 1970."""
        gathered = Gathered()
        async for column in self._columns(run_id, key, by):
            gathered.add(column)
        return gathered.history()

    async def latest_by(self, run_id: str, by: int) -> list[Metric]:
        """Of each metric the latest point of those stored by then."""
        found: dict[str, list[Column]] = {}
        with translated():
            async for row in self._points.find({"r": run_id, **_stored(by)}, {"p": 1}):
                for each in row["p"]:
                    column = from_document(each, Column)
                    found.setdefault(column.k, []).append(column)
        return [newest(key, unpacked(columns)) for key, columns in sorted(found.items())]

    async def told(self, run_id: str, by: datetime) -> Told:
        """The run's events."""
        wanted = {"aggregate": RunStarted.aggregate, "aggregate_id": run_id}
        by_then: list[Event] = []
        since: list[Event] = []
        with translated():
            async for row in self._events.find(wanted, {"type": 1, "time": 1, "data": 1}).sort("version", ASCENDING):
                event = msgspec.json.decode(row["data"], type=EVENTS_BY_TYPE[row["type"]])
                (since if since or row["time"] > by else by_then).append(event)
        return Told(by_then, since)

    async def _columns(self, run_id: str, key: str, by: int | None) -> AsyncIterator[Column]:
        matching = {"r": run_id, "p.k": key, **_stored(by)}
        with translated():
            async for row in self._points.find(matching, {"p": {"$elemMatch": {"k": key}}}):
                for column in row["p"]:
                    yield from_document(column, Column)


def _stored(by: int | None) -> dict[str, Any]:
    """Rows of points have ids that sort by the time of making."""
    return {} if by is None else {"_id": {"$lt": id_after(by)}}


def drop_points(change: Change, run_id: str) -> None:
    change.delete_many(POINTS, {"r": run_id})


def add_points(change: Change, run_id: str, points: Sequence[Point]) -> None:
    """One document a batch, whatever its size: the points of each key packed into columns."""
    if points:
        columns = [to_document(column) for column in packed(points)]
        change.insert(POINTS, {"_id": new_id(), "r": run_id, "p": columns})
