"""The graph in MongoDB: nodes and edges, both ends of each edge in an index."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from pymongo import ASCENDING, IndexModel

from services.contracts.lineage import Direction, EdgeView, NodeRef
from services.registry.lineage.rules import Edge, Node, node_key, parse_key
from services.registry.lineage.walking import Step
from services.runtime.outbox import Change
from services.runtime.store import Store, translated

NODES = "lineage_nodes"
EDGES = "lineage_edges"
INDEXES: Mapping[str, list[IndexModel]] = {
    # A walk reads edges from these alone.
    EDGES: [
        IndexModel([("left", ASCENDING), ("right", ASCENDING)]),
        IndexModel([("right", ASCENDING), ("left", ASCENDING)]),
    ],
}
AT_ONCE = 1000
"""Nodes whose edges are looked up in one query."""


def keep_node(change: Change, node: Node) -> None:
    """What the event doesn't know stays as it was."""
    known: dict[str, Any] = {"label": node.label, "state": node.state, "at": node.at}
    document: dict[str, Any] = {name: value for name, value in known.items() if value}
    if document:
        change.upsert(NODES, {"_id": node.key}, {"$set": document})


def keep_edge(change: Change, edge: Edge, at: datetime) -> None:
    document = {
        "kind": edge.kind,
        "left": node_key(edge.left.kind, edge.left.id),
        "right": node_key(edge.right.kind, edge.right.id),
        "at": at,
        "note": edge.note,
    }
    change.upsert(EDGES, {"_id": edge.key}, {"$setOnInsert": document})


class MongoLineage:
    def __init__(self, store: Store) -> None:
        self._nodes = store[NODES]
        self._edges = store[EDGES]

    async def nodes(self, keys: Iterable[str]) -> dict[str, Mapping[str, Any]]:
        """What is known of those that were told about, by key."""
        wanted = list(keys)
        with translated():
            rows = await self._nodes.find({"_id": {"$in": wanted}}).to_list(len(wanted)) if wanted else []
        return {row["_id"]: row for row in rows}

    async def neighbours(self, keys: Sequence[str], direction: Direction, most: int) -> tuple[list[Step], bool]:
        """At most `most` edges up or down from these nodes, and whether there are more."""
        near = "right" if direction == "up" else "left"
        found: list[Step] = []
        for start in range(0, len(keys), AT_ONCE):
            left = most - len(found) + 1
            wanted = {near: {"$in": list(keys[start : start + AT_ONCE])}}
            with translated():
                rows = await self._edges.find(wanted, {"left": 1, "right": 1, "_id": 0}).limit(left).to_list(left)
            found += [Step(left=row["left"], right=row["right"]) for row in rows]
            if len(found) > most:
                return found[:most], True
        return found, False

    async def counts(self, keys: Sequence[str]) -> dict[str, int]:
        """How many edges each node has, for those that have any."""
        total: dict[str, int] = {}
        for near in ("left", "right"):
            for start in range(0, len(keys), AT_ONCE):
                part = list(keys[start : start + AT_ONCE])
                grouped: list[dict[str, Any]] = [
                    {"$match": {near: {"$in": part}}},
                    {"$group": {"_id": f"${near}", "n": {"$sum": 1}}},
                ]
                with translated():
                    rows = await self._edges.aggregate(grouped).to_list(len(part))
                for row in rows:
                    total[row["_id"]] = total.get(row["_id"], 0) + int(row["n"])
        return total

    async def between(self, keys: Sequence[str], most: int) -> tuple[list[EdgeView], bool]:
        """At most `most` edges with both ends among these nodes, and whether there are more."""
        found: list[EdgeView] = []
        for start in range(0, len(keys), AT_ONCE):
            left = most - len(found) + 1
            wanted = {"left": {"$in": list(keys[start : start + AT_ONCE])}, "right": {"$in": list(keys)}}
            with translated():
                found += [_edge(row) for row in await self._edges.find(wanted).limit(left).to_list(left)]
            if len(found) > most:
                return found[:most], True
        return found, False

    async def running(self, model_name: str, version: str) -> list[str]:
        """Keys of the deployments of a version that run now."""
        edges = {"left": node_key("version", f"{model_name}/{version}"), "kind": "deployed"}
        with translated():
            rows = await self._edges.find(edges, {"right": 1}).to_list(1000)
            keys = [row["right"] for row in rows]
            live = await self._nodes.find({"_id": {"$in": keys}, "state": "running"}, {"_id": 1}).to_list(1000)
        return [row["_id"] for row in live]


def _edge(row: Mapping[str, Any]) -> EdgeView:
    return EdgeView(left=ref(row["left"]), right=ref(row["right"]), kind=row["kind"], at=row["at"], note=row["note"])


def ref(key: str) -> NodeRef:
    kind, thing = parse_key(key)
    return NodeRef(kind=kind, id=thing)  # type: ignore[arg-type]  # keys are made of kinds
