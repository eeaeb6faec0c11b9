"""What gates say to numbers."""

import math

import pytest

from services.contracts.errors import Invalid
from services.contracts.evaluations import Gate
from services.registry.gates import rules
from services.registry.gates.rules import Seen

SEEN = Seen(
    metrics={"auc": 0.75, "train_auc": 0.8, "val_auc": 0.75, "latency_ms": 12.0},
    baseline={"auc": 0.5},
    champion={"auc": 0.74},
    slices={"carrier=AA": {"auc": 0.7}, "carrier=UA": {"auc": 0.61}},
    reproducibility=0.9,
    test_uses=1,
    documents=frozenset({"model_card"}),
)


@pytest.mark.parametrize(
    ("gate", "outcome", "number"),
    [
        (Gate(name="g", kind="minimum", metric="auc", threshold=0.75), "passed", ("auc", 0.75)),
        (Gate(name="g", kind="minimum", metric="auc", threshold=0.76), "failed", ("threshold", 0.76)),
        (Gate(name="g", kind="minimum", metric="auc", threshold=0.76, higher_is_better=False), "passed", ("auc", 0.75)),
        (Gate(name="g", kind="minimum", metric="f1", threshold=0.5), "unknown", None),
        (Gate(name="g", kind="beats_baseline", metric="auc", threshold=0.2), "passed", ("baseline", 0.5)),
        (Gate(name="g", kind="beats_champion", metric="auc", threshold=0.05), "failed", ("champion", 0.74)),
        (Gate(name="g", kind="beats_champion", metric="f1"), "unknown", None),
        (Gate(name="g", kind="worst_slice", metric="auc", threshold=0.65), "failed", ("carrier=UA", 0.61)),
        (Gate(name="g", kind="worst_slice", metric="f1"), "unknown", None),
        (Gate(name="g", kind="overfitting", metric="auc", threshold=0.1), "passed", ("training", 0.8)),
        (Gate(name="g", kind="overfitting", metric="auc", threshold=0.01), "failed", ("validation", 0.75)),
        (Gate(name="g", kind="constraint", metric="latency_ms", threshold=10), "failed", ("latency_ms", 12.0)),
        (Gate(name="g", kind="constraint", metric="latency_ms", threshold=20), "passed", None),
        (Gate(name="g", kind="reproducible", threshold=0.95), "failed", ("score", 0.9)),
        (Gate(name="g", kind="sealed_test_once"), "passed", ("uses", 1.0)),
        (Gate(name="g", kind="documents", documents=["model_card", "fmea"]), "failed", ("missing", 1.0)),
    ],
)
def test_a_gate_judges_and_keeps_the_numbers_it_saw(gate: Gate, outcome: str, number: tuple[str, float] | None) -> None:
    verdict = rules.verdict(gate, SEEN)
    assert verdict.outcome == outcome
    assert verdict.words
    if number is not None:
        assert verdict.numbers[number[0]] == number[1]


def test_a_tie_with_the_champion_doesnt_beat_it() -> None:
    gate = Gate(name="g", kind="beats_champion", metric="auc")
    assert rules.verdict(gate, Seen(metrics={"auc": 0.7}, champion={"auc": 0.7})).outcome == "failed"
    assert rules.verdict(gate, Seen(metrics={"auc": 0.7}, has_champion=False)).outcome == "passed"


def test_a_number_that_is_none_lets_nothing_through() -> None:
    for value in (math.nan, math.inf):
        verdict = rules.verdict(Gate(name="g", kind="minimum", metric="auc"), Seen(metrics={"auc": value}))
        assert (verdict.outcome, verdict.numbers) == ("unknown", {})


def test_all_gates_must_pass_and_no_gates_pass_nothing() -> None:
    good, bad = Gate(name="a", kind="sealed_test_once"), Gate(name="b", kind="minimum", metric="auc", threshold=1)
    assert rules.evaluated("m", "1", "d", [good], SEEN).passed
    assert not rules.evaluated("m", "1", "d", [good, bad], SEEN).passed
    assert not rules.evaluated("m", "1", "d", [], SEEN).passed


def test_the_answers_of_the_first_stages_become_gates() -> None:
    gates = rules.from_answers({"metric": "rmse", "value": "12", "direction": "lower"}, {"latency_ms": "50"})
    assert [(g.name, g.kind, g.metric, g.threshold, g.higher_is_better) for g in gates] == [
        ("meets_minimum", "minimum", "rmse", 12.0, False),
        ("meets_constraints:latency_ms", "constraint", "latency_ms", 50.0, True),
    ]
    assert rules.from_answers({}, {}) == []


@pytest.mark.parametrize(
    ("gate", "field"),
    [
        (Gate(name=" ", kind="sealed_test_once"), "gates[0].name"),
        (Gate(name="g", kind="minimum"), "gates[0].metric"),
        (Gate(name="g", kind="minimum", metric="auc", threshold=math.nan), "gates[0].threshold"),
        (Gate(name="g", kind="reproducible", threshold=2), "gates[0].threshold"),
        (Gate(name="g", kind="documents"), "gates[0].documents"),
    ],
)
def test_a_gate_that_makes_no_sense_is_refused(gate: Gate, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        rules.checked([gate])
    assert refused.value.field == field


def test_two_gates_of_one_name_are_refused() -> None:
    with pytest.raises(Invalid):
        rules.checked([Gate(name="g", kind="sealed_test_once")] * 2)
