"""The shape of one feature, reference beside current, over bins that people can read."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from services.contracts.drift import Distribution
from services.contracts.errors import NotFound
from services.monitor.counts.counting import HIGHEST, LOWEST, BatchCounts
from services.monitor.counts.grid import CategoricalFeature, Ints, NumericFeature
from services.monitor.references.rules import Reference
from services.monitor.statistics import shares

SHOWN_CATEGORIES = 20
"""Categories shown by name, the most frequent on either side; the rest are summed."""

OTHERS = "(others)"


def distribution(reference: Reference, counts: BatchCounts, feature: str) -> Distribution:
    """Shares of the usable values, 0 … 1, all 0 without any.

    A numeric feature: Doane bins with their `edges` (one more than bins), and a bin on either side that reaches to the
    window's own minimum or maximum where rows lie outside; with few values, each value and one for the others, without
    edges. A category: the most frequent values and the others. Raises NotFound for an unknown feature.
    """
    for i, numeric in enumerate(reference.grid.numeric):
        if numeric.name == feature:
            return _few(reference, counts, numeric, i) if numeric.distinct else _binned(reference, counts, numeric, i)
    for i, categorical in enumerate(reference.grid.categorical):
        if categorical.name == feature:
            return _categories(reference, counts, categorical, i)
    raise NotFound(
        f"The reference has no feature {feature!r}.",
        code="UNKNOWN_FEATURE",
        field="feature",
        fix=f"One of: {', '.join(reference.grid.tally_row)}",
    )


def _binned(reference: Reference, counts: BatchCounts, feature: NumericFeature, i: int) -> Distribution:
    grid = reference.grid
    edges = grid.edge_rows[i]
    bounds = [start for start, _ in feature.doane_bins] + [feature.doane_bins[-1][1]]
    shown = edges[bounds].tolist()
    sides = []
    for cells in (reference.own.cells[i], counts.cells[i]):
        before = np.concatenate(([0], np.cumsum(cells)))
        inner = before[np.array(bounds) + 1]
        sides.append(np.concatenate(([inner[0]], np.diff(inner), [before[-1] - inner[-1]])))
    first = 0 if sides[1][0] else 1
    last = len(shown) + 1 if sides[1][-1] else len(shown)
    if first == 0:
        shown.insert(0, float(counts.moments[i, LOWEST]))
    if sides[1][-1]:
        shown.append(float(counts.moments[i, HIGHEST]))
    labels = [f"{low:.4g} – {high:.4g}" for low, high in pairwise(shown)]
    return _made(feature.name, feature.kind, labels, sides[0][first:last], sides[1][first:last], shown)


def _few(reference: Reference, counts: BatchCounts, feature: NumericFeature, i: int) -> Distribution:
    bins = reference.grid.psi_bins
    values = len(feature.distinct)
    own, current = bins.gather(reference.own.cells)[i], bins.gather(counts.cells)[i]
    labels = [f"{value:g}" for value in feature.distinct]
    picked = [*range(values), -1]
    if not (own[-1] or current[-1]):
        picked.pop()
    else:
        labels.append(OTHERS)
    return _made(feature.name, feature.kind, labels, own[picked], current[picked], [])


def _categories(reference: Reference, counts: BatchCounts, feature: CategoricalFeature, i: int) -> Distribution:
    own = reference.own.categories[i]
    current = counts.categories[i]
    values = len(feature.values)
    weight = shares(own + 0.0)[:values] + np.nan_to_num(shares(current + 0.0))[:values]
    top = np.argsort(-weight, kind="stable")[:SHOWN_CATEGORIES]
    top = top[(own[top] > 0) | (current[top] > 0)]
    labels = [feature.values[code] for code in top]
    rest_own, rest_current = own.sum() - own[top].sum(), current.sum() - current[top].sum()
    own, current = own[top], current[top]
    if rest_own or rest_current:
        labels.append(OTHERS)
        own, current = np.append(own, rest_own), np.append(current, rest_current)
    return _made(feature.name, feature.kind, labels, own, current, [])


def _made(name: str, kind: str, labels: list[str], own: Ints, current: Ints, edges: list[float]) -> Distribution:
    return Distribution(
        feature=name,
        kind=kind,
        labels=labels,
        edges=edges,
        reference=np.nan_to_num(shares(own)).tolist(),
        current=np.nan_to_num(shares(current)).tolist(),
    )
