"""Closing windows: once event time has passed a window's end by the allowed lateness, or the stream has gone quiet."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import structlog
from pymongo.errors import PyMongoError

from services.contracts.errors import LifecycleError
from services.contracts.monitor import WindowClosed, WindowFigures, WindowView
from services.monitor.alerts.judging import Judge
from services.monitor.alerts.rounds import Round
from services.monitor.versions.handlers import Versions, told
from services.monitor.versions.rules import Watched
from services.monitor.windows.store import CLOSINGS, WINDOWS, MongoWindows
from services.monitor.windows.views import WindowViews, moment
from services.runtime.context import service_context
from services.runtime.outbox import Change, Duplicate, Outbox

log = structlog.get_logger()

EVERY_SECONDS: Final = 0.5
WITNESS_SHARE: Final = 0.01
MOST_WITNESSES: Final = 20
"""Rows beyond a window's end that must have come before it closes: a hundredth of its rows, at most so many. One row
with a wrong clock doesn't close the windows of an hour."""
MOST_AT_ONCE: Final = 50


@dataclass(frozen=True, slots=True)
class OpenWindow:
    """A window nobody has closed; `documents`: of its writers."""

    start_ms: int
    width_ms: int
    lateness_ms: int
    rows: int
    updated_at: datetime
    documents: tuple[str, ...]

    @property
    def end_ms(self) -> int:
        return self.start_ms + self.width_ms


def witnesses_needed(rows: int) -> int:
    return max(1, min(MOST_WITNESSES, int(rows * WITNESS_SHARE)))


def quiet(window: OpenWindow, now: datetime, idle: timedelta) -> bool:
    """Whether the clock has passed the window's end, too, and nothing has come for `idle`."""
    passed = now.timestamp() * 1000 >= window.end_ms + window.lateness_ms
    return passed and now - window.updated_at >= idle


class WindowCloser:
    """Looks at open windows of all versions, in every process; whoever comes first closes."""

    def __init__(
        self,
        windows: MongoWindows,
        views: WindowViews,
        versions: Versions,
        judge: Judge,
        outbox: Outbox,
        idle_seconds: float,
    ) -> None:
        self._windows = windows
        self._views = views
        self._versions = versions
        self._judge = judge
        self._outbox = outbox
        self._idle = timedelta(seconds=idle_seconds)

    async def run(self) -> None:
        """Runs until cancelled; waits out whatever is unavailable."""
        while True:
            await asyncio.sleep(EVERY_SECONDS)
            try:
                await self.close_due(datetime.now(UTC))
            except (LifecycleError, PyMongoError) as error:
                log.warning("windows can't be closed at the moment", error=str(error))

    async def close_due(self, now: datetime) -> int:
        """Closes every window that is due; returns how many."""
        by_key: dict[str, list[dict[str, Any]]] = {}
        for row in await self._windows.open():
            by_key.setdefault(row["k"], []).append(row)
        closed = 0
        for key, rows in by_key.items():
            due = await self._due(key, rows, now)
            for i in range(0, len(due), MOST_AT_ONCE):
                closed += await self._close(key, due[i : i + MOST_AT_ONCE])
        return closed

    async def _due(self, key: str, rows: list[dict[str, Any]], now: datetime) -> list[OpenWindow]:
        windows: dict[int, list[dict[str, Any]]] = {}
        for row in rows:
            windows.setdefault(int(row["w"]), []).append(row)
        due = []
        for start, documents in sorted(windows.items()):
            reference = await self._versions.reference(documents[0]["r"])
            window = OpenWindow(
                start_ms=start,
                width_ms=reference.window_ms,
                lateness_ms=reference.lateness_ms,
                rows=sum(int(row["rows"]) for row in documents),
                updated_at=max(row["updated_at"] for row in documents),
                documents=tuple(row["_id"] for row in documents),
            )
            if quiet(window, now, self._idle) or await self._passed(key, window):
                due.append(window)
        return due

    async def _passed(self, key: str, window: OpenWindow) -> bool:
        mark = window.end_ms + window.lateness_ms
        return await self._windows.beyond(key, mark, window.width_ms) >= witnesses_needed(window.rows)

    async def _close(self, key: str, due: Sequence[OpenWindow]) -> int:
        closed = 0
        judged: Round | None = None

        async def decide() -> Change | None:
            nonlocal closed, judged
            self._versions.forget(key)
            watched = await self._versions.find(key)
            if watched is None:
                return None
            already = await self._windows.closed(key, due[0].start_ms, due[-1].start_ms + 1)
            change = Change(service_context("monitor"), "close_windows")
            change.unaudited()
            fresh = [window for window in due if window.start_ms not in already]
            judged = await self._judge.closed(change, watched, await self._add_closings(change, watched, fresh))
            for window in due:
                for document in window.documents:
                    change.update(WINDOWS, {"_id": document}, {"$unset": {"open": ""}})
            closed = len(fresh)
            return change

        try:
            await self._outbox.retrying(decide)
        except Duplicate:  # another process has closed one of them meanwhile: the next round sees it
            return 0
        self._versions.forget(key)
        await self._judge.committed(judged)
        return closed

    async def _add_closings(self, change: Change, watched: Watched, due: Sequence[OpenWindow]) -> list[WindowView]:
        if not due:
            return []
        buckets = await self._views.buckets.fine(watched, [window.start_ms for window in due])
        wanted = {window.start_ms for window in due}
        buckets = [bucket for bucket in buckets if bucket.start_ms in wanted]
        views = await self._views.views(watched, buckets, None)
        v = watched.v
        for bucket, view in zip(buckets, views, strict=True):
            v += 1
            width = next(window.width_ms for window in due if window.start_ms == bucket.start_ms)
            change.insert(CLOSINGS, {"_id": f"{watched.key}|{bucket.start_ms}", "k": watched.key, "w": bucket.start_ms})
            change.emit(
                WindowClosed(
                    model_name=watched.model_name,
                    version=watched.version,
                    start=view.start,
                    end=moment(bucket.start_ms + width),
                    figures=window_figures(view),
                ),
                v,
            )
        told(change, watched, v)
        return views


def window_figures(view: WindowView) -> WindowFigures:
    """The few figures that the event carries."""
    known = [(figure.psi, figure.feature) for figure in view.features if figure.psi is not None]
    worst = max(known, default=None)
    performance = view.performance
    return WindowFigures(
        rows=view.rows,
        labelled=performance.labelled if performance else 0,
        roc_auc=performance.roc_auc if performance else None,
        accuracy=performance.accuracy if performance else None,
        max_psi=worst[0] if worst else None,
        max_psi_feature=worst[1] if worst else None,
        drifted=[figure.feature for figure in view.features if figure.drifted],
    )
