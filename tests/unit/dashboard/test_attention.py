"""What is called to attention, and what isn't."""

from datetime import timedelta

from dashboard.attention import STALE_AFTER, concerns, newest_telling, of_gates
from dashboard.gateway.production_views import GateName, GateOutcome, GateRow
from tests.unit.dashboard.windows import NOW, monitored, window


def test_nothing_is_said_when_all_is_well() -> None:
    assert concerns(monitored(), [window()], NOW) == []


def test_a_drifted_feature_is_named_with_its_figure() -> None:
    found = concerns(monitored(), [window(psi=2.5)], NOW)
    assert [concern.kind for concern in found] == ["drift"]
    assert "temp (PSI 2.50)" in found[0].detail
    assert found[0].feature == "temp"


def test_an_ingest_that_fell_silent_is_stale_and_one_that_never_spoke_is_silent() -> None:
    late = NOW + STALE_AFTER + timedelta(seconds=1)
    assert [c.kind for c in concerns(monitored(), [window()], late)] == ["stale"]
    assert [c.kind for c in concerns(monitored(last_prediction_at=None), [], NOW)] == ["silent"]


def test_a_replay_of_old_events_is_not_stale() -> None:
    """Event time may lie years back; what counts is when rows arrived."""
    old = monitored(last_prediction_at=NOW - timedelta(days=4000))
    assert concerns(old, [window()], NOW) == []


def test_a_closed_window_speaks_before_an_open_one() -> None:
    closed, opened, empty = window(0), window(1, closed=False), window(2, rows=0)
    assert newest_telling([closed, opened, empty]) is closed
    assert newest_telling([opened]) is opened
    assert newest_telling([empty]) is None


def test_a_window_of_few_rows_does_not_speak_for_its_time() -> None:
    full, hours = window(0), window(1, rows=window(0).rows // 5)
    assert newest_telling([full, full, hours]) is full


def judged(model: str, version: str, *outcomes: str, current: bool = True) -> GateRow:
    verdicts = [GateOutcome(gate=GateName(name=f"gate {i}"), outcome=one) for i, one in enumerate(outcomes)]
    passed = set(outcomes) == {"PASSED"}
    return GateRow(model=model, version=version, passed=passed, current=current, at=NOW, verdicts=verdicts)


def test_failed_gates_of_the_version_judged_last_are_a_concern_and_those_before_it_are_history() -> None:
    results = [
        judged("flights", "3", *["FAILED"] * 5),
        judged("flights", "2", "FAILED"),
        judged("taxi", "2", "PASSED"),
        judged("taxi", "1", "FAILED"),
        judged("fuel", "1", "FAILED", current=False),
        judged("noise", "1", "NOT_KNOWN"),
    ]
    assert [(one.title, one.detail, one.version) for one in of_gates(results)] == [
        ("5 gates of flights v3 failed", "gate 0, gate 1, gate 2 and 2 more", "3")
    ]
