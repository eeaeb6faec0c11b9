"""Everything is killed again and again while facts are written: none acknowledged is lost, none counted twice."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import threading
from collections import Counter
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from deploy.local.parts import PARTS
from deploy.local.stack import Stack
from deploy.local.state import PartState
from deploy.local.supervisor import Timing
from services.contracts import streams
from services.contracts.monitor import ListWindows, WindowView
from services.runtime.bus import Bus
from services.runtime.context import service_context
from services.runtime.store import Store
from tests.fault.delivery.writers import Book, Trainer, send_predictions
from tests.support.waiting import until

VICTIMS = ("registry", "monitor", "mongod", "nats-server")
ROUND = (
    *((victim,) for victim in VICTIMS),
    ("registry", "mongod"),
    ("monitor", "nats-server"),
    ("registry", "nats-server"),
    ("monitor", "mongod"),
    VICTIMS,
)
"""Alone, two at once, and all together as when the power goes: sixteen kills."""
ROUNDS = int(os.environ.get("FAULT_ROUNDS", "4"))
TRAINERS = 2
SENDERS = 2
MODEL, VERSION = "crash-test", "1"
READY_WITHIN = 90.0
HASTY = Timing(backoff_longest=0.5, stable_after=1.0)
"""The supervisor's usual pauses grow to half a minute for a part that dies again and again."""

pytestmark = pytest.mark.timeout(900)


async def prepare(stack: Stack, http: httpx.AsyncClient) -> str:
    """An experiment, a registered version and its reference; returns the experiment's id."""
    from mlflow import MlflowClient

    def register() -> str:
        client = MlflowClient(stack.urls.registry)
        experiment = client.create_experiment("crash-test")
        run = client.create_run(experiment, tags={"number": "-1"})
        client.set_terminated(run.info.run_id)
        client.create_registered_model(MODEL)
        client.create_model_version(MODEL, f"runs:/{run.info.run_id}/model", run.info.run_id)
        return str(experiment)

    experiment = await asyncio.to_thread(register)
    rng = np.random.default_rng(7)
    scores = rng.random(2000)
    reference = {
        "columns": {
            "score": scores.tolist(),
            "prediction": (scores > 0.5).astype(int).tolist(),
            "label": (scores > 0.6).astype(int).tolist(),
            "features": {"x": (scores * 3).tolist(), "kind": np.where(scores > 0.3, "a", "b").tolist()},
        }
    }
    path = f"{stack.urls.monitor}/v1/models/{MODEL}/versions/{VERSION}/references/training"
    answer = await http.put(path, params={"window": "1h", "task": "binary"}, json=reference)
    assert answer.status_code < 300, answer.text
    return experiment


async def kill_and_wait(stack: Stack, victims: Sequence[str], rng: random.Random) -> None:
    """Kills parts at a random moment and goes on as soon as the supervisor has everything ready again."""
    await asyncio.sleep(rng.uniform(0.05, 0.6))
    parts = [stack.record.parts[victim] for victim in victims]
    restarts = [part.restarts for part in parts]
    for part in parts:
        assert part.process is not None
        os.kill(part.process.pid, signal.SIGKILL)

    async def back() -> bool:
        everything = all(stack.record.parts[name].state is PartState.READY for name in VICTIMS)
        return everything and all(
            stack.record.parts[victim].restarts > before for victim, before in zip(victims, restarts, strict=True)
        )

    await until(back, READY_WITHIN, f"{', '.join(victims)} ready again")


async def windows(stack: Stack) -> list[WindowView]:
    async with Bus.connect(stack.urls.nats, "test") as bus:
        question = ListWindows(model_name=MODEL, version=VERSION, features=[])
        return await bus.request(question, service_context("test"), timeout=20)


async def settled(stack: Stack, book: Book) -> list[WindowView]:
    """The windows, once the streams are worked off."""

    async def reached() -> list[WindowView]:
        views = await windows(stack)
        rows = sum(view.rows for view in views)
        labels = sum(view.performance.labelled for view in views if view.performance)
        return views if rows >= book.rows and labels >= book.labels else []

    return await until(reached, 90, f"{book.rows} rows and {book.labels} labels counted")


