"""What a window says besides drift: quality, service, and the performance to be expected without labels."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from statistics import median
from typing import Final

import msgspec
import numpy as np

from services.contracts.monitor import EstimatedPerformance, FeatureDrift, ServiceFigures, WindowQuality, WindowView
from services.monitor.counts.counting import BatchCounts
from services.monitor.performance.binary import BinaryCounts
from services.monitor.performance.estimation import Floats, estimated
from services.monitor.references.rules import Reference
from services.monitor.versions.rules import SCORE

USUAL_WINDOWS: Final = 28
USUAL_AFTER: Final = 7

_SHARES: Final = ("missing", "unseen", "out_of_range", "invalid")


def window_quality(
    counts: BatchCounts, figures: Sequence[FeatureDrift], last_event_at: datetime | None
) -> WindowQuality:
    """Without the usual number of rows: see `with_usual`."""
    worst: dict[str, object] = {}
    for name in _SHARES:
        share, feature = max(((getattr(f, f"{name}_share"), f.feature) for f in figures), default=(0.0, None))
        if share > 0:
            worst |= {f"{name}_share": share, f"{name}_feature": feature}
    quality = WindowQuality(duplicate_ids=counts.service.duplicates, last_event_at=last_event_at)
    return msgspec.structs.replace(quality, **worst)


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
