"""An alert's whole life, from drifted rows to its end: events, views, silences, rules, webhooks."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pytest

from deploy.local.servers import mongo_client
from services.contracts.alert_rules import AlertRule, GetAlertRules, SetAlertRules
from services.contracts.alert_webhooks import DeleteWebhook, ListWebhooks, SetWebhook
from services.contracts.alerts import (
    AcknowledgeAlert,
    AlertMoved,
    AlertOpened,
    AlertView,
    CommentAlert,
    GetAlert,
    ListAlerts,
    ResolveAlert,
    RetrainingRequested,
)
from services.contracts.audit import AuditVerdict, GetMonitorAuditHead, VerifyMonitorAudit
from services.contracts.base import Request
from services.contracts.errors import Conflict, Forbidden, Invalid, LifecycleError, NotAllowedNow, NotFound
from services.contracts.identity import Principal, Role
from services.contracts.paging import Paging
from services.contracts.silences import EndSilence, ListSilences, SetSilence
from services.monitor.settings import MonitorSettings
from services.runtime.bus import Bus
from services.runtime.context import Context
from services.runtime.store import Store
from tests.integration.monitor import rows
from tests.integration.monitor.conftest import MODEL, VERSION, Monitor, Run
from tests.support.waiting import until

WINDOW_ROWS = 600


@pytest.fixture
def settings(settings: MonitorSettings) -> MonitorSettings:
    return settings.model_copy(update={"webhooks_private": True, "idle_close_seconds": 1.0})


class Watcher:
    """Sends windows and asks about alerts."""

    def __init__(self, monitor: Monitor, user: str = "anna") -> None:
        self.monitor = monitor
        self.user = user
        self.sent = 0

    async def ask(self, request: Request[Any], role: Role = Role.ADMIN) -> Any:
        who = Principal(user=self.user, role=role, via="token")
        return await self.monitor.bus.request(request, Context(who, "c"))

    async def window(self, shift: float = 0.0, count: int = WINDOW_ROWS) -> None:
        """One closed hour of rows: its time lies in the past, so it closes as soon as nothing more comes."""
        at = rows.START + self.sent * rows.HOUR
        table = rows.predictions(count, first=self.sent * 10_000, at=at, every_ms=5_000, shift=shift)
        assert (await self.monitor.send("predictions", table)).status_code == 202
        self.sent += 1

    async def closed(self) -> None:
        """All windows sent are closed, and so judged."""

        async def reached() -> bool:
            views = await self.monitor.windows(features=[])
            return len(views) == self.sent and all(view.closed for view in views)

        await until(reached, 30, f"{self.sent} closed windows")

    async def alerts(self, **question: Any) -> list[AlertView]:
        page = await self.ask(ListAlerts(model_name=MODEL, version=VERSION, **question))
        return [edge.node for edge in page.edges]

    async def drifted(self, windows: int = 2) -> AlertView:
        for _ in range(windows):
            await self.window(shift=10.0)
        await self.closed()
        [alert] = await self.alerts(rule="feature-drift")
        return alert

    async def refused(self, request: Request[Any], role: Role = Role.ADMIN) -> LifecycleError:
        with pytest.raises(LifecycleError) as caught:
            await self.ask(request, role)
        return caught.value


@pytest.fixture
async def watcher(monitor: Monitor) -> Watcher:
    assert (await monitor.set_reference()).status_code == 201
    return Watcher(monitor)


async def test_drift_opens_one_alert_which_ends_by_itself(watcher: Watcher, bus: Bus, store: Store) -> None:
    opened = await bus.client.subscribe(f"events.{AlertOpened.type()}.>")
    await bus.client.flush()
    await watcher.window()
    async with bus.hear(AlertMoved, MODEL, VERSION) as moved, asyncio.timeout(60):
        alert = await watcher.drifted(3)
        update = await moved.get()
    assert update.alert.id == alert.id
    assert alert.state == "open"
    assert alert.causes[0].subject == "temp"
    assert alert.causes[0].value > 0.5
    assert "temp" in alert.title
    assert alert.next_step
    assert alert.first_window == datetime.fromtimestamp((rows.START + rows.HOUR) / 1000, UTC)
    assert [window.firing for window in alert.windows] == [True, True]
    event = msgspec.json.decode((await opened.next_msg(timeout=10)).data, type=AlertOpened)
    assert (event.alert_id, event.rule, event.severity) == (alert.id, "feature-drift", "warning")

    for _ in range(3):
        await watcher.window()
    await watcher.closed()
    ended = await watcher.ask(GetAlert(alert_id=alert.id))
    assert (ended.state, ended.resolution, ended.resolved_by) == ("resolved", "by_itself", "monitor")
    told = await store["events"].find({"aggregate": "alert"}).sort("version", 1).to_list(None)
    assert [row["type"] for row in told] == ["monitor.alert.opened.v1", "monitor.alert.resolved.v1"]
    assert [row["version"] for row in told] == [1, 2]

    again = await watcher.drifted(2)
    assert (again.id, again.state, again.reopened) == (alert.id, "open", 1)
    assert await watcher.alerts(rule="slow-drift") == [], "the same rows open no second alert"


async def test_an_alert_is_acknowledged_commented_and_resolved_by_hand(watcher: Watcher) -> None:
    alert = await watcher.drifted()
    written = await watcher.ask(AcknowledgeAlert(alert_id=alert.id, note="looking", idempotency_key="k"))
    assert await watcher.ask(AcknowledgeAlert(alert_id=alert.id, note="looking", idempotency_key="k")) == written
    refused = await watcher.refused(AcknowledgeAlert(alert_id=alert.id))
    assert (type(refused), refused.code) == (NotAllowedNow, "ALREADY_ACKNOWLEDGED")
    await watcher.ask(CommentAlert(alert_id=alert.id, text="a heat wave"))
    assert (await watcher.refused(CommentAlert(alert_id=alert.id, text=" "))).field == "text"
    assert isinstance(await watcher.refused(CommentAlert(alert_id="nothing", text="x")), NotFound)
    assert isinstance(await watcher.refused(ResolveAlert(alert_id=alert.id, reason="")), Invalid)
    assert isinstance(await watcher.refused(ResolveAlert(alert_id=alert.id, reason="x"), Role.VIEWER), Forbidden)
    await watcher.ask(ResolveAlert(alert_id=alert.id, reason="summer"))
    assert (await watcher.refused(ResolveAlert(alert_id=alert.id, reason="x"))).code == "ALREADY_RESOLVED"

    await watcher.window(shift=10.0)  # it goes on firing: nothing new opens until it was quiet once
    await watcher.closed()
    [after] = await watcher.alerts(rule="feature-drift")
    assert (after.state, after.resolution, after.resolve_reason) == ("resolved", "by_hand", "summer")
    assert (after.acknowledged_by, after.resolved_by) == ("anna", "anna")
    assert [comment.text for comment in after.comments] == ["a heat wave"]
    await watcher.window()
    fresh = [await watcher.window(shift=10.0) for _ in range(2)]
    await watcher.closed()
    assert len(fresh) == 2
    states = [alert.state for alert in await watcher.alerts(rule="feature-drift")]
    assert states == ["open", "resolved"]
    assert len(await watcher.alerts(states=["open"])) == 1
    page = await watcher.ask(ListAlerts(paging=Paging(first=1, with_total=True), model_name=MODEL))
    assert (len(page.edges), page.has_next) == (1, True)


async def test_a_silenced_window_says_nothing(watcher: Watcher) -> None:
    start = datetime.fromtimestamp(rows.START / 1000, UTC)
    wrong = SetSilence(start=start, end=start, reason="x")
    assert (await watcher.refused(wrong)).field == "end"
    assert (await watcher.refused(SetSilence(start=start, end=start + timedelta(days=91), reason="x"))).field == "end"
    wanted = SetSilence(
        start=start, end=start + timedelta(hours=4), reason="sensor exchange", model_name=MODEL, version=VERSION
    )
    silence = await watcher.ask(wanted)
    [shown] = await watcher.ask(ListSilences(model_name=MODEL, active_at=start))
    assert (shown.id, shown.by) == (silence.id, "anna")
    for _ in range(3):
        await watcher.window(shift=10.0)
    await watcher.closed()
    assert await watcher.alerts() == []
    assert (await watcher.refused(EndSilence(silence_id=silence.id))).code == "ALREADY_ENDED"


async def test_what_people_do_in_the_monitor_is_chained_and_tampering_names_the_row(
    watcher: Watcher, mongodb: str, settings: MonitorSettings
) -> None:
    start = datetime.fromtimestamp(rows.START / 1000, UTC)
    for reason in ("sensor exchange", "holidays"):
        await watcher.ask(SetSilence(start=start, end=start + timedelta(hours=1), reason=reason, model_name=MODEL))

    async def sealed() -> AuditVerdict | None:
        verdict = await watcher.ask(VerifyMonitorAudit())
        return verdict if verdict.unsealed == 0 else None

    verdict = await until(sealed, what="every row is in the chain")
    assert verdict is not None
    assert (verdict.problem, verdict.done, verdict.upto) == (None, True, await watcher.ask(GetMonitorAuditHead()))
    with contextlib.closing(mongo_client(mongodb, milliseconds=60_000)) as client:
        trail = client[settings.database]["audit"]
        silences = trail.find({"action": "set_silence"}).sort("_id", 1).to_list()
        assert [row["user"] for row in silences] == ["anna", "anna"]
        trail.update_one({"_id": silences[0]["_id"]}, {"$set": {"user": "nobody"}})
    edited = await watcher.ask(VerifyMonitorAudit())
    assert (edited.bad_id, "was changed" in (edited.problem or "")) == (silences[0]["_id"], True)


async def test_rules_are_data_and_a_rule_may_ask_for_retraining(watcher: Watcher, bus: Bus) -> None:
    shown = await watcher.ask(GetAlertRules(model_name=MODEL, version=VERSION))
    assert (shown.default, shown.revision) == (True, 0)
    asked = await bus.client.subscribe(f"events.{RetrainingRequested.type()}.>")
    await bus.client.flush()
    rule = AlertRule(
        name="heat",
        metric="feature_drift",
        features=["temp"],
        severity="critical",
        open_after=1,
        request_retraining=True,
    )
    for wrong, field in (
        (msgspec.structs.replace(rule, name="No!"), "rules.0.name"),
        (msgspec.structs.replace(rule, features=["tamp"]), "rules.0.features"),
        (msgspec.structs.replace(rule, open_after=0), "rules.0.open_after"),
        (msgspec.structs.replace(rule, minimum_effect=float("nan")), "rules.0.minimum_effect"),
        (msgspec.structs.replace(rule, measure="roc_auc"), "rules.0.measure"),
    ):
        refused = await watcher.refused(SetAlertRules(model_name=MODEL, version=VERSION, rules=[wrong]))
        assert (type(refused), refused.field) == (Invalid, field)
    await watcher.ask(SetAlertRules(model_name=MODEL, version=VERSION, rules=[rule], expected=0))
    late = SetAlertRules(model_name=MODEL, version=VERSION, rules=[], expected=0)
    assert isinstance(await watcher.refused(late), Conflict)
    unknown = SetAlertRules(model_name="nothing", version=VERSION, rules=[])
    assert (await watcher.refused(unknown)).code == "VERSION_NOT_FOUND"

    await watcher.window(shift=10.0)
    await watcher.closed()
    [alert] = await watcher.alerts()
    assert (alert.rule, alert.severity) == ("heat", "critical")
    assert alert.retraining_requested_at is not None
    event = msgspec.json.decode((await asked.next_msg(timeout=10)).data, type=RetrainingRequested)
    assert (event.alert_id, event.model_name, event.causes[0].subject) == (alert.id, MODEL, "temp")

    await watcher.ask(SetAlertRules(model_name=MODEL, version=VERSION, rules=None))
    [ended] = await watcher.alerts()
    assert (ended.state, ended.resolution) == ("resolved", "rule_removed")


class Receiver:
    """An HTTP server that answers as told and remembers what came."""

    def __init__(self) -> None:
        self.answers: list[int] = []
        self.came: list[tuple[dict[str, str], bytes]] = []
        self.url = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        headers = {
            name.lower(): value for name, _, value in (line.partition(": ") for line in head.split("\r\n")[1:]) if name
        }
        body = await reader.readexactly(int(headers["content-length"]))
        self.came.append((headers, body))
        status = self.answers.pop(0) if self.answers else 200
        writer.write(f"HTTP/1.1 {status} X\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".encode())
        await writer.drain()
        writer.close()


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0)
    receiver.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook"
    async with server:
        yield receiver


async def test_a_webhook_gets_each_step_signed_until_it_takes_it(watcher: Watcher) -> None:
    async with receiving() as receiver:
        receiver.answers = [500]
        assert isinstance(await watcher.refused(SetWebhook(url=receiver.url), Role.REVIEWER), Forbidden)
        hook = await watcher.ask(SetWebhook(url=receiver.url, severities=["warning", "critical"]))
        alert = await watcher.drifted()
        await watcher.ask(AcknowledgeAlert(alert_id=alert.id))

        async def all_came() -> bool:
            return len(receiver.came) >= 3

        await until(all_came, 30, "the failed attempt again, and the acknowledgement")
    headers, body = receiver.came[0]
    stamp, _, digest = headers["lifecycle-signature"].partition(",v1=")
    expected = hmac.new(hook.secret.encode(), f"{stamp.removeprefix('t=')}.".encode() + body, hashlib.sha256)
    assert digest == expected.hexdigest()
    told = [(headers["lifecycle-delivery"], json.loads(body)["type"]) for headers, body in receiver.came]
    assert told.count(told[0]) == 2  # the same id again after the answer 500
    assert {kind for _, kind in told} == {"monitor.alert.opened.v1", "monitor.alert.acknowledged.v1"}
    assert json.loads(body)["alert"]["id"] == alert.id
    [shown] = await watcher.ask(ListWebhooks())
    assert shown.delivered_at is not None
    await watcher.ask(DeleteWebhook(webhook_id=hook.id))
    assert await watcher.ask(ListWebhooks()) == []


async def test_performance_that_drops_below_the_references_opens_an_alert(watcher: Watcher) -> None:
    for number in range(3):
        at = rows.START + number * rows.HOUR
        sent = rows.predictions(3_000, first=number * 10_000, at=at)
        truth = rows.labels(sent)
        if number:  # from the second window on, labels have nothing to do with scores
            flipped = 1 - truth["label"].to_numpy()
            truth = truth.set_column(1, "label", [flipped])
        await watcher.monitor.send("predictions", sent)
        watcher.sent += 1
        await watcher.monitor.counted(3_000 * watcher.sent)
        await watcher.monitor.send("labels", truth)

    async def opened() -> list[AlertView]:
        return await watcher.alerts(rule="performance")

    [alert] = await until(opened, 30, "an alert about performance")
    assert (alert.metric, alert.severity) == ("performance", "critical")
    assert alert.causes[0].subject == "roc_auc"
    assert alert.causes[0].expected == pytest.approx(0.75, abs=0.08)
    assert alert.causes[0].value < 0.4


async def test_two_monitors_that_close_the_same_windows_open_one_alert(
    settings: MonitorSettings, run_monitor: Run, registry: set[tuple[str, str]], store: Store
) -> None:
    async with run_monitor(settings) as monitor, run_monitor(settings):
        assert (await monitor.set_reference()).status_code == 201
        watcher = Watcher(monitor)
        alert = await watcher.drifted(4)
        assert [window.firing for window in alert.windows] == [True] * 3
        told = await store["events"].find({"aggregate": "alert"}).to_list(None)
        assert [(row["aggregate_id"], row["version"]) for row in told] == [(alert.id, 1)]


async def test_features_that_no_longer_hang_together_are_found_some_time_after_closing(
    settings: MonitorSettings, run_monitor: Run, registry: set[tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.monitor.samples.handlers.EVERY_SECONDS", 0.2)
    made = np.random.default_rng(3)

    def related(rows_: int, noise: float) -> dict[str, np.ndarray]:
        a = made.standard_normal(rows_)
        both = {"a": a, "b": np.sqrt(1 - noise**2) * a + noise * made.standard_normal(rows_)}
        return {**both, "d": both["a"] + 0.1 * made.standard_normal(rows_), "score": made.uniform(size=rows_)}

    def sent(number: int, noise: float) -> pa.Table:
        times = rows.START + number * rows.HOUR + np.arange(600) * 5_000
        return pa.table({"id": [f"{number}-{i}" for i in range(600)], "timestamp": times, **related(600, noise)})

    async with run_monitor(settings) as monitor:
        assert (await monitor.set_reference(pa.table(related(3_000, 0.2)), multivariate="maybe")).status_code == 400
        assert (await monitor.set_reference(pa.table(related(3_000, 0.2)), multivariate="on")).status_code == 201
        for number, noise in enumerate((0.2, 1.0, 1.0)):
            assert (await monitor.send("predictions", sent(number, noise))).status_code == 202

        async def found() -> bool:
            views = await monitor.windows()
            return len(views) == 3 and all(view.multivariate is not None for view in views)

        await until(found, 30, "multivariate figures of all windows")
        quiet, moved, newest = (view.multivariate for view in await monitor.windows())
        watcher = Watcher(monitor)

        async def told() -> list[AlertView]:
            return await watcher.alerts(rule="multivariate-drift")

        [alert] = await until(told, 30, "an alert after two windows")
    assert quiet is not None
    assert moved is not None
    assert newest is not None
    assert (quiet.rows, quiet.drifted, moved.drifted) == (256, False, True)
    assert (alert.metric, alert.causes[0].subject) == ("multivariate_drift", "all features")
    assert alert.causes[0].value == newest.error
