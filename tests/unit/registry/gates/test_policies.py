"""A project's policy in revisions, and tests between models as gates see them."""

import pytest

from services.contracts.errors import Conflict, Invalid, TooLarge
from services.contracts.evaluations import Gate
from services.registry.gates import policies, rules
from services.registry.gates.policies import Policy
from services.registry.gates.rules import Comparison, Seen

GATE = Gate(name="minimum", kind="minimum", metric="auc", threshold=0.7)


def setting(
    former: Policy | None = None, *, gates: tuple[Gate, ...] = (GATE,), approvals: int = 1, reason: str = "first",
    expected: int | None = None,
) -> Policy:  # fmt: skip
    return policies.policy_set(
        former, project_id="p", gates=gates, approvals=approvals, reason=reason, expected=expected, now=1, who="anna"
    )[0]


def test_each_change_is_a_new_revision_and_a_lost_race_is_told() -> None:
    first = setting(expected=0)
    second = setting(first, approvals=2, expected=1)
    assert [(entry.revision, entry.id) for entry in (first, second)] == [(1, "p/1"), (2, "p/2")]
    assert second.all() == [GATE]
    with pytest.raises(Conflict) as lost:
        setting(second, expected=1)
    assert lost.value.code == "CHANGED_MEANWHILE"


def test_a_policy_has_a_reason_and_a_possible_number_of_approvals() -> None:
    for wrong in ({"reason": " "}, {"approvals": 0}, {"approvals": 21}):
        with pytest.raises(Invalid):
            setting(**wrong)  # type: ignore[arg-type]
    with pytest.raises(TooLarge):
        setting(reason="x" * 2001)
    with pytest.raises(TooLarge):
        setting(gates=(Gate(name="g", kind="documents", documents=["d"] * 21),))
    with pytest.raises(Invalid):
        setting(gates=(Gate(name="g", kind="beats_champion", metric="auc", significance=1.0),))


def test_a_gate_of_the_same_name_replaces_a_derived_one() -> None:
    derived = [Gate(name="minimum", kind="minimum", metric="f1"), Gate(name="fast", kind="constraint", metric="ms")]
    assert [gate.metric for gate in rules.effective([GATE], derived)] == ["ms", "auc"]


@pytest.mark.parametrize(
    ("p_value", "outcome"), [(0.01, "passed"), (0.05, "failed"), (0.4, "failed"), (None, "passed")]
)
def test_a_win_that_chance_explains_is_none_where_rows_can_be_paired(p_value: float | None, outcome: str) -> None:
    gate = Gate(name="g", kind="beats_champion", metric="auc", significance=0.05)
    tests = {} if p_value is None else {"accuracy": Comparison(name="mcnemar", rows=100, p_value=p_value)}
    verdict = rules.verdict(gate, Seen(metrics={"auc": 0.75}, champion={"auc": 0.7}, champion_tests=tests))
    assert verdict.outcome == outcome
    assert verdict.numbers.get("p_value") == p_value


def test_a_significant_loss_doesnt_pass() -> None:
    gate = Gate(name="g", kind="beats_baseline", metric="auc", significance=0.05)
    tests = {"auc": Comparison(name="mcnemar", rows=100, p_value=0.001)}
    assert rules.verdict(gate, Seen(metrics={"auc": 0.6}, baseline={"auc": 0.7}, baseline_tests=tests)).outcome == (
        "failed"
    )


def test_a_worst_slice_can_be_that_of_one_feature() -> None:
    seen = Seen(slices={"carrier=AA": {"auc": 0.7}, "hour=3": {"auc": 0.1}, "carrier_group=x": {"auc": 0.2}})
    gate = Gate(name="g", kind="worst_slice", metric="auc", threshold=0.6, slice_by="carrier")
    assert rules.verdict(gate, seen).outcome == "passed"
    assert rules.verdict(Gate(name="g", kind="worst_slice", metric="auc", threshold=0.6), seen).outcome == "failed"
