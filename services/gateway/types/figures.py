"""Figures of windows beside drift: quality, service, estimates, performance in detail."""

from __future__ import annotations

from datetime import datetime

import strawberry

from services.contracts import monitor as contracts
from services.gateway.types.node import reads
from services.gateway.types.scalars import Long


@strawberry.type(description="One class against all others.")
class ClassPerformance:
    is_type_of = reads(contracts.ClassPerformance)

    name: str = strawberry.field(description="The class.")
    support: Long = strawberry.field(description="Labelled rows of the class.")
    precision: float | None = strawberry.field(description="Share of right ones among its predictions, 0 to 1.")
    recall: float | None = strawberry.field(description="Share of its labels that were predicted, 0 to 1.")
    f1: float | None = strawberry.field(description="Harmonic mean of precision and recall, 0 to 1.")


@strawberry.type(description="What performance is expected to be, without labels: an estimate, never a measurement.")
class EstimatedPerformance:
    is_type_of = reads(contracts.EstimatedPerformance)

    rows: Long = strawberry.field(description="Rows with a score.")
    roc_auc: float | None = strawberry.field(description="Area under the ROC curve, 0 to 1.")
    roc_auc_low: float | None = strawberry.field(description="Lower end of its 95 % interval.")
    roc_auc_high: float | None = strawberry.field(description="Upper end of its 95 % interval.")
    accuracy: float | None = strawberry.field(description="Share of right predictions, 0 to 1.")
    accuracy_low: float | None = strawberry.field(description="Lower end of its 95 % interval.")
    accuracy_high: float | None = strawberry.field(description="Upper end of its 95 % interval.")
    precision: float | None = strawberry.field(
        description="Share of right ones among the positive predictions, 0 to 1."
    )
    recall: float | None = strawberry.field(description="Share of the positives that are predicted, 0 to 1.")
    f1: float | None = strawberry.field(description="Harmonic mean of precision and recall, 0 to 1.")
    calibration_drift: bool | None = strawberry.field(
        description="Whether labels say that scores mean something else by now."
    )


@strawberry.type(description="How good the data of a window are; shares are the largest of any feature.")
class WindowQuality:
    is_type_of = reads(contracts.WindowQuality)

    usual_rows: float | None = strawberry.field(description="The middle of up to 28 windows before it, at least seven.")
    duplicate_ids: Long = strawberry.field(description="Rows whose id came again.")
    last_event_at: datetime | None = strawberry.field(description="The newest event time in it.")
    missing_share: float = strawberry.field(description="Share of missing values, 0 to 1.")
    missing_feature: str | None = strawberry.field(description="Of which feature.")
    unseen_share: float = strawberry.field(description="Share of categories that the reference doesn't know, 0 to 1.")
    unseen_feature: str | None = strawberry.field(description="Of which feature.")
    out_of_range_share: float = strawberry.field(description="Share outside the reference's extremes, 0 to 1.")
    out_of_range_feature: str | None = strawberry.field(description="Of which feature.")
    invalid_share: float = strawberry.field(description="Share of values of the wrong type, 0 to 1.")
    invalid_feature: str | None = strawberry.field(description="Of which feature.")


@strawberry.type(description="How the model served; latencies in milliseconds, within 1 %.")
class ServiceFigures:
    is_type_of = reads(contracts.ServiceFigures)

    rows_per_second: float = strawberry.field(description="Rows a second.")
    latency_rows: Long = strawberry.field(description="Rows that were sent with a latency.")
    latency_mean: float | None = strawberry.field(description="Their mean.")
    latency_p50: float | None = strawberry.field(description="Half were faster.")
    latency_p90: float | None = strawberry.field(description="Nine in ten were faster.")
    latency_p99: float | None = strawberry.field(description="Ninety-nine in a hundred were faster.")
    latency_most: float | None = strawberry.field(description="The slowest.")


@strawberry.type(description="Performance when a score of at least a threshold counts as positive.")
class AtThreshold:
    is_type_of = reads(contracts.AtThreshold)

    threshold: float = strawberry.field(description="The threshold, 0 to 1.")
    true_positive: Long = strawberry.field(description="Positives that were predicted.")
    false_positive: Long = strawberry.field(description="Negatives that were predicted as positive.")
    true_negative: Long = strawberry.field(description="Negatives that were predicted.")
    false_negative: Long = strawberry.field(description="Positives that were missed.")
    accuracy: float | None = strawberry.field(description="Share of right predictions, 0 to 1.")
    precision: float | None = strawberry.field(
        description="Share of right ones among the positive predictions, 0 to 1."
    )
    recall: float | None = strawberry.field(description="Share of the positives that are predicted, 0 to 1.")
    specificity: float | None = strawberry.field(description="Share of the negatives that are predicted, 0 to 1.")
    f1: float | None = strawberry.field(description="Harmonic mean of precision and recall, 0 to 1.")


@strawberry.type(description="Rows whose score lies in [low, high).")
class CalibrationBin:
    is_type_of = reads(contracts.CalibrationBin)

    low: float = strawberry.field(description="Where the bin begins.")
    high: float = strawberry.field(description="Where it ends.")
    rows: Long = strawberry.field(description="Its rows.")
    score: float = strawberry.field(description="Their mean score.")
    positives: float = strawberry.field(description="Share of positives among them.")
