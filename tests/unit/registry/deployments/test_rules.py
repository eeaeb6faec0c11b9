"""What may run where."""

import pytest

from services.contracts.errors import Invalid, NotAllowedNow
from services.registry.deployments import rules
from services.registry.deployments.rules import Deployment, Policy, Standing

GOOD = Standing(digest="d1", approved=True, passed=True)


def deploy(
    deployment: Deployment | None = None, version: str = "1", standing: Standing = GOOD, why: str | None = None
) -> Deployment:
    return rules.deployed(
        deployment or rules.nothing("production", "m"), version, standing, Policy(), note="", override_reason=why,
        now=1, who="ben",
    )[0]  # fmt: skip


@pytest.mark.parametrize(
    ("approved", "passed", "code"),
    [(False, True, "REVIEW_NOT_APPROVED"), (True, False, "GATES_NOT_PASSED"), (False, False, "REVIEW_NOT_APPROVED")],
)
def test_what_isnt_approved_or_hasnt_passed_stays_out_and_the_rule_is_named(
    approved: bool, passed: bool, code: str
) -> None:
    standing = Standing(digest="d1", approved=approved, passed=passed)
    with pytest.raises(NotAllowedNow) as refused:
        deploy(standing=standing)
    assert refused.value.code == code
    with pytest.raises(Invalid):
        deploy(standing=standing, why=" ")
    stay = deploy(standing=standing, why="the building is on fire").current
    assert stay is not None
    assert (code in stay.overridden, stay.override_reason) == (True, "the building is on fire")


def test_a_reason_that_isnt_needed_leaves_no_mark() -> None:
    stay = deploy(why="just in case").current
    assert stay is not None
    assert (stay.overridden, stay.override_reason) == ([], "")


def test_a_policy_may_ask_for_less() -> None:
    assert rules.missing(Policy(approval=False, gates=False), Standing(digest="d", approved=False, passed=False)) == []


def test_a_rollback_needs_no_new_approval_but_the_same_content() -> None:
    two = deploy(deploy(), "2", Standing(digest="d2", approved=True, passed=True))
    back, event = rules.rolled_back(two, None, "d1", reason="worse", now=3, who="ben")
    assert (event.from_version, event.version) == ("2", "1")
    assert back.current is not None
    assert (back.current.how, [stay.end is None for stay in back.stays]) == ("rolled_back", [False, False, True])
    with pytest.raises(NotAllowedNow) as refused:
        rules.rolled_back(two, None, "changed", reason="worse", now=3, who="ben")
    assert refused.value.code == "CONTENT_CHANGED"


def test_nothing_rolls_back_to_what_never_ran() -> None:
    for deployment, to in ((deploy(), None), (deploy(), "7")):
        with pytest.raises(NotAllowedNow) as refused:
            rules.rollback_target(deployment, to)
        assert refused.value.code == "NEVER_RAN_HERE"


def test_what_runs_already_isnt_deployed_again_and_what_doesnt_isnt_retired() -> None:
    with pytest.raises(NotAllowedNow):
        deploy(deploy())
    gone = rules.retired(deploy(), reason="old", now=2, who="ben")[0]
    assert gone.current is None
    with pytest.raises(NotAllowedNow):
        rules.retired(gone, reason="old", now=3, who="ben")
    assert deploy(gone).current is not None


def test_an_environment_has_a_plain_name() -> None:
    for name in ("", "Production", "a b", "../x", "1st", "x" * 50):
        with pytest.raises(Invalid):
            rules.nothing(name, "m")
