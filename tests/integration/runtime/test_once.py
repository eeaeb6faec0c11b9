"""Commands with an idempotency key on a real database: whatever dies in between, a repeat has no second effect."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from services.contracts.errors import Conflict, NotFound
from services.contracts.insights import CommentInsight
from services.contracts.written import Written
from services.runtime.context import Context, service_context
from services.runtime.once import Made, done_once, once
from services.runtime.outbox import Change, Duplicate, Outbox
from services.runtime.store import Store
from tests.integration.runtime.facts import count_up

REQUEST = CommentInsight(insight_id="i", text="t", idempotency_key="k")


class Died(BaseException):
    """Nothing after this ran: the process was killed."""


class Command:
    """Counts `counters/a` up and answers with how far it is, as somebody else's handlers would."""

    def __init__(self, outbox: Outbox, *, dies: bool = False) -> None:
        self._outbox = outbox
        self._dies = dies
        self.made: Made | None = None

    async def __call__(self, request: CommentInsight, context: Context) -> Written:
        return await done_once(self._outbox, request, context, self._act, self._look)

    async def _act(self, context: Context) -> None:
        async def decide() -> Change:
            counter = await self._outbox.store["counters"].find_one({"_id": "a"})
            change = count_up("a", 1 if counter is None else counter["v"] + 1)
            change.context = context
            return change

        await self._outbox.retrying(decide)

    async def _look(self, made: Made) -> Written:
        if self._dies:
            raise Died
        self.made = made
        return Written(id="a", revision=await count(self._outbox.store))


async def count(store: Store) -> Any:
    counter = await store["counters"].find_one({"_id": "a"})
    assert counter is not None
    return counter["v"]


async def test_a_repeat_after_a_death_between_change_and_answer_finds_what_was_made(
    outbox: Outbox, store: Store
) -> None:
    with pytest.raises(Died):
        await Command(outbox, dies=True)(REQUEST, service_context("test"))
    command = Command(outbox)
    assert await command(REQUEST, service_context("test")) == Written(id="a", revision=1)
    assert command.made == {"counter": "a"}
    assert await count(store) == 1


async def test_a_repeat_gets_the_first_answer_also_when_the_thing_has_changed_since(
    outbox: Outbox, store: Store
) -> None:
    context = service_context("test")
    first = await Command(outbox)(REQUEST, context)
    await Command(outbox)(replace_key(None), context)
    assert await count(store) == 2
    assert await Command(outbox)(REQUEST, context) == first


async def test_the_same_key_for_another_wish_is_refused(outbox: Outbox) -> None:
    context = service_context("test")
    await Command(outbox)(REQUEST, context)
    with pytest.raises(Conflict, match="another request"):
        await Command(outbox)(CommentInsight(insight_id="i", text="else", idempotency_key="k"), context)


async def test_repeats_at_the_same_time_have_one_effect(outbox: Outbox, store: Store) -> None:
    context = replace(service_context("test"), idempotency_key="from the header")
    answers = await asyncio.gather(*(Command(outbox)(replace_key(None), context) for _ in range(8)))
    assert {answer.revision for answer in answers} == {1}
    assert await count(store) == 1


async def test_a_creation_repeated_at_the_same_time_is_not_told_that_the_name_is_taken(
    outbox: Outbox, store: Store
) -> None:
    async def create() -> Written:
        async def decide() -> tuple[Change, Written]:
            change = count_up("a", 1)
            change.insert("names", {"_id": "taken"})
            return change, Written(id="a", revision=1)

        try:
            return await once(outbox, REQUEST, service_context("test"), decide)
        except Duplicate as error:
            raise Conflict("the name is taken") from error

    answers = await asyncio.gather(*(create() for _ in range(2)))
    assert answers == [Written(id="a", revision=1)] * 2


async def test_what_is_refused_is_decided_anew(outbox: Outbox, store: Store) -> None:
    async def refuse(_: Context) -> None:
        raise NotFound("not yet")

    async def look(_: Made) -> Written:
        return Written(id="a", revision=0)

    context = service_context("test")
    with pytest.raises(NotFound):
        await done_once(outbox, REQUEST, context, refuse, look)
    assert (await Command(outbox)(REQUEST, context)).revision == 1


def replace_key(key: str | None) -> CommentInsight:
    return CommentInsight(insight_id="i", text="t", idempotency_key=key)
