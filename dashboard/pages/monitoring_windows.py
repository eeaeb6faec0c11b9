"""What the monitoring page shows: its windows, chosen by its address, and the charts of them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import Any

from dashboard.components.levels import model_levels
from dashboard.figures.base import Figure, Span
from dashboard.figures.drift import feature_order, feature_series, heatmap
from dashboard.figures.markers import Marker, marked
from dashboard.figures.performance import Measure, measures, performance
from dashboard.figures.rows import PREDICTION, Row, window_row
from dashboard.figures.service import latency, quality
from dashboard.figures.volume import volume
from dashboard.gateway import operations as ask
from dashboard.gateway.views import Monitored
from dashboard.happened import happened
from dashboard.pages.monitoring_state import limits_of, merged_in, span_of
from dashboard.recent import MANY_FEATURES, newest_windows
from dashboard.site import Site, Visit
from dashboard.watched import watched


@dataclass(frozen=True, slots=True)
class Shown:
    """Everything the charts need, for one state of the page."""

    monitored: Monitored
    features: list[str]  # those that are drawn: all, or of very many the farthest away
    rows: list[Row]
    span: Span
    measure: Measure
    feature: str
    markers: list[Marker]
    levels: list[tuple[str, float]]  # what the measure is measured by: its name, its value
    bounds: tuple[str | None, str | None]  # the first moment of the shown windows, and the first after them

    @property
    def detail(self) -> dict[str, Any]:
        """What the feature in detail is asked by."""
        start, end = self.bounds
        seconds = self.monitored.window_seconds * self.span.merged if self.span.merged > 1 else None
        return {
            "feature": self.feature,
            "start": start,
            "end": end,
            "seconds": seconds,
            "against": self.span.against,
        }

    @property
    def segments(self) -> dict[str, Any]:
        """What the segments are asked by."""
        start, end = self.bounds
        known = bool(self.monitored.segments)
        return {"known": known, "start": start, "end": end, "metric": self.measure.key, "task": self.monitored.task}


def measure_of(task: str, key: str | None) -> Measure:
    known = measures(task)
    return next((measure for measure in known if measure.key == key), known[0])


async def load(site: Site, visit: Visit) -> Shown:
    """Two steps: what is watched, then its windows with all that lies upon them."""
    marks = asyncio.create_task(happened(visit))
    try:
        monitored = await watched(visit)
        span = span_of(visit.state)
        limits = limits_of(span, monitored.window_seconds)
        features = monitored.features
        if len(features) > MANY_FEATURES:
            features = await _farthest(visit, monitored)
            limits["features"] = features
        measure = measure_of(monitored.task, visit.state.get("metric"))
        windows, levels = await asyncio.gather(
            visit.ask(ask.WINDOWS, model=monitored.model, version=monitored.version, **limits),
            model_levels(visit, monitored.model, measure.key),
        )
        if windows:
            span = replace(span, merged=merged_in(windows[-1].end - windows[-1].start, monitored.window_seconds))
        rows = [window_row(window) for window in windows]
        order = feature_order(rows, features)
        wanted = visit.state.get("feature", "")
        most_drifted = order[-2] if len(order) > 1 else PREDICTION
        feature = wanted if wanted in order else most_drifted
        bounds = (windows[0].start.isoformat(), windows[-1].end.isoformat()) if windows else (None, None)
        return Shown(monitored, features, rows, span, measure, feature, await marks, levels, bounds)
    finally:
        marks.cancel()


async def _farthest(visit: Visit, monitored: Monitored) -> list[str]:
    """Of very many features those that are farthest away in the newest windows, and the one that is looked at."""
    newest = await newest_windows(visit, monitored)
    order = feature_order([window_row(window) for window in newest], monitored.features)
    chosen = order[-1 - MANY_FEATURES : -1]  # the last is the model's own output
    wanted = visit.state.get("feature", "")
    return chosen if wanted in chosen or wanted not in monitored.features else [wanted, *chosen[1:]]


def charts(shown: Shown) -> dict[str, Figure]:
    order = feature_order(shown.rows, shown.features)
    figures = {
        "performance": performance(shown.rows, shown.measure, shown.span, shown.levels),
        "heatmap": heatmap(shown.rows, order, shown.span),
        "series": feature_series(shown.rows, shown.feature, shown.span),
        "quality": quality(shown.rows, shown.span),
        "latency": latency(shown.rows, shown.span),
        "volume": volume(shown.rows, shown.span),
    }
    return {
        name: marked(figure, shown.markers, shown.rows, above=name == "heatmap") for name, figure in figures.items()
    }
