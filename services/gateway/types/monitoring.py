"""What the monitor says of a model version: windows with drift and performance, and distributions."""

from __future__ import annotations

from datetime import datetime

import strawberry

from services.contracts import drift
from services.contracts import monitor as contracts
from services.gateway.types.figures import (
    AtThreshold,
    CalibrationBin,
    ClassPerformance,
    EstimatedPerformance,
    ServiceFigures,
    WindowQuality,
)
from services.gateway.types.limits import KEY, Size
from services.gateway.types.node import reads
from services.gateway.types.scalars import Long

Figure = float | None


@strawberry.type(
    description="How far one feature (or the prediction) moved from the reference within a window. "
    "A figure is null where it isn't defined for the feature's kind, or without rows."
)
class FeatureDrift:
    is_type_of = reads(contracts.FeatureDrift)

    feature: str = strawberry.field(description="The feature's name.")
    kind: str = strawberry.field(description="`numeric` or `categorical`.")
    rows: Long = strawberry.field(description="Rows with a value.")
    psi: Figure = strawberry.field(description="Population stability index, 0 upwards.")
    js: Figure = strawberry.field(description="Jensen-Shannon distance to base 2, 0 to 1.")
    ks: Figure = strawberry.field(description="Kolmogorov-Smirnov statistic, 0 to 1.")
    ks_p: Figure = strawberry.field(description="Its p-value.")
    wasserstein: Figure = strawberry.field(description="Wasserstein distance in standard deviations of the reference.")
    hellinger: Figure = strawberry.field(description="Hellinger distance, 0 to 1.")
    chi2: Figure = strawberry.field(description="Chi-square statistic.")
    chi2_p: Figure = strawberry.field(description="Its p-value.")
    l_infinity: Figure = strawberry.field(description="Largest difference of any share, 0 to 1.")
    missing_share: float = strawberry.field(description="Share of rows without a value, 0 to 1.")
    unseen_share: float = strawberry.field(
        description="Share of rows whose category the reference doesn't know, 0 to 1."
    )
    out_of_range_share: float = strawberry.field(description="Share of rows outside the reference's extremes, 0 to 1.")
    psi_threshold: Figure = strawberry.field(description="PSI that chance alone rarely exceeds with so many rows.")
    drifted: bool = strawberry.field(description="Whether it moved by more than chance and by enough to matter.")
    moved: bool = strawberry.field(description="Whether it moved by more than chance, if only a little.")
    psi_excess: Figure = strawberry.field(description="PSI beyond what chance explains, rare values taken together.")
    psi_limit: Figure = strawberry.field(description="What `psiExcess` has to reach to count as drift.")
    wasserstein_limit: Figure = strawberry.field(description="What `wasserstein` has to reach to count as drift.")
    invalid_share: float = strawberry.field(description="Share of rows with a value of the wrong type, 0 to 1.")
    infinite_share: float = strawberry.field(description="Share of rows with an infinite value, 0 to 1.")


