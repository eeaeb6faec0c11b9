"""A line of recent values lies within its box, however little or much they move."""

from __future__ import annotations

import pytest

from dashboard.components.sparkline import THICK, heights, sparkline


def test_the_lowest_value_is_at_the_bottom_and_the_highest_at_the_top() -> None:
    assert heights([0.6, 0.9, 0.7]) == pytest.approx([90, THICK, 90 - (90 - THICK) / 3])


def test_small_wobbles_stay_small() -> None:
    low, high = heights([0.700, 0.701])
    assert 0 < low - high < 2


def test_it_is_drawn_from_left_to_right_and_not_read_out() -> None:
    drawn = sparkline([0.5, 0.5]).to_plotly_json()["props"]
    assert drawn["aria-hidden"] == "true"
    assert [span.style["clipPath"] for span in drawn["children"]] == [
        "polygon(0.0% 86.5%, 100.0% 86.5%, 100.0% 100.0%, 0.0% 100.0%)",
        "polygon(0.0% 86.5%, 100.0% 86.5%, 100.0% 93.5%, 0.0% 93.5%)",
    ]
