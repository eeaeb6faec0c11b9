"""From an HTTP request to windows, live figures and events: the whole way, once."""

from __future__ import annotations

import httpx
import numpy as np
import pytest
from sklearn.metrics import accuracy_score, roc_auc_score

from services.contracts.drift import ListSegmentDrift
from services.contracts.monitor import GetPerformance, WindowClosed, WindowMoved
from services.monitor.settings import MonitorSettings
from services.runtime.bus import Bus
from services.runtime.context import service_context
from tests.integration.monitor import rows
from tests.integration.monitor.conftest import MODEL, VERSION, Monitor


async def test_predictions_become_windowed_drift_figures(monitor: Monitor) -> None:
    assert (await monitor.set_reference()).status_code == 201
    quiet = rows.predictions(3_600)
    drifted = rows.predictions(3_600, first=3_600, at=rows.START + rows.HOUR, shift=5.0)

    for batch in (quiet, drifted):
        answer = await monitor.send("predictions", batch)
        assert answer.status_code == 202, answer.text
        assert answer.json()["rows"] == 3_600

    first, second = await monitor.counted(7_200)
    assert [first.rows, second.rows] == [3_600, 3_600]
    by_name = {figure.feature: figure for figure in first.features}
    assert set(by_name) == {"temp", "load", "site"}
    assert by_name["temp"].psi is not None
    assert by_name["temp"].psi < 0.05
    moved = {figure.feature: figure for figure in second.features}
    assert moved["temp"].psi is not None
    assert moved["temp"].psi > 0.5
    assert moved["temp"].drifted
    assert not moved["site"].drifted
    assert second.prediction is not None
    assert second.prediction.feature == "score"


async def test_labels_become_performance(monitor: Monitor) -> None:
    await monitor.set_reference()
    sent = rows.predictions(3_000)
    truth = rows.labels(sent)
    await monitor.send("predictions", sent)
    await monitor.counted(3_000)

    answer = await monitor.send("labels", truth)

    assert answer.status_code == 202, answer.text
    [window] = await monitor.counted(3_000, labelled=3_000)
    assert window.performance is not None
    label, score = truth["label"].to_numpy(), sent["score"].to_numpy()
    assert window.performance.coverage == 1.0
    assert window.performance.roc_auc == pytest.approx(roc_auc_score(label, score), abs=1e-4)
    assert window.performance.accuracy == pytest.approx(accuracy_score(label, score >= 0.5))
    assert window.performance.brier == pytest.approx(np.mean((score - label) ** 2))


async def test_performance_is_parted_by_segment_and_the_worst_is_named(monitor: Monitor) -> None:
    for wrong in ("temp", "nothing", "site,site,site,site"):
        refused = await monitor.set_reference(segments=wrong)
        assert (refused.status_code, refused.json()["error"]["field"]) == (400, "segments")
    assert (await monitor.set_reference(segments="site")).status_code == 201
    sent = rows.predictions(3_000)
    truth = rows.labels(sent)
    north = np.array(sent["site"].to_pylist()) == "north"
    sent = sent.set_column(sent.schema.get_field_index("temp"), "temp", [sent["temp"].to_numpy() + 8.0 * north])
    label = np.where(north, 1 - truth["label"].to_numpy(), truth["label"].to_numpy())
    await monitor.send("predictions", sent.append_column("latency", [np.full(3_000, 12.0)]))
    await monitor.counted(3_000)
    await monitor.send("labels", truth.set_column(1, "label", [label]))

    [window] = await monitor.counted(3_000, labelled=3_000)
    warmest = window.worst_drift
    assert warmest is not None
    assert (warmest.column, warmest.value, warmest.feature, warmest.drifted) == ("site", "north", "temp", True)
    ask = ListSegmentDrift(model_name=MODEL, version=VERSION, feature="temp")
    listed = await monitor.bus.request(ask, service_context("test"))
    assert listed[0] == warmest
    assert {segment.value: segment.drifted for segment in listed} == {"north": True, "south": False, "west": False}
    worst = window.worst_segment
    assert worst is not None
    assert (worst.column, worst.value, worst.performance.labelled) == ("site", "north", int(north.sum()))
    assert worst.performance.roc_auc == pytest.approx(
        roc_auc_score(label[north], sent["score"].to_numpy()[north]), abs=1e-3
    )
    assert window.service is not None
    assert window.service.latency_p99 == pytest.approx(12.0, rel=0.01)
    assert window.estimated is not None
    assert window.estimated.calibration_drift
    detail = await monitor.bus.request(
        GetPerformance(model_name=monitor.model, version=monitor.version), service_context("test")
    )
    assert detail.segments[0].value == "north"
    assert sum(segment.performance.labelled for segment in detail.segments) == 3_000
    assert detail.baseline is not None
    assert detail.at is not None
    assert len(detail.curve) > 10


async def test_a_watcher_sees_the_newest_window_move(monitor: Monitor, bus: Bus) -> None:
    await monitor.set_reference()
    async with bus.hear(WindowMoved, monitor.model, monitor.version) as updates:
        await monitor.send("predictions", rows.predictions(100))
        update = await updates.get()
        assert update.window.rows == 100
        assert {figure.feature for figure in update.window.features} == {"temp", "load", "site"}


async def test_a_window_closes_once_event_time_has_passed_it(monitor: Monitor, bus: Bus) -> None:
    await monitor.set_reference()
    subscription = await bus.client.subscribe(f"events.{WindowClosed.type()}.>")
    await bus.client.flush()
    await monitor.send("predictions", rows.predictions(3_600))
    await monitor.send("predictions", rows.predictions(100, first=3_600, at=rows.START + rows.HOUR + rows.HOUR // 2))

    event = await subscription.next_msg(timeout=10)

    assert b'"rows":3600' in event.data
    first, second = await monitor.windows()
    assert first.closed
    assert not second.closed


async def test_health_and_metrics_answer(monitor: Monitor, settings: MonitorSettings) -> None:
    async with httpx.AsyncClient() as http:
        assert (await http.get(f"{monitor.url}/readyz")).status_code == 200
        metrics = (await http.get(f"{monitor.url}/metrics")).text
    assert "lifecycle_monitor_rows_total" in metrics
