"""What the monitor says (events, live updates), takes in (batches), answers (requests) and shows (views)."""

from __future__ import annotations

from datetime import datetime

from services.contracts.base import Event, LiveUpdate, Message, Request
from services.contracts.drift import SegmentDrift

# ---------------------------------------------------------------- events


class ReferenceSet(Event, frozen=True, kw_only=True):
    """`reference` is what current data of a model version is compared with from now on."""

    service = "monitor"
    aggregate = "monitored_version"
    name = "reference_set"
    key = ("model_name", "version")

    model_name: str
    version: str
    reference: str
    rows: int
    features: list[str]
    window_seconds: int


class WindowFigures(Message, frozen=True, kw_only=True):
    """The few figures of a window that matter outside the monitor; None where there is nothing to say yet.

    `drifted` names the features over both the sample-size-aware threshold and the minimum effect.
    """

    rows: int
    labelled: int = 0
    roc_auc: float | None = None
    accuracy: float | None = None
    max_psi: float | None = None
    max_psi_feature: str | None = None
    drifted: list[str] = []


class WindowClosed(Event, frozen=True, kw_only=True):
    """Event time has passed the window's end by the allowed lateness; later rows still merge and reopen nothing."""

    service = "monitor"
    aggregate = "monitored_version"
    name = "window_closed"
    key = ("model_name", "version")

    model_name: str
    version: str
    start: datetime
    end: datetime
    figures: WindowFigures


# ---------------------------------------------------------------- ingest: beside the Arrow IPC body


class BatchHeader(Message, frozen=True, kw_only=True):
    """What stands beside the rows of a prediction or label batch.

    `batch_id` is unique for one model version and kind: a repeat has no effect. `key`: the monitor's own, for a version
    that keeps it whatever it is called; producers leave it empty.
    """

    batch_id: str
    model_name: str
    version: str
    rows: int
    actor: str
    correlation_id: str
    received_at: datetime
    key: str = ""


# ---------------------------------------------------------------- views


class FeatureDrift(Message, frozen=True, kw_only=True):
    """Figures of one feature in one window against the reference. None: not defined for its type or no rows.

    `psi` 0…∞, `js` (base 2 distance) 0…1, `ks` 0…1 with `ks_p`, `wasserstein` in reference standard deviations,
    `hellinger` 0…1, `chi2` with `chi2_p`, `l_infinity` 0…1; shares 0…1. `psi_threshold`: what chance alone exceeds once
    in a thousand. A feature has `drifted` when chance can't explain it and `psi_excess` (PSI beyond chance, rare values
    taken together) reaches `psi_limit`, or `wasserstein` beyond chance reaches `wasserstein_limit`: the larger of the
    smallest effect that matters and of what the reference does by itself. `moved`: believable and at least small.
    `psi_limit_p`: chance of so large a PSI if the true one were `psi_limit`; windows in a row add up to evidence.
    """

    feature: str
    kind: str
    rows: int
    psi: float | None = None
    js: float | None = None
    ks: float | None = None
    ks_p: float | None = None
    wasserstein: float | None = None
    hellinger: float | None = None
    chi2: float | None = None
    chi2_p: float | None = None
    l_infinity: float | None = None
    missing_share: float = 0.0
    unseen_share: float = 0.0
    out_of_range_share: float = 0.0
    psi_threshold: float | None = None
    drifted: bool = False
    moved: bool = False
    psi_excess: float | None = None
    psi_limit: float | None = None
    psi_limit_p: float | None = None
    wasserstein_limit: float | None = None
    invalid_share: float = 0.0
    infinite_share: float = 0.0


class ClassPerformance(Message, frozen=True, kw_only=True):
    """One class against all others. `support`: labelled rows of the class."""

    name: str
    support: int
    precision: float | None = None
    recall: float | None = None
    f1: float | None = None


