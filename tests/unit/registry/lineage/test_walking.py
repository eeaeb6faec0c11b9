"""A walk reaches each node once, at its least distance, within depth, kinds and cap; cycles end."""

from collections.abc import Sequence

import pytest

from services.contracts.errors import Invalid
from services.contracts.lineage import Direction, NodeRef, WalkLineage
from services.registry.lineage.walking import Step, Walked, check, walk

EDGES = [
    ("source/s", "dataset/d"),
    ("dataset/d", "run/1"),
    ("dataset/d", "run/2"),
    ("run/1", "version/m/1"),
    ("version/m/1", "deployment/p/m/1"),
    ("deployment/p/m/1", "window/w"),
    ("version/m/1", "window/w"),
    ("window/w", "alert/a"),
    ("alert/a", "retraining/r"),
    ("retraining/r", "run/2"),
    ("run/2", "version/m/2"),
    ("version/m/2", "dataset/d"),  # predictions became data: a cycle
]


async def neighbours(keys: Sequence[str], direction: Direction, most: int) -> tuple[list[Step], bool]:
    near = 1 if direction == "up" else 0
    found = [Step(left=edge[0], right=edge[1]) for edge in EDGES if edge[near] in keys]
    return found[:most], len(found) > most


async def walked(start: str, **wishes: object) -> Walked:
    kind, _, thing = start.partition("/")
    request = WalkLineage(start=NodeRef(kind=kind, id=thing), **wishes)  # type: ignore[arg-type]
    check(request)
    return await walk(request, start, neighbours)


async def test_down_leads_from_the_source_to_the_next_run() -> None:
    found = await walked("source/s", direction="down")
    assert found.depths["alert/a"] == 5
    assert found.depths["run/2"] == 2, "the shorter way counts"
    assert len(found.depths) == 10
    assert list(found.depths.values()) == sorted(found.depths.values())


async def test_up_leads_back_to_the_source_and_not_to_siblings() -> None:
    found = await walked("version/m/1", direction="up", depth=2)
    assert found.depths == {"version/m/1": 0, "run/1": 1, "dataset/d": 2}


async def test_both_ways_are_two_walks() -> None:
    found = await walked("run/1", direction="both", depth=1)
    assert set(found.depths) == {"run/1", "dataset/d", "version/m/1"}


async def test_other_kinds_are_passed_through_or_end_the_way() -> None:
    through = await walked("source/s", direction="down", kinds=["alert", "version"])
    assert set(through.depths) == {"source/s", "version/m/1", "version/m/2", "alert/a"}
    assert through.depths["alert/a"] == 5
    ended = await walked("source/s", direction="down", kinds=["alert", "version"], through=False)
    assert set(ended.depths) == {"source/s"}


async def test_the_cap_ends_a_walk_and_says_so() -> None:
    found = await walked("source/s", direction="down", most=3)
    assert (len(found.depths), found.truncated) == (3, True)
    assert not (await walked("source/s", direction="down", depth=50)).truncated


@pytest.mark.parametrize("wishes", [{"depth": -1}, {"depth": 51}, {"most": 0}, {"most": 5001}, {"kinds": []}])
def test_a_wish_that_cant_be_is_refused(wishes: dict[str, object]) -> None:
    with pytest.raises(Invalid):
        check(WalkLineage(start=NodeRef(kind="run", id="1"), **wishes))  # type: ignore[arg-type]
