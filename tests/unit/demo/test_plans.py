"""What the colleagues try."""

from deploy.demo.flights import WEATHER
from deploy.demo.plans import PLANS, USERS, Plan


def _recipe(plan: Plan) -> tuple[object, ...]:
    return plan.kind, dict(plan.params), plan.features, plan.rows


def test_two_colleagues_train_and_every_run_has_its_own_key() -> None:
    assert USERS == ("anna", "ben")
    assert len({plan.key for plan in PLANS}) == len(PLANS) >= 6


def test_ben_ends_with_a_repeat_of_what_anna_did_before() -> None:
    repeats = [
        (one, other) for one in PLANS for other in PLANS if one.user < other.user and _recipe(one) == _recipe(other)
    ]
    assert [(one.name, other.name) for one, other in repeats] == [("boosting, first try", "boosting on all features")]
    assert PLANS[-1] is repeats[0][1]


def test_one_run_is_the_naive_baseline_and_one_leaves_the_weather_out() -> None:
    assert [plan.kind for plan in PLANS if plan.tags.get("baseline") == "true"] == ["prior"]
    assert [plan.name for plan in PLANS if not set(plan.features) & set(WEATHER)] == ["boosting without weather"]
