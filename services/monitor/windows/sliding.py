"""Several windows looked at together, the newest last: drift too slow, or too small, for one of them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import msgspec
import numpy as np

from services.contracts.monitor import FeatureDrift, WindowView
from services.monitor.counts.counting import BatchCounts, merge
from services.monitor.counts.drift import Sample, drift_figures
from services.monitor.counts.packing import unpack
from services.monitor.detectors.effect import beyond_chance, large
from services.monitor.detectors.rules import natural_limits
from services.monitor.references.rules import Reference
from services.monitor.versions.rules import ActiveReference, Watched
from services.monitor.windows.rules import drift
from services.monitor.windows.store import MongoWindows
from services.monitor.windows.views import moment, split_outputs


def lasting_drift(reference: Reference, parts: Sequence[BatchCounts], windows: int) -> list[FeatureDrift]:
    """The figures of all `parts` (one a window) together. `drifted` only where it doesn't hang on any one of them: what
    is large must stay large whichever window is left out."""
    whole = merge(parts)
    figures = drift(reference, whole, windows)
    if len(parts) < 2 or not any(figure.drifted for figure in figures):
        return figures
    total = Sample.of(whole)
    each = [Sample.of(part) for part in parts]
    rest = Sample(
        total.cells - np.stack([sample.cells for sample in each]),
        total.categories - np.stack([sample.categories for sample in each]),
        total.beyond - np.stack([sample.beyond for sample in each]),
    )
    without = drift_figures(reference.grid, reference.sample, rest)
    move = beyond_chance(without.wasserstein, without.wasserstein_noise)
    lasts = np.all(large(without.psi_excess, move, natural_limits(reference, windows)), axis=0)
    lasting = {name for name, firm in zip(reference.grid.order, lasts, strict=True) if firm}
    return [
        msgspec.structs.replace(figure, drifted=False, moved=False)
        if figure.drifted and figure.feature not in lasting
        else figure
        for figure in figures
    ]


class SlidingWindows:
    """Reads; one per process."""

    def __init__(self, windows: MongoWindows) -> None:
        self._windows = windows

    async def view(self, watched: Watched, start_ms: int, windows: int) -> WindowView | None:
        """The window that starts at `start_ms` and those before it, `windows` in all, as far as they were counted for
        the reference in force; None while fewer than half of them are there."""
        active = watched.active
        if active is None:
            return None
        first = start_ms - (windows - 1) * active.window_ms
        rows = [row for row in await self._windows.heads(watched.key, first, start_ms + 1) if row["r"] == active.id]
        by_start: dict[int, list[str]] = {}
        for row in rows:
            by_start.setdefault(int(row["w"]), []).append(row["_id"])
        if 2 * len(by_start) < windows:
            return None
        packed = await self._windows.load([row["_id"] for row in rows])
        figures = await asyncio.to_thread(_figures, active, list(by_start.values()), packed, windows)
        features, prediction = split_outputs(figures, active)
        return WindowView(
            model_name=watched.model_name,
            version=watched.version,
            start=moment(first),
            end=moment(start_ms + active.window_ms),
            closed=True,
            rows=sum(int(row["rows"]) for row in rows),
            updated_at=max(row["updated_at"] for row in rows),
            features=features,
            prediction=prediction,
        )


def _figures(
    active: ActiveReference, windows: Sequence[Sequence[str]], packed: dict[str, bytes], together: int
) -> list[FeatureDrift]:
    parts = [merge([unpack(packed[each]) for each in ids if each in packed]) for ids in windows]
    return lasting_drift(active.reference, parts, together)
