"""Charts: valid for Plotly, whatever the windows hold, and live traces say where they read."""

import json
from datetime import UTC, datetime, timedelta

import plotly.graph_objects as go
import pytest
from plotly.utils import PlotlyJSONEncoder

from dashboard.figures.alert import alert_windows
from dashboard.figures.base import Figure, Span
from dashboard.figures.distribution import distribution
from dashboard.figures.drift import drift_runs, feature_order, feature_series, heatmap
from dashboard.figures.learning import OVER, along, curves, grouped
from dashboard.figures.performance import CLASSIFICATION, measures, performance
from dashboard.figures.rows import PREDICTION, Row, read, window_row
from dashboard.figures.service import latency, quality
from dashboard.figures.volume import volume
from dashboard.gateway.alert_views import AlertWindow
from dashboard.gateway.views import Distribution
from tests.unit.dashboard.windows import window

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
SPAN = Span(last=90)
ROWS = [window_row(window(day, psi=3.0 if day == 2 else 0.01)) for day in range(4)]
GAPS = [window_row(window(0, auc=None)), window_row(window(1, rows=0, auc=None)), window_row(window(2))]


def figures(rows: list[Row]) -> dict[str, Figure]:
    order = feature_order(rows, ["temp", "carrier"])
    return {
        "performance": performance(rows, CLASSIFICATION[0], SPAN),
        "heatmap": heatmap(rows, order, SPAN),
        "series": feature_series(rows, "temp", SPAN),
        "quality": quality(rows, SPAN),
        "latency": latency(rows, SPAN),
        "volume": volume(rows, SPAN),
    }


@pytest.mark.parametrize("rows", [ROWS, GAPS, []], ids=["rows", "gaps", "nothing"])
@pytest.mark.parametrize("name", ["performance", "heatmap", "series", "quality", "latency", "volume"])
def test_a_chart_is_valid(name: str, rows: list[Row]) -> None:
    figure = figures(rows)[name]
    go.Figure(figure)
    json.dumps(figure, cls=PlotlyJSONEncoder, allow_nan=False)


def test_drift_that_goes_on_is_one_line_and_a_gap_ends_it() -> None:
    found = drift_runs(
        [f"2026-01-0{day}T12:00:00" for day in (1, 2, 3, 4)], ["a", "b"], [["●", "●", "", "●"], [""] * 4]
    )
    assert found["y"] == ["a", "a", None, "a", "a", None]
    assert found["x"][:2] == ["2026-01-01T04:48:00", "2026-01-02T19:12:00"]


@pytest.mark.parametrize("name", ["performance", "series", "quality", "latency", "volume"])
def test_a_live_trace_finds_its_values_in_a_pushed_row(name: str) -> None:
    for trace in figures(ROWS)[name]["data"]:
        assert trace["y"] == [read(row, tuple(trace["meta"]["y"])) for row in ROWS]
        assert len(trace["x"]) == len(trace["y"]) == len(trace["customdata"])


def test_a_chart_of_latencies_says_when_none_were_reported() -> None:
    silent, heard = ({**ROWS[0], "s": {"latency_p50": value}} for value in (None, 0.2))
    assert [note["text"] for note in latency([silent], SPAN)["layout"]["annotations"]] == ["No latencies were reported"]
    assert latency([silent, heard], SPAN)["layout"]["annotations"] == []


def test_the_heatmap_draws_the_most_drifted_feature_on_top_and_marks_it() -> None:
    trace = figures(ROWS)["heatmap"]["data"][0]
    assert trace["y"] == ["carrier", "temp", PREDICTION]
    assert trace["text"][1] == ["", "", "●", ""]
    assert trace["meta"]["heat"] == trace["y"]


def test_a_zoomed_span_fixes_the_axis_and_tells_the_browser() -> None:
    span = Span(start="2013-10-05T00:00:00", end="2013-10-07T00:00:00")
    layout = volume(ROWS, span)["layout"]
    assert layout["xaxis"]["range"] == [span.start, span.end]
    assert layout["meta"] == {"limit": None, "start": span.start, "end": span.end, "coarse": False}


def test_measures_follow_the_task() -> None:
    assert measures("binary_classification")[0].key == "roc_auc"
    assert measures("regression")[0].key == "rmse"


@pytest.mark.parametrize("kind", ["numeric", "categorical"])
def test_a_distribution_of_any_size_is_valid(kind: str) -> None:
    shares = [0.01] * 100
    view = Distribution(
        feature="x", kind=kind, labels=[str(i) for i in range(100)], edges=[], reference=shares, current=shares
    )
    figure = distribution(view)
    go.Figure(figure)
    assert len(figure["data"][0]["x"]) == (40 if kind == "categorical" else 100)


def test_the_axis_of_a_number_tells_where_bins_end_and_that_of_a_category_which_they_are() -> None:
    shares = [0.25] * 4
    common = {"feature": "x", "reference": shares, "current": shares}
    bins = ["0 – 1", "1 – 2", "2 – 3", "3 – 100"]
    numbers = Distribution(**common, kind="numeric", labels=bins, edges=[0.0, 1, 2, 3, 100])
    axis = distribution(numbers)["layout"]["xaxis"]
    assert (axis["tickvals"], axis["ticktext"][0], axis["ticktext"][-1]) == ([-0.5, 0.5, 1.5, 2.5, 3.5], "0", "100.0")
    named = Distribution(**common, kind="categorical", labels=["UA", "B6", "EV", "AA"], edges=[])
    assert distribution(named)["layout"]["xaxis"]["ticktext"] == ["UA", "B6", "EV", "AA"]


