"""Windows as others see them: every writer's counts merged, figures computed, unchanged windows from a cache."""

from __future__ import annotations

import asyncio
import time
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from math import inf
from typing import Any, Final

import msgspec

from services.contracts.drift import SegmentDrift
from services.contracts.monitor import (
    EstimatedPerformance,
    FeatureDrift,
    ServiceFigures,
    WindowQuality,
    WindowView,
)
from services.monitor.counts.counting import BatchCounts
from services.monitor.counts.packing import unpack
from services.monitor.performance.estimation import Floats, calibrated
from services.monitor.performance.rules import (
    PerformanceCounts,
    merge_performance,
    pack_performance,
    performance,
    unpack_performance,
)
from services.monitor.performance.segments import worst_segment
from services.monitor.versions.handlers import Versions
from services.monitor.versions.rules import OUTPUT_MARK, OUTPUT_NAMES, PREDICTION, SCORE, ActiveReference, Watched
from services.monitor.windows.buckets import CHUNK, Bucket, Buckets
from services.monitor.windows.cache import ViewCache
from services.monitor.windows.figures import (
    USUAL_WINDOWS,
    service_figures,
    window_estimate,
    window_quality,
    with_usual,
)
from services.monitor.windows.rules import Judged, added, drift, drifts, merge, no_counts
from services.monitor.windows.segment_drift import worst_drift
from services.monitor.windows.store import MongoWindows
from services.monitor.windows.stored import StoredFigures

CALIBRATIONS_KEPT: Final = 128
USUAL_KEPT: Final = 256
SMALL: Final = 40
"""Features of one window whose figures take a few milliseconds: as long as handing them to a thread would be worth."""
FEW_OF: Final = 4
"""Where at most this part of the features is asked for (one in so many), only those are made, read and kept. Of more,
all are: whoever asks next, for others or for all, finds them."""