@strawberry.type(
    description="How good the predictions of a window were, over the rows whose label has arrived. "
    "A figure is null where it isn't defined for the task, or without labels."
)
class Performance:
    is_type_of = reads(contracts.Performance)

    labelled: Long = strawberry.field(description="Rows with a label.")
    coverage: float = strawberry.field(description="Their share of all rows, 0 to 1.")
    roc_auc: Figure = strawberry.field(description="Area under the ROC curve, 0 to 1.")
    roc_auc_low: Figure = strawberry.field(description="Lower end of its 95 % confidence interval.")
    roc_auc_high: Figure = strawberry.field(description="Upper end of its 95 % confidence interval.")
    accuracy: Figure = strawberry.field(description="Share of right predictions, 0 to 1.")
    accuracy_low: Figure = strawberry.field(description="Lower end of its 95 % confidence interval.")
    accuracy_high: Figure = strawberry.field(description="Upper end of its 95 % confidence interval.")
    precision: Figure = strawberry.field(description="Share of right ones among the positive predictions, 0 to 1.")
    recall: Figure = strawberry.field(description="Share of the positive labels that were predicted, 0 to 1.")
    f1: Figure = strawberry.field(description="Harmonic mean of precision and recall, 0 to 1.")
    log_loss: Figure = strawberry.field(description="Mean logarithmic loss, 0 upwards.")
    brier: Figure = strawberry.field(description="Mean squared error of the score, 0 to 1.")
    mae: Figure = strawberry.field(description="Mean absolute error, 0 upwards.")
    rmse: Figure = strawberry.field(description="Root of the mean squared error, 0 upwards.")
    r2: Figure = strawberry.field(description="Coefficient of determination, up to 1.")
    pr_auc: Figure = strawberry.field(description="Area under the precision-recall curve, 0 to 1.")
    pr_auc_low: Figure = strawberry.field(description="Lower end of its 95 % confidence interval.")
    pr_auc_high: Figure = strawberry.field(description="Upper end of its 95 % confidence interval.")
    calibration_error: Figure = strawberry.field(description="Expected calibration error over ten bins, 0 to 1.")
    mae_low: Figure = strawberry.field(description="Lower end of the mean absolute error's 95 % confidence interval.")
    mae_high: Figure = strawberry.field(description="Upper end of the mean absolute error's 95 % confidence interval.")
    mape: Figure = strawberry.field(description="Mean absolute percentage error, over labels that aren't 0.")
    bias: Figure = strawberry.field(description="Mean of prediction minus label.")
    interval_coverage: Figure = strawberry.field(
        description="Share of labels within the predicted interval, 0 to 1; of rows that came with one."
    )
    by_class: list[ClassPerformance] = strawberry.field(
        metadata={KEY: Size(otherwise=20)}, description="Each class against all others: the most frequent 20."
    )


@strawberry.type(description="Performance over the rows with one value of one column.")
class SegmentPerformance:
    is_type_of = reads(contracts.SegmentPerformance)

    column: str = strawberry.field(description="The column.")
    value: str = strawberry.field(description="Its value; `(others)` are the rarer ones, `(missing)` rows without one.")
    performance: Performance = strawberry.field(description="How good it was there.")


@strawberry.type(
    description="How far one feature moved from the reference among the rows with one value of one column. "
    "A figure is null where either side has too few rows."
)
class SegmentDrift:
    is_type_of = reads(drift.SegmentDrift)

    column: str = strawberry.field(description="The column.")
    value: str = strawberry.field(description="Its value; `(others)` are the rarer ones, `(missing)` rows without one.")
    feature: str = strawberry.field(description="The feature, or `score`, `prediction`.")
    rows: Long = strawberry.field(description="Rows of the segment with a value of the feature.")
    reference_rows: Long = strawberry.field(description="The same in the reference.")
    missing_share: float = strawberry.field(description="Share of the segment's rows without a value, 0 to 1.")
    psi: Figure = strawberry.field(description="Population stability index, 0 upwards.")
    psi_excess: Figure = strawberry.field(description="PSI beyond what chance explains, rare values taken together.")
    psi_limit: Figure = strawberry.field(description="What `psiExcess` has to reach to count as drift.")
    p_value: Figure = strawberry.field(description="Chance of such a difference without any drift, 0 to 1.")
    js: Figure = strawberry.field(description="Jensen-Shannon distance to base 2, 0 to 1.")
    l_infinity: Figure = strawberry.field(description="Largest difference of any share, 0 to 1.")
    moved: bool = strawberry.field(description="Whether it moved by more than chance, if only a little.")
    drifted: bool = strawberry.field(description="Whether it moved by more than chance and by enough to matter.")


@strawberry.type(description="How far features hang together otherwise than in the reference, from a sample of rows.")
class MultivariateDrift:
    is_type_of = reads(contracts.MultivariateDrift)

    rows: Long = strawberry.field(description="Rows of the sample.")
    error: float = strawberry.field(description="Mean distance from the reconstruction by the reference's components.")
    expected: float = strawberry.field(description="What that distance usually is.")
    z: float = strawberry.field(description="The difference in standard errors.")
    drifted: bool = strawberry.field(description="Whether that is more than chance, and enough to matter.")


