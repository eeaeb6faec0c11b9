"""Between windows: how an alert opens, stays one, ends and comes back."""

import pytest

from services.contracts.alert_rules import AlertRule
from services.monitor.alerts.watching import (
    Outcome,
    Watch,
    first_of,
    patience,
    persistent,
    resolved_by_hand,
    step,
    weighing,
)

RULE = AlertRule(name="drift", metric="feature_drift", open_after=2, resolve_after=2, reopen_within=3)


def run(
    windows: list[set[str]], rule: AlertRule = RULE, watch: Watch | None = None
) -> tuple[Watch, list[Outcome | None]]:
    watch = watch or Watch()
    seen: list[Outcome | None] = []
    for number, subjects in enumerate(windows, start=watch.upto + 1):
        watch, outcome = step(watch, rule, subjects, number)
        if outcome in ("open", "reopen"):
            watch = Watch(**{**{f: getattr(watch, f) for f in watch.__struct_fields__}, "alert": "a", "former": None})
        seen.append(outcome)
    return watch, seen


A, B, N = {"a"}, {"b"}, set[str]()


def test_one_window_opens_nothing_and_two_do() -> None:
    assert run([A, N, A, A])[1] == [None, None, None, "open"]


def test_two_subjects_by_turns_are_two_odd_windows_and_no_drift() -> None:
    assert run([A, B, A, B])[1] == [None] * 4


def test_what_goes_on_firing_stays_one_alert_and_other_subjects_join_it() -> None:
    watch, seen = run([A, A, A | B, A | B, B])
    assert seen == [None, "open", "firing", "firing", "firing"]
    assert persistent(watch, RULE) == ["b"]
    assert first_of(watch, RULE) == 2


def test_what_was_told_of_is_remembered_with_its_newest_window() -> None:
    assert run([A, A, A | B, N, B])[0].told == {"a": 2}
    assert run([A, N, A, N])[0].told == {}


def test_it_resolves_after_enough_quiet_windows_in_a_row() -> None:
    assert run([A, A, N, A, A, N, N])[1][2:] == ["quiet", "quiet", "firing", "quiet", "resolve"]


def test_what_comes_back_soon_is_the_same_alert_and_must_then_be_quiet_for_longer() -> None:
    watch, seen = run([A, A, N, N, A, A])
    assert seen[-3:] == ["resolve", None, "reopen"]
    assert patience(watch, RULE.resolve_after) == 4
    assert run([N, N, N, N], watch=watch)[1] == ["quiet", "quiet", "quiet", "resolve"]


def test_what_comes_back_late_is_another_alert() -> None:
    assert run([A, A, N, N, N, N, A, A])[1][-1] == "open"


def test_an_alert_that_never_rests_is_asked_for_thirty_quiet_windows_at_most() -> None:
    assert patience(Watch(returns=50), 2) == 30
    assert patience(Watch(returns=50), 90) == 90


def test_resolved_by_hand_it_keeps_still_until_it_was_quiet_once() -> None:
    watch, _ = run([A, A])
    watch = resolved_by_hand(watch, RULE)
    assert watch.muted
    watch, seen = run([A, A, A, N, A, A], watch=watch)
    assert seen == [None, None, None, None, None, "open"]


@pytest.mark.parametrize("windows", [1, 5])
def test_a_rule_may_open_and_resolve_at_once(windows: int) -> None:
    rule = AlertRule(name="now", metric="volume", open_after=1, resolve_after=1, reopen_within=0)
    assert run([A, N] * windows, rule)[1] == ["open", "resolve"] * windows


def test_small_windows_that_never_fire_alone_add_up_to_an_alert() -> None:
    watch, outcomes = Watch(), []
    for number in range(8):
        watch = weighing(watch, {"a": 0.001, "b": 0.6})
        watch, outcome = step(watch, RULE, watch.certain, number)
        outcomes.append(outcome)
        if outcome == "open":
            break
    assert outcomes[-1] == "open"
    assert 2 < len(outcomes) < 8
    assert persistent(watch, RULE) == ["a"]


def test_a_window_that_contradicts_is_quiet_whatever_came_before() -> None:
    watch = Watch()
    for _ in range(20):
        watch = weighing(watch, {"a": 1e-9})
    assert watch.certain == ["a"]
    assert weighing(watch, {"a": 1.0}).certain == []
    for _ in range(5):
        watch = weighing(watch, {"a": 1.0})
    assert weighing(watch, {"a": 0.3}).certain == []
