"""Room for bodies: never more than there is, in order, and given back whatever happens."""

import asyncio

import pytest

from services.monitor.ingest_api.budget import BodyBudget


class Rooms:
    def __init__(self, most: int) -> None:
        self.budget = BodyBudget(most)
        self.inside: list[str] = []
        self.leave = {name: asyncio.Event() for name in "abcd"}

    async def enter(self, name: str, size: int | None) -> None:
        async with self.budget.room(size):
            self.inside.append(name)
            await self.leave[name].wait()
            self.inside.remove(name)


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_who_finds_no_room_waits_and_a_smaller_one_doesnt_overtake() -> None:
    rooms = Rooms(100)
    async with asyncio.TaskGroup() as tasks:
        for name, size in (("a", 60), ("b", 60), ("c", 10), ("d", None)):
            tasks.create_task(rooms.enter(name, size))
        await settle()
        assert rooms.inside == ["a"]
        rooms.leave["a"].set()
        await settle()
        assert rooms.inside == ["b", "c"]
        rooms.leave["b"].set()
        rooms.leave["c"].set()
        await settle()
        assert rooms.inside == ["d"], "of unknown size: alone"
        rooms.leave["d"].set()


async def test_what_is_larger_than_all_room_goes_alone() -> None:
    rooms = Rooms(100)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(rooms.enter("a", 1_000))
        tasks.create_task(rooms.enter("b", 1))
        await settle()
        assert rooms.inside == ["a"]
        rooms.leave["a"].set()
        await settle()
        assert rooms.inside == ["b"]
        rooms.leave["b"].set()


async def test_a_sender_that_goes_away_leaves_its_place_to_the_next() -> None:
    rooms = Rooms(100)
    first = asyncio.create_task(rooms.enter("a", 100))
    gone = asyncio.create_task(rooms.enter("b", 100))
    next_ = asyncio.create_task(rooms.enter("c", 100))
    await settle()
    gone.cancel()
    with pytest.raises(asyncio.CancelledError):
        await gone
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    await settle()
    assert rooms.inside[-1] == "c"
    rooms.leave["c"].set()
    await next_
    async with asyncio.timeout(5), rooms.budget.room(100):
        pass
