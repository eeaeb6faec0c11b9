"""Drift of each feature within each segment, and which segment has moved most."""

from __future__ import annotations

from math import isfinite
from typing import Final

import numpy as np

from services.contracts.drift import SegmentDrift
from services.monitor.counts.counting import BatchCounts
from services.monitor.counts.grid import Floats
from services.monitor.counts.pooling import pool
from services.monitor.detectors.false_discovery import benjamini_hochberg
from services.monitor.detectors.rules import FALSE_DISCOVERY, natural_limits
from services.monitor.references.rules import Reference
from services.monitor.statistics import chi_square, jensen_shannon, l_infinity, psi, psi_noise
from services.monitor.versions.rules import OUTPUT_NAMES

FEWEST_ROWS: Final = 30
"""Rows with a usable value on either side below which a segment says nothing."""


def segment_drift(
    reference: Reference, counts: BatchCounts, windows: int = 1, most: int | None = None
) -> list[SegmentDrift]:
    """Every feature in every segment that has rows, the worst first: what chance can't explain, then the largest PSI
    beyond chance. `windows`: how many were merged into `counts`; `most`: how many are wanted.

    Each segment is compared with the reference's own rows there. Chance is bounded over all segments and features
    together (Benjamini–Hochberg at FALSE_DISCOVERY); what is large for a feature is so in each of its segments.
    """
    grid, own, now = reference.segment_grid, reference.own.segments, counts.segments
    if grid is None or own is None or now is None:
        return []
    r, c = own[..., :-1], now[..., :-1]
    r_rows, c_rows = r.sum(axis=-1), c.sum(axis=-1)
    weak = (r_rows < FEWEST_ROWS) | (c_rows < FEWEST_ROWS)
    for s, (column, _) in enumerate(grid.keys):  # a column is constant within its own segments
        weak[s] |= np.array([name == column for name in grid.names])
    pooled_r, pooled_c = pool(r, c)
    noise = psi_noise(r_rows, c_rows, (pooled_r > 0).sum(axis=-1))
    excess = np.where(weak, np.nan, psi(pooled_r, pooled_c) - noise)
    p_value = np.where(weak, np.nan, chi_square(pooled_r, pooled_c).p_value)
    limits = natural_limits(reference, windows).psi[: len(grid.names)]
    moved = benjamini_hochberg(p_value.ravel(), FALSE_DISCOVERY).reshape(p_value.shape)
    with np.errstate(invalid="ignore"):
        drifted = moved & (excess >= limits)
    values, distances, largest = psi(r, c), jensen_shannon(r, c), l_infinity(r, c)
    gone = now[..., -1]
    order = np.lexsort((-np.nan_to_num(excess, nan=-np.inf).ravel(), ~moved.ravel(), ~drifted.ravel()))
    found: list[SegmentDrift] = []
    for flat in order.tolist():
        if most is not None and len(found) >= most:
            break
        s, f = divmod(flat, len(grid.names))
        rows, missing = int(c_rows[s, f]), int(gone[s, f])
        if not rows + missing or grid.keys[s][0] == grid.names[f]:
            continue
        known = not weak[s, f]
        found.append(
            SegmentDrift(
                column=grid.keys[s][0],
                value=grid.keys[s][1],
                feature=OUTPUT_NAMES.get(grid.names[f], grid.names[f]),
                rows=rows,
                reference_rows=int(r_rows[s, f]),
                missing_share=missing / (rows + missing),
                psi=_shown(values, s, f) if known else None,
                psi_excess=_shown(excess, s, f),
                psi_limit=_shown(np.broadcast_to(limits, excess.shape), s, f),
                p_value=_shown(p_value, s, f),
                js=_shown(distances, s, f) if known else None,
                l_infinity=_shown(largest, s, f) if known else None,
                moved=bool(moved[s, f]),
                drifted=bool(drifted[s, f]),
            )
        )
    return found


def worst_drift(reference: Reference, counts: BatchCounts, windows: int = 1) -> SegmentDrift | None:
    """The first of `segment_drift` if chance can't explain it."""
    worst = segment_drift(reference, counts, windows, most=1)
    return worst[0] if worst and worst[0].moved else None


def _shown(figures: Floats, segment: int, feature: int) -> float | None:
    value = float(figures[segment, feature])
    return value if isfinite(value) else None
