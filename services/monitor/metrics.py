"""The monitor's Prometheus metrics: base units, bounded label values."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import Final

from prometheus_client import Counter, Gauge, Histogram

from services.contracts.monitor import WindowView
from services.runtime.telemetry import SECONDS_BUCKETS

MOST_VERSIONS: Final = 100
MOST_FEATURES: Final = 100
"""Gauges per version, so that a table of 2,000 columns doesn't flood Prometheus."""

rows_total = Counter("lifecycle_monitor_rows_total", "Rows counted or joined, once durable", ["kind"])
batches_total = Counter("lifecycle_monitor_batches_total", "Batches counted or joined, once durable", ["kind"])
_labels_joined = Counter("lifecycle_monitor_labels_joined_total", "Labels joined with their prediction")
_labels_unmatched = Counter(
    "lifecycle_monitor_labels_unmatched_total", "Labels that came before, or without, their prediction"
)
_labels_dropped = Counter("lifecycle_monitor_labels_dropped_total", "Waiting labels given up for newer ones")
refused_total = Counter("lifecycle_monitor_batches_refused_total", "Batches refused at the edge", ["kind", "code"])
ingest_to_live = Histogram(
    "lifecycle_monitor_ingest_to_live_seconds",
    "From the arrival of a batch to the live figures that hold it",
    buckets=SECONDS_BUCKETS,
)
_VERSION = ["model", "version"]
_psi = Gauge("lifecycle_monitor_feature_psi", "PSI in the newest window (nats)", [*_VERSION, "feature"])
_js = Gauge("lifecycle_monitor_feature_js_distance", "Jensen-Shannon distance, newest window", [*_VERSION, "feature"])
_drifted = Gauge("lifecycle_monitor_drifted_features", "Features drifted in the newest window", _VERSION)
_window_rows = Gauge("lifecycle_monitor_window_rows", "Rows in the newest window", _VERSION)
_window_start = Gauge("lifecycle_monitor_window_start_timestamp_seconds", "Start of the newest window", _VERSION)
_roc_auc = Gauge("lifecycle_monitor_roc_auc_ratio", "ROC-AUC of the newest labelled window", _VERSION)
_accuracy = Gauge("lifecycle_monitor_accuracy_ratio", "Accuracy of the newest labelled window", _VERSION)
_coverage = Gauge("lifecycle_monitor_label_coverage_ratio", "Labelled share, newest labelled window", _VERSION)


def count_labels(joined: int, waiting: int, dropped: int) -> None:
    """Called once the joins are durable."""
    _labels_joined.inc(joined)
    _labels_unmatched.inc(waiting)
    _labels_dropped.inc(dropped)


class WindowGauges:
    """Shows the newest window's figures of those versions that are allowed."""

    def __init__(self, allowed: Sequence[str]) -> None:
        self._allowed = tuple(allowed)
        self._newest: dict[tuple[str, str], float] = {}
        self._labelled: dict[tuple[str, str], float] = {}

    def show(self, view: WindowView) -> None:
        """An older window than the one shown changes nothing."""
        version = (view.model_name, view.version)
        if not any(fnmatchcase("/".join(version), pattern) for pattern in self._allowed):
            return
        start = view.start.timestamp()
        if version not in self._newest and len(self._newest) >= MOST_VERSIONS:
            return
        if start >= self._newest.get(version, 0.0):
            self._newest[version] = start
            self._show_drift(view)
        performance = view.performance
        if performance is not None and performance.labelled and start >= self._labelled.get(version, 0.0):
            self._labelled[version] = start
            _coverage.labels(*version).set(performance.coverage)
            if performance.roc_auc is not None:
                _roc_auc.labels(*version).set(performance.roc_auc)
            if performance.accuracy is not None:
                _accuracy.labels(*version).set(performance.accuracy)

    def _show_drift(self, view: WindowView) -> None:
        version = (view.model_name, view.version)
        _window_rows.labels(*version).set(view.rows)
        _window_start.labels(*version).set(view.start.timestamp())
        _drifted.labels(*version).set(sum(figure.drifted for figure in view.features))
        for figure in view.features[:MOST_FEATURES]:
            if figure.psi is not None:
                _psi.labels(*version, figure.feature).set(figure.psi)
            if figure.js is not None:
                _js.labels(*version, figure.feature).set(figure.js)
