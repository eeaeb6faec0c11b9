"""Monitors killed in the middle of a stream, and several that share the work: nothing lost, nothing counted twice."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import httpx
import pyarrow as pa
import pytest

from services.monitor.settings import MonitorSettings
from services.runtime.bus import Bus
from services.runtime.store import Store
from tests.integration.monitor import rows
from tests.integration.monitor.conftest import Monitor, MonitorProcess
from tests.support.waiting import wait_until

pytestmark = pytest.mark.timeout(300)  # each start imports a good deal

BATCHES = 40
ROWS = 200
KILLS = 3


async def deliver(monitor: Monitor, what: str, table: pa.Table, batch: str) -> None:
    """Sends until it is acknowledged, as a producer does."""
    while True:
        try:
            answer = await monitor.send(what, table, batch=batch)
        except httpx.TransportError:
            await asyncio.sleep(0.05)
            continue
        if answer.status_code == 202:
            return
        assert answer.status_code in (503, 429), answer.text
        await asyncio.sleep(0.05)


async def test_killing_the_monitor_again_and_again_loses_and_doubles_nothing(
    start_monitor: Callable[[], MonitorProcess], bus: Bus, registry: set[tuple[str, str]]
) -> None:
    process = start_monitor()
    sent = [rows.predictions(ROWS, first=ROWS * i, at=rows.START + ROWS * i * 1_000) for i in range(BATCHES)]
    async with httpx.AsyncClient(timeout=60) as http:
        monitor = Monitor(process.url, http, bus)
        assert (await monitor.set_reference()).status_code == 201
        acknowledged = 0

        async def produce() -> None:
            nonlocal acknowledged
            for i, table in enumerate(sent):
                await deliver(monitor, "predictions", table, f"p{i}")
                await deliver(monitor, "labels", rows.labels(table), f"l{i}")
                acknowledged = i + 1

        producer = asyncio.create_task(produce())
        for kill in range(1, KILLS + 1):
            await asyncio.to_thread(wait_until, lambda due=BATCHES * kill // (KILLS + 1): acknowledged >= due, 60)
            await asyncio.to_thread(process.kill9)
            await asyncio.to_thread(process.start)
        await producer

        views = await monitor.counted(ROWS * BATCHES, labelled=ROWS * BATCHES, within=90)
    assert sum(view.rows for view in views) == ROWS * BATCHES
    assert sum(view.performance.labelled for view in views if view.performance) == ROWS * BATCHES
    for view in views:
        assert view.performance is not None
        assert view.performance.labelled == view.rows
        assert all(figure.rows == view.rows for figure in view.features)


async def test_two_monitors_share_the_work_and_one_takes_over_when_the_other_dies(
    start_monitor: Callable[[], MonitorProcess], bus: Bus, store: Store, registry: set[tuple[str, str]]
) -> None:
    first, second = start_monitor(), start_monitor()
    async with httpx.AsyncClient(timeout=60) as http:
        one, other = Monitor(first.url, http, bus), Monitor(second.url, http, bus)
        assert (await one.set_reference()).status_code == 201
        sent = [rows.predictions(ROWS, first=ROWS * i, at=rows.START + ROWS * i * 1_000) for i in range(BATCHES)]
        for i, table in enumerate(sent[: BATCHES // 2]):
            await deliver(one if i % 2 else other, "predictions", table, f"p{i}")
            await deliver(other, "labels", rows.labels(table), f"l{i}")
        assert await store["windows"].distinct("s") == [0, 1], "both have counted"
        await asyncio.to_thread(second.kill9)
        for i, table in enumerate(sent[BATCHES // 2 :], BATCHES // 2):
            await deliver(one, "predictions", table, f"p{i}")
            await deliver(one, "labels", rows.labels(table), f"l{i}")
        views = await one.counted(ROWS * BATCHES, labelled=ROWS * BATCHES, within=90)
    assert sum(view.rows for view in views) == ROWS * BATCHES
    assert sum(view.performance.labelled for view in views if view.performance) == ROWS * BATCHES


async def test_two_monitors_that_believe_to_own_one_slot_still_count_right(
    settings: MonitorSettings, start_monitor: Callable[[], MonitorProcess], bus: Bus, store: Store,
    registry: set[tuple[str, str]],
) -> None:  # fmt: skip
    first = start_monitor()
    await store["slots"].delete_many({})  # as if the first had been paused beyond its lease
    second = start_monitor()
    async with httpx.AsyncClient(timeout=60) as http:
        one, other = Monitor(first.url, http, bus), Monitor(second.url, http, bus)
        assert (await one.set_reference()).status_code == 201
        sent = [rows.predictions(50, first=50 * i, at=rows.START + 50_000 * i) for i in range(BATCHES)]
        await asyncio.gather(
            *(deliver(one if i % 2 else other, "predictions", table, f"p{i}") for i, table in enumerate(sent))
        )
        await asyncio.gather(
            *(deliver(one if i % 2 else other, "labels", rows.labels(table), f"l{i}") for i, table in enumerate(sent))
        )
        views = await one.counted(50 * BATCHES, labelled=50 * BATCHES, within=90)
    assert sum(view.rows for view in views) == 50 * BATCHES
    assert sum(view.performance.labelled for view in views if view.performance) == 50 * BATCHES
