"""Classification by predicted class: a confusion matrix over classes that may grow, and the figures from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from services.monitor.counts.columns import Codes
from services.monitor.performance.intervals import Estimate, wilson


@dataclass(slots=True, eq=False)
class ClassCounts:
    """pairs: (label, predicted class) → rows. Additive and signed; pairs with 0 rows are dropped."""

    pairs: dict[tuple[str, str], int] = field(default_factory=dict)

    def __add__(self, other: ClassCounts) -> ClassCounts:
        return ClassCounts(_combined(self.pairs, other.pairs, 1))

    def __sub__(self, other: ClassCounts) -> ClassCounts:
        return ClassCounts(_combined(self.pairs, other.pairs, -1))

    @property
    def rows(self) -> int:
        return sum(self.pairs.values())

    @property
    def correct(self) -> int:
        return sum(rows for (label, predicted), rows in self.pairs.items() if label == predicted)


class ClassFigures(NamedTuple):
    """One class against all others. `support`: labelled rows of the class. None where undefined."""

    name: str
    support: int
    precision: Estimate | None
    recall: Estimate | None
    f1: float | None


def count_classes(predicted: Codes, labels: Codes) -> ClassCounts:
    """Rows where both the predicted class and the label are there."""
    both = (predicted.codes >= 0) & (labels.codes >= 0)
    width = max(len(predicted.values), 1)
    cells = np.bincount(labels.codes[both].astype(np.int64) * width + predicted.codes[both])
    pairs: dict[tuple[str, str], int] = {}
    for cell in np.flatnonzero(cells).tolist():
        pair = (labels.values[cell // width], predicted.values[cell % width])
        pairs[pair] = pairs.get(pair, 0) + int(cells[cell])
    return ClassCounts(pairs)


def accuracy(counts: ClassCounts) -> Estimate | None:
    return wilson(counts.correct, counts.rows)


def by_class(counts: ClassCounts) -> list[ClassFigures]:
    """Figures of every class that occurs as label or prediction, in text order."""
    return [_figures(counts, name) for name in classes(counts)]


def macro_f1(counts: ClassCounts) -> float | None:
    """Unweighted mean F1 over the classes that occur; an undefined F1 can't occur among them."""
    scores = [figures.f1 for figures in by_class(counts) if figures.f1 is not None]
    return sum(scores) / len(scores) if scores else None


def kappa(counts: ClassCounts) -> float | None:
    """Cohen's kappa, −1 … 1: agreement beyond what the class frequencies give by chance; None if chance is certain."""
    rows = counts.rows
    if not rows:
        return None
    chance = sum(
        sum(n for (label, _), n in counts.pairs.items() if label == name)
        * sum(n for (_, predicted), n in counts.pairs.items() if predicted == name)
        for name in classes(counts)
    ) / (rows * rows)
    return (counts.correct / rows - chance) / (1 - chance) if chance < 1 else None


def classes(counts: ClassCounts) -> list[str]:
    return sorted({name for pair in counts.pairs for name in pair})


def matrix(counts: ClassCounts, names: Sequence[str]) -> list[list[int]]:
    """Rows of labels, columns of predictions, in the order of `names`."""
    return [[counts.pairs.get((label, predicted), 0) for predicted in names] for label in names]


def _figures(counts: ClassCounts, name: str) -> ClassFigures:
    hit = counts.pairs.get((name, name), 0)
    support = sum(rows for (label, _), rows in counts.pairs.items() if label == name)
    claimed = sum(rows for (_, predicted), rows in counts.pairs.items() if predicted == name)
    f1 = 2 * hit / (support + claimed) if support + claimed else None
    return ClassFigures(name, support, wilson(hit, claimed), wilson(hit, support), f1)


def _combined(a: dict[tuple[str, str], int], b: dict[tuple[str, str], int], sign: int) -> dict[tuple[str, str], int]:
    result = dict(a)
    for pair, rows in b.items():
        result[pair] = result.get(pair, 0) + sign * rows
    return {pair: rows for pair, rows in result.items() if rows}
