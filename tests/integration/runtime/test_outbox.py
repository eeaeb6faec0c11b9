"""A change is written whole or not at all."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Sequence

import pytest
from bson.errors import InvalidDocument
from prometheus_client import REGISTRY

from services.contracts.errors import Conflict, TooLarge, Unavailable
from services.runtime import commits
from services.runtime import store as store_module
from services.runtime.chain import digest_of
from services.runtime.outbox import AlreadyDone, Change, Duplicate, Outbox, Stale
from services.runtime.store import Step, Store
from tests.integration.runtime.conftest import in_background
from tests.integration.runtime.facts import ANNA, Counted, count_up
from tests.support.servers import Start
from tests.support.waiting import until


async def test_a_change_writes_document_event_and_audit_row_together(outbox: Outbox, store: Store) -> None:
    await outbox.commit(count_up("a", 1))

    event = await store["events"].find_one()
    audit = await store["audit"].find_one()
    assert await store["counters"].find_one({"_id": "a"}) == {"_id": "a", "v": 1}
    assert event["type"] == "registry.counter.counted.v1"
    assert (event["actor"], event["correlation_id"]) == ("anna", "correlation-1")
    assert (audit["user"], audit["action"], audit["remote"]) == ("anna", "counter.count", "127.0.0.1")
    assert audit["events"] == [event["_id"]]
    left = await store["outbox"].find_one()
    assert (left["events"], left["rows"], left["hashes"]) == ([event["_id"]], [audit["_id"]], [digest_of(audit)])


async def test_a_taken_key_is_named_and_nothing_of_the_change_remains(outbox: Outbox, store: Store) -> None:
    await outbox.commit(count_up("a", 1))
    change = count_up("a", 1)
    change.insert("others", {"_id": "x"})

    with pytest.raises(Duplicate) as caught:
        await outbox.commit(change)

    assert caught.value.collection == "counters"
    assert await store["others"].count_documents({}) == 0
    assert await store["events"].count_documents({}) == 1


async def test_whoever_saw_an_older_version_hears_that_it_changed(outbox: Outbox, store: Store) -> None:
    await outbox.commit(count_up("a", 1))
    await outbox.commit(count_up("a", 2))

    with pytest.raises(Stale):
        await outbox.commit(count_up("a", 2))

    assert (await store["counters"].find_one())["v"] == 2
    assert await store["audit"].count_documents({}) == 2


async def test_concurrent_changes_share_transactions_and_a_bad_one_harms_no_other(outbox: Outbox, store: Store) -> None:
    await outbox.commit(count_up("taken", 1))
    changes = [count_up(f"c{i}", 1) for i in range(50)]
    changes.insert(25, count_up("taken", 1))

    outcomes = await asyncio.gather(*(outbox.commit(change) for change in changes), return_exceptions=True)

    failures = [outcome for outcome in outcomes if outcome is not None]
    assert [type(failure) for failure in failures] == [Duplicate]
    assert await store["counters"].count_documents({}) == 51
    assert await store["events"].count_documents({}) == 51


def transactions(store: Store) -> float:
    return REGISTRY.get_sample_value("lifecycle_commit_seconds_count", {"database": store.name}) or 0.0


async def test_whoever_is_at_fault_leaves_and_the_rest_is_committed_together(outbox: Outbox, store: Store) -> None:
    await outbox.commit(count_up("taken", 1))
    before = transactions(store)
    changes = [count_up("taken" if i in (7, 30) else f"c{i}", 1) for i in range(40)]

    outcomes = await asyncio.gather(*(outbox.commit(change) for change in changes), return_exceptions=True)

    assert [i for i, outcome in enumerate(outcomes) if outcome is not None] == [7, 30]
    assert await store["counters"].count_documents({}) == 39
    assert transactions(store) - before == 3  # one for each that had to leave, and the one that was committed


async def test_a_lost_race_in_a_group_costs_few_transactions_more(outbox: Outbox, store: Store) -> None:
    await outbox.commit(count_up("taken", 1))
    before = transactions(store)
    changes = [count_up("taken", 9) if i == 20 else count_up(f"c{i}", 1) for i in range(32)]

    outcomes = await asyncio.gather(*(outbox.commit(change) for change in changes), return_exceptions=True)

    assert [type(outcome) for outcome in outcomes if outcome is not None] == [Stale]
    assert await store["counters"].count_documents({}) == 32
    assert transactions(store) - before <= 11  # halves of halves of 32


async def test_what_the_database_cannot_hold_harms_no_other(outbox: Outbox, store: Store) -> None:
    odd = count_up("odd", 1)
    odd.insert("others", {"_id": object()})

    outcomes = await asyncio.gather(outbox.commit(count_up("a", 1)), outbox.commit(odd), return_exceptions=True)

    assert outcomes[0] is None
    assert isinstance(outcomes[1], InvalidDocument)
    assert [row["_id"] async for row in store["counters"].find()] == ["a"]


async def test_work_of_our_own_lets_requests_go_first(
    outbox: Outbox, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commits, "PATIENCE_SECONDS", 30.0)
    done: list[str] = []

    async def commit(name: str, *, behind: bool = False) -> None:
        await outbox.commit(count_up(name, 1), behind=behind)
        done.append(name)

    await asyncio.gather(commit("first"), commit("own", behind=True), commit("second"), commit("third"))

    assert done[-1] == "own"


async def test_work_of_our_own_goes_on_however_many_requests_come(outbox: Outbox, store: Store) -> None:
    stop = asyncio.Event()

    async def ask(client: int) -> None:
        for number in itertools.count():
            await outbox.commit(count_up(f"{client}/{number}", 1))
            if stop.is_set():
                return

    asking = [asyncio.create_task(ask(client)) for client in range(4)]
    await outbox.commit(count_up("own", 1), behind=True)
    stop.set()
    await asyncio.gather(*asking)

    assert await store["counters"].count_documents({"_id": "own"}) == 1


async def test_those_who_ask_at_once_share_transactions(
    outbox: Outbox, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commits, "GATHER_SECONDS", 0.5)
    transactions = 0
    write = store.write

    async def counted(steps: Sequence[Step]) -> None:
        nonlocal transactions
        transactions += 1
        await write(steps)

    monkeypatch.setattr(store, "write", counted)

    async def ask(client: int) -> None:
        for number in range(10):
            await outbox.commit(count_up(f"{client}/{number}", 1))

    await asyncio.gather(*(ask(client) for client in range(4)))

    assert await store["counters"].count_documents({}) == 40
    assert transactions <= 14  # one changed alone, then three together, would take twenty


async def test_who_asks_alone_waits_for_nobody(outbox: Outbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commits, "GATHER_SECONDS", 600.0)

    for number in range(5):
        await outbox.commit(count_up(str(number), 1))


async def test_a_repeated_idempotency_key_returns_the_first_answer_and_writes_nothing(
    outbox: Outbox, store: Store
) -> None:
    first = count_up("a", 1)
    first.once("key", b"first answer")
    await outbox.commit(first)
    again = count_up("b", 1)
    again.once("key", b"second answer")

    with pytest.raises(AlreadyDone) as caught:
        await outbox.commit(again)

    assert caught.value.answer == b"first answer"
    assert await outbox.recall("key") == b"first answer"
    assert await store["counters"].count_documents({}) == 1


async def test_deciding_again_after_a_lost_race_loses_no_step(outbox: Outbox, store: Store) -> None:
    await outbox.commit(count_up("a", 1))

    async def step() -> None:
        async def decide() -> Change:
            counter = await store["counters"].find_one({"_id": "a"})
            return count_up("a", counter["v"] + 1)

        await outbox.retrying(decide)

    await asyncio.gather(*(step() for _ in range(12)))

    assert (await store["counters"].find_one())["v"] == 13
    versions = [event["version"] async for event in store["events"].find().sort("version", 1)]
    assert versions == list(range(1, 14))


async def test_a_race_that_is_always_lost_ends_in_a_conflict(outbox: Outbox) -> None:
    await outbox.commit(count_up("a", 1))

    async def always_late() -> Change:
        return count_up("a", 9)

    with pytest.raises(Conflict):
        await outbox.retrying(always_late)


async def test_an_event_over_64_kilobytes_is_refused_before_anything_is_written() -> None:
    change = Change(ANNA, "counter.count")
    with pytest.raises(TooLarge):
        change.emit(Counted(counter="x" * 70_000, value=1), version=1)


async def test_a_dead_database_is_unavailable_and_the_change_succeeds_after_its_restart(
    start_mongod: Start,
) -> None:
    server = start_mongod()
    async with Store.open(server.url, "crash") as store:
        outbox = Outbox(store)
        await outbox.prepare()
        await outbox.commit(count_up("a", 1))
        server.kill9()
        waiting = asyncio.create_task(outbox.commit(count_up("a", 2)))
        server.start()
        try:
            await waiting
        except Unavailable:
            await outbox.commit(count_up("a", 2))

        assert (await store["counters"].find_one({"_id": "a"}))["v"] == 2
        assert await store["events"].count_documents({}) == 2


async def test_a_store_says_why_it_is_not_ready_and_recovers_by_itself(
    start_mongod: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_module, "PING_SECONDS", 0.05)
    server = start_mongod()
    async with Store.open(server.url, "watched") as store, in_background(store.watch):
        server.kill9()
        await until(lambda: ready(store, False), within=30)
        assert "database" in (store.not_ready() or "")
        server.start()
        await until(lambda: ready(store, True), within=30)


async def ready(store: Store, expected: bool) -> bool:
    return (store.not_ready() is None) is expected
