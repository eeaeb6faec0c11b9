"""What fires in a window, and with which cause."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import numpy as np
import pytest

from services.contracts.alert_rules import AlertRule
from services.contracts.drift import SegmentDrift
from services.contracts.monitor import FeatureDrift, MultivariateDrift, WindowView
from services.monitor.alerts.rule_sets import DEFAULTS
from services.monitor.alerts.signals import (
    BROAD,
    Evidence,
    multivariate_causes,
    performance_causes,
    ranked,
    stale_causes,
    window_causes,
)
from services.monitor.alerts.wording import next_step, title
from services.monitor.counts.columns import Numbers
from services.monitor.performance.measures import MEASURES, main_measure, measured
from services.monitor.performance.rules import PerformanceCounts, count_performance
from services.monitor.references.shares import ReferenceShares

NOW = datetime(2026, 3, 1, tzinfo=UTC)
BY_NAME = {rule.name: rule for rule in DEFAULTS}


def evidence(*features: FeatureDrift, rows: int = 1_000, usual: tuple[int, ...] = (), **outer: Any) -> Evidence:
    shares = {
        f.feature: ReferenceShares(rows=10_000, missing=0.02, missing_most=0.03, out_of_range=0.0) for f in features
    }
    view = WindowView(
        model_name="m", version="1", start=NOW, end=NOW, closed=True, rows=rows, updated_at=NOW,
        features=list(features), **outer,
    )  # fmt: skip
    return Evidence(view=view, reference=shares, usual_rows=usual)


def feature(name: str = "temp", **figures: Any) -> FeatureDrift:
    return FeatureDrift(feature=name, kind="numeric", rows=1_000, **figures)


def test_the_largest_drift_comes_first_and_says_its_figure() -> None:
    causes = window_causes(
        BY_NAME["feature-drift"],
        evidence(
            feature("a", psi=0.1, drifted=True), feature("b", psi=0.4, drifted=True, wasserstein=0.5), feature("c")
        ),
    )
    assert causes is not None
    assert list(causes) == ["b", "a"]
    assert causes["b"].text == "b: PSI 0.400, values moved by 0.50 standard deviations"


def test_what_drifted_only_by_how_far_its_values_moved_is_told_by_that_and_its_limit() -> None:
    saturated = feature(psi=5.1, psi_excess=5.0, psi_limit=10.7, wasserstein=2.2, wasserstein_limit=2.0, drifted=True)
    rule = BY_NAME["feature-drift"]
    causes = window_causes(rule, evidence(saturated)) or {}
    assert (causes["temp"].figure, causes["temp"].value, causes["temp"].limit) == ("wasserstein", 2.2, 2.0)
    both = msgspec.structs.replace(saturated, psi_limit=4.0)
    causes = window_causes(rule, evidence(both)) or {}
    assert (causes["temp"].figure, causes["temp"].value, causes["temp"].limit) == ("psi", 5.1, 4.0)
    own = msgspec.structs.replace(rule, minimum_effect=0.3)
    causes = window_causes(own, evidence(saturated)) or {}
    assert (causes["temp"].figure, causes["temp"].limit) == ("psi", 0.3), "a rule's own effect is what it compares with"


def test_many_features_that_moved_a_little_are_one_subject() -> None:
    moved = [feature(name, psi=0.02, moved=True) for name in "abc"]
    causes = window_causes(BY_NAME["feature-drift"], evidence(*moved))
    assert causes is not None
    assert list(causes) == [BROAD]
    assert causes[BROAD].value == 3


def test_a_rule_looks_at_its_features_only_and_at_its_own_effect() -> None:
    rule = AlertRule(name="x", metric="feature_drift", features=["a", "b"], except_features=["b"], minimum_effect=0.3)
    fired = window_causes(rule, evidence(*(feature(n, psi=0.4, moved=True) for n in "abc")))
    assert fired is not None
    assert list(fired) == ["a"]
    assert window_causes(rule, evidence(feature("a", psi=0.2, drifted=True))) == {}


def test_a_window_of_few_rows_says_nothing() -> None:
    assert window_causes(BY_NAME["feature-drift"], evidence(feature(drifted=True), rows=29)) is None


@pytest.mark.parametrize(("share", "fires"), [(0.079, False), (0.081, True)])
def test_missing_values_fire_beyond_what_the_reference_ever_had(share: float, fires: bool) -> None:
    causes = window_causes(BY_NAME["missing-values"], evidence(feature(missing_share=share)))
    assert bool(causes) is fires


def test_a_small_window_needs_more_missing_values_than_chance_explains() -> None:
    assert window_causes(BY_NAME["missing-values"], evidence(feature(missing_share=0.1), rows=40)) == {}


@pytest.mark.parametrize(
    ("rule", "figure"),
    [("unseen-values", "unseen_share"), ("type-errors", "invalid_share")],
)
def test_unseen_values_and_type_errors_fire_by_share(rule: str, figure: str) -> None:
    few: dict[str, Any] = {figure: 0.004}
    many: dict[str, Any] = {figure: 0.08}
    assert window_causes(BY_NAME[rule], evidence(feature(**few))) == {}
    fired = window_causes(BY_NAME[rule], evidence(feature(**many)))
    assert fired is not None
    assert fired["temp"].value == 0.08


@pytest.mark.parametrize(
    ("rows", "usual", "fires"),
    [
        (400, (1_000,) * 7, True),
        (400, (1_000,) * 6, False),  # not a week yet
        (400, (300, *(1_000,) * 6), False),  # it has been lower lately
        (600, (1_000,) * 7, False),
        (2_100, (1_000,) * 7, True),
        (1_900, (1_000,) * 7, False),
        (2, (5,) * 7, False),
    ],
)
def test_volume_fires_far_from_the_usual(rows: int, usual: tuple[int, ...], fires: bool) -> None:
    assert bool(window_causes(BY_NAME["volume"], evidence(rows=rows, usual=usual))) is fires


def test_prediction_drift_is_about_the_models_output() -> None:
    output = FeatureDrift(feature="score", kind="numeric", rows=1_000, psi=0.5, drifted=True)
    fired = window_causes(BY_NAME["prediction-drift"], evidence(prediction=output))
    assert fired is not None
    assert list(fired) == ["prediction"]
    assert window_causes(BY_NAME["prediction-drift"], evidence()) == {}


def together(**figures: Any) -> MultivariateDrift:
    return MultivariateDrift(**{"rows": 256, "error": 2.6, "expected": 2.0, "z": 8.0, "drifted": True, **figures})


@pytest.mark.parametrize(
    ("figures", "fires"),
    [
        ({}, True),
        ({"z": 4.9}, False),
        ({"error": 2.1}, False),
        ({"limit": 0.7}, False),  # the reference's own windows wander as far
        ({"error": 1.4, "z": -8.0}, True),
    ],
)
def test_features_together_fire_when_it_is_believable_and_large(figures: dict[str, Any], fires: bool) -> None:
    assert bool(multivariate_causes(BY_NAME["multivariate-drift"], together(**figures))) is fires


def test_few_sampled_rows_say_nothing_of_features_together() -> None:
    assert multivariate_causes(BY_NAME["multivariate-drift"], together(rows=99)) is None


def test_a_rule_with_its_own_effect_looks_at_features_together_by_it() -> None:
    rule = AlertRule(name="m", metric="multivariate_drift", minimum_effect=0.5)
    assert multivariate_causes(rule, together()) == {}
    assert multivariate_causes(rule, together(error=3.1, limit=9.0))


def binary(rows: int, skill: float, seed: int) -> PerformanceCounts:
    made = np.random.default_rng(seed)
    label = made.integers(0, 2, rows).astype(float)
    score = 1 / (1 + np.exp(-(skill * (label - 0.5) + made.standard_normal(rows))))
    return count_performance("binary", Numbers(label), score=Numbers(score))


def test_performance_fires_when_the_loss_is_large_and_beyond_chance() -> None:
    rule, base = BY_NAME["performance"], binary(20_000, 2.0, 1)
    fired = performance_causes(rule, binary(2_000, 1.0, 2), base, None)
    assert fired is not None
    assert list(fired) == ["roc_auc"]
    assert fired["roc_auc"].expected == pytest.approx(0.92, abs=0.02)
    assert performance_causes(rule, binary(2_000, 2.0, 3), base, None) == {}
    assert performance_causes(rule, binary(2_000, 1.8, 4), base, None) == {}  # too little to matter
    assert performance_causes(rule, binary(90, 0.0, 5), base, None) is None  # too few to say


def test_a_segment_that_loses_is_named_though_the_whole_hardly_does() -> None:
    rule, base, now = BY_NAME["performance"], binary(40_000, 2.0, 1), binary(20_000, 2.0, 2)
    for name, skill in (("north", 0.2), ("south", 2.0)):
        base.segments["site", name] = binary(4_000, 2.0, 3)
        now.segments["site", name] = binary(2_000, skill, 4)
    fired = performance_causes(rule, now, base, None)
    assert fired is not None
    assert list(fired) == ["roc_auc where site is north"]
    assert fired["roc_auc where site is north"].text.startswith("roc auc where site is north 0.")
    assert "roc auc where site is north" in title("performance", list(fired.values()))


def worst(**figures: Any) -> SegmentDrift:
    return SegmentDrift(
        column="site", value="north", rows=500, reference_rows=5_000, moved=True,
        **{"feature": "temp", "psi": 0.5, "psi_excess": 0.4, "psi_limit": 0.1, "drifted": True, **figures},
    )  # fmt: skip


def test_the_segment_that_drifts_most_is_named_beside_its_feature() -> None:
    causes = window_causes(BY_NAME["feature-drift"], evidence(feature(drifted=True, psi=0.2), worst_drift=worst()))
    assert causes is not None
    assert list(causes) == ["temp", "temp where site is north"]
    assert causes["temp where site is north"].text == "temp where site is north: PSI 0.500 over 500 rows"
    assert window_causes(BY_NAME["feature-drift"], evidence(feature(), worst_drift=worst())) == {}


def test_a_rule_that_names_its_features_opens_for_a_segment_too() -> None:
    rule = AlertRule(name="x", metric="feature_drift", features=["temp"])
    causes = window_causes(rule, evidence(feature(), worst_drift=worst()))
    assert causes is not None
    assert list(causes) == ["temp where site is north"]
    for quiet in (worst(drifted=False), worst(psi_excess=0.15), worst(feature="score")):
        assert window_causes(rule, evidence(feature(), worst_drift=quiet)) == {}
    drifted = feature("score", drifted=True, psi=0.3)
    shown = evidence(feature(), prediction=drifted, worst_drift=worst(feature="score"))
    outputs = window_causes(BY_NAME["prediction-drift"], shown)
    assert outputs is not None
    assert list(outputs) == ["prediction", "score where site is north"]


def test_where_none_may_be_missing_a_few_are_too_many() -> None:
    seen = evidence(feature(missing_share=0.02), rows=5_000)
    strict = {"temp": ReferenceShares(rows=10_000, nullable=False)}
    assert window_causes(BY_NAME["missing-values"], seen) == {}
    causes = window_causes(BY_NAME["missing-values"], msgspec.structs.replace(seen, reference=strict))
    assert causes is not None
    assert list(causes) == ["temp"]


def test_a_gain_in_performance_never_fires() -> None:
    assert performance_causes(BY_NAME["performance"], binary(5_000, 4.0, 6), binary(5_000, 1.0, 7), None) == {}


@pytest.mark.parametrize("measure", MEASURES["binary"])
def test_every_measure_of_a_binary_model_can_be_watched(measure: str) -> None:
    rule = AlertRule(name="m", metric="performance", measure=measure)
    assert performance_causes(rule, binary(5_000, 0.0, 8), binary(20_000, 3.0, 9), None)


@pytest.mark.parametrize("measure", MEASURES["regression"])
def test_every_measure_of_a_regression_can_be_watched(measure: str) -> None:
    made = np.random.default_rng(10)
    label = made.normal(100, 10, 5_000)
    good = count_performance("regression", Numbers(label), predicted=Numbers(label + made.normal(0, 1, 5_000)))
    bad = count_performance("regression", Numbers(label), predicted=Numbers(label + made.normal(3, 4, 5_000)))
    rule = AlertRule(name="m", metric="performance", measure=measure)
    assert performance_causes(rule, bad, good, None)
    assert performance_causes(rule, good, bad, None) == {}
    assert main_measure(good) == "mae"
    assert measured(good, measure, None) is not None


def test_silence_is_told_in_words() -> None:
    assert stale_causes(BY_NAME["freshness"], 50.0, 60.0) == {}
    causes = list(stale_causes(BY_NAME["freshness"], 7_300.0, 3_600.0).values())
    assert causes[0].text == "no prediction for 2 hours; expected at least every 60 minutes"
    assert title("freshness", causes) == "No predictions come in"


def test_lasting_causes_come_before_new_ones_and_titles_name_three() -> None:
    drifted = [feature(name, psi=psi, drifted=True) for name, psi in zip("abcde", (5, 4, 3, 2, 1), strict=True)]
    causes = window_causes(BY_NAME["feature-drift"], evidence(*drifted))
    assert causes is not None
    ordered = ranked(causes, ["e"])
    assert [cause.subject for cause in ordered] == ["e", "a", "b", "c", "d"]
    assert title("feature_drift", ordered) == "Drift in e, a, b and 2 more"
    assert "e, a, b and 2 more" in next_step("feature_drift", ordered)