class WindowViews:
    """Reads windows; one per process."""

    def __init__(
        self,
        windows: MongoWindows,
        buckets: Buckets,
        versions: Versions,
        known: Callable[[str, str], BatchCounts | None],
        stored: StoredFigures,
    ) -> None:
        """`known`: counts by document and token that need not be loaded."""
        self._windows = windows
        self.buckets = buckets
        self._versions = versions
        self._known = known
        self._stored = stored
        self._usual: OrderedDict[tuple[str, int], tuple[float, dict[int, int]]] = OrderedDict()
        self._cache = ViewCache()
        self._calibrations: OrderedDict[str, tuple[Floats, Floats] | None] = OrderedDict()

    async def views(
        self, watched: Watched, buckets: Sequence[Bucket], features: list[str] | None, *, usual_age: float = 0.0
    ) -> list[WindowView]:
        """One view for each bucket. `features`: None for all, [] for none (then no drift is computed at all).

        `usual_age`: for so many seconds the numbers of rows that came before need not be asked for again.
        """
        features_known = 0 if watched.active is None else len(watched.active.features)
        only = tuple(features) if features and FEW_OF * len(features) <= features_known else None
        kind = (watched.key, watched.model_name, features == [], only)
        found: dict[tuple[int, int], WindowView] = {}
        for bucket in buckets:
            cached = self._cache.get(kind, bucket)
            if cached is not None:
                found[bucket.place] = cached
        missing = [bucket for bucket in buckets if bucket.place not in found]
        if features != []:
            found |= await self._stored.found(watched, missing, only)
        for some in _together([bucket for bucket in missing if bucket.place not in found]):
            made = await self._made(watched, some, only, drifting=features != [])
            found |= {bucket.place: view for bucket, view in made}
        for bucket in missing:
            self._cache.put(kind, bucket, found[bucket.place])
        views = [found[bucket.place] for bucket in buckets]
        if features != []:
            views = await self._with_usual(watched, buckets, views, usual_age)
        return with_features(views, features) if features else views

    async def fresh(self, watched: Watched, buckets: Sequence[Bucket]) -> list[tuple[Bucket, WindowView]]:
        """Made of the counts, whatever is known already, and not kept; without the usual number of rows."""
        return [each for some in _together(buckets) for each in await self._made(watched, some, None, drifting=True)]

    async def merged(self, watched: Watched, buckets: Sequence[Bucket]) -> tuple[ActiveReference, BatchCounts] | None:
        """All counts of the buckets over the newest reference among them; None without any."""
        if not buckets:
            return None
        rows = [row for bucket in buckets for row in bucket.counts]
        active = await self._newest_reference(rows)
        total = no_counts(active.reference)
        chosen = [row for row in rows if row["r"] == active.id]
        return active, await self.buckets.together("rows", chosen, total, added)

    async def labelled(self, buckets: Sequence[Bucket]) -> PerformanceCounts | None:
        """The labelled rows of the buckets together, over the newest reference among them; None without any."""
        rows = [row for bucket in buckets for row in bucket.performances]
        if not rows:
            return None
        active = await self._newest_reference(rows)
        packed = await self.buckets.load("labels", rows)
        return await asyncio.to_thread(_labelled, rows, active, packed)

    async def packed_performance(self, buckets: Sequence[Bucket], active: ActiveReference) -> bytes | None:
        """The labelled rows of the buckets together, as far as they were counted for `active`; None without any."""
        wanted = [row for bucket in buckets for row in bucket.performances if row["r"] == active.id]
        packed = await self.buckets.load("labels", wanted)
        if not packed:
            return None
        return await asyncio.to_thread(
            lambda: pack_performance(merge_performance(unpack_performance(data) for data in packed.values()))
        )

    async def _made(
        self, watched: Watched, buckets: Sequence[Bucket], only: tuple[str, ...] | None, *, drifting: bool
    ) -> list[tuple[Bucket, WindowView]]:
        references = [await self._newest_reference(bucket.counts) for bucket in buckets]
        counts: dict[str, bytes | BatchCounts] = {}
        if drifting:
            wanted = []
            for bucket, active in zip(buckets, references, strict=True):
                chosen = [row for row in bucket.counts if row["r"] == active.id]
                if len(chosen) > CHUNK:  # not all of them at once
                    whole = await self.buckets.together("rows", chosen, no_counts(active.reference), added)
                    counts[chosen[0]["_id"]] = whole
                    continue
                for row in chosen:
                    known = self._known(row["_id"], row["token"])
                    if known is None:
                        wanted.append(row)
                    else:
                        counts[row["_id"]] = known
            counts.update(await self.buckets.load("rows", wanted))
        joined = await self.buckets.load("labels", [row for b in buckets for row in b.performances])

        def made() -> list[tuple[Bucket, WindowView]]:
            drifted = _drifted(buckets, references, counts, only)
            return [
                (bucket, _view(watched, bucket, active, found, joined, self._calibration(active)))
                for bucket, active, found in zip(buckets, references, drifted, strict=True)
            ]

        small = len(buckets) == 1 and len(references[0].features) <= SMALL and not references[0].segments
        return made() if small else await asyncio.to_thread(made)

    def _calibration(self, active: ActiveReference) -> tuple[Floats, Floats] | None:
        """Of the reference's own labelled scores, made once."""
        if active.id not in self._calibrations:
            steps = None
            if active.task == "binary" and active.performance is not None:
                steps = calibrated(unpack_performance(active.performance).binary)
            self._calibrations[active.id] = steps
            while len(self._calibrations) > CALIBRATIONS_KEPT:
                self._calibrations.popitem(last=False)
        return self._calibrations[active.id]

    async def _with_usual(
        self, watched: Watched, buckets: Sequence[Bucket], views: Sequence[WindowView], age: float
    ) -> list[WindowView]:
        """Adds how many rows are usual, from the windows before each."""
        fine = [bucket for bucket in buckets if not bucket.coarse]
        if not fine:
            return list(views)
        totals = await self._totals(watched.key, fine[0].start_ms, fine[-1].start_ms, age)
        starts = sorted(totals)
        found = []
        for bucket, view in zip(buckets, views, strict=True):
            position = bisect_left(starts, bucket.start_ms)
            before = [totals[start] for start in starts[max(0, position - USUAL_WINDOWS) : position]]
            found.append(view if bucket.coarse else with_usual(view, before))
        return found

    async def _totals(self, key: str, first_ms: int, last_ms: int, age: float) -> dict[int, int]:
        now = time.monotonic()
        at, totals = self._usual.get((key, last_ms), (-inf, {}))
        if now - at < age and first_ms == last_ms:
            return totals
        totals = await self._windows.row_totals(key, last_ms, first_ms)
        if first_ms == last_ms:
            self._usual[key, last_ms] = now, totals
            while len(self._usual) > USUAL_KEPT:
                self._usual.popitem(last=False)
        return totals

    async def _newest_reference(self, rows: Sequence[dict[str, Any]]) -> ActiveReference:
        references = [await self._versions.reference(reference) for reference in sorted({row["r"] for row in rows})]
        return max(references, key=lambda active: active.set_at)


def _together(buckets: Sequence[Bucket]) -> Iterator[list[Bucket]]:
    """In groups of so few documents that their counts may be in memory at the same time; of one bucket at least."""
    group: list[Bucket] = []
    held = 0
    for bucket in buckets:
        documents = len(bucket.counts)
        if group and held + documents > CHUNK:
            yield group
            group, held = [], 0
        group.append(bucket)
        held += documents
    if group:
        yield group


