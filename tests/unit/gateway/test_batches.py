"""Objects by key are fetched once, many at a time, and fail only where they are needed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable

import pytest

from services.contracts.errors import Unavailable
from services.gateway.clients.batches import Batch


class Source:
    """Answers each key with its upper case, and remembers what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []
        self.failing = False

    async def load(self, keys: list[str]) -> list[str | None]:
        self.asked.append(keys)
        await asyncio.sleep(0)
        if self.failing:
            raise Unavailable("away")
        return [key.upper() if key != "none" else None for key in keys]


async def test_primed_keys_are_there_without_waiting() -> None:
    source = Source()
    batch = Batch(source.load)
    await batch.prime(["a", "b", "a", "none"])
    assert [batch.get(key) for key in ("a", "b", "none")] == ["A", "B", None]
    assert (batch.loaded("a"), batch.loaded("none"), batch.loaded("c")) == (["A"], [], [])
    assert source.asked == [["a", "b", "none"]]


async def test_keys_wanted_in_the_same_turn_are_loaded_together() -> None:
    source = Source()
    batch = Batch(source.load)
    assert await asyncio.gather(*(batch.load(key) for key in "abca")) == ["A", "B", "C", "A"]
    assert await batch.load("d") == "D"
    assert source.asked == [["a", "b", "c"], ["d"]]


async def test_many_keys_are_asked_for_in_groups() -> None:
    source = Source()
    await Batch(source.load).prime(str(number) for number in range(250))
    assert [len(keys) for keys in source.asked] == [100, 100, 50]


async def test_a_failure_belongs_to_whoever_needs_the_value() -> None:
    source = Source()
    source.failing = True
    batch = Batch(source.load)
    await batch.prime(["a"])
    assert batch.loaded("a") == []
    with pytest.raises(Unavailable):
        batch.get("a")
    waiting = batch.get("b")
    assert isinstance(waiting, Awaitable)
    with pytest.raises(Unavailable):
        await waiting


async def test_a_source_that_answers_for_fewer_keys_is_a_bug() -> None:
    async def short(keys: list[str]) -> list[str | None]:
        return [None for _ in keys[1:]]

    with pytest.raises(RuntimeError, match="asked for 2 objects, got 1"):
        await Batch(short).prime(["a", "b"])
