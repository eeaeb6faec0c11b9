"""What crosses the monitor's boundary is what its contracts say: requests, events, live updates, errors, batches."""

from __future__ import annotations

import asyncio
import json
import time

import msgspec
import pyarrow as pa

from services.contracts import catalogue
from services.contracts.dead_letters import (
    DecideMonitorDeadLetter,
    ListMonitorDeadLetters,
    ListMonitorDeadLettersByPage,
)
from services.contracts.monitor import ReferenceSet, WindowClosed, WindowMoved
from services.contracts.streams import MONITOR_PREDICTIONS
from services.runtime.bus import Bus
from services.runtime.store import Store
from tests.integration.monitor import rows
from tests.integration.monitor.conftest import Monitor
from tests.support.waiting import until


async def test_every_request_of_the_contracts_is_answered_and_no_other(monitor: Monitor, bus: Bus) -> None:
    answer = await bus.client.request("$SRV.INFO.monitor", b"", timeout=5)
    served = {endpoint["subject"] for endpoint in json.loads(answer.data)["endpoints"]}
    expected = {request.subject() for request in catalogue.REQUESTS if request.service == "monitor"}
    letters = {ListMonitorDeadLetters, ListMonitorDeadLettersByPage, DecideMonitorDeadLetter}
    assert served == expected | {request.subject() for request in letters}


async def test_a_versions_events_are_numbered_without_gaps(monitor: Monitor, store: Store) -> None:
    await monitor.set_reference()
    for i in range(12):
        await monitor.send("predictions", rows.predictions(60, first=100 * i, at=rows.START + i * rows.HOUR))

    async def closed() -> bool:
        return await store["events"].count_documents({"type": WindowClosed.type()}) == 10

    await until(closed, 20, "ten windows closed: event time has not passed the lateness of the eleventh")
    told = await store["events"].find({"aggregate": "monitored_version"}).sort("version", 1).to_list(None)
    assert [event["version"] for event in told] == list(range(1, 12))
    msgspec.json.decode(told[0]["data"], type=ReferenceSet)
    closings = [msgspec.json.decode(event["data"], type=WindowClosed) for event in told[1:]]
    assert len({closing.start for closing in closings}) == 10
    assert all(closing.figures.rows == 60 for closing in closings)


async def test_live_updates_grow_in_sequence_and_come_a_few_times_a_second(monitor: Monitor, bus: Bus) -> None:
    await monitor.set_reference()
    heard: list[WindowMoved] = []
    async with bus.hear(WindowMoved) as updates:
        began = time.monotonic()
        for i in range(40):
            await monitor.send("predictions", rows.predictions(10, first=10 * i))
        while not heard or heard[-1].window.rows < 400:
            heard.append(await asyncio.wait_for(updates.get(), 10))
        took = time.monotonic() - began
    assert len({update.boot for update in heard}) == 1
    assert [update.sequence for update in heard] == sorted(update.sequence for update in heard)
    assert len(heard) <= took / 0.2 + 2


async def test_every_refusal_has_the_same_form(monitor: Monitor) -> None:
    await monitor.set_reference()
    answers = [
        await monitor.send("predictions", b"no", rows.ARROW),
        await monitor.send_json("labels", {"columns": {"id": [None]}}),
        await monitor.http.put(f"{monitor.path}/references/x?window=never", content=b"x"),
    ]
    monitor.version = "none"
    answers.append(await monitor.send("predictions", b"no", rows.ARROW))
    for answer in answers:
        assert answer.status_code in (400, 404)
        error = answer.json()["error"]
        assert {"code", "message", "field", "fix", "retryable"} <= set(error)
        assert error["message"]


async def test_a_batch_travels_in_one_form_whatever_it_came_in(monitor: Monitor, bus: Bus) -> None:
    await monitor.set_reference()
    subscription = await bus.client.subscribe("ingest.>")
    await bus.client.flush()
    table = rows.predictions(5)
    await monitor.send("predictions", table, batch="a")
    await monitor.send_json("predictions", {"batch_id": "b", "columns": rows.json_columns(table)})
    first, second = [await subscription.next_msg(timeout=30) for _ in range(2)]
    assert first.subject == second.subject == "ingest.predictions.late%20flights.1"
    assert MONITOR_PREDICTIONS.subjects == ("ingest.predictions.>",)
    read = [pa.ipc.open_stream(message.data).read_all() for message in (first, second)]
    assert read[0].schema.names == ["@id", "@time", "@score", "@prediction", "temp", "load", "site"]
    for name in read[0].schema.names:
        assert read[0][name].to_pylist() == read[1][name].to_pylist(), name