@strawberry.type(description="What happened to a model version between two moments of event time.")
class Window:
    is_type_of = reads(contracts.WindowView)

    start: datetime = strawberry.field(description="The first moment in it.")
    end: datetime = strawberry.field(description="The first moment after it.")
    closed: bool = strawberry.field(description="Whether event time has passed it; later rows still merge.")
    rows: Long = strawberry.field(description="Predictions in it.")
    updated_at: datetime = strawberry.field(description="When its figures last changed.")
    features: list[FeatureDrift] = strawberry.field(
        metadata={KEY: Size(otherwise=20)}, description="Each feature against the reference."
    )
    prediction: FeatureDrift | None = strawberry.field(description="The model's own output against the reference.")
    performance: Performance | None = strawberry.field(description="How good it was; null before any label.")
    worst_segment: SegmentPerformance | None = strawberry.field(
        description="Where the model does worst beyond doubt; null if nowhere."
    )
    multivariate: MultivariateDrift | None = strawberry.field(
        description="Whether features hang together otherwise; comes some time after the window has closed."
    )
    worst_drift: SegmentDrift | None = strawberry.field(
        description="The feature and segment with the largest drift that chance can't explain; null if none."
    )
    estimated: EstimatedPerformance | None = strawberry.field(
        description="How good it is expected to be, without labels."
    )
    quality: WindowQuality | None = strawberry.field(description="How good its data are.")
    service: ServiceFigures | None = strawberry.field(description="How the model served.")


@strawberry.type(description="A model version under watch.")
class MonitoredVersion:
    is_type_of = reads(contracts.MonitoredView)

    model_name: str = strawberry.field(name="model", description="The model's name.")
    version: str = strawberry.field(description="The version.")
    reference: str = strawberry.field(description="What current data is compared with.")
    reference_rows: Long = strawberry.field(description="Rows of the reference.")
    reference_set_at: datetime = strawberry.field(description="When the reference was set.")
    features: list[str] = strawberry.field(description="The features that are watched.")
    window_seconds: int = strawberry.field(description="Length of a window.")
    task: str = strawberry.field(description="`classification` or `regression`.")
    rows: Long = strawberry.field(description="Predictions received so far.")
    labelled: Long = strawberry.field(description="Labels received so far.")
    last_prediction_at: datetime | None = strawberry.field(description="Event time of the newest prediction.")
    last_arrival_at: datetime | None = strawberry.field(description="When the newest rows came, by the clock.")
    segments: list[str] = strawberry.field(description="The columns by whose values performance is told apart.")
    baseline: Performance | None = strawberry.field(
        description="The reference's own performance, where its rows have labels."
    )
    references: list[str] = strawberry.field(description="Names of all references it had, the newest first.")


@strawberry.type(description="Performance over a stretch of time, in detail.")
class PerformanceDetail:
    is_type_of = reads(contracts.PerformanceDetail)

    performance: Performance = strawberry.field(description="Its figures.")
    at: AtThreshold | None = strawberry.field(description="At the threshold that was asked for.")
    curve: list[AtThreshold] = strawberry.field(
        metadata={KEY: Size(otherwise=50)}, description="At falling thresholds; empty unless the model is binary."
    )
    calibration: list[CalibrationBin] = strawberry.field(
        metadata={KEY: Size(otherwise=10)}, description="Scores beside what came true."
    )
    segments: list[SegmentPerformance] = strawberry.field(
        metadata={KEY: Size(otherwise=40)}, description="By segment, the worst first."
    )
    classes: list[str] = strawberry.field(description="The most frequent 20 classes.")
    confusion: list[list[int]] = strawberry.field(description="Rows: labels, columns: predictions, as `classes`.")
    baseline: Performance | None = strawberry.field(description="The reference's own performance.")


@strawberry.type(description="Shares of one feature in the reference and now, over the same bins.")
class Distribution:
    is_type_of = reads(drift.Distribution)

    feature: str = strawberry.field(description="The feature's name.")
    kind: str = strawberry.field(description="`numeric` or `categorical`.")
    labels: list[str] = strawberry.field(description="Each bin in words: a range or a category.")
    edges: list[float] = strawberry.field(description="The bins' edges of a numeric feature.")
    reference: list[float] = strawberry.field(description="Share of each bin in the reference, 0 to 1.")
    current: list[float] = strawberry.field(description="Share of each bin in the chosen period, 0 to 1.")


@strawberry.type(description="The newest state of a window that is being filled.")
class WindowMoved:
    is_type_of = reads(contracts.WindowMoved)

    model_name: str = strawberry.field(name="model", description="The model's name.")
    version: str = strawberry.field(description="The version.")
    boot: str = strawberry.field(description="The life of the monitor process that says so.")
    sequence: Long = strawberry.field(description="Grows within one `boot`: a smaller one is older.")
    window: Window = strawberry.field(description="The window's figures.")
