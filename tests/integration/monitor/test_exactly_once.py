"""Repeats, late rows, early labels, corrections: each row counts once, in its window, with its newest label."""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pytest
from sklearn.metrics import roc_auc_score

from services.monitor.settings import MonitorSettings
from services.runtime.store import Store
from tests.integration.monitor import rows
from tests.integration.monitor.conftest import Monitor, Run
from tests.support.waiting import until


async def test_a_repeated_batch_counts_once(monitor: Monitor) -> None:
    await monitor.set_reference()
    batch = rows.predictions(500)
    for _ in range(3):
        answer = await monitor.send("predictions", batch, batch="monday")
        assert answer.json() == {"batch_id": "monday", "rows": 500}
    await monitor.send("predictions", rows.predictions(100, first=500), batch="tuesday")
    [window] = await monitor.counted(600)
    assert window.rows == 600


async def test_a_repeat_is_recognised_after_the_stream_has_forgotten_it(monitor: Monitor, store: Store) -> None:
    await monitor.set_reference()
    batch = rows.predictions(200)
    await monitor.send("predictions", batch, batch="b")
    await monitor.counted(200)
    await monitor.bus.jetstream.delete_stream("PREDICTIONS")  # with it, what it remembers of message ids
    answer = await monitor.send("predictions", batch, batch="b")
    for _ in range(50):
        if answer.status_code == 202:
            break
        answer = await monitor.send("predictions", batch, batch="b")
    assert answer.status_code == 202
    await monitor.send("predictions", rows.predictions(10, first=200), batch="c")
    [window] = await monitor.counted(210)
    assert window.rows == 210


async def test_a_late_row_merges_into_its_closed_window(monitor: Monitor) -> None:
    await monitor.set_reference()
    await monitor.send("predictions", rows.predictions(1_000))
    await monitor.send("predictions", rows.predictions(500, first=1_000, at=rows.START + 2 * rows.HOUR))

    async def closed() -> bool:
        return any(window.closed for window in await monitor.windows())

    await until(closed, 10, "the first window closed")
    late = rows.predictions(50, first=5_000)
    await monitor.send("predictions", late)
    first, _ = await monitor.counted(1_550)
    assert first.rows == 1_050
    assert first.closed


async def test_rows_out_of_order_fall_into_their_windows(monitor: Monitor) -> None:
    await monitor.set_reference()
    table = rows.predictions(3_000, every_ms=5_000)
    shuffled = table.take(pa.array(np.random.default_rng(3).permutation(3_000)))
    await monitor.send("predictions", shuffled)
    windows = await monitor.counted(3_000)
    assert [window.rows for window in windows] == [720, 720, 720, 720, 120]


async def test_a_label_before_its_prediction_waits_for_it(monitor: Monitor) -> None:
    await monitor.set_reference()
    sent = rows.predictions(400)
    await monitor.send("labels", rows.labels(sent))
    await monitor.send("predictions", sent)
    [window] = await monitor.counted(400, labelled=400)
    assert window.performance is not None
    assert window.performance.coverage == 1.0


async def test_a_corrected_label_replaces_the_first(monitor: Monitor, store: Store) -> None:
    await monitor.set_reference()
    sent = rows.predictions(1_000)
    await monitor.send("predictions", sent)
    await monitor.send("labels", rows.labels(sent))
    await monitor.counted(1_000, labelled=1_000)
    corrected = rows.labels(sent, seed=99)
    await monitor.send("labels", corrected)
    expected = roc_auc_score(corrected["label"].to_numpy(), sent["score"].to_numpy())

    async def figures_follow() -> bool:
        [window] = await monitor.windows()
        assert window.performance is not None
        assert window.performance.labelled == 1_000
        return window.performance.roc_auc == pytest.approx(expected, abs=1e-4)

    await until(figures_follow, 10, "the figures of the corrected labels")


