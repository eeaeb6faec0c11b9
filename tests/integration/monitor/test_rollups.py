"""A long time of short windows: stored hours and days say the same as the windows themselves, also after late rows."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pyarrow as pa
import pytest

from services.contracts.monitor import GetPerformance, Performance, WindowView
from services.monitor.rollups.rules import DAY, HOUR
from services.monitor.rollups.store import MARKS, ROLLUPS
from services.monitor.settings import MonitorSettings
from services.monitor.windows import buckets, preparing, rolling, stored, views
from services.monitor.windows.buckets import Buckets
from services.monitor.windows.cache import ViewCache
from services.monitor.windows.store import PERFORMANCES, WINDOWS
from services.monitor.windows.stored import FIGURES
from services.runtime.context import service_context
from services.runtime.store import Store
from tests.integration.monitor import rows
from tests.integration.monitor.conftest import MODEL, PATIENCE, VERSION, Monitor, Run
from tests.support.waiting import until

SENT = 360  # rows, one every twelve minutes: three days of minute windows
A_DAY = SENT // 3
EVERY = 12 * 60_000


@pytest.fixture
async def monitor(
    settings: MonitorSettings,
    run_monitor: Run,
    registry: set[tuple[str, str]],
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[Monitor]:
    """It makes roll-ups and figures all the time, and remembers none itself."""
    monkeypatch.setattr(rolling, "EVERY_SECONDS", 0.05)
    monkeypatch.setattr(preparing, "SETTLED", timedelta(0))
    monkeypatch.setattr(ViewCache, "get", lambda *_: None)
    async with run_monitor(settings) as monitor:
        yield monitor


async def filled(monitor: Monitor) -> None:
    """Three days of predictions with their labels, in windows of a minute."""
    assert (await monitor.set_reference(window="1m")).status_code == 201
    for first in range(0, SENT, SENT // 2):
        sent = rows.predictions(SENT // 2, first=first, at=rows.START + first * EVERY, every_ms=EVERY)
        assert (await monitor.send("predictions", sent)).status_code == 202
        assert (await monitor.send("labels", rows.labels(sent))).status_code == 202

    async def there() -> bool:
        [watched] = await monitor.monitored()
        return (watched.rows, watched.labelled) == (SENT, SENT)

    await until(there, PATIENCE, "all rows and labels are counted")


async def rolled(store: Store, day: int) -> None:
    """Waits until the day is stored as it is now, of both kinds."""

    async def there() -> bool:
        marks = await store[MARKS].find({"d": rows.START + day * DAY}).to_list(None)
        return len(marks) == 2 and not any(mark.get("due") for mark in marks)

    await until(there, PATIENCE, f"day {day} is stored")


def told(views: Sequence[WindowView | Performance]) -> list[Any]:
    """Figures to twelve digits: sums of sums differ in the last ones. A new window's closing may come in between."""

    def rounded(value: Any) -> Any:
        match value:
            case float():
                return float(f"{value:.12g}")
            case list():
                return [rounded(each) for each in value]
            case dict():
                return {name: rounded(each) for name, each in value.items()}
        return value

    found: list[Any] = rounded([{**msgspec.to_builtins(view), "closed": None} for view in views])
    return found


async def nothing(*_: object) -> dict[str, bytes]:
    return {}


async def performance(monitor: Monitor) -> Performance:
    question = GetPerformance(model_name=MODEL, version=VERSION)
    detail = await monitor.bus.request(question, service_context("test"), PATIENCE)
    return detail.performance


