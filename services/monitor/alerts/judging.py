"""Judging windows: as they close, as their labels settle, and by the clock when nothing comes."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec
import structlog
from pymongo.errors import PyMongoError

from services.contracts.alert_rules import AlertRule
from services.contracts.errors import LifecycleError
from services.contracts.monitor import EstimatedPerformance, MultivariateDrift, WindowView
from services.monitor.alerts.news import AlertNews
from services.monitor.alerts.rounds import Round, Rounds
from services.monitor.alerts.rules import Span
from services.monitor.alerts.signals import (
    AT_CLOSING,
    Evidence,
    multivariate_causes,
    performance_causes,
    stale_causes,
    window_causes,
    window_evidence,
)
from services.monitor.alerts.watching import remembering, weighing
from services.monitor.performance.estimation import calibrated
from services.monitor.performance.rules import (
    PerformanceCounts,
    merge_performance,
    pack_performance,
    unpack_performance,
)
from services.monitor.references.shares import ReferenceShares, reference_shares
from services.monitor.versions.handlers import Versions
from services.monitor.versions.rules import ActiveReference, Watched
from services.monitor.windows.figures import window_estimate
from services.monitor.windows.labelled import Labelled, LabelledWindows
from services.monitor.windows.sliding import SlidingWindows
from services.runtime.context import service_context
from services.runtime.outbox import Change, Duplicate, Outbox

log = structlog.get_logger()

SHARES_KEPT: Final = 64
LABELS_EVERY_SECONDS: Final = 1.0
CLOCK_EVERY_SECONDS: Final = 15.0
SILENT_WINDOWS: Final = 3
SHORTEST_SILENCE_SECONDS: Final = 3600.0
"""Without a stated limit, a version is silent after three windows, at least an hour, without a row."""
BASELINE_WINDOWS: Final = 5
BASELINE_ROWS: Final = 500
"""Labelled windows and rows that make a baseline where the reference has no labels."""


LOOKS: Final = 7
"""A rule over many windows looks so many times while they pass: each look merges all of them."""


def due(window: Span, width_ms: int, windows: int) -> bool:
    """Whether a rule over so many windows looks when this one closes."""
    return window.start // width_ms % max(1, windows // LOOKS) == 0


@dataclass(frozen=True, slots=True)
class Known:
    """What a window is compared with, of one reference."""

    shares: dict[str, ReferenceShares]
    expected: EstimatedPerformance | None


class Judge:
    """Applies the rules; one per process."""

    def __init__(self, rounds: Rounds, news: AlertNews, sliding: SlidingWindows) -> None:
        self._rounds = rounds
        self._news = news
        self._sliding = sliding
        self._shares: OrderedDict[str, Known] = OrderedDict()

    async def closed(self, change: Change, watched: Watched, views: Sequence[WindowView]) -> Round | None:
        """Adds to `change` what the closing of these windows (in order of time) does to alerts."""
        if not views or watched.active is None:
            return None
        spans = [_span(view) for view in views]
        round_ = await self._rounds.start(watched, spans[0], spans[-1])
        reference = await self._known(watched.active)
        for view, span in zip(views, spans, strict=True):
            for rule in round_.rules:
                if rule.metric not in AT_CLOSING:
                    continue
                if rule.windows == 1:
                    await self._look(round_, rule, view, span, reference)
                elif due(span, watched.active.window_ms, rule.windows):
                    together = await self._sliding.view(watched, span.start, rule.windows)
                    if together is not None:
                        await self._look(round_, rule, together, span, reference)
        await round_.write(change)
        return round_

    async def multivariate(
        self, change: Change, watched: Watched, found: Sequence[tuple[int, MultivariateDrift]]
    ) -> Round | None:
        """Adds to `change` what these figures (by window start, in order of time) do to alerts."""
        if not found or watched.active is None:
            return None
        spans = [Span(start, start + watched.active.window_ms) for start, _ in found]
        round_ = await self._rounds.start(watched, spans[0], spans[-1])
        for span, (_, figures) in zip(spans, found, strict=True):
            for rule in round_.rules:
                if rule.metric == "multivariate_drift":
                    causes = multivariate_causes(rule, figures)
                    if causes is not None:
                        await round_.apply(rule, causes, span)
        await round_.write(change)
        return round_

    async def committed(self, round_: Round | None) -> None:
        """To be called once the change is durable."""
        if round_ is None:
            return
        try:
            await self._news.tell(round_.alerts, round_.events)
        except (LifecycleError, PyMongoError) as error:
            log.warning("no live figures of alerts at the moment", error=str(error))

    async def _look(self, round_: Round, rule: AlertRule, view: WindowView, span: Span, reference: Known) -> None:
        watch = round_.watch(rule)
        evidence = Evidence(view=view, reference=reference.shares, usual_rows=watch.rows, expected=reference.expected)
        causes = window_causes(rule, evidence)
        if causes is None or span.start <= watch.upto:
            return
        if round_.silenced(rule, span):
            return
        if rule.windows > 1:
            told = round_.told_elsewhere(rule, span.start - (rule.windows - 1) * (span.end - span.start))
            causes = {name: cause for name, cause in causes.items() if name not in told}
        p_values, could_be = window_evidence(rule, evidence)
        if p_values:
            weighed = weighing(watch, p_values)
            round_.remember(rule, weighed)
            causes |= {name: could_be[name] for name in weighed.certain if name not in causes}
        await round_.apply(rule, causes, span)
        if rule.metric == "volume":
            round_.remember(rule, remembering(round_.watch(rule), view.rows))

    async def _known(self, active: ActiveReference) -> Known:
        found = self._shares.get(active.id)
        if found is None:
            found = await asyncio.to_thread(_known, active)
            self._shares[active.id] = found
            while len(self._shares) > SHARES_KEPT:
                self._shares.popitem(last=False)
        return found


def _known(active: ActiveReference) -> Known:
    expected = None
    if active.task == "binary" and active.performance is not None:
        own = unpack_performance(active.performance).binary
        steps = calibrated(own)
        if steps is not None:
            expected = window_estimate(active.reference, active.reference.own, steps, None)
    return Known(reference_shares(active.reference), expected)


class LabelJudge:
    """Judges performance once a closed window's labels have settled."""

    def __init__(
        self,
        windows: LabelledWindows,
        versions: Versions,
        rounds: Rounds,
        judge: Judge,
        outbox: Outbox,
        idle_seconds: float,
    ) -> None:
        self._windows = windows
        self._versions = versions
        self._rounds = rounds
        self._judge = judge
        self._outbox = outbox
        self._idle = timedelta(seconds=idle_seconds)

    async def run(self) -> None:
        """Runs until cancelled; waits out whatever is unavailable."""
        while True:
            await asyncio.sleep(LABELS_EVERY_SECONDS)
            try:
                for key in await self._windows.versions():
                    await self.look(key)
            except (LifecycleError, PyMongoError) as error:
                log.warning("performance can't be judged at the moment", error=str(error))

    async def look(self, key: str) -> None:
        """Judges the settled windows of one version."""
        last: Round | None = None

        async def decide() -> Change | None:
            nonlocal last
            last = None
            watched = await self._versions.find(key)
            if watched is None or watched.active is None:
                return None
            settled = await self._windows.settled(watched, datetime.now(UTC), self._idle)
            if not settled:
                return None
            change = Change(service_context("monitor"), "judge_performance")
            change.unaudited()
            last = await self._judged(change, watched, watched.active, settled)
            self._windows.mark(change, settled)
            return change

        try:
            await self._outbox.retrying(decide)
        except Duplicate:  # another process was first: the next round sees it
            return
        await self._judge.committed(last)

    async def _judged(
        self, change: Change, watched: Watched, active: ActiveReference, settled: Sequence[Labelled]
    ) -> Round:
        spans = [Span(window.start_ms, window.start_ms + active.window_ms) for window in settled]
        round_ = await self._rounds.start(watched, spans[0], spans[-1])
        chosen = [rule for rule in round_.rules if rule.metric == "performance"]
        for window, span in zip(settled, spans, strict=True):
            if window.counts is None or not chosen:
                continue
            base = _baseline(round_, active, window.counts)
            if base is None:
                continue
            for rule in chosen:
                causes = performance_causes(rule, window.counts, base, active.positive)
                if causes is not None:
                    await round_.apply(rule, causes, span)
        await round_.write(change)
        return round_


