"""What a window says besides drift: quality, service, and the performance to be expected without labels."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from statistics import median
from typing import Final

import msgspec
import numpy as np

from services.contracts.monitor import EstimatedPerformance, ServiceFigures, WindowQuality, WindowView
from services.monitor.counts.counting import BatchCounts
from services.monitor.performance.binary import BinaryCounts
from services.monitor.performance.estimation import Floats, estimated
from services.monitor.references.rules import Reference
from services.monitor.versions.rules import OUTPUT_MARK, SCORE
from services.monitor.windows.quality import FeatureQuality, Quality

USUAL_WINDOWS: Final = 28
USUAL_AFTER: Final = 7

_SHARES: Final[Mapping[str, Callable[[FeatureQuality], int]]] = {
    "missing": lambda each: each.gone,
    "unseen": lambda each: each.unseen or 0,
    "out_of_range": lambda each: each.out_of_range,
    "invalid": lambda each: each.invalid,
}


def window_quality(counts: BatchCounts, quality: Quality, last_event_at: datetime | None) -> WindowQuality:
    """Of the features, without the model's outputs; without the usual number of rows: see `with_usual`."""
    worst: dict[str, object] = {}
    features = [each for each in quality.features if not each.feature.startswith(OUTPUT_MARK)]
    for name, rows_of in _SHARES.items():
        rows, feature = max(((rows_of(each), each.feature) for each in features), default=(0, None))
        if rows > 0:
            worst |= {f"{name}_share": rows / max(counts.rows, 1), f"{name}_feature": feature}
    found = WindowQuality(duplicate_ids=counts.service.duplicates, last_event_at=last_event_at)
    return msgspec.structs.replace(found, **worst)


def with_usual(view: WindowView, before: Sequence[int]) -> WindowView:
    """`before`: rows of the windows before it, the newest last."""
    if view.quality is None or len(before) < USUAL_AFTER:
        return view
    usual = float(median(before[-USUAL_WINDOWS:]))
    return msgspec.structs.replace(view, quality=msgspec.structs.replace(view.quality, usual_rows=usual))


def service_figures(counts: BatchCounts, seconds: float) -> ServiceFigures:
    """`seconds`: length of the window."""
    service = counts.service
    return ServiceFigures(
        rows_per_second=counts.rows / seconds if seconds > 0 else 0.0,
        latency_rows=service.latency_rows,
        latency_mean=service.latency_mean,
        latency_p50=service.latency_quantile(0.5),
        latency_p90=service.latency_quantile(0.9),
        latency_p99=service.latency_quantile(0.99),
        latency_most=service.latency_most if service.latency_rows else None,
    )


def window_estimate(
    reference: Reference, counts: BatchCounts, steps: tuple[Floats, Floats], labelled: BinaryCounts | None
) -> EstimatedPerformance | None:
    """From the cells of the score; None without one in the reference."""
    for i, feature in enumerate(reference.grid.numeric):
        if feature.name == SCORE:
            edges = reference.grid.edge_rows[i]
            middles = np.concatenate((edges[:1], (edges[1:] + edges[:-1]) / 2, edges[-1:]))
            cells = counts.cells[i][: len(middles)].astype(np.float64)
            return estimated(steps, middles, cells, labelled)
    return None
