"""The tail of the event stream: whoever follows it gets every event once, in order, or is told to read on alone."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from services.contracts.base import Envelope
from services.gateway.subscriptions import tail as module
from services.gateway.subscriptions.tail import MOST_EVENTS, Tail
from services.gateway.types.events import Followed

NOON = datetime(2013, 7, 1, 12, tzinfo=UTC)


def followed(sequence: int, size: int = 2) -> Followed:
    envelope = Envelope(
        id=f"e{sequence}",
        type="registry.run.started.v1",
        service="registry",
        aggregate="run",
        aggregate_id="r",
        version=sequence,
        time=NOON,
        actor="anna",
        correlation_id="c",
        data=b"x" * size,
    )
    return Followed(str(sequence), envelope)


def fill(tail: Tail, first: int, last: int) -> None:
    for sequence in range(first, last + 1):
        tail.append(sequence, followed(sequence))


async def drained(tail: Tail, number: int) -> list[int]:
    tail.end()
    return [kept.sequence async for kept in tail.follow(number)]


async def test_a_place_within_the_tail_is_found_and_one_outside_is_not() -> None:
    tail = Tail(100)
    assert tail.behind(100) == 0
    assert tail.behind(99) is None
    fill(tail, 101, 105)
    assert tail.behind(99) is None
    assert tail.behind(106) is None
    for place in range(100, 106):
        number = tail.behind(place)
        assert number is not None
        assert await drained(tail, number) == list(range(place + 1, 106))


async def test_old_events_give_way_and_a_follower_that_lags_is_told() -> None:
    tail = Tail(0)
    number = tail.behind(0)
    assert number is not None
    fill(tail, 1, MOST_EVENTS + 10)
    assert tail.floor == 10
    assert tail.behind(9) is None
    assert await drained(tail, number) == []
    assert tail.behind(10) == 10


async def test_large_events_are_bounded_by_their_bytes() -> None:
    tail = Tail(0)
    for sequence in range(1, 6):
        tail.append(sequence, followed(sequence, size=module.MOST_BYTES // 2))
    assert tail.floor == 3


async def test_a_follower_waits_for_what_comes() -> None:
    tail = Tail(0)
    following = tail.follow(0)
    waiting = asyncio.ensure_future(anext(following))
    await asyncio.sleep(0)
    assert not waiting.done()
    fill(tail, 1, 1)
    assert (await waiting).sequence == 1


async def test_a_stream_that_lost_its_end_and_counts_again_is_followed_on() -> None:
    tail = Tail(10)
    fill(tail, 11, 15)
    fill(tail, 13, 14)  # other events, published again
    assert tail.newest == 14
    number = tail.behind(14)
    assert number is not None
    fill(tail, 15, 15)
    assert await drained(tail, number) == [15]


@given(st.lists(st.integers(min_value=1, max_value=400), max_size=12), st.integers(min_value=0, max_value=3000))
@settings(deadline=None)  # a machine that is busy is no failure
def test_whatever_is_read_in_between_nothing_is_skipped_or_repeated(steps: list[int], pause: int) -> None:
    """A follower that takes what is there between appends, and reads on alone when it fell behind."""

    async def follow() -> None:
        tail = Tail(0)
        seen: list[int] = []
        sequence = 0
        appended = 0
        for step in [*steps, pause, 1]:
            fill(tail, appended + 1, appended + step)
            appended += step
            number = tail.behind(sequence)
            if number is None:  # reads the stream by itself until it meets the tail
                while (number := tail.behind(sequence)) is None:
                    sequence += 1
                    seen.append(sequence)
            following = tail.follow(number)
            while sequence < appended:
                sequence = (await anext(following)).sequence
                seen.append(sequence)
        assert seen == list(range(1, appended + 1))

    asyncio.run(follow())
