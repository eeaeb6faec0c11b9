"""What environments ask for."""

from datetime import UTC, datetime

import pytest

from services.contracts.errors import Conflict, Forbidden, Invalid, TooLarge
from services.registry.deployments import environments, rules
from services.registry.deployments.environments import Environment
from services.registry.deployments.rules import Policy, Standing

BAD = Standing(digest="d", approved=False, passed=False)


def setting(former: Environment | None = None, **more: object) -> Environment | None:
    values: dict[str, object] = {
        "name": "production", "description": "", "needs_approval": True, "needs_gates": True, "alias": "champion",
        "expected": None, "who": "root", **more,
    }  # fmt: skip
    decided = environments.environment_set(former, **values)  # type: ignore[arg-type]
    return None if decided is None else decided[0]


def test_conditions_change_in_revisions_and_a_lost_race_is_told() -> None:
    first = setting(expected=0)
    assert first is not None
    assert setting(first) is None
    looser = setting(first, needs_gates=False, expected=1)
    assert looser is not None
    assert (looser.v, looser.policy) == (2, Policy(approval=True, gates=False))
    with pytest.raises(Conflict):
        setting(looser, expected=1)


@pytest.mark.parametrize("alias", ["latest", "v3", "a b", "1st", "x" * 200])
def test_an_alias_that_means_something_else_is_refused(alias: str) -> None:
    with pytest.raises(Invalid):
        setting(alias=alias)


def test_a_long_description_is_refused() -> None:
    with pytest.raises(TooLarge):
        setting(description="x" * 2_000_000)


def test_only_who_may_override_does() -> None:
    nothing = rules.nothing("production", "m")
    with pytest.raises(Forbidden) as refused:
        rules.deployed(
            nothing, "1", BAD, Policy(), note="", override_reason="fire", may_override=False, now=1, who="ben"
        )
    assert refused.value.code == "OVERRIDE_FORBIDDEN"


def test_what_ran_when_is_found_by_its_overlap() -> None:
    good = Standing(digest="d", approved=True, passed=True)
    deployment = rules.nothing("production", "m")
    for number, version in enumerate(("1", "2"), start=1):
        deployment, _ = rules.deployed(
            deployment, version, good, Policy(), note="", override_reason=None, now=number * 1000, who="ben"
        )

    def versions(start: int, end: int | None) -> list[str]:
        return [entry.stay.version for entry in rules.ran(deployment, start, end)]

    assert versions(0, 999) == []
    assert versions(0, 1000) == ["1"]
    assert versions(1500, 1600) == ["1"]
    assert versions(2500, None) == ["2"]
    assert versions(0, None) == ["1", "2"]
    newest = rules.view(deployment, "champion", 1)
    assert ([stay.version for stay in newest.history], newest.alias) == (["2"], "champion")
    assert newest.current is not None
    assert newest.current.start == datetime(1970, 1, 1, 0, 0, 2, tzinfo=UTC)
