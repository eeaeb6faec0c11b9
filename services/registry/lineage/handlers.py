"""Draws the graph as events come in, and walks it."""

from __future__ import annotations

from collections.abc import Sequence

from services.contracts.base import Envelope
from services.contracts.errors import NotFound
from services.contracts.identity import Action, require
from services.contracts.lineage import LineageView, NodeView, WalkLineage
from services.registry.lineage import walking
from services.registry.lineage.rules import Edge, Node, Watched, node_key, parse_key, told_by
from services.registry.lineage.store import MongoLineage, keep_edge, keep_node, ref
from services.runtime.context import Context
from services.runtime.outbox import Change

EDGES_PER_NODE = 10
"""Edges shown, for each node that may be: NATS carries 1 MB."""
COUNTED = 500
"""Walks of at most so many nodes say what each leaves out."""


class Lineage:
    """`take_in` is called by an `EventConsumer`: its writes are part of the consumer's one transaction."""

    def __init__(self, store: MongoLineage) -> None:
        self._store = store

    async def take_in(self, envelopes: Sequence[Envelope], change: Change) -> None:
        live: dict[str, bool] = {}  # deployments of this batch: running or not any more
        for envelope in envelopes:
            for told in told_by(envelope):
                if isinstance(told, Node):
                    keep_node(change, told)
                    if told.kind == "deployment":
                        live[told.key] = told.state == "running"
                elif isinstance(told, Edge):
                    keep_edge(change, told, envelope.time)
                else:
                    await self._watched(change, told, envelope, live)

    async def _watched(self, change: Change, told: Watched, envelope: Envelope, live: dict[str, bool]) -> None:
        """Ties a window to where the version runs."""
        suffix = f"/{told.model_name}/{told.version}"
        known = [key for key in await self._store.running(told.model_name, told.version) if live.get(key, True)]
        here = [key for key, runs in live.items() if runs and key.endswith(suffix)]
        for key in dict.fromkeys([*known, *here]):
            keep_edge(change, Edge(kind="watched", left=ref(key), right=told.node), envelope.time)

    async def walk(self, request: WalkLineage, context: Context) -> LineageView:
        """Raises NotFound for a start that nothing is known of."""
        require(context.principal, Action.READ)
        walking.check(request)
        start = node_key(request.start.kind, request.start.id)
        walked = await walking.walk(request, start, self._store.neighbours)
        keys = list(walked.depths)
        known = await self._store.nodes(keys)
        if start not in known and len(keys) == 1 and not await self._store.counts([start]):
            raise NotFound(f"nothing is known of the {request.start.kind} {request.start.id!r}", field="start")
        edges, more = await self._store.between(keys, request.most * EDGES_PER_NODE)
        counts = await self._store.counts(keys) if len(keys) <= COUNTED else {}
        shown: dict[str, int] = {}
        for edge in edges:
            for end in (edge.left, edge.right):
                shown[node_key(end.kind, end.id)] = shown.get(node_key(end.kind, end.id), 0) + 1
        nodes = []
        for key, depth in walked.depths.items():
            kind, thing = parse_key(key)
            row = known.get(key, {})
            nodes.append(
                NodeView(
                    kind=kind,  # type: ignore[arg-type]  # keys are made of kinds
                    id=thing,
                    label=row.get("label") or thing,
                    depth=depth,
                    at=row.get("at"),
                    state=row.get("state", ""),
                    more=max(counts.get(key, 0) - shown.get(key, 0), 0) if len(keys) <= COUNTED else None,
                )
            )
        return LineageView(start=request.start, nodes=nodes, edges=edges, truncated=walked.truncated or more)
