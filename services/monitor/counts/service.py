"""How a model serves: how long predictions took, and ids that came twice; counts that add up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import ceil, log
from typing import Final

import numpy as np
import numpy.typing as npt

LATENCY: Final = "@latency"
"""The column of milliseconds in a batch's own form."""

RELATIVE_ERROR: Final = 0.01
_GAMMA: Final = (1 + RELATIVE_ERROR) / (1 - RELATIVE_ERROR)
_LOG_GAMMA: Final = log(_GAMMA)
SHORTEST_MS: Final = 1e-3
LONGEST_MS: Final = 1e7
"""Latencies are clipped to these: at most 1,152 bins."""
_LOWEST: Final = ceil(log(SHORTEST_MS) / _LOG_GAMMA)
_BINS: Final = ceil(log(LONGEST_MS) / _LOG_GAMMA) - _LOWEST + 1


@dataclass(frozen=True, slots=True)
class ServiceCounts:
    """Additive. `latency`: rows by logarithmic bin (γ^(i−1), γ^i] ms, so that a quantile is right within
    RELATIVE_ERROR (Masson, Rim & Lee, DDSketch, VLDB 2019). `latency_sum`, `latency_most` in ms.

    `duplicates`: rows whose id came again among the rows that were counted together.
    """

    latency: Mapping[int, int] = field(default_factory=dict)
    latency_sum: float = 0.0
    latency_most: float = 0.0
    duplicates: int = 0

    def __add__(self, other: ServiceCounts) -> ServiceCounts:
        if not other.latency:
            latency = self.latency
        else:
            latency = dict(self.latency)
            for position, rows in other.latency.items():
                latency[position] = latency.get(position, 0) + rows
        return ServiceCounts(
            latency,
            self.latency_sum + other.latency_sum,
            max(self.latency_most, other.latency_most),
            self.duplicates + other.duplicates,
        )

    @property
    def latency_rows(self) -> int:
        return sum(self.latency.values())

    @property
    def latency_mean(self) -> float | None:
        rows = self.latency_rows
        return self.latency_sum / rows if rows else None

    def latency_quantile(self, share: float) -> float | None:
        """Milliseconds that `share` (0 … 1) of the rows with a latency don't exceed; None without any."""
        rows = self.latency_rows
        if not rows:
            return None
        wanted, passed = max(1, ceil(share * rows)), 0
        for position in sorted(self.latency):
            passed += self.latency[position]
            if passed >= wanted:
                return min(float(2 * _GAMMA**position / (_GAMMA + 1)), self.latency_most)
        return self.latency_most


def count_latency(values: npt.NDArray[np.float64]) -> ServiceCounts:
    """(n,) milliseconds, NaN where unknown; none is negative or infinite."""
    known = values[~np.isnan(values)]
    if not len(known):
        return ServiceCounts()
    clipped = np.clip(known, SHORTEST_MS, LONGEST_MS)
    positions = np.ceil(np.log(clipped) / _LOG_GAMMA).astype(np.int64) - _LOWEST
    rows = np.bincount(np.clip(positions, 0, _BINS - 1), minlength=_BINS)
    found = np.flatnonzero(rows)
    latency = {int(position) + _LOWEST: int(rows[position]) for position in found}
    return ServiceCounts(latency, float(known.sum()), float(known.max()))


def count_duplicates(ids: npt.NDArray[np.uint64]) -> int:
    """Rows beyond the first of each id; (n,) hashes."""
    if len(ids) < 2:
        return 0
    ordered = np.sort(ids)
    return int(np.count_nonzero(ordered[1:] == ordered[:-1]))