def _baseline(round_: Round, active: ActiveReference, now: PerformanceCounts) -> PerformanceCounts | None:
    """The reference's own, or else that of the first labelled windows; None while those are being gathered."""
    if active.performance is not None:
        own = unpack_performance(active.performance)
        if own.labelled >= BASELINE_ROWS:
            return own
    memory = round_.memory
    if memory.baseline_of != active.id or memory.baseline is None:
        memory = msgspec.structs.replace(
            memory, baseline=pack_performance(now), baseline_of=active.id, baseline_windows=1
        )
        round_.memory = memory
        return None
    gathered = unpack_performance(memory.baseline)
    if memory.baseline_windows >= BASELINE_WINDOWS and gathered.labelled >= BASELINE_ROWS:
        return gathered
    round_.memory = msgspec.structs.replace(
        memory,
        baseline=pack_performance(merge_performance([gathered, now])),
        baseline_windows=memory.baseline_windows + 1,
    )
    return None


class SilenceWatch:
    """Looks by the clock for versions that get no rows any more."""

    def __init__(
        self, windows: LabelledWindows, versions: Versions, rounds: Rounds, judge: Judge, outbox: Outbox
    ) -> None:
        self._windows = windows
        self._versions = versions
        self._rounds = rounds
        self._judge = judge
        self._outbox = outbox

    async def run(self) -> None:
        """Runs until cancelled; waits out whatever is unavailable."""
        while True:
            await asyncio.sleep(CLOCK_EVERY_SECONDS)
            try:
                for watched in await self._versions.monitored(None, None):
                    await self.look(watched.key, datetime.now(UTC))
            except (LifecycleError, PyMongoError) as error:
                log.warning("freshness can't be judged at the moment", error=str(error))

    async def look(self, key: str, now: datetime) -> None:
        """Judges how long one version has been silent."""
        last: Round | None = None

        async def decide() -> Change | None:
            nonlocal last
            last = None
            watched = await self._versions.find(key)
            if watched is None or watched.active is None:
                return None
            arrived = await self._windows.last_arrival(key)
            if arrived is None:
                return None
            moment = Span(int(now.timestamp() * 1000), int(now.timestamp() * 1000) + 1)
            round_ = await self._rounds.start(watched, moment, moment)
            for rule in round_.rules:
                if rule.metric == "freshness":
                    await self._by_the_clock(round_, rule, watched.active, (now - arrived).total_seconds(), moment)
            change = Change(service_context("monitor"), "judge_freshness")
            change.unaudited()
            await round_.write(change)
            last = round_
            return None if change.empty else change

        try:
            await self._outbox.retrying(decide)
        except Duplicate:
            return
        await self._judge.committed(last)

    async def _by_the_clock(
        self, round_: Round, rule: AlertRule, active: ActiveReference, silent: float, moment: Span
    ) -> None:
        """Only what changes something is written: the same silence isn't told every few seconds."""
        limit = rule.seconds or max(SILENT_WINDOWS * active.window_ms / 1000, SHORTEST_SILENCE_SECONDS)
        causes = stale_causes(rule, silent, limit)
        watch = round_.watch(rule)
        starts = bool(causes) and watch.alert is None and not watch.muted
        ends = not causes and (watch.alert is not None or watch.muted)
        if starts or ends:
            at_once = msgspec.structs.replace(rule, open_after=1, resolve_after=1)
            await round_.apply(at_once, causes, moment)


def _span(view: WindowView) -> Span:
    return Span(int(view.start.timestamp() * 1000), int(view.end.timestamp() * 1000))