def test_one_window_of_an_alert_stands_among_days_and_sliding_ones_do_not_cover_each_other() -> None:
    def week(day: int) -> AlertWindow:
        return AlertWindow(start=NOON + timedelta(days=day), end=NOON + timedelta(days=day + 7), firing=True, value=0.5)

    alone = alert_windows([AlertWindow(start=NOON, end=NOON + timedelta(days=1), firing=True, value=0.5)], "psi", 0.2)
    go.Figure(alone)
    assert alone["layout"]["xaxis"]["range"] == ["2026-11-01T12:00:00", "2026-11-04T12:00:00"]
    day = 86_400_000
    sliding = alert_windows([week(0), week(1), week(2)], "psi", 0.2)
    assert all(width < day for trace in sliding["data"] for width in trace["width"])
    go.Figure(alert_windows([], "psi", None))


def test_windows_of_an_alert_that_fired_by_different_distances_stand_on_one_scale() -> None:
    def day(number: int, figure: str | None, value: float | None, limit: float | None) -> AlertWindow:
        start = NOON + timedelta(days=number)
        fired = value is not None
        return AlertWindow(
            start=start, end=start + timedelta(days=1), firing=fired, value=value, figure=figure, limit=limit
        )

    mixed = [day(0, "psi", 0.4, 0.2), day(1, None, None, None), day(2, "wasserstein", 3.0, 2.0)]
    drawn = alert_windows(mixed, "wasserstein", 2.0)
    assert drawn["data"][1]["y"] == [2.0, 1.5]
    assert (drawn["layout"]["shapes"][0]["y0"], drawn["layout"]["yaxis"]["title"]["text"]) == (1.0, "times its limit")
    alike = alert_windows(mixed[:2], "psi", 0.2)
    assert (alike["data"][1]["y"], alike["layout"]["shapes"][0]["y0"]) == ([0.4], 0.2)
    older = alert_windows([day(0, None, 0.4, None), mixed[2]], "wasserstein", 2.0)
    assert older["data"][1]["y"] == [0.4, 3.0], "what former versions stored has no limit of its own"


def test_learning_curves_are_told_apart_by_dash_as_well() -> None:
    drawn = along({"a": [(0, NOON, 1.0), (1, NOON, None)], "b": [(0, NOON, 2.0)]}, "", {})
    figure = curves(drawn, [("experts (a)", 0.8)])
    assert figure["data"].pop()["y"] == [0.8, 0.8], "a line across"
    go.Figure(figure)
    assert len({trace["line"]["dash"] for trace in figure["data"]}) == 2


def test_curves_go_along_steps_the_time_since_their_run_began_or_the_clock() -> None:
    logged = {"a": [(0, NOON, 1.0), (5, NOON + timedelta(minutes=90), 2.0)]}
    starts = {"a": NOON - timedelta(minutes=30)}
    assert along(logged, "", starts).series == {"a": [(0, 1.0), (5, 2.0)]}
    passed = along(logged, "time", starts)
    assert (passed.series, passed.axis["title"]["text"]) == ({"a": [(0.5, 1.0), (2.0, 2.0)]}, "Hours since it started")
    clock = along(logged, "wall", starts)
    assert clock.series["a"][1] == ("2026-11-02T13:30:00.000", 2.0)
    assert clock.axis["type"] == "date"
    for over in OVER:
        figure = curves(along(logged, over, starts), [("experts (a)", 0.8)])
        go.Figure(figure)
        assert figure["data"][1]["x"] == figure["data"][0]["x"], "the level goes all along"
    assert along({}, "time", {}).series == {}


def test_what_experts_reach_is_a_line_across_the_performance_chart() -> None:
    levels = [("experts", 0.81), ("worth shipping", 0.7)]
    figure = performance(ROWS, CLASSIFICATION[0], SPAN, levels)
    go.Figure(figure)
    lines = [(shape["y0"], shape["y1"]) for shape in figure["layout"]["shapes"]]
    assert lines == [(0.81, 0.81), (0.7, 0.7)]
    assert [note["text"] for note in figure["layout"]["annotations"]] == ["experts 0.810", "worth shipping 0.700"]
    assert not performance([], CLASSIFICATION[0], SPAN, levels)["layout"]["shapes"], "nothing to measure yet"


def test_a_figure_on_different_splits_stands_in_one_chart() -> None:
    names = ["roc_auc", "loss", "val_loss", "train/loss", "training_roc_auc", "testing_time", "accuracy_test", "test"]
    assert grouped(names) == {
        "roc_auc": ["roc_auc", "training_roc_auc"],
        "loss": ["loss", "val_loss", "train/loss"],
        "testing_time": ["testing_time"],
        "accuracy": ["accuracy_test"],
        "test": ["test"],
    }
