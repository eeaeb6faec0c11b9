"""What a caller may ask for within a minute."""

from __future__ import annotations

import pytest

from services.gateway.budget import MOST_CALLERS, Budget, OverBudget


class Clock:
    """Stands still until it is told otherwise."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_what_is_spent_comes_back_over_a_minute() -> None:
    clock = Clock()
    budget = Budget(600, clock)
    assert budget.spend("anna", 450).remaining == 150
    clock.now += 10
    standing = budget.spend("anna", 0)
    assert (standing.limit, standing.remaining, standing.reset_seconds) == (600, 250, 35)
    clock.now += 1_000
    assert budget.spend("anna", 0).remaining == 600


def test_what_does_not_fit_is_refused_with_the_time_to_wait_and_costs_nothing() -> None:
    clock = Clock()
    budget = Budget(600, clock)
    budget.spend("anna", 600)
    with pytest.raises(OverBudget) as refused:
        budget.spend("anna", 100)
    assert refused.value.retry_seconds == 10
    assert refused.value.retryable
    assert refused.value.standing.headers()["ratelimit-remaining"] == "0"
    assert budget.spend("bert", 600).remaining == 0
    clock.now += 10
    assert budget.spend("anna", 100).remaining == 0


def test_whoever_was_quiet_longest_is_forgotten() -> None:
    budget = Budget(10, Clock())
    for number in range(MOST_CALLERS + 5):
        budget.spend(str(number), 1)
    assert len(budget) == MOST_CALLERS
