"""The rules of a model version: the built-in ones, and what a rule that somebody sets must fulfil."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from math import isfinite
from typing import Final

import msgspec

from services.contracts.alert_rules import MAX_RULES, AlertRule, AlertRulesView
from services.contracts.alerts import RuleMetric
from services.contracts.errors import Invalid
from services.monitor.performance.measures import MEASURES

NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
FEATURE_METRICS: Final[frozenset[RuleMetric]] = frozenset(
    {"feature_drift", "missing", "unseen", "out_of_range", "type_errors"}
)
MEASURED_METRICS: Final[frozenset[RuleMetric]] = frozenset({"performance", "estimated_performance"})
ESTIMATED: Final = ("roc_auc", "accuracy")
"""Measures that can be estimated without labels, with an interval."""
MOST_WINDOWS: Final = 100
SLIDING_METRICS: Final[frozenset[RuleMetric]] = frozenset({"feature_drift", "prediction_drift"})
MOST_SLIDING: Final = 90
MOST_NAMES: Final = 2_000

DEFAULTS: Final[tuple[AlertRule, ...]] = (
    AlertRule(name="feature-drift", metric="feature_drift", severity="warning"),
    AlertRule(name="slow-drift", metric="feature_drift", severity="warning", windows=7),
    AlertRule(name="prediction-drift", metric="prediction_drift", severity="warning"),
    AlertRule(name="multivariate-drift", metric="multivariate_drift", severity="warning", minimum_rows=100),
    AlertRule(name="performance", metric="performance", severity="critical", minimum_rows=100),
    AlertRule(name="missing-values", metric="missing", severity="warning"),
    AlertRule(name="unseen-values", metric="unseen", severity="warning"),
    AlertRule(name="type-errors", metric="type_errors", severity="warning"),
    AlertRule(name="volume", metric="volume", severity="warning"),
    AlertRule(name="freshness", metric="freshness", severity="warning", open_after=1, resolve_after=1),
)
"""In force unless somebody sets others. Out-of-range values aren't among them: without a stated range, the reference's
own extremes are the range, and feature drift tells better when values leave it."""


class RuleSet(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody has set for a version. `rules` None: the built-in ones again. `v` counts the changes."""

    id: str = msgspec.field(name="_id")
    v: int
    r: int = 1
    rules: list[AlertRule] | None
    by: str
    at: datetime


def in_force(rule_set: RuleSet | None) -> Sequence[AlertRule]:
    """All rules, also disabled ones."""
    return DEFAULTS if rule_set is None or rule_set.rules is None else rule_set.rules


def rules_view(model_name: str, version: str, rule_set: RuleSet | None) -> AlertRulesView:
    return AlertRulesView(
        model_name=model_name,
        version=version,
        rules=list(in_force(rule_set)),
        default=rule_set is None or rule_set.rules is None,
        revision=0 if rule_set is None else rule_set.v,
        set_by=None if rule_set is None else rule_set.by,
        set_at=None if rule_set is None else rule_set.at,
    )


def checked(rules: Sequence[AlertRule], features: Sequence[str], task: str) -> list[AlertRule]:
    """Raises Invalid naming the rule and what is wrong with it. `features`: of the version's reference."""
    if len(rules) > MAX_RULES:
        raise Invalid(f"a version takes {MAX_RULES} rules", code="TOO_MANY_RULES", field="rules")
    names: set[str] = set()
    for number, rule in enumerate(rules):
        field = f"rules.{number}"
        if not NAME.fullmatch(rule.name):
            raise Invalid(
                f"{rule.name!r} is no rule's name",
                code="BAD_NAME",
                field=f"{field}.name",
                fix="Use up to 64 lower-case letters, digits, dashes and underscores.",
            )
        if rule.name in names:
            raise Invalid(f"there are two rules {rule.name!r}", code="DUPLICATE_NAME", field=f"{field}.name")
        names.add(rule.name)
        _check_numbers(rule, field)
        _check_subjects(rule, field, features, task)
    return list(rules)


def _check_numbers(rule: AlertRule, field: str) -> None:
    for name, value, lowest in (
        ("open_after", rule.open_after, 1),
        ("resolve_after", rule.resolve_after, 1),
        ("reopen_within", rule.reopen_within, 0),
    ):
        if not lowest <= value <= MOST_WINDOWS:
            raise Invalid(
                f"{name} is {value}; it lies between {lowest} and {MOST_WINDOWS} windows",
                code="OUT_OF_RANGE",
                field=f"{field}.{name}",
            )
    if not 1 <= rule.minimum_rows <= 10**9:
        raise Invalid("minimum_rows is at least 1", code="OUT_OF_RANGE", field=f"{field}.minimum_rows")
    effect = rule.minimum_effect
    if effect is not None and not (isfinite(effect) and effect > 0):
        raise Invalid("a minimum effect is a number above 0", code="OUT_OF_RANGE", field=f"{field}.minimum_effect")
    if not 1 <= rule.windows <= MOST_SLIDING:
        raise Invalid(f"between 1 and {MOST_SLIDING} windows together", code="OUT_OF_RANGE", field=f"{field}.windows")
    if rule.windows > 1 and rule.metric not in SLIDING_METRICS:
        raise Invalid(
            f"a {rule.metric} rule looks at each window by itself", code="NOT_FOR_METRIC", field=f"{field}.windows"
        )
    if rule.seconds is not None:
        if rule.metric != "freshness":
            raise Invalid("only a freshness rule takes seconds", code="NOT_FOR_METRIC", field=f"{field}.seconds")
        if not (isfinite(rule.seconds) and 1 <= rule.seconds <= 366 * 86_400):
            raise Invalid("between a second and a year", code="OUT_OF_RANGE", field=f"{field}.seconds")


def _check_subjects(rule: AlertRule, field: str, features: Sequence[str], task: str) -> None:
    chosen = [*rule.features, *rule.except_features]
    if chosen and rule.metric not in FEATURE_METRICS:
        raise Invalid(f"a {rule.metric} rule has no features", code="NOT_FOR_METRIC", field=f"{field}.features")
    if len(chosen) > MOST_NAMES:
        raise Invalid(f"at most {MOST_NAMES} features", code="TOO_MANY", field=f"{field}.features")
    unknown = [name for name in chosen if name not in features]
    if unknown:
        raise Invalid(
            f"the reference has no feature {unknown[0]!r}",
            code="UNKNOWN_FEATURE",
            field=f"{field}.features",
            fix=f"One of: {', '.join(features[:30])}",
        )
    if rule.measure is None:
        return
    if rule.metric not in MEASURED_METRICS:
        raise Invalid(f"a {rule.metric} rule has no measure", code="NOT_FOR_METRIC", field=f"{field}.measure")
    known = MEASURES.get(task, ())
    if rule.metric == "estimated_performance":
        known = ESTIMATED if task == "binary" else ()
    if rule.measure not in known:
        raise Invalid(
            f"{rule.measure!r} is no measure of a {task} model that an alert can watch",
            code="UNKNOWN_MEASURE",
            field=f"{field}.measure",
            fix=f"One of: {', '.join(known)}",
        )
