"""A walk over the graph, level by level: each node once, at its least distance. Pure but for the neighbours it asks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

import msgspec

from services.contracts.errors import Invalid
from services.contracts.lineage import MAX_DEPTH, MAX_NODES, Direction, WalkLineage


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """An edge: `left` and `right` are keys of nodes."""

    left: str
    right: str


Neighbours = Callable[[Sequence[str], Direction, int], Awaitable[tuple[Sequence[Step], bool]]]
"""Edges of these nodes in that direction, at most so many, and whether there are more."""


class Walked(msgspec.Struct, frozen=True, kw_only=True):
    """Distance of each node reached, nearest first, and whether the cap ended it."""

    depths: dict[str, int]
    truncated: bool


EDGES_PER_NODE = 4
"""Edges looked at for each node that may still be shown; a graph of things that came of one another is sparse."""
MOST_PASSED = 50_000
"""Edges looked at in one step of a walk that shows some kinds only and passes through the others."""


def check(request: WalkLineage) -> None:
    """Raises Invalid."""
    if not 0 <= request.depth <= MAX_DEPTH:
        raise Invalid(f"a depth is 0 to {MAX_DEPTH}", field="depth")
    if not 1 <= request.most <= MAX_NODES:
        raise Invalid(f"between 1 and {MAX_NODES} nodes", field="most")
    if request.kinds is not None and not request.kinds:
        raise Invalid("name at least one kind, or none at all for every kind", field="kinds")


async def walk(request: WalkLineage, start: str, neighbours: Neighbours) -> Walked:
    """Up and down are two walks from the start: what else came of a parent isn't what the start came from.

    A node reached in both has the lesser distance. Nodes of other kinds than those asked for are passed through, or
    end the way there, and don't count against the cap unless they are shown.
    """
    wanted = None if request.kinds is None else set(request.kinds)
    directions: list[Direction] = ["up", "down"] if request.direction == "both" else [request.direction]
    depths: dict[str, int] = {start: 0}
    shown, truncated = 1, False
    seen = {direction: {start} for direction in directions}
    frontiers: dict[Direction, list[str]] = {direction: [start] for direction in directions}
    for depth in range(1, request.depth + 1):
        for direction in directions:
            if not frontiers[direction]:
                continue
            room = max((request.most - shown + len(frontiers[direction])) * EDGES_PER_NODE, 100)
            steps, more = await neighbours(frontiers[direction], direction, room if wanted is None else MOST_PASSED)
            truncated = truncated or more
            new: list[str] = []
            for step in steps:
                other = step.left if direction == "up" else step.right
                if other in seen[direction]:
                    continue
                seen[direction].add(other)
                counts = wanted is None or other.partition("/")[0] in wanted
                if not counts and not request.through:
                    continue
                if counts and other not in depths:
                    if shown == request.most:
                        truncated = True
                        continue
                    shown += 1
                    depths[other] = depth
                new.append(other)
            frontiers[direction] = new
        if not any(frontiers.values()):
            break
    return Walked(depths=depths, truncated=truncated)
