"""Back-pressure, interruptions and refusals at the monitor's ingest."""

import time

import httpx
import pyarrow as pa
import pytest

from deploy.demo.ingest import Ingest, IngestRefused, MonitorSilent
from tests.integration.demo.recorder import Answer, RecordingMonitor

ROWS = pa.table({"id": ["a"], "label": [1]})


async def test_a_busy_monitor_gets_the_same_batch_again_after_the_time_it_names(monitor: RecordingMonitor) -> None:
    monitor.answers.extend([Answer(503, (("Retry-After", "0.3"),)), Answer(429, (("Retry-After", "0.2"),))])
    told: list[str] = []
    started = time.monotonic()
    async with httpx.AsyncClient(base_url=monitor.url) as http:
        await Ingest(http, "m", "1", waiting=told.append).send_labels("batch-7", ROWS)
    assert time.monotonic() - started >= 0.5
    assert [(one.status, one.batch_id) for one in monitor.received] == [
        (503, "batch-7"),
        (429, "batch-7"),
        (202, "batch-7"),
    ]
    assert told == ["the monitor is busy"] * 2


async def test_a_monitor_that_stays_busy_ends_the_wait_with_a_reason(monitor: RecordingMonitor) -> None:
    monitor.answers.extend([Answer(503)] * 50)
    async with httpx.AsyncClient(base_url=monitor.url) as http:
        with pytest.raises(MonitorSilent, match="busy"):
            await Ingest(http, "m", "1", patience=0.5).send_labels("b", ROWS)
    assert len(monitor.received) >= 2


async def test_a_monitor_out_of_reach_is_tried_again_and_then_named() -> None:
    with RecordingMonitor() as gone:
        url = gone.url
    told: list[str] = []
    async with httpx.AsyncClient(base_url=url) as http:
        with pytest.raises(MonitorSilent, match="out of reach"):
            await Ingest(http, "m", "1", patience=0.5, waiting=told.append).send_predictions("b", ROWS)
    assert told


async def test_a_refusal_names_the_field_and_the_fix_and_is_not_repeated(monitor: RecordingMonitor) -> None:
    body = b'{"error":{"code":"INVALID","message":"temp is text","field":"columns.temp","fix":"Send numbers."}}'
    monitor.answers.append(Answer(400, body=body))
    async with httpx.AsyncClient(base_url=monitor.url) as http:
        with pytest.raises(IngestRefused) as refused:
            await Ingest(http, "m", "1").send_predictions("b", ROWS)
    assert "400 (columns.temp): temp is text" in refused.value.what
    assert refused.value.fix == "Send numbers."
    assert len(monitor.received) == 1


async def test_names_are_quoted_in_the_address(monitor: RecordingMonitor) -> None:
    async with httpx.AsyncClient(base_url=monitor.url) as http:
        await Ingest(http, "a/b c", "1").send_labels("b", ROWS)
    assert monitor.received[0].path == "/v1/models/a%2Fb%20c/versions/1/labels"
