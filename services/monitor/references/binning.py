"""Where to cut a numeric feature: the fine edges that counts are kept over, and the coarse bins read from them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from services.monitor.counts.grid import Floats, after

QUANTILES = 1_000
"""Fine cells of equal reference share: hold PSI and JS within 0.001, KS and normed Wasserstein within 0.0001."""

EXTREMES = 256
"""Lowest and highest reference values that are edges of their own: tails keep their shape."""

FEW_VALUES = 20
"""Up to so many distinct values each is counted by itself (Evidently treats such a feature as categorical, too)."""

PSI_BINS = 10
"""Bins of equal reference share for PSI (Siddiqi 2006, Yurdakul 2018)."""

SMALLEST_BIN = 0.01
"""A PSI bin beside heavy single values holds at least this share of the reference."""


@dataclass(frozen=True, slots=True, eq=False)
class Cuts:
    """Ascending unique `edges`; bins as `NumericFeature` describes them; `distinct` where values are few."""

    edges: Floats
    psi_bins: list[tuple[int, int]]
    doane_bins: list[tuple[int, int]]
    distinct: list[float]


def cut(ordered: Floats, stated: tuple[float, ...] = ()) -> Cuts:
    """Edges and bins for a reference feature; `ordered`: its finite values, ascending, at least one.

    `stated`: further values (of a stated range) that must be edges.
    """
    starts = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1])))
    distinct = ordered[starts]
    doane = _doane_edges(ordered)
    if len(distinct) <= FEW_VALUES:
        psi_edges = np.empty(0)
        fine = np.concatenate((distinct, after(distinct)))
    else:
        psi_edges = _psi_edges(ordered, distinct, np.diff(np.append(starts, len(ordered))))
        fine = _fine_edges(ordered, distinct)
    edges = np.unique(
        np.concatenate((fine, after(ordered[-1:]), psi_edges, doane, after(doane[-1:]), np.array(stated, dtype=float)))
    )
    if len(distinct) <= FEW_VALUES:
        firsts = np.searchsorted(edges, distinct).tolist()
        psi_bins = [(first, first + 1) for first in firsts]
    else:
        inner = np.searchsorted(edges, psi_edges).tolist()
        psi_bins = list(zip([-1, *inner], [*inner, len(edges)], strict=True))
    bounds = np.searchsorted(edges, np.append(doane[:-1], after(doane[-1:]))).tolist()
    few = distinct.tolist() if len(distinct) <= FEW_VALUES else []
    return Cuts(edges, psi_bins, list(pairwise(bounds)), few)


def _fine_edges(ordered: Floats, distinct: Floats) -> Floats:
    if len(distinct) <= QUANTILES:
        return distinct
    picks = ordered[np.linspace(0, len(ordered) - 1, QUANTILES + 1).astype(np.intp)]
    heavy = picks[1:][picks[1:] == picks[:-1]]  # a value that fills a whole cell gets one of its own
    return np.concatenate((picks, after(heavy), distinct[:EXTREMES], distinct[-EXTREMES:]))


def _psi_edges(ordered: Floats, distinct: Floats, repeats: np.ndarray[tuple[int], np.dtype[np.intp]]) -> Floats:
    """Inner edges: values of at least 1/PSI_BINS of all rows alone in a bin, the rest in bins of equal share."""
    heavy = repeats * PSI_BINS >= len(ordered)
    rest = ordered[~np.repeat(heavy, repeats)]
    wanted = min(PSI_BINS - int(heavy.sum()), int(len(rest) / (SMALLEST_BIN * len(ordered))))
    quantiles = np.quantile(rest, np.linspace(0, 1, wanted + 1)[1:-1]) if wanted > 1 else np.empty(0)
    atoms = distinct[heavy]
    candidates = np.unique(np.concatenate((quantiles, atoms, after(atoms))))
    below = np.searchsorted(ordered, candidates)  # an edge that leaves a bin empty in the reference is no edge
    keep = (below > 0) & (below < len(ordered)) & (np.diff(below, prepend=0) > 0)
    return candidates[keep]


def _doane_edges(ordered: Floats) -> Floats:
    """numpy's (and NannyML's) Doane bins; one bin where float64 can't divide the range (too wide, or too narrow)."""
    try:
        with np.errstate(over="ignore", invalid="ignore"):
            edges: Floats = np.histogram_bin_edges(ordered, bins="doane")
    except (ValueError, OverflowError):
        return ordered[[0, -1]]
    return edges if np.isfinite(edges).all() else ordered[[0, -1]]
