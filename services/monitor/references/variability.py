"""How much a reference varies by itself: each of its consecutive chunks against all others."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np

from services.monitor.counts.counting import ABSENT, MISSING, BatchCounts, merge
from services.monitor.counts.drift import Sample, drift_figures
from services.monitor.counts.grid import Floats, Grid

FEWEST_CHUNKS = 3

STANDARD_ERRORS = 2.0
"""The mean over the chunks must exceed chance by so many standard errors to count as the reference's own drift."""

SQUARED_NOISE = 1.6
"""Mean squared Wasserstein distance in units of its squared mean under chance: 1.1, and two standard errors of a mean
over ten chunks (measured on independent normal, exponential and uniform rows)."""


SCALES = (1, 7, 30)
"""Windows that are looked at together, too: a mean over a month wanders less than a day."""

FEWEST_ROWS = 30
"""A chunk with fewer says nothing."""

CHANCE_MOVE = 2.5
"""Mean Wasserstein distance under chance, times this: once in some thousand chunks chance alone goes farther."""


class Variability(msgspec.Struct, frozen=True, kw_only=True):
    """How far a feature's consecutive chunks lie from the rest of the reference: drift that is nothing new.

    `psi_excess`, `wasserstein_excess` (in standard deviations): what chance doesn't explain of it, 0 for a reference of
    independent rows; they compare across window sizes. The others are plain figures of chunks of `chunk_rows` rows, 0
    where a statistic isn't defined. `windows`: a chunk's length in windows, 0 when chunks are so many rows.
    `psi_most`, `wasserstein_most`: what chance can't explain of the farthest chunk's distance; `missing_most`: the
    largest share of a chunk's rows without a value.
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
    windows: int = 0
    psi_most: float = 0.0
    wasserstein_most: float = 0.0


def window_variability(grid: Grid, own: BatchCounts, parts: Sequence[tuple[int, BatchCounts]]) -> list[Variability]:
    """Of a reference whose rows have times, at each of SCALES that it is long enough for; empty if for none.

    `parts`: (number of the window, its counts) in order of time.
    """
    found: list[Variability] = []
    for scale in SCALES:
        together: dict[int, list[BatchCounts]] = {}
        for number, counts in parts:
            together.setdefault(number // scale, []).append(counts)
        chunks = [merge(several) for several in together.values() if 2 * len(several) >= scale]
        found += chunk_variability(grid, own, [c for c in chunks if c.rows >= FEWEST_ROWS], windows=scale)
    return found


def chunk_variability(
    grid: Grid, own: BatchCounts, chunks: Sequence[BatchCounts], windows: int = 0
) -> list[Variability]:
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
    figures = drift_figures(grid, rest, chunk, whole.groups)
    missing = np.stack([part.tallies[:, [MISSING, ABSENT]].sum(axis=-1) / max(part.rows, 1) for part in chunks])
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
            missing_most=float(missing[:, grid.tally_row[name]].max()),
            windows=windows,
            psi_most=_most(figures.psi_excess[:, i] - figures.psi_chance[:, i]),
            wasserstein_most=_move_most(figures.wasserstein[:, i], figures.wasserstein_noise[:, i]),
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


def _most(beyond: Floats) -> float:
    known = beyond[~np.isnan(beyond)]
    return max(float(known.max()), 0.0) if len(known) else 0.0


def _move_most(distance: Floats, noise: Floats) -> float:
    return float(np.sqrt(_most(distance**2 - (CHANCE_MOVE * noise) ** 2)))


def _mean(values: Floats) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else 0.0


def _deviation(values: Floats) -> float:
    known = values[~np.isnan(values)]
    return float(known.std(ddof=1)) if len(known) > 1 else 0.0
