"""Answers to questions about versions, windows and distributions."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Final

import msgspec

from services.contracts.drift import Distribution, GetDistribution, ListSegmentDrift, SegmentDrift
from services.contracts.errors import Invalid, NotFound
from services.contracts.identity import Action, require
from services.contracts.monitor import (
    GetPerformance,
    ListMonitored,
    ListWindows,
    MonitoredView,
    Performance,
    PerformanceDetail,
    WindowView,
)
from services.monitor.performance.detail import calibration, confusion, curve, threshold_view
from services.monitor.performance.rules import performance, unpack_performance
from services.monitor.performance.segments import by_segment
from services.monitor.rollups.handlers import Totals
from services.monitor.samples.handlers import Multivariates
from services.monitor.versions.handlers import Versions, unknown_version
from services.monitor.versions.rules import OUTPUT_NAMES, PREDICTION, SCORE, ActiveReference, Watched
from services.monitor.windows.against import SideBySide
from services.monitor.windows.buckets import Bucket
from services.monitor.windows.rules import distribution
from services.monitor.windows.segment_drift import segment_drift
from services.monitor.windows.store import MongoWindows
from services.monitor.windows.views import WindowViews, milliseconds, moment, with_features
from services.runtime.context import Context

MOST_WINDOWS: Final = 1_000
MOST_POINTS: Final = 200
MOST_SEGMENTS: Final = 500


class Queries:
    """The monitor's read side."""

    def __init__(
        self,
        versions: Versions,
        windows: MongoWindows,
        views: WindowViews,
        multivariates: Multivariates,
        totals: Totals,
    ) -> None:
        self._versions = versions
        self._windows = windows
        self._views = views
        self._buckets = views.buckets
        self._multivariates = multivariates
        self._totals = totals
        self._beside = SideBySide(views.buckets, versions)

    async def list_monitored(self, question: ListMonitored, context: Context) -> list[MonitoredView]:
        require(context.principal, Action.READ)
        monitored = await self._versions.monitored(question.model_name, question.version)
        keys = [watched.key for watched in monitored]
        totals, names = await asyncio.gather(self._totals.of(keys), self._versions.names(keys))
        found = []
        for watched in monitored:
            active = watched.active
            assert active is not None
            counted, labelled, last_ms = totals.get(watched.key, (0, 0, None))
            found.append(
                MonitoredView(
                    model_name=watched.model_name,
                    version=watched.version,
                    reference=active.name,
                    reference_rows=active.reference.rows,
                    reference_set_at=active.set_at,
                    features=active.features,
                    window_seconds=max(1, active.window_ms // 1000),
                    task=active.task,
                    rows=counted,
                    labelled=labelled,
                    last_prediction_at=None if last_ms is None else moment(last_ms),
                    last_arrival_at=await self._windows.last_arrival(watched.key),
                    baseline=_baseline(active),
                    segments=active.segments,
                    references=list(names.get(watched.key, ())),
                )
            )
        return found

    async def list_windows(self, question: ListWindows, context: Context) -> list[WindowView]:
        require(context.principal, Action.READ)
        watched, active = await self._with_reference(question.model_name, question.version)
        buckets = await self._asked(watched, active, question)
        if len(buckets) > MOST_WINDOWS:
            raise Invalid(
                f"more than {MOST_WINDOWS} windows lie in this range",
                code="TOO_MANY_WINDOWS",
                field="resolution_seconds",
                fix="Narrow the range, ask for the last N or at most N, or merge them by a coarser resolution.",
            )
        views = await self._views.views(watched, buckets, question.features)
        if question.against is not None and question.features != []:
            views = with_features(
                await self._beside.compared(watched, buckets, views, question.against), question.features
            )
        if active.sample is None or not buckets or question.features == []:
            return views
        found = await self._multivariates.within(watched.key, buckets[0].start_ms, buckets[-1].start_ms + 1)
        return [
            view if bucket.coarse else msgspec.structs.replace(view, multivariate=found.get(bucket.start_ms))
            for bucket, view in zip(buckets, views, strict=True)
        ]

    async def _asked(self, watched: Watched, active: ActiveReference, question: ListWindows) -> list[Bucket]:
        width = active.window_ms
        if question.resolution_seconds is not None:
            if question.resolution_seconds < 1:
                raise Invalid("a resolution is at least one second", field="resolution_seconds")
            width = max(width, question.resolution_seconds * 1000)
        for field, asked in (("last", question.last), ("most", question.most)):
            if asked is not None and not 1 <= asked <= MOST_WINDOWS:
                raise Invalid(f"between 1 and {MOST_WINDOWS} windows can be asked for", field=field)
        start, end = _bounds(active, question.start, question.end)
        marks = None
        if question.most is not None and question.last is None:
            fits = await self._buckets.width_of(watched, start, end, question.most)
            if fits is not None:
                width, marks = max(width, fits[0]), fits[1]
        last = question.last or MOST_WINDOWS + 1
        return await self._buckets.newest(watched, start, end, last, width, marks)

    async def get_distribution(self, question: GetDistribution, context: Context) -> Distribution:
        require(context.principal, Action.READ)
        watched, active = await self._with_reference(question.model_name, question.version)
        merged = await self._views.merged(watched, await self._within(watched, active, question))
        reference, counts = merged if merged is not None else (active, None)
        inner = _inner_name(question.feature, reference)
        if counts is None:
            raise NotFound(
                "there are no windows in this range", code="NO_WINDOWS", fix="Choose a range with predictions."
            )
        found = await asyncio.to_thread(distribution, reference.reference, counts, inner)
        return msgspec.structs.replace(found, feature=question.feature)

    async def list_segment_drift(self, question: ListSegmentDrift, context: Context) -> list[SegmentDrift]:
        require(context.principal, Action.READ)
        if not 1 <= question.most <= MOST_SEGMENTS:
            raise Invalid(f"between 1 and {MOST_SEGMENTS} can be asked for", code="OUT_OF_RANGE", field="most")
        watched, active = await self._with_reference(question.model_name, question.version)
        buckets = await self._within(watched, active, question)
        merged = await self._views.merged(watched, buckets)
        if merged is None:
            return []
        found = await asyncio.to_thread(segment_drift, merged[0].reference, merged[1], buckets[0].windows)
        return [
            segment
            for segment in found
            if question.column in (None, segment.column)
            and question.value in (None, segment.value)
            and question.feature in (None, segment.feature)
        ][: question.most]

    async def _within(
        self, watched: Watched, active: ActiveReference, question: GetDistribution | ListSegmentDrift | GetPerformance
    ) -> list[Bucket]:
        """All windows of the time asked for together, if there are any."""
        whole = await self._buckets.whole(watched, *_bounds(active, question.start, question.end))
        return [] if whole is None else [whole]

    async def get_performance(self, question: GetPerformance, context: Context) -> PerformanceDetail:
        require(context.principal, Action.READ)
        if not 0.0 <= question.threshold <= 1.0:
            raise Invalid("a threshold lies between 0 and 1", code="OUT_OF_RANGE", field="threshold")
        if not 2 <= question.points <= MOST_POINTS:
            raise Invalid(f"between 2 and {MOST_POINTS} points", code="OUT_OF_RANGE", field="points")
        watched, active = await self._with_reference(question.model_name, question.version)
        buckets = await self._within(watched, active, question)
        counts = await self._views.labelled(buckets)
        rows = sum(int(row["rows"]) for bucket in buckets for row in bucket.counts)
        if counts is None:
            raise NotFound(
                "no prediction in this range has a label", code="NO_LABELS", fix="Choose a range with labels."
            )
        names, cells = confusion(counts.classes)
        scored = counts.task == "binary" and counts.binary.rows > 0
        return PerformanceDetail(
            performance=performance(counts, rows, positive=active.positive, threshold=question.threshold),
            at=threshold_view(counts.binary, question.threshold) if scored else None,
            curve=await asyncio.to_thread(curve, counts.binary, question.points) if scored else [],
            calibration=calibration(counts.binary) if scored else [],
            segments=by_segment(counts, active.positive),
            classes=names,
            confusion=cells,
            baseline=_baseline(active),
        )

    async def _with_reference(self, model_name: str, version: str) -> tuple[Watched, ActiveReference]:
        watched = await self._versions.called(model_name, version)
        if watched is None:
            raise unknown_version(model_name, version)
        if watched.active is None:
            raise NotFound(
                f"version {version} of {model_name} isn't monitored: it has no reference",
                code="REFERENCE_MISSING",
                fix="Set a reference first.",
            )
        return watched, watched.active


def _bounds(active: ActiveReference, start: datetime | None, end: datetime | None) -> tuple[int | None, int | None]:
    """In milliseconds; the window that holds `start` counts."""
    first = None if start is None else milliseconds(start)
    if first is not None:
        first -= first % active.window_ms
    return first, None if end is None else milliseconds(end)


def _baseline(active: ActiveReference) -> Performance | None:
    if active.performance is None:
        return None
    return performance(unpack_performance(active.performance), active.reference.rows, positive=active.positive)


def _inner_name(feature: str, active: ActiveReference) -> str:
    """`prediction` and `score` name the model's outputs unless a feature has that name."""
    names = active.reference.grid.tally_row
    if feature in names:
        return feature
    outer = {name: inner for inner, name in OUTPUT_NAMES.items() if inner in names}
    if feature == "prediction" and PREDICTION not in names and SCORE in names:
        return SCORE
    return outer.get(feature, feature)