async def test_a_correction_of_a_waiting_label_counts_too(monitor: Monitor) -> None:
    await monitor.set_reference()
    sent = rows.predictions(300)
    await monitor.send("labels", rows.labels(sent))
    corrected = rows.labels(sent, seed=5)
    await monitor.send("labels", corrected)
    await monitor.send("predictions", sent)
    score = sent["score"].to_numpy()
    first, last = (roc_auc_score(table["label"].to_numpy(), score) for table in (rows.labels(sent), corrected))
    assert abs(first - last) > 2e-3

    async def replaced() -> bool:
        [window] = await monitor.counted(300, labelled=300)
        assert window.performance is not None
        assert window.performance.labelled == 300
        return window.performance.roc_auc == pytest.approx(last, abs=1e-3)

    await until(replaced, 20, "the corrections take the first labels' place")


async def test_labels_find_predictions_in_blocks_that_were_merged(monitor: Monitor, store: Store) -> None:
    await monitor.set_reference(window="1d")
    sent = [rows.predictions(40, first=40 * i, at=rows.START + 40_000 * i) for i in range(30)]
    for i, batch in enumerate(sent):
        await monitor.send("predictions", batch)
        if i % 3 == 0:
            await monitor.send("labels", rows.labels(batch))
        await monitor.counted(40 * (i + 1))
    for i, batch in enumerate(sent):
        if i % 3:
            await monitor.send("labels", rows.labels(batch))
    [window] = await monitor.counted(1_200, labelled=1_200)
    assert window.performance is not None
    assert window.performance.labelled == 1_200
    assert await store["prediction_blocks"].count_documents({}) < 12
    truth = np.concatenate([rows.labels(batch)["label"].to_numpy() for batch in sent])
    score = np.concatenate([batch["score"].to_numpy() for batch in sent])
    assert window.performance.roc_auc == pytest.approx(roc_auc_score(truth, score), abs=1e-4)


async def test_json_and_arrow_count_alike(monitor: Monitor) -> None:
    await monitor.set_reference()
    sent = rows.predictions(200)
    await monitor.send("predictions", sent)
    at = rows.START + rows.HOUR
    same = sent.set_column(1, "timestamp", pa.array(at + np.arange(200) * 1_000))
    body = {"batch_id": "json", "columns": rows.json_columns(same)}
    assert (await monitor.send_json("predictions", body)).json() == {"batch_id": "json", "rows": 200}
    assert (await monitor.send_json("labels", {"columns": {"id": ["r0"], "label": [1]}})).status_code == 202
    first, second = await monitor.counted(400)
    assert [f.psi for f in first.features] == [f.psi for f in second.features]
    assert json.dumps([f.js for f in first.features]) == json.dumps([f.js for f in second.features])


async def test_windows_merge_to_any_coarser_resolution(monitor: Monitor) -> None:
    await monitor.set_reference()
    await monitor.send("predictions", rows.predictions(9_000))
    assert [window.rows for window in await monitor.counted(9_000)] == [3_600, 3_600, 1_800]
    [day] = await monitor.windows(resolution_seconds=86_400)
    assert day.rows == 9_000
    assert (day.end - day.start).total_seconds() == 86_400
    newest = await monitor.windows(last=1, features=["temp"])
    assert [figure.feature for figure in newest[0].features] == ["temp"]
    assert newest[0].rows == 1_800
    [bare] = await monitor.windows(last=1, features=[])
    assert bare.features == []
    shape = await monitor.distribution("temp")
    assert sum(shape.current) == pytest.approx(1.0)
    assert (await monitor.distribution("prediction")).feature == "prediction"
    [view] = await monitor.monitored()
    assert view.rows == 9_000
    assert view.features == ["temp", "load", "site"]


async def test_a_restarted_monitor_goes_on_where_it_stopped(
    settings: MonitorSettings, run_monitor: Run, registry: set[tuple[str, str]]
) -> None:
    async with run_monitor(settings) as monitor:
        await monitor.set_reference()
        await monitor.send("predictions", rows.predictions(100))
        await monitor.counted(100)
    async with run_monitor(settings) as monitor:
        await monitor.send("predictions", rows.predictions(100, first=100))
        [window] = await monitor.counted(200)
        assert window.rows == 200