class Performance(Message, frozen=True, kw_only=True):
    """Figures over the labelled rows of a window; `coverage` is their share of all rows. `_low`, `_high`: 95 %
    interval.

    `calibration_error`: expected calibration error over ten bins. `mape`: over labels that aren't 0. `bias`: mean of
    prediction − label. `interval_coverage`: share of labels within the predicted interval (0.9 for an honest one from
    the 5 % to the 95 % quantile). `by_class`: the most frequent 20 (multiclass).
    """

    labelled: int
    coverage: float
    roc_auc: float | None = None
    roc_auc_low: float | None = None
    roc_auc_high: float | None = None
    accuracy: float | None = None
    accuracy_low: float | None = None
    accuracy_high: float | None = None
    precision: float | None = None
    recall: float | None = None
    f1: float | None = None
    log_loss: float | None = None
    brier: float | None = None
    mae: float | None = None
    rmse: float | None = None
    r2: float | None = None
    pr_auc: float | None = None
    pr_auc_low: float | None = None
    pr_auc_high: float | None = None
    calibration_error: float | None = None
    mae_low: float | None = None
    mae_high: float | None = None
    mape: float | None = None
    bias: float | None = None
    interval_coverage: float | None = None
    by_class: list[ClassPerformance] = []


class EstimatedPerformance(Message, frozen=True, kw_only=True):
    """What performance is expected to be, without labels (CBPE): an estimate, never a measurement.

    It takes for granted that a score still means what it meant in the reference. `calibration_drift`: the labels that
    have come say that it doesn't, so don't trust it; None: too few labels to say. `rows`: with a score.
    """

    rows: int
    roc_auc: float | None = None
    roc_auc_low: float | None = None
    roc_auc_high: float | None = None
    accuracy: float | None = None
    accuracy_low: float | None = None
    accuracy_high: float | None = None
    precision: float | None = None
    recall: float | None = None
    f1: float | None = None
    calibration_drift: bool | None = None


class SegmentPerformance(Message, frozen=True, kw_only=True):
    """Performance over the rows with one value of one column: the 20 most frequent in the reference by name, the rest
    as `(others)`, rows without a value as `(missing)`. Its coverage isn't known (0)."""

    column: str
    value: str
    performance: Performance


class WindowQuality(Message, frozen=True, kw_only=True):
    """`usual_rows`: the middle of up to 28 windows before it, None with fewer than seven (or for merged windows).

    `duplicate_ids`: rows whose id came again among rows that were counted together. `last_event_at`: the newest event
    time in it. Shares, 0 … 1, are the largest of any feature, and whose it is.
    """

    usual_rows: float | None = None
    duplicate_ids: int = 0
    last_event_at: datetime | None = None
    missing_share: float = 0.0
    missing_feature: str | None = None
    unseen_share: float = 0.0
    unseen_feature: str | None = None
    out_of_range_share: float = 0.0
    out_of_range_feature: str | None = None
    invalid_share: float = 0.0
    invalid_feature: str | None = None


class ServiceFigures(Message, frozen=True, kw_only=True):
    """How the model served: latencies in milliseconds (within 1 %) over the rows that were sent with one."""

    rows_per_second: float
    latency_rows: int = 0
    latency_mean: float | None = None
    latency_p50: float | None = None
    latency_p90: float | None = None
    latency_p99: float | None = None
    latency_most: float | None = None


class MultivariateDrift(Message, frozen=True, kw_only=True):
    """How the features hang together, from a sample of `rows`: mean distance of a row from its reconstruction by the
    reference's principal components, against the `expected`; `z` in standard errors. `limit`: what their difference
    must reach to matter, also beside what the reference's own windows do. Comes some time after closing."""

    rows: int
    error: float
    expected: float
    z: float
    drifted: bool
    limit: float | None = None


class WindowView(Message, frozen=True, kw_only=True):
    """A tumbling window [start, end) in event time. `prediction` is the drift of the model's own output.

    `worst_segment`: where the model does worst beyond doubt: its main measure's interval lies farthest on the bad side,
    of the segments with 30 labelled rows or more. `worst_drift`: the feature and segment with the largest drift that
    chance can't explain.
    """

    model_name: str
    version: str
    start: datetime
    end: datetime
    closed: bool
    rows: int
    updated_at: datetime
    features: list[FeatureDrift] = []
    prediction: FeatureDrift | None = None
    performance: Performance | None = None
    quality: WindowQuality | None = None
    service: ServiceFigures | None = None
    estimated: EstimatedPerformance | None = None
    worst_segment: SegmentPerformance | None = None
    multivariate: MultivariateDrift | None = None
    worst_drift: SegmentDrift | None = None


