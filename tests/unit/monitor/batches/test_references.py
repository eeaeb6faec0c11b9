"""The options of a reference."""

from __future__ import annotations

import pytest

from services.contracts.errors import Invalid
from services.monitor.batches.references import checked_name, duration_ms


@pytest.mark.parametrize(("text", "wanted"), [("500ms", 500), ("30s", 30_000), ("5m", 300_000), ("1h", 3_600_000)])
def test_durations_are_read(text: str, wanted: int) -> None:
    assert duration_ms(text, "window") == wanted


@pytest.mark.parametrize("text", ["", "1", "1 d", "-1h", "1w", "1e3s", "9" * 12 + "s"])
def test_anything_else_is_no_duration(text: str) -> None:
    with pytest.raises(Invalid, match="no duration"):
        duration_ms(text, "window")


@pytest.mark.parametrize("name", ["", "../x", "a/b", "x" * 200, ".hidden"])
def test_odd_names_are_refused(name: str) -> None:
    with pytest.raises(Invalid):
        checked_name(name)
