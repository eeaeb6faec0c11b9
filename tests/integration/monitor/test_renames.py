"""A model gets another name: what is monitored follows, and what still comes under the former name finds its place."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest

from services.contracts.alert_rules import GetAlertRules, SetAlertRules
from services.contracts.alert_webhooks import ListWebhooks, SetWebhook
from services.contracts.alerts import GetAlert, ListAlerts, ResolveAlert
from services.contracts.base import Event
from services.contracts.errors import NotFound
from services.contracts.monitor import BatchHeader
from services.contracts.registry import VersionRegistered, VersionUpdated
from services.contracts.silences import ListSilences, SetSilence
from services.monitor.settings import MonitorSettings
from services.runtime.bus import Bus
from services.runtime.context import service_context
from services.runtime.health import Health
from services.runtime.inbox import batch_headers
from services.runtime.outbox import Change, Outbox
from services.runtime.relay import Relay
from services.runtime.run import background
from services.runtime.store import Store
from tests.integration.monitor import rows
from tests.integration.monitor.conftest import MODEL, VERSION, Monitor
from tests.integration.monitor.test_alerts import WINDOW_ROWS, Watcher
from tests.support.waiting import until

OTHER = "punctual flights"
Tell = Callable[..., Awaitable[None]]


@pytest.fixture
def settings(settings: MonitorSettings) -> MonitorSettings:
    return settings.model_copy(update={"webhooks_private": True, "idle_close_seconds": 1.0})


@pytest.fixture
async def watcher(monitor: Monitor) -> Watcher:
    assert (await monitor.set_reference()).status_code == 201
    return Watcher(monitor)


@pytest.fixture
async def tell(bus: Bus, mongodb: str, database: str) -> AsyncIterator[Tell]:
    """Tells events as the registry does: all of one call in one transaction."""
    async with Store.open(mongodb, f"{database}_r") as store:
        outbox = Outbox(store)
        await outbox.prepare()
        async with background(Health(), relay=Relay(outbox, bus).run):

            async def tell(*events: tuple[Event, int]) -> None:
                change = Change(service_context("registry"), "told")
                for event, number in events:
                    change.emit(event, number)
                await outbox.commit(change)

            yield tell
        await store._client.drop_database(store.name)


def registered(name: str, former: str | None = None) -> VersionRegistered:
    return VersionRegistered(model_name=name, version=VERSION, source="", user="anna", former_name=former)


def deleted(name: str) -> VersionUpdated:
    return VersionUpdated(model_name=name, version=VERSION, changed=["deleted"], deleted=True)


async def known_as(monitor: Monitor, name: str) -> None:
    async def reached() -> bool:
        return [view.model_name for view in await monitor.monitored()] == [name]

    await until(reached, 30, f"{name} is monitored")


def later(first: int, count: int, hours: int) -> pa.Table:
    return rows.predictions(count, first=first, at=rows.START + hours * rows.HOUR, every_ms=100)


async def test_all_that_is_monitored_follows_the_new_name(
    watcher: Watcher, bus: Bus, store: Store, registry: set[tuple[str, str]], tell: Tell
) -> None:
    monitor = watcher.monitor
    alert = await watcher.drifted(2)
    rules = (await watcher.ask(GetAlertRules(model_name=MODEL, version=VERSION))).rules
    await watcher.ask(SetAlertRules(model_name=MODEL, version=VERSION, rules=rules))
    now = datetime.now(UTC)
    await watcher.ask(
        SetSilence(model_name=MODEL, version=None, start=now, end=now + timedelta(hours=1), reason="maintenance")
    )
    await watcher.ask(SetWebhook(url="http://127.0.0.1:9/", model_name=MODEL))
    late = later(100_000, 10_000, 20)
    assert (await monitor.send("predictions", late, batch="late")).status_code == 202

    registry.clear()
    registry.add((OTHER, VERSION))
    await tell((registered(MODEL), 1))
    await tell((registered(OTHER, MODEL), 1), (deleted(MODEL), 2))
    await known_as(monitor, OTHER)

    # Under the former name: a repeat, a new batch, labels, and a message that another producer had on its way.
    assert (await monitor.send("predictions", late, batch="late")).status_code == 202
    assert (await monitor.send("predictions", later(200_000, 5_000, 20))).status_code == 202
    header = BatchHeader(
        batch_id="direct", model_name=MODEL, version=VERSION, rows=300, actor="anna", correlation_id="c",
        received_at=datetime.now(UTC),
    )  # fmt: skip
    await bus.publish(
        "ingest.predictions.any.1", rows.arrow(later(300_000, 300, 20)), message_id="direct",
        headers=batch_headers(header),
    )  # fmt: skip
    monitor.model = OTHER
    assert (await monitor.send("labels", rows.labels(late))).status_code == 202
    total = 2 * WINDOW_ROWS + 15_300
    views = await monitor.counted(total, labelled=10_000)
    assert sum(view.rows for view in views) == total
    assert {view.model_name for view in views} == {OTHER}
    assert sum(view.rows for view in await Monitor(monitor.url, monitor.http, bus, MODEL).windows()) == total

    moved = await watcher.ask(GetAlert(alert_id=alert.id))
    assert (moved.model_name, moved.state) == (OTHER, "open")
    page = await watcher.ask(ListAlerts(model_name=OTHER, version=VERSION))
    assert alert.id in [edge.node.id for edge in page.edges]
    assert not (await watcher.ask(GetAlertRules(model_name=OTHER, version=VERSION))).default
    assert [silence.model_name for silence in await watcher.ask(ListSilences(model_name=OTHER))] == [OTHER]
    assert [webhook.model_name for webhook in await watcher.ask(ListWebhooks())] == [OTHER]
    await watcher.ask(SetAlertRules(model_name=OTHER, version=VERSION, rules=None))
    await watcher.ask(ResolveAlert(alert_id=alert.id, reason="seen"))

    async def closed() -> bool:
        return all(view.closed for view in await monitor.windows(features=[]))

    await until(closed, 30, "windows close under the new name")
    events = await store["events"].find({"aggregate_id": f"{OTHER}/{VERSION}"}).sort("version", 1).to_list(None)
    for aggregate in ("monitored_version", "alert_rules"):
        numbers = [event["version"] for event in events if event["aggregate"] == aggregate]
        assert numbers == list(range(1, len(numbers) + 1)) != [], f"no gap in what is told about {aggregate}"

    # The former name goes to another model, which begins with nothing.
    registry.add((MODEL, VERSION))
    await tell((registered(MODEL), 3))
    monitor.model = MODEL

    async def begun() -> bool:
        return (await monitor.set_reference()).status_code == 201 and len(await monitor.monitored()) == 2

    await until(begun, 30, "the new model under the former name is monitored by itself")
    assert await monitor.windows() == []
    assert (await monitor.send("predictions", later(0, 50, 30))).status_code == 202
    assert sum(view.rows for view in await monitor.counted(50)) == 50
    monitor.model = OTHER
    assert sum(view.rows for view in await monitor.windows()) == total


async def test_events_of_a_rename_may_come_in_any_order_and_go_back(
    watcher: Watcher, registry: set[tuple[str, str]], tell: Tell
) -> None:
    monitor = watcher.monitor
    await watcher.window()
    await monitor.counted(WINDOW_ROWS)
    await tell((registered(MODEL), 1))
    await tell((deleted(MODEL), 2))

    async def gone() -> bool:
        try:
            await monitor.windows()
        except NotFound:
            return True
        return False

    await until(gone, 30, "the name is deleted")
    registry.clear()
    registry.add((OTHER, VERSION))
    await tell((registered(OTHER, MODEL), 1))
    await known_as(monitor, OTHER)
    await tell((registered("third", OTHER), 1), (deleted(OTHER), 2), (registered(MODEL, "third"), 3))
    await tell((deleted("third"), 2))
    await known_as(monitor, MODEL)
    assert sum(view.rows for view in await monitor.windows()) == WINDOW_ROWS