def _drifted(
    buckets: Sequence[Bucket],
    references: Sequence[ActiveReference],
    counts: dict[str, bytes | BatchCounts],
    only: tuple[str, ...] | None,
) -> list[tuple[BatchCounts, Judged] | None]:
    """Each bucket's counts with the figures of all features; None without counts. Those alike are made together."""
    wholes: dict[int, BatchCounts] = {}
    alike: dict[tuple[str, int], list[int]] = {}
    for place, (bucket, active) in enumerate(zip(buckets, references, strict=True)):
        parts = [_unpacked(counts[row["_id"]]) for row in bucket.counts if counts.get(row["_id"])]
        if parts:
            wholes[place] = merge(parts)
            alike.setdefault((active.id, bucket.windows_of(active.window_ms)), []).append(place)
    found: list[tuple[BatchCounts, Judged] | None] = [None] * len(buckets)
    wanted = None if only is None else {*only, *OUTPUT_NAMES}
    for (_, windows), places in alike.items():
        figures = drifts(references[places[0]].reference, [wholes[place] for place in places], windows, wanted)
        for place, each in zip(places, figures, strict=True):
            found[place] = wholes[place], each
    return found


def _view(
    watched: Watched,
    bucket: Bucket,
    active: ActiveReference,
    drifted: tuple[BatchCounts, Judged] | None,
    joined: dict[str, bytes],
    steps: tuple[Floats, Floats] | None,
) -> WindowView:
    features: list[FeatureDrift] = []
    prediction: FeatureDrift | None = None
    quality: WindowQuality | None = None
    service: ServiceFigures | None = None
    estimate: EstimatedPerformance | None = None
    segment: SegmentDrift | None = None
    labelled = _labelled(bucket.performances, active, joined)
    if drifted is not None:
        whole, judged = drifted
        features, prediction = split_outputs(judged.features, active)
        segment = worst_drift(active.reference, whole, bucket.windows_of(active.window_ms))
        last_ms = max((row["last_at"] for row in bucket.counts if "last_at" in row), default=None)
        service = service_figures(whole, bucket.width_ms / 1000)
        if steps is not None:
            estimate = window_estimate(active.reference, whole, steps, labelled.binary if labelled else None)
        quality = window_quality(whole, judged.quality, None if last_ms is None else moment(last_ms))
    rows = sum(int(row["rows"]) for row in bucket.counts)
    width_ms = bucket.width_ms if bucket.coarse else active.window_ms  # an older reference may have had another
    return WindowView(
        model_name=watched.model_name,
        version=watched.version,
        start=moment(bucket.start_ms),
        end=moment(bucket.start_ms + width_ms),
        closed=bucket.closed,
        rows=rows,
        updated_at=bucket.updated_at,
        features=features,
        prediction=prediction,
        performance=performance(labelled, rows, positive=active.positive) if labelled else None,
        quality=quality,
        service=service,
        estimated=estimate,
        worst_segment=worst_segment(labelled, active.positive) if labelled else None,
        worst_drift=segment,
    )


def _unpacked(counts: bytes | BatchCounts) -> BatchCounts:
    return unpack(counts) if isinstance(counts, bytes) else counts


def with_features(views: Sequence[WindowView], features: Sequence[str] | None) -> list[WindowView]:
    """Only the features asked for; None: all."""
    if features is None:
        return list(views)
    wanted = set(features)
    return [msgspec.structs.replace(view, features=[f for f in view.features if f.feature in wanted]) for view in views]


def drift_of(
    active: ActiveReference, counts: BatchCounts, windows: int
) -> tuple[list[FeatureDrift], FeatureDrift | None, SegmentDrift | None]:
    """Of the features, of the model's output, and of the worst segment; `windows`: how many were merged."""
    features, prediction = split_outputs(drift(active.reference, counts, windows), active)
    return features, prediction, worst_drift(active.reference, counts, windows)


def split_outputs(
    figures: list[FeatureDrift], active: ActiveReference
) -> tuple[list[FeatureDrift], FeatureDrift | None]:
    """The features' figures, and those of the model's output."""
    features = [figure for figure in figures if not figure.feature.startswith(OUTPUT_MARK)]
    return features, _output_drift(figures, active)


def _output_drift(figures: list[FeatureDrift], active: ActiveReference) -> FeatureDrift | None:
    """Of the score where a binary model has one, else of the predicted class or value."""
    by_name = {figure.feature: figure for figure in figures}
    order = (SCORE, PREDICTION) if active.task == "binary" else (PREDICTION, SCORE)
    chosen = next((by_name[name] for name in order if name in by_name), None)
    return None if chosen is None else msgspec.structs.replace(chosen, feature=OUTPUT_NAMES[chosen.feature])


def _labelled(
    rows: Sequence[dict[str, Any]], active: ActiveReference, joined: dict[str, bytes]
) -> PerformanceCounts | None:
    parts: list[PerformanceCounts] = []
    for row in rows:
        if row["_id"] not in joined:
            continue
        counts = unpack_performance(joined[row["_id"]])
        if counts.task == active.task and (counts.task != "regression" or row["r"] == active.id):
            parts.append(counts)
    return merge_performance(parts) if parts else None


def moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def milliseconds(time: datetime) -> int:
    return int(time.timestamp() * 1000)
