"""What is shown below an object of the past: as it was, or an error that says so."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from services.contracts.alerts import AlertCommentView, AlertView
from services.contracts.errors import Invalid, NotAllowedNow
from services.gateway.types.past import alert_then, only_now, unfiltered

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def alert() -> AlertView:
    return AlertView(
        id="a", revision=5, model_name="m", version="1", rule="drift", metric="feature_drift", severity="warning",
        state="resolved", title="t", opened_at=NOON, updated_at=NOON + 5 * HOUR, first_window=NOON, last_window=NOON,
        windows=[], causes=[], next_step="", acknowledged_by="anna", acknowledged_at=NOON + 2 * HOUR,
        acknowledge_note="Looking.", resolved_by="ben", resolved_at=NOON + 4 * HOUR, resolution="by_hand",
        resolve_reason="Fixed.",
        comments=[AlertCommentView(id=str(h), by="anna", text="x", at=NOON + h * HOUR) for h in (1, 3, 5)],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("hours", "state", "who", "resolved", "comments"),
    [
        (0.5, "open", None, None, 0),
        (1.5, "open", None, None, 1),
        (3.5, "acknowledged", "anna", None, 2),
        (4.5, "resolved", "anna", "ben", 2),
        (5.5, "resolved", "anna", "ben", 3),
    ],
)
def test_an_alert_forgets_what_was_decided_and_said_later(
    hours: float, state: str, who: str | None, resolved: str | None, comments: int
) -> None:
    was = alert_then(alert(), NOON + hours * HOUR)
    assert (was.state, was.acknowledged_by, was.resolved_by, len(was.comments)) == (state, who, resolved, comments)


def test_what_has_no_past_is_refused_below_an_object_of_the_past_only() -> None:
    only_now(None, "files")
    with pytest.raises(NotAllowedNow, match="files") as refused:
        only_now(NOON, "files")
    assert refused.value.code == "ONLY_NOW"
    unfiltered(NOON, None, None)
    unfiltered(None, object())
    with pytest.raises(Invalid):
        unfiltered(NOON, None, [object()])
