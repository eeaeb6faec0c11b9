"""What of a reference's rows was missing or out of range: the shares that a window's are compared with."""

from __future__ import annotations

import msgspec

from services.monitor.references.rules import Reference
from services.monitor.windows.quality import quality


class ReferenceShares(msgspec.Struct, frozen=True, kw_only=True):
    """Shares of the reference's rows, 0 … 1, of one feature: the whole, and the most in any of its chunks."""

    rows: int
    missing: float = 0.0
    missing_most: float = 0.0
    out_of_range: float = 0.0
    nullable: bool = True


def reference_shares(reference: Reference) -> dict[str, ReferenceShares]:
    """By feature."""
    most: dict[str, float] = {}
    for variability in reference.variability:
        most[variability.feature] = max(most.get(variability.feature, 0.0), variability.missing_most)
    rows = max(reference.rows, 1)
    nullable = {feature.name: feature.nullable for feature in reference.features}
    return {
        feature.feature: ReferenceShares(
            rows=reference.rows,
            missing=feature.gone / rows,
            missing_most=most.get(feature.feature, 0.0),
            out_of_range=feature.out_of_range / rows,
            nullable=nullable[feature.feature],
        )
        for feature in quality(reference, reference.own).features
    }