class AtThreshold(Message, frozen=True, kw_only=True):
    """A score of at least `threshold` counts as positive. None where undefined."""

    threshold: float
    true_positive: int
    false_positive: int
    true_negative: int
    false_negative: int
    accuracy: float | None = None
    precision: float | None = None
    recall: float | None = None
    specificity: float | None = None
    f1: float | None = None


class CalibrationBin(Message, frozen=True, kw_only=True):
    """Rows whose score lies in [low, high): their mean score and the share of positives among them."""

    low: float
    high: float
    rows: int
    score: float
    positives: float


class PerformanceDetail(Message, frozen=True, kw_only=True):
    """Performance over a time range. `segments`: the worst first. `curve`, `calibration`: of a binary model with
    scores, the curve by falling threshold; `classes` and `confusion` (rows: labels, columns: predictions) where classes
    are predicted, the most frequent 20. `baseline`: the reference's own."""

    performance: Performance
    at: AtThreshold | None = None
    curve: list[AtThreshold] = []
    calibration: list[CalibrationBin] = []
    classes: list[str] = []
    confusion: list[list[int]] = []
    baseline: Performance | None = None
    segments: list[SegmentPerformance] = []


class MonitoredView(Message, frozen=True, kw_only=True):
    """A model version under watch. `last_prediction_at` in event time, `last_arrival_at` by the clock; `baseline`: the
    reference's own performance, where its rows have labels. `references`: names of all it had, the newest first."""

    model_name: str
    version: str
    reference: str
    reference_rows: int
    reference_set_at: datetime
    features: list[str]
    window_seconds: int
    task: str
    rows: int = 0
    labelled: int = 0
    last_prediction_at: datetime | None = None
    last_arrival_at: datetime | None = None
    segments: list[str] = []
    baseline: Performance | None = None
    references: list[str] = []


# ---------------------------------------------------------------- live updates


class WindowMoved(LiveUpdate, frozen=True, kw_only=True):
    """The newest state of a window; `sequence` grows within one `boot` of the monitor that sends it."""

    service = "monitor"
    name = "window"
    key = ("model_name", "version")

    model_name: str
    version: str
    boot: str
    sequence: int
    window: WindowView


# ---------------------------------------------------------------- requests


class ListMonitored(Request[list[MonitoredView]], frozen=True, kw_only=True):
    """All versions under watch, or those of one model (and one version)."""

    service = "monitor"
    name = "monitored.list"

    model_name: str | None = None
    version: str | None = None


class ListWindows(Request[list[WindowView]], frozen=True, kw_only=True):
    """Windows of one version in time order within [start, end); `resolution_seconds` merges them into coarser ones.

    `features`: None for all, [] for none. The newest `last` windows if given (at most 1,000). `most`: if there are more
    windows than so many (at most 1,000), they are merged into columns of a usual width that are no more. `against`:
    drift is shown against something else than the reference: `previous` (the window before), `weekday` (the same time
    in the four weeks before), `year` (52 weeks before), or the name of a reference with the same bins (at most 100
    windows).
    """

    service = "monitor"
    name = "window.list"

    model_name: str
    version: str
    start: datetime | None = None
    end: datetime | None = None
    resolution_seconds: int | None = None
    last: int | None = None
    features: list[str] | None = None
    against: str | None = None
    most: int | None = None


class GetPerformance(Request[PerformanceDetail], frozen=True, kw_only=True):
    """Over all windows within [start, end). `threshold` 0 … 1; `points` of the curve, at most 200."""

    service = "monitor"
    name = "performance.get"

    model_name: str
    version: str
    start: datetime | None = None
    end: datetime | None = None
    threshold: float = 0.5
    points: int = 50
