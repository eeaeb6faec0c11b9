"""What a rule over several windows must fulfil, and which rules are in force by themselves."""

import pytest

from services.contracts.alert_rules import AlertRule
from services.contracts.errors import Invalid
from services.monitor.alerts.rule_sets import DEFAULTS, checked


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        (AlertRule(name="x", metric="feature_drift", windows=0), "OUT_OF_RANGE"),
        (AlertRule(name="x", metric="feature_drift", windows=91), "OUT_OF_RANGE"),
        (AlertRule(name="x", metric="missing", windows=7), "NOT_FOR_METRIC"),
        (AlertRule(name="x", metric="multivariate_drift", windows=7), "NOT_FOR_METRIC"),
        (AlertRule(name="x", metric="multivariate_drift", features=["a"]), "NOT_FOR_METRIC"),
    ],
)
def test_a_rule_that_looks_at_too_many_windows_or_cant_is_refused(rule: AlertRule, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        checked([rule], ["a"], "binary")
    assert refused.value.code == code
    assert (refused.value.field or "").startswith("rules.0.")


def test_the_rules_in_force_by_themselves_are_ones_that_anybody_may_set() -> None:
    assert checked(DEFAULTS, ["a"], "binary") == list(DEFAULTS)
    slow = next(rule for rule in DEFAULTS if rule.windows > 1)
    assert (slow.name, slow.metric, slow.windows) == ("slow-drift", "feature_drift", 7)
