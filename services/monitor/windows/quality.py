"""Data quality of a window: what was missing, unseen, out of range or not of its type."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import numpy as np

from services.monitor.counts.counting import (
    ABSENT,
    HIGHEST,
    INFINITE,
    INVALID,
    LOWEST,
    MISSING,
    SQUARES,
    SUM,
    BatchCounts,
)
from services.monitor.counts.grid import CategoricalFeature, NumericFeature, cumulated
from services.monitor.references.rules import Reference


class FeatureQuality(msgspec.Struct, frozen=True, kw_only=True):
    """Row counts of one feature in one window: `rows` = `usable` + missing + absent + invalid + infinite.

    `missing`: null or NaN; `absent`: the column wasn't sent; `invalid`: not of the feature's type; `unseen`: a category
    the reference never had (None where the reference has more categories than are kept by name); `below`, `above`: out
    of the stated range, else the reference's; for a category with stated values `not_allowed`. Moments are of the
    usable values (finite numbers); None without any.
    """

    feature: str
    kind: str
    rows: int
    usable: int
    missing: int
    absent: int
    invalid: int
    infinite: int
    unseen: int | None = 0
    unseen_values: list[str] = []
    below: int = 0
    above: int = 0
    not_allowed: int = 0
    forbidden_missing: bool = False
    minimum: float | None = None
    maximum: float | None = None
    mean: float | None = None
    deviation: float | None = None

    @property
    def out_of_range(self) -> int:
        return self.below + self.above + self.not_allowed

    @property
    def gone(self) -> int:
        """Rows without a value: missing and absent."""
        return self.missing + self.absent


class Quality(msgspec.Struct, frozen=True, kw_only=True):
    """`unknown`: columns sent that are no feature of the reference, with their rows (at most ten names)."""

    rows: int
    features: list[FeatureQuality]
    unknown: dict[str, int]


def quality(reference: Reference, counts: BatchCounts) -> Quality:
    """Figures of each feature, in the reference's order."""
    numeric = {each.feature: each for each in _numeric(reference, counts)}
    categorical = {feature.name: i for i, feature in enumerate(reference.grid.categorical)}
    return Quality(
        rows=counts.rows,
        features=[
            numeric[feature.name]
            if isinstance(feature, NumericFeature)
            else _categorical(reference, feature, counts, categorical[feature.name])
            for feature in reference.features
        ],
        unknown=counts.unknown,
    )


def _numeric(reference: Reference, counts: BatchCounts) -> Iterator[FeatureQuality]:
    """Of all numeric features, in the grid's order: sums are taken over all of them at once."""
    grid = reference.grid
    before = cumulated(counts.cells)
    places = np.arange(len(grid.numeric))
    from_low, from_high = grid.range_positions
    usable = before[:, -1]
    below, above = before[places, from_low], usable - before[places, from_high]
    tallies, moments = counts.tallies.tolist(), counts.moments.tolist()
    columns = zip(grid.numeric, usable.tolist(), below.tolist(), above.tolist(), moments, strict=True)
    for feature, rows, lower, higher, moment in columns:
        tally = tallies[grid.tally_row[feature.name]]
        mean = deviation = minimum = maximum = None
        if rows:
            offset = moment[SUM] / rows
            mean = feature.center + offset
            deviation = max(moment[SQUARES] / rows - offset * offset, 0.0) ** 0.5
            minimum, maximum = moment[LOWEST], moment[HIGHEST]
        yield FeatureQuality(
            feature=feature.name,
            kind=feature.kind,
            rows=counts.rows,
            usable=rows,
            missing=tally[MISSING],
            absent=tally[ABSENT],
            invalid=tally[INVALID],
            infinite=tally[INFINITE],
            below=lower,
            above=higher,
            forbidden_missing=not feature.nullable and tally[MISSING] + tally[ABSENT] > 0,
            minimum=minimum,
            maximum=maximum,
            mean=mean,
            deviation=deviation,
        )


def _categorical(reference: Reference, feature: CategoricalFeature, counts: BatchCounts, i: int) -> FeatureQuality:
    tally = counts.tallies[reference.grid.tally_row[feature.name]].tolist()
    cells = counts.categories[i]
    other = int(cells[len(feature.values)])
    not_allowed = 0
    if feature.allowed is not None:
        allowed = set(feature.allowed)
        not_allowed = other + sum(
            int(rows) for value, rows in zip(feature.values, cells, strict=False) if value not in allowed
        )
    return FeatureQuality(
        feature=feature.name,
        kind=feature.kind,
        rows=counts.rows,
        usable=int(cells.sum()),
        missing=tally[MISSING],
        absent=tally[ABSENT],
        invalid=tally[INVALID],
        infinite=tally[INFINITE],
        unseen=None if feature.capped else other,
        unseen_values=counts.unseen.get(feature.name, []),
        not_allowed=not_allowed,
        forbidden_missing=not feature.nullable and tally[MISSING] + tally[ABSENT] > 0,
    )
