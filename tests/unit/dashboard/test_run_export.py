"""Runs as lines of a table."""

from datetime import UTC, datetime

from dashboard.gateway.views import KeyValue, Metric, RunSummary
from dashboard.run_export import line


def test_figures_are_whole_and_no_text_is_a_formula() -> None:
    run = RunSummary(
        run_id="r1",
        name="=HYPERLINK(1)",
        status="FINISHED",
        user="@anna",
        start_time=datetime(2026, 1, 2, tzinfo=UTC),
        metrics=[Metric(key="auc", value=0.1234567890123), Metric(key="loss", value=None, text="NaN")],
        params=[KeyValue(key="shift", value="-3"), KeyValue(key="rule", value="-x")],
    )
    shown = ["metrics.auc", "metrics.loss", "params.shift", "params.rule", "params.missing"]
    assert line(run, shown) == [
        "r1",
        "'=HYPERLINK(1)",
        "FINISHED",
        "'@anna",
        "",
        "2026-01-02T00:00:00+00:00",
        "",
        "0.1234567890123",
        "NaN",
        "-3",
        "'-x",
        "",
    ]
