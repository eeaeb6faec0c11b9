"""A closer look at drift: the shape of one feature beside the reference, and drift within segments."""

from __future__ import annotations

from datetime import datetime

from services.contracts.base import Message, Request


class Distribution(Message, frozen=True, kw_only=True):
    """Reference and current shares of a feature over the same bins; `labels` are bin ranges or categories."""

    feature: str
    kind: str
    labels: list[str]
    edges: list[float]
    reference: list[float]
    current: list[float]


class SegmentDrift(Message, frozen=True, kw_only=True):
    """One feature (or `prediction`, `score`) among the rows with one value of one column, against the reference's own
    rows there: `value` is one of the 20 most frequent by name, `(others)` or `(missing)`.

    `rows`, `reference_rows`: of the segment with a usable value; `missing_share` 0 … 1. Figures over the feature's PSI
    bins or ten most frequent categories; None where one side has too few rows. `psi_excess`: beyond chance, rare bins
    taken together. `moved`: chance can't explain it (false-discovery control over all segments and features).
    `drifted`: and it reaches `psi_limit`, the feature's own.
    """

    column: str
    value: str
    feature: str
    rows: int
    reference_rows: int
    missing_share: float = 0.0
    psi: float | None = None
    psi_excess: float | None = None
    psi_limit: float | None = None
    p_value: float | None = None
    js: float | None = None
    l_infinity: float | None = None
    moved: bool = False
    drifted: bool = False


class GetDistribution(Request[Distribution], frozen=True, kw_only=True):
    """Reference against current shares of one feature over all windows within [start, end)."""

    service = "monitor"
    name = "feature.distribution"

    model_name: str
    version: str
    feature: str
    start: datetime | None = None
    end: datetime | None = None


class ListSegmentDrift(Request[list[SegmentDrift]], frozen=True, kw_only=True):
    """The worst first over all windows within [start, end): of one `column`, `value` or `feature`, or of all; at most
    `most` (1 to 500). Empty where the reference states no segments, or was set before they were counted for drift."""

    service = "monitor"
    name = "segment.drift"

    model_name: str
    version: str
    start: datetime | None = None
    end: datetime | None = None
    column: str | None = None
    value: str | None = None
    feature: str | None = None
    most: int = 50
