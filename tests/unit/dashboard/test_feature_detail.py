"""What a window's figures of one feature come to, in words."""

from __future__ import annotations

import pytest

from dashboard.components.feature_detail import _verdict
from dashboard.gateway.views import FeatureFigures


@pytest.mark.parametrize(
    ("figures", "said"),
    [
        ({"psi": 0.9, "psi_threshold": 0.01, "moved": True, "drifted": True}, "drifted"),
        ({"psi": 0.2, "psi_threshold": 0.01, "moved": True}, "moved, but not notably"),
        ({"psi": 0.7, "psi_threshold": 0.01, "psi_limit": 1.9}, "within what is usual"),
        ({"psi": 0.004, "psi_threshold": 0.01}, "close to it"),
        ({}, "close to it"),
    ],
)
def test_the_verdict_says_whether_a_distance_is_beyond_chance_and_whether_it_matters(
    figures: dict[str, float | bool], said: str
) -> None:
    badge = _verdict(FeatureFigures(feature="temp", **figures))  # type: ignore[arg-type]
    assert badge.children[-1] == said