async def published(store: Store, bus: Bus) -> tuple[set[str], Counter[str]]:
    """The ids in a service's event log, and how often each of the stream's ids stands in it."""

    async def all_out() -> bool:
        return await store["outbox"].count_documents({}) == 0

    await until(all_out, 60, f"{store.name}'s events published")
    logged = {row["_id"] async for row in store["events"].find({}, {"_id": 1})}
    state = (await bus.jetstream.stream_info(streams.EVENTS.name)).state
    seen: Counter[str] = Counter()
    for sequence in range(state.first_seq, state.last_seq + 1):
        message = await bus.jetstream.get_msg(streams.EVENTS.name, seq=sequence, direct=True)
        seen[(message.headers or {})["ce-id"]] += 1
    return logged, seen


async def nothing_parked(*stores: Store) -> bool:
    return not any([await store["parked"].count_documents({}) for store in stores])


async def test_nothing_acknowledged_is_lost_or_counted_twice(tmp_path: Path) -> None:
    rng = random.Random(11)
    book, halt, stop = Book(), threading.Event(), asyncio.Event()
    parts = [part for part in PARTS if part.name in VICTIMS]
    async with (
        Stack(tmp_path / "state", ports="auto", parts=parts, timing=HASTY) as stack,
        httpx.AsyncClient(timeout=10) as http,
    ):
        experiment = await prepare(stack, http)
        base = f"{stack.urls.monitor}/v1/models/{MODEL}/versions/{VERSION}"
        trainers = [Trainer(stack.urls.registry, experiment, first, book, halt) for first in range(TRAINERS)]
        for trainer in trainers:
            trainer.start()
        senders = [asyncio.create_task(send_predictions(http, base, first, book, stop)) for first in range(SENDERS)]

        killed: Counter[str] = Counter()
        for victims in ROUND * ROUNDS:
            await kill_and_wait(stack, victims, rng)
            killed.update(victims)
            assert not any(sender.done() for sender in senders), [
                sender.exception() for sender in senders if sender.done()
            ]

        stop.set()
        halt.set()
        await asyncio.wait_for(asyncio.gather(*senders), 60)
        for trainer in trainers:
            await asyncio.to_thread(trainer.join, 240)
            assert trainer.error is None
            assert not trainer.is_alive()

        views = await settled(stack, book)
        runs = await asyncio.to_thread(all_runs, stack.urls.registry, experiment)
        async with (
            Bus.connect(stack.urls.nats, "test") as bus,
            Store.open(stack.urls.mongodb, "registry") as registry,
            Store.open(stack.urls.mongodb, "monitor") as monitor,
        ):
            logged, in_stream = await published(registry, bus)
            logged_too, in_stream = await published(monitor, bus)
            await until(
                partial(nothing_parked, registry, monitor), 60, "every event that came early applied in its turn"
            )
            dead = await registry["dead_letters"].count_documents({}) + await monitor["dead_letters"].count_documents(
                {}
            )

    print(f"\n{sum(killed.values())} kills {dict(killed)}: {len(book.runs)} runs, {book.rows} predictions and "
          f"{book.labels} labels acknowledged, {book.failures} requests failed on the way, "
          f"{len(logged | logged_too)} events")  # fmt: skip
    by_number = Counter(run.data.tags["number"] for run in runs)
    assert {str(number) for number in book.runs} <= set(by_number), "a run was lost"
    assert [number for number, count in by_number.items() if count > 1] == [], "a run was doubled"
    for run in runs:
        if int(run.data.tags["number"]) in book.runs:
            assert book.runs[int(run.data.tags["number"])] == run.info.run_id
            assert (run.info.status, run.data.params["number"]) == ("FINISHED", run.data.tags["number"])
            assert run.data.metrics["loss"] == pytest.approx(0.1)
    assert sum(view.rows for view in views) == book.rows
    assert sum(view.performance.labelled for view in views if view.performance) == book.labels
    assert logged | logged_too <= set(in_stream), "an event didn't reach the stream"
    assert dead == 0


def all_runs(uri: str, experiment: str) -> list[Any]:
    from mlflow import MlflowClient

    client = MlflowClient(uri)
    found: list[Any] = []
    token = None
    while True:
        page = client.search_runs([experiment], "tags.number != '-1'", max_results=1000, page_token=token)
        found.extend(page)
        token = page.token
        if not token:
            return found
