"""Many things in the same place of a lineage as one: the windows of a version by the hundred, the runs of a sweep."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from dashboard import formats
from dashboard.gateway.data_views import Lineage, LineageNode

_LEAST = {"WINDOW": 3}  # so many alike become one
_LEAST_OTHERS = 8

Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Folded:
    """`behind`: all things that a shown one stands for, the newest first, itself among them."""

    found: Lineage
    behind: Mapping[Key, list[LineageNode]]

    def behind_it(self, node: LineageNode) -> list[LineageNode]:
        return self.behind.get((node.kind, node.id), [])


def folded(found: Lineage) -> Folded:
    """Things of a kind that came from the same and led to the same, as one; never the thing in question."""
    start = (found.start.kind, found.start.id)
    came: dict[Key, set[Key]] = defaultdict(set)
    led: dict[Key, set[Key]] = defaultdict(set)
    for edge in found.edges:
        left, right = (edge.left.kind, edge.left.id), (edge.right.kind, edge.right.id)
        came[right].add(left)
        led[left].add(right)
    alike: dict[tuple[str, frozenset[Key], frozenset[Key]], list[LineageNode]] = defaultdict(list)
    for node in found.nodes:
        key = (node.kind, node.id)
        if key != start:
            alike[node.kind, frozenset(came[key]), frozenset(led[key])].append(node)
    behind: dict[Key, list[LineageNode]] = {}
    gone: set[Key] = set()
    shown: dict[Key, LineageNode] = {}
    for (kind, _, _), nodes in alike.items():
        if len(nodes) < _LEAST.get(kind, _LEAST_OTHERS):
            continue
        newest = sorted(nodes, key=lambda node: node.at.timestamp() if node.at else 0.0, reverse=True)
        first = newest[0]
        behind[kind, first.id] = newest
        gone |= {(node.kind, node.id) for node in newest[1:]}
        words = formats.plural(len(nodes), kind.lower().replace("_", " "))
        shown[kind, first.id] = msgspec.structs.replace(first, label=words, state="", more=None)
    kept = [shown.get((node.kind, node.id), node) for node in found.nodes if (node.kind, node.id) not in gone]
    edges = [
        edge
        for edge in found.edges
        if (edge.left.kind, edge.left.id) not in gone and (edge.right.kind, edge.right.id) not in gone
    ]
    return Folded(msgspec.structs.replace(found, nodes=kept, edges=edges), behind)
