"""A request for retraining, from its cause to its answer."""

import pytest

from services.contracts.errors import Conflict, Invalid, NotAllowedNow, TooLarge
from services.registry.retraining import rules
from services.registry.retraining.rules import Retraining


def opened(reason: str = "drift") -> Retraining:
    return rules.opened(
        "t1", model_name="m", version="1", cause="alert", cause_id="a1", reason=reason, back_to="gathering", now=1,
        who="monitor",
    )[0]  # fmt: skip


def after(decided: tuple[Retraining, object] | None) -> Retraining:
    assert decided is not None
    return decided[0]


def test_a_run_starts_finishes_and_becomes_a_version() -> None:
    running = after(rules.started(opened(), "r1", "anna"))
    assert (running.state, running.waiting) == ("running", True)
    done = after(rules.run_ended(running, "r1", "FINISHED", 5, "anna"))
    assert (done.state, done.waiting, done.run_id, done.answered) == ("answered", False, "r1", 5)
    closed = after(rules.became_version(done, "2"))
    assert (closed.new_version, closed.v) == ("2", 4)
    assert rules.became_version(closed, "3") is None
    assert rules.run_ended(closed, "r1", "FINISHED", 6, "anna") is None
    assert rules.started(closed, "r2", "anna") is None


def test_a_run_that_fails_leaves_it_open_for_another() -> None:
    running = after(rules.started(opened(), "r1", "anna"))
    again = after(rules.run_ended(running, "r1", "FAILED", 5, "anna"))
    assert (again.state, again.run_id) == ("open", None)
    assert rules.run_ended(again, "r1", "FAILED", 5, "anna") is None
    assert after(rules.run_ended(again, "r2", "FINISHED", 6, "ben")).answered_by == "ben"


def test_an_earlier_runs_failure_doesnt_touch_the_one_under_way() -> None:
    second = after(rules.started(after(rules.started(opened(), "r1", "anna")), "r2", "anna"))
    assert rules.run_ended(second, "r1", "KILLED", 5, "anna") is None
    assert second.run_id == "r2"


def test_a_person_answers_with_a_finished_run_only() -> None:
    with pytest.raises(NotAllowedNow) as refused:
        rules.answered(opened(), "r1", "RUNNING", "", expected=None, now=2, who="anna")
    assert refused.value.code == "RUN_NOT_FINISHED"
    done = after(rules.answered(opened(), "r1", "FINISHED", "more data", expected=1, now=2, who="anna"))
    for decide in (
        lambda: rules.answered(done, "r2", "FINISHED", "", expected=None, now=3, who="anna"),
        lambda: rules.declined(done, "no", expected=None, now=3, who="anna"),
    ):
        with pytest.raises(NotAllowedNow) as closed:
            decide()
        assert closed.value.code == "RETRAINING_CLOSED"


def test_declining_needs_a_reason_and_the_newest_state() -> None:
    with pytest.raises(Invalid):
        rules.declined(opened(), " ", expected=None, now=2, who="anna")
    with pytest.raises(Conflict):
        rules.declined(opened(), "no", expected=2, now=2, who="anna")
    assert after(rules.declined(opened(), "no", expected=1, now=2, who="anna")).state == "declined"


def test_a_reason_has_a_length() -> None:
    with pytest.raises(Invalid):
        opened(" ")
    with pytest.raises(TooLarge):
        opened("x" * 2_000_000)
