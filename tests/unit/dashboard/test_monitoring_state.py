"""The state of the monitoring page: what a control or a gesture does to the address."""

from datetime import timedelta
from typing import Any

import pytest

from dashboard.figures.base import Span
from dashboard.pages.monitoring_state import (
    MERGED,
    MOST_WINDOWS,
    against_options,
    changed_state,
    gestures,
    limits_of,
    merged_in,
    merged_of,
    merged_options,
    span_of,
    wish,
    zoomed_span,
)


def test_the_default_range_needs_no_address() -> None:
    assert span_of({}) == Span(last=90)
    assert changed_state({"range": "30"}, {"range": "90"}) == {}


def test_all_is_bounded_by_what_a_screen_can_show() -> None:
    assert span_of({"range": "all"}) == Span(last=MOST_WINDOWS)


def test_a_zoom_wins_over_the_range_and_a_new_range_ends_it() -> None:
    state = {"start": "2013-10-01T00:00:00", "end": "2013-10-02T00:00:00"}
    assert span_of(state).zoomed
    assert changed_state(state, {"range": "30"}) == {"range": "30"}


def test_a_drag_becomes_a_span_to_the_second() -> None:
    drag = {"xaxis.range[0]": "2013-07-25 00:38:12.4106", "xaxis.range[1]": "2013-08-23"}
    assert zoomed_span(drag) == {"start": "2013-07-25T00:38:12", "end": "2013-08-23T00:00:00"}


def test_a_double_click_ends_the_zoom_and_other_gestures_change_nothing() -> None:
    assert zoomed_span({"xaxis.autorange": True}) == {"start": "", "end": ""}
    assert zoomed_span({"autosize": True}) is None
    assert zoomed_span({"dragmode": "pan"}) is None
    assert zoomed_span(None) is None


def test_nonsense_in_the_address_falls_back_to_the_default() -> None:
    for state in ({"range": "9999999"}, {"start": "x", "end": "y"}, {"start": "2013-10-02T00:00:00", "end": "1"}):
        assert span_of(state) == Span(last=90)


def test_a_click_counts_although_a_chart_was_drawn_at_the_same_moment() -> None:
    triggered: list[dict[str, Any]] = [
        {"prop_id": '{"chart":"volume"}.relayoutData', "value": {"autosize": True}},
        {"prop_id": "range.value", "value": "30"},
    ]
    wishes = [wish(*gesture, {}) for gesture in gestures(triggered)]
    assert wishes == [{}, {"range": "30"}]


def test_controls_that_a_redraw_has_set_are_nobodys_gesture() -> None:
    triggered = [{"prop_id": f"{name}.value", "value": "x"} for name in ("range", "merged", "metric", "feature")]
    assert gestures(triggered) == []


def test_a_click_on_a_row_of_the_heatmap_asks_for_its_feature() -> None:
    (gesture,) = gestures([{"prop_id": '{"chart":"heatmap"}.clickData', "value": {"points": [{"y": "temp"}]}}])
    assert wish(*gesture, {}) == {"feature": "temp"}


def test_of_short_windows_an_hour_or_a_day_makes_a_column() -> None:
    options = merged_options({"merged": "1440"}, 60)
    assert (options["60"], options["1440"], options["10080"]) == (
        "An hour in a column",
        "A day in a column",
        "A week in a column",
    )
    assert merged_options({}, 86_400) == {**MERGED, "7": MERGED["7"]}
    assert merged_options({"merged": "12"}, 86_400)["12"] == "12 windows merged"


@pytest.mark.parametrize("nonsense", ["0", "1", "-7", "x", "99999999", "²"])
def test_nonsense_merges_nothing(nonsense: str) -> None:
    assert merged_of({"merged": nonsense}) == ""


def test_a_long_time_is_asked_for_in_as_many_columns_as_a_screen_can_tell_apart() -> None:
    year = Span(start="2025-01-01T00:00:00", end="2026-01-01T00:00:00")
    assert limits_of(year, 60) == {
        "start": "2025-01-01T00:00:00Z",
        "end": "2026-01-01T00:00:00Z",
        "last": None,
        "most": MOST_WINDOWS,
    }
    assert limits_of(span_of({"range": "all"}), 60) == {"last": None, "most": MOST_WINDOWS}
    assert limits_of(span_of({"range": "all", "against": "year"}), 60)["most"] == 100
    assert limits_of(Span(last=90, merged=7), 60) == {"last": 90, "resolutionSeconds": 420}


def test_the_answer_tells_how_many_windows_a_column_stands_for() -> None:
    assert merged_in(timedelta(days=1), 60) == 1440
    assert merged_in(timedelta(minutes=1), 60) == 1


def test_drift_is_compared_with_other_windows_or_another_reference() -> None:
    offered = against_options(["spring", "winter"], "winter")
    assert [one["value"] for one in offered] == ["", "previous", "weekday", "month", "year", "spring"]
    assert wish("against", "value", "year", {}) == {"against": "year"}
    assert wish("against", "value", "year", {"against": "year"}) == {}
    assert span_of({"against": "year"}).asked
