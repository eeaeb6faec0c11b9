"""Pearson's correlation of every pair of columns, each over the rows where both have a value, in one pass."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from services.contracts.profiles import Correlation

MOST_COLUMNS = 200
STRONGEST = 100
LEAST_ROWS = 3


class Correlations:
    """Sums over values shifted and scaled by the first batch's, so that large offsets don't drown what varies."""

    def __init__(self, names: list[str]) -> None:
        self.names = names[:MOST_COLUMNS]
        size = len(self.names)
        self._count, self._sum, self._squares, self._products = (np.zeros((size, size)) for _ in range(4))
        self._shift: NDArray[np.float64] | None = None
        self._scale = np.ones(size)

    def add(self, columns: list[NDArray[np.float64]]) -> None:
        """Values of each column, NaN where there is none."""
        if len(self.names) < 2 or not columns or not len(columns[0]):
            return
        values = np.column_stack(columns[: len(self.names)])
        there = ~np.isnan(values)
        if self._shift is None:
            self._shift, self._scale = _centre(values, there)
        with np.errstate(over="ignore", invalid="ignore"):
            values = np.where(there, (values - self._shift) / self._scale, 0.0)
            present = there.astype(np.float64)
            self._count += present.T @ present
            self._sum += values.T @ present
            self._squares += (values * values).T @ present
            self._products += values.T @ values

    def strongest(self) -> list[Correlation]:
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            covariance = self._products - self._sum * self._sum.T / self._count
            variance = self._squares - self._sum * self._sum / self._count
            found = covariance / np.sqrt(variance * variance.T)
            constant = (variance <= 1e-12 * self._squares) | (variance.T <= 1e-12 * self._squares.T)
        found = np.where(constant | (self._count < LEAST_ROWS) | ~np.isfinite(found), np.nan, np.clip(found, -1, 1))
        pairs = [
            Correlation(left=self.names[i], right=self.names[j], value=round(float(found[i, j]), 6))
            for i in range(len(self.names))
            for j in range(i + 1, len(self.names))
            if not math.isnan(found[i, j])
        ]
        return sorted(pairs, key=lambda pair: (-abs(pair.value), pair.left, pair.right))[:STRONGEST]


def _centre(values: NDArray[np.float64], there: NDArray[np.bool_]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    count = np.maximum(there.sum(axis=0), 1)
    filled = np.where(there, values, 0.0)
    with np.errstate(over="ignore", invalid="ignore"):
        mean = filled.sum(axis=0) / count
        spread = np.sqrt((np.where(there, values - mean, 0.0) ** 2).sum(axis=0) / count)
    mean = np.where(np.isfinite(mean), mean, 0.0)
    return mean, np.where(np.isfinite(spread) & (spread > 0), spread, 1.0)