async def test_a_long_time_is_read_from_stored_hours_and_days(
    monitor: Monitor, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    await filled(monitor)
    for day in (0, 1):
        await rolled(store, day)
    with monkeypatch.context() as nothing_stored:
        nothing_stored.setattr(buckets, "levels_of", lambda *_: ())
        nothing_stored.setattr(stored, "kept_of", lambda *_: [])
        window_by_window = await monitor.windows(resolution_seconds=86_400)
        everything = await performance(monitor)

    from_days = await monitor.windows(resolution_seconds=86_400)

    assert [view.rows for view in from_days] == [A_DAY] * 3
    assert told(from_days) == told(window_by_window)
    assert told([await performance(monitor)]) == told([everything])
    assert sorted(await store[ROLLUPS].distinct("l")) == [HOUR, DAY]
    assert sorted(await store[FIGURES].distinct("l")) == [hours * HOUR for hours in (1, 2, 3, 6, 12, 24)]
    # Were counts read for figures of days that are stored, and windows at all, their absence would show.
    with monkeypatch.context() as no_counts:
        no_counts.setattr(Buckets, "load", nothing)
        figures = await monitor.windows(resolution_seconds=86_400)
        no_counts.setattr(views, "FEW_OF", 1)
        some = await monitor.windows(resolution_seconds=86_400, features=["temp"])
    assert told(figures[:2]) == told(window_by_window[:2])
    assert [[one.feature for one in view.features] for view in some[:2]] == [["temp"]] * 2
    assert some[0].features == figures[0].features[:1]
    for collection in (WINDOWS, PERFORMANCES):
        await store[collection].delete_many({"w": {"$lt": rows.START + 2 * DAY}})
    assert (await performance(monitor)).labelled == SENT
    assert sum(view.rows for view in await monitor.windows(resolution_seconds=86_400, features=[])) == SENT
    assert sum(view.rows for view in await monitor.windows(resolution_seconds=7_200, last=30)) == 30 * 10


async def test_all_windows_fit_into_so_many_columns(monitor: Monitor) -> None:
    await filled(monitor)
    begin = datetime.fromtimestamp(rows.START / 1000, UTC)

    everything = await monitor.windows(most=100, features=[])
    morning = await monitor.windows(most=100, start=begin, end=begin + timedelta(hours=9), features=[])

    assert {view.end - view.start for view in everything} == {timedelta(hours=1)}
    assert sum(view.rows for view in everything) == SENT
    assert {view.end - view.start for view in morning} == {timedelta(minutes=1)}
    assert len(morning) == 45
    assert len(await monitor.windows(most=SENT, features=[])) == SENT


async def test_late_rows_count_at_once_and_in_what_is_stored(monitor: Monitor, store: Store) -> None:
    await filled(monitor)
    for day in (0, 1):
        await rolled(store, day)
    late = rows.predictions(100, first=10_000, at=rows.START + 5 * HOUR, every_ms=1_000, shift=30.0)

    await monitor.send("predictions", late)
    await monitor.send("labels", rows.labels(late))

    async def counted() -> list[WindowView]:
        views = await monitor.windows(resolution_seconds=86_400)
        joined = views[0].performance
        return views if views[0].rows == A_DAY + 100 and joined is not None and joined.labelled == A_DAY + 100 else []

    at_once = await until(counted, PATIENCE, "the late rows show")
    [watched] = await monitor.monitored()
    assert (watched.rows, watched.labelled) == (SENT + 100, SENT + 100)
    await rolled(store, 0)
    assert told(await monitor.windows(resolution_seconds=86_400)) == told(at_once)
    stored = await store[ROLLUPS].find({"l": DAY, "w": rows.START}, {"counts": 0}).to_list(None)
    assert sorted((row["of"], row.get("rows", row.get("labelled")), row["windows"]) for row in stored) == [
        ("labels", A_DAY + 100, A_DAY + 1),
        ("rows", A_DAY + 100, A_DAY + 1),
    ]


async def test_figures_of_windows_with_many_features_are_stored_and_only_believed_for_the_same_counts(
    monitor: Monitor, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (stored, preparing):
        monkeypatch.setattr(module, "MANY_FEATURES", 1)
    monkeypatch.setattr(preparing, "NEWEST_KEPT", 48)
    sent = rows.predictions(SENT, at=rows.START, every_ms=EVERY)
    assert (await monitor.set_reference(window="1h")).status_code == 201
    assert (await monitor.send("predictions", sent)).status_code == 202
    assert (await monitor.send("labels", rows.labels(sent))).status_code == 202
    await monitor.counted(SENT, SENT)

    async def there() -> bool:
        kept = await store[FIGURES].find({"l": HOUR}, {"w": 1}).sort("w", 1).to_list(None)
        starts = [(row["w"] - rows.START) // HOUR for row in kept]
        return starts == list(range(starts[0], 71)) and starts[0] >= 23 if starts else False

    await until(there, PATIENCE, "the newest closed windows are stored, and no others")
    with monkeypatch.context() as nothing_stored:
        nothing_stored.setattr(stored, "kept_of", lambda *_: [])
        from_counts = await monitor.windows()

    async def closed() -> bool:
        return told((await monitor.windows())[24:71]) == told(from_counts[24:71])

    with monkeypatch.context() as no_counts:
        no_counts.setattr(Buckets, "load", nothing)
        await until(closed, PATIENCE, "the same figures, without any counts")

    late = rows.predictions(40, first=10_000, at=rows.START + 50 * HOUR, every_ms=1_000, shift=30.0)
    await monitor.send("predictions", late)
    after = (await monitor.counted(SENT + 40))[50]
    assert after.rows == 45
    assert after.features != from_counts[50].features


async def test_days_of_former_windows_are_marked_when_the_monitor_starts(
    settings: MonitorSettings, run_monitor: Run, registry: set[tuple[str, str]], store: Store
) -> None:
    async with run_monitor(settings) as before:
        await filled(before)
        [known] = await before.monitored()
    await store[MARKS].delete_many({})

    async with run_monitor(settings) as after:
        [found] = await after.monitored()
        sent: pa.Table = rows.predictions(50, first=20_000)
        assert (await after.send("predictions", sent)).status_code == 202

        async def more() -> bool:
            [watched] = await after.monitored()
            return bool(watched.rows == SENT + 50)

        await until(more, PATIENCE, "new rows add to those from before")

    assert (found.rows, found.labelled) == (known.rows, known.labelled)
    assert found.last_prediction_at == known.last_prediction_at
