"""How much a reference varies by itself: each of its consecutive chunks against all others."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np

from services.monitor.counts.counting import BatchCounts
from services.monitor.counts.drift import Sample, drift_figures
from services.monitor.counts.grid import Floats, Grid

FEWEST_CHUNKS = 3

STANDARD_ERRORS = 2.0
"""The mean over the chunks must exceed chance by so many standard errors to count as the reference's own drift."""

SQUARED_NOISE = 1.6
"""Mean squared Wasserstein distance in units of its squared mean under chance: 1.1, and two standard errors of a mean
over ten chunks (measured on independent normal, exponential and uniform rows)."""


class Variability(msgspec.Struct, frozen=True, kw_only=True):
    """How far a feature's consecutive chunks lie from the rest of the reference: drift that is nothing new.

    `psi_excess`, `wasserstein_excess` (in standard deviations): what chance doesn't explain of it, 0 for a reference of
    independent rows; they compare across window sizes. The others are plain figures of chunks of `chunk_rows` rows, 0
    where a statistic isn't defined.
    """

    feature: str
    chunks: int
    chunk_rows: int
    psi_excess: float
    wasserstein_excess: float
    psi_mean: float
    psi_deviation: float
    js_mean: float
    js_deviation: float
    ks_mean: float
    ks_deviation: float
    wasserstein_mean: float
    wasserstein_deviation: float
    missing_most: float = 0.0


def chunk_variability(grid: Grid, own: BatchCounts, chunks: Sequence[BatchCounts]) -> list[Variability]:
    """In `grid.order`; empty with fewer than FEWEST_CHUNKS chunks. `own`: the counts of all chunks together.

    A chunk is left out of what it is compared with: a reference that contains it would hide part of the distance.
    """
    if len(chunks) < FEWEST_CHUNKS:
        return []
    samples = [Sample.of(part) for part in chunks]
    chunk = Sample(
        np.stack([sample.cells for sample in samples]),
        np.stack([sample.categories for sample in samples]),
        np.stack([sample.beyond for sample in samples]),
    )
    whole = Sample.of(own)
    rest = Sample(whole.cells - chunk.cells, whole.categories - chunk.categories, whole.beyond - chunk.beyond)
    figures = drift_figures(grid, rest, chunk)
    rows = int(np.mean([part.rows for part in chunks]))
    return [
        Variability(
            feature=name,
            chunks=len(chunks),
            chunk_rows=rows,
            psi_excess=_psi_excess(figures.psi_excess[:, i]),
            wasserstein_excess=_move_excess(figures.wasserstein[:, i], figures.wasserstein_noise[:, i]),
            psi_mean=_mean(figures.psi[:, i]),
            psi_deviation=_deviation(figures.psi[:, i]),
            js_mean=_mean(figures.js[:, i]),
            js_deviation=_deviation(figures.js[:, i]),
            ks_mean=_mean(figures.ks[:, i]),
            ks_deviation=_deviation(figures.ks[:, i]),
            wasserstein_mean=_mean(figures.wasserstein[:, i]),
            wasserstein_deviation=_deviation(figures.wasserstein[:, i]),
        )
        for i, name in enumerate(grid.order)
    ]


def _psi_excess(excess: Floats) -> float:
    known = excess[~np.isnan(excess)]
    if len(known) < FEWEST_CHUNKS:
        return 0.0
    error = float(known.std(ddof=1)) / float(np.sqrt(len(known)))
    mean = float(known.mean())
    return mean if mean > STANDARD_ERRORS * error else 0.0


def _move_excess(distance: Floats, noise: Floats) -> float:
    squares = distance**2 - SQUARED_NOISE * noise**2
    known = squares[~np.isnan(squares)]
    return float(np.sqrt(max(known.mean(), 0.0))) if len(known) >= FEWEST_CHUNKS else 0.0


def _mean(values: Floats) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else 0.0


def _deviation(values: Floats) -> float:
    known = values[~np.isnan(values)]
    return float(known.std(ddof=1)) if len(known) > 1 else 0.0
