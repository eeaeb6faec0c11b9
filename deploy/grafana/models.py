"""Panels of the models under watch, and of the way of a batch from ingest to live figures."""

from __future__ import annotations

from deploy.grafana.panels import Panel, Query, Row
from deploy.grafana.queries import RATE, per_second, quantiles

_MODEL = 'model=~"$model", version=~"$version"'
_VERSION = "{{model}} v{{version}}"
_PSI_STEPS = [(None, "green"), (0.1, "yellow"), (0.2, "red")]
"""The classic lines: what lies above is worth a look. Whether it is drift, the monitor decides by sample size too."""
_GOOD_OR_BAD = [(None, "green"), (1, "red")]
_LINES = [(None, "transparent"), (0.1, "yellow"), (0.2, "red")]


def _newest(metric: str, by: str = "model, version") -> str:
    return f"max by ({by}) ({metric}{{{_MODEL}}})"


MODELS = Row(
    "Models",
    [
        Panel(
            "stat",
            "Versions watched",
            "Model versions whose windows the monitor shows.",
            [Query(f"count({_newest('lifecycle_monitor_window_rows')})", "versions")],
            size=(4, 4),
        ),
        Panel(
            "stat",
            "Predictions per second",
            "Rows counted into windows, once durable.",
            [Query(f'sum(rate(lifecycle_monitor_rows_total{{kind="predictions"}}[{RATE}]))', "rows/s")],
            size=(4, 4),
            decimals=0,
        ),
        Panel(
            "stat",
            "Drifted features",
            "Features over both the sample-size-aware threshold and the minimum effect, in the newest window.",
            [Query(_newest("lifecycle_monitor_drifted_features"), _VERSION)],
            size=(4, 4),
            steps=_GOOD_OR_BAD,
        ),
        Panel(
            "stat",
            "ROC-AUC",
            "Of the newest labelled window.",
            [Query(_newest("lifecycle_monitor_roc_auc_ratio"), _VERSION)],
            size=(4, 4),
            decimals=3,
        ),
        Panel(
            "stat",
            "Newest window begins",
            "In event time.",
            [
                Query(
                    f"1000 * {_newest('lifecycle_monitor_window_start_timestamp_seconds')}",
                    _VERSION,
                )
            ],
            unit="dateTimeAsIso",
            size=(4, 4),
        ),
        Panel(
            "stat",
            "Alerts firing",
            "Prometheus alerts of deploy/prometheus/rules/alerts.yml.",
            [Query('count(ALERTS{alertname=~"Lifecycle.+", alertstate="firing"}) or vector(0)', "alerts")],
            size=(4, 4),
            steps=_GOOD_OR_BAD,
        ),
        Panel(
            "status-history",
            "PSI of each feature",
            "Population stability index against the reference, newest window; yellow from 0.1, red from 0.2.",
            [Query(_newest("lifecycle_monitor_feature_psi", "feature"), "{{feature}}")],
            size=(12, 14),
            decimals=3,
            steps=_PSI_STEPS,
        ),
        Panel(
            "timeseries",
            "PSI, the eight highest",
            "The features that differ most from the reference. In nats; the lines are at 0.1 and 0.2.",
            [
                Query(
                    f"topk(8, {_newest('lifecycle_monitor_feature_psi', 'model, version, feature')})",
                    "{{feature}} ({{model}} v{{version}})",
                )
            ],
            size=(12, 7),
            least=0,
            steps=_LINES,
        ),
        Panel(
            "timeseries",
            "Jensen–Shannon distance, the eight highest",
            "Base 2, from 0 (the same) to 1 (nothing in common).",
            [
                Query(
                    f"topk(8, {_newest('lifecycle_monitor_feature_js_distance', 'model, version, feature')})",
                    "{{feature}} ({{model}} v{{version}})",
                )
            ],
            size=(12, 7),
            least=0,
            most=1,
        ),
        Panel(
            "timeseries",
            "ROC-AUC",
            "Of the newest labelled window; 0.5 is guessing.",
            [Query(_newest("lifecycle_monitor_roc_auc_ratio"), _VERSION)],
            unit="none",
            decimals=3,
        ),
        Panel(
            "timeseries",
            "Accuracy",
            "Share of right answers in the newest labelled window.",
            [Query(_newest("lifecycle_monitor_accuracy_ratio"), _VERSION)],
            unit="percentunit",
            most=1,
        ),
        Panel(
            "timeseries",
            "Label coverage",
            "Share of a window's rows whose truth is known, newest labelled window.",
            [Query(_newest("lifecycle_monitor_label_coverage_ratio"), _VERSION)],
            unit="percentunit",
            least=0,
            most=1,
        ),
        Panel(
            "timeseries",
            "Rows in the newest window",
            "Falls to little when a new window begins.",
            [Query(_newest("lifecycle_monitor_window_rows"), _VERSION)],
            least=0,
        ),
        Panel(
            "timeseries",
            "Labels",
            "Labels per second: joined with their prediction, still without one, given up.",
            [
                Query(f"sum(rate(lifecycle_monitor_labels_joined_total[{RATE}]))", "joined"),
                Query(f"sum(rate(lifecycle_monitor_labels_unmatched_total[{RATE}]))", "without prediction"),
                Query(f"sum(rate(lifecycle_monitor_labels_dropped_total[{RATE}]))", "given up"),
            ],
            least=0,
        ),
        Panel(
            "table",
            "Alerts",
            "Prometheus alerts that fire or are about to.",
            [Query('ALERTS{alertname=~"Lifecycle.+"}', form="table")],
            may_be_empty=True,
        ),
    ],
)

INGEST = Row(
    "From ingest to live figures",
    [
        Panel(
            "timeseries",
            "Rows per second",
            "Counted into windows (predictions) and joined (labels), once durable.",
            [per_second("lifecycle_monitor_rows_total", "kind", "{{kind}}")],
            least=0,
        ),
        Panel(
            "timeseries",
            "Ingest to live",
            "From the arrival of a batch to the live figures that hold it. The objective is one second.",
            quantiles("lifecycle_monitor_ingest_to_live_seconds", "", 0.5, 0.95, 0.99),
            unit="s",
            least=0,
            steps=[(None, "transparent"), (1, "red")],
        ),
        Panel(
            "heatmap",
            "Ingest to live, all batches",
            "How many batches took how long.",
            [
                Query(
                    f"sum by (le) (increase(lifecycle_monitor_ingest_to_live_seconds_bucket[{RATE}]))",
                    "{{le}}",
                    "heatmap",
                )
            ],
        ),
        Panel(
            "timeseries",
            "Batches per second",
            "Taken from the stream.",
            [per_second("lifecycle_monitor_batches_total", "kind", "{{kind}}")],
            least=0,
        ),
        Panel(
            "timeseries",
            "Batches refused",
            "At the edge, by the error's code: malformed, too large, unknown model, stream full.",
            [per_second("lifecycle_monitor_batches_refused_total", "kind, code", "{{kind}} {{code}}")],
            least=0,
            may_be_empty=True,
        ),
        Panel(
            "timeseries",
            "Live updates per second",
            "Sent over NATS to whoever watches.",
            [per_second("lifecycle_live_updates_total", "update", "{{update}}")],
            least=0,
        ),
    ],
)
