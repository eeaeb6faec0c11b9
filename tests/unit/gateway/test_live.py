"""What waits for a slow watcher: the newest figure of each thing, and not too many things."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from services.contracts.monitor import WindowMoved, WindowView
from services.contracts.registry import RunMetricsMoved
from services.gateway.subscriptions.live import MOST_WAITING, Watcher
from services.gateway.subscriptions.subscription import METRICS, WINDOWS

NOON = datetime(2013, 7, 1, 12, tzinfo=UTC)


def moved(sequence: int, hour: int = 0, boot: str = "b") -> WindowMoved:
    start = NOON + timedelta(hours=hour)
    window = WindowView(
        model_name="m",
        version="1",
        start=start,
        end=start + timedelta(hours=1),
        closed=False,
        rows=sequence,
        updated_at=NOON,
    )
    return WindowMoved(model_name="m", version="1", boot=boot, sequence=sequence, window=window)


def logged(**metrics: float) -> RunMetricsMoved:
    return RunMetricsMoved(
        run_id="r",
        experiment_id="1",
        metrics=metrics,
        steps=dict.fromkeys(metrics, int(max(metrics.values()))),
        time=NOON,
    )


async def test_the_newest_state_of_each_window_wins_in_the_order_they_first_moved() -> None:
    watcher = Watcher(WINDOWS)
    for update in (moved(1, 0), moved(2, 1), moved(3, 0)):
        watcher.offer(update)
    assert [(await watcher.take()).sequence for _ in range(2)] == [3, 2]


async def test_an_older_state_that_comes_late_does_not_win() -> None:
    watcher = Watcher(WINDOWS)
    for update in (moved(5), moved(4)):
        watcher.offer(update)
    assert (await watcher.take()).sequence == 5
    for update in (moved(9), moved(1, boot="restarted")):
        watcher.offer(update)
    assert (await watcher.take()).boot == "restarted"


async def test_metrics_that_moved_apart_are_told_together() -> None:
    watcher = Watcher(METRICS)
    for update in (logged(loss=3.0, auc=1.0), logged(loss=2.0)):
        watcher.offer(update)
    update = await watcher.take()
    assert update.metrics == {"loss": 2.0, "auc": 1.0}
    assert update.steps == {"loss": 2, "auc": 3}


async def test_what_waits_is_bounded() -> None:
    watcher = Watcher(WINDOWS)
    for number in range(MOST_WAITING + 10):
        watcher.offer(moved(number, hour=number))
    assert (await watcher.take()).sequence == 10
