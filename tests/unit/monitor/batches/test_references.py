"""The options of a reference."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from services.contracts.errors import Invalid
from services.monitor.batches.references import ReferenceOptions, checked_name, duration_ms, made_reference, stated
from services.monitor.batches.tables import Rows
from services.monitor.performance.rules import unpack_performance
from services.monitor.references.shares import reference_shares
from tests.integration.monitor import rows


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


def test_a_schema_can_be_stated() -> None:
    schema = (
        '{"temp": {"low": -40, "high": 21, "nullable": false}, "site": {"allowed": ["north", "south"]},'
        ' "load": {"kind": "categorical"}}'
    )
    options = ReferenceOptions(window="1h", schema=schema)
    made = made_reference(Rows(table=rows.reference()), "training", options, "r", datetime.now(UTC))
    assert made.kinds["load"] == "categorical"
    shares = reference_shares(made.reference)
    assert not shares["temp"].nullable
    assert shares["load"].nullable
    temp = rows.reference()["temp"].to_numpy()
    assert shares["temp"].out_of_range == pytest.approx((temp > 21).mean())
    assert shares["site"].out_of_range == pytest.approx(1 / 3, abs=0.05)


@pytest.mark.parametrize(
    "schema", ["{", "[]", '{"temp": {"colour": 1}}', '{"temp": {"kind": "odd"}}', '{"temp": {"low": 2, "high": 1}}']
)
def test_an_unreadable_schema_is_refused(schema: str) -> None:
    with pytest.raises(Invalid) as refused:
        stated(ReferenceOptions(schema=schema))
    assert refused.value.code == "BAD_SCHEMA"


def test_the_references_own_performance_is_known_by_segment() -> None:
    options = ReferenceOptions(window="1h", segments="site")
    made = made_reference(Rows(table=rows.reference()), "training", options, "r", datetime.now(UTC))
    assert made.performance is not None
    counts = unpack_performance(made.performance)
    assert set(counts.segments) == {("site", name) for name in ("north", "south", "west")}
    assert sum(part.labelled for part in counts.segments.values()) == counts.labelled == 2_000
