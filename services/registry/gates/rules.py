"""What a gate says to the numbers of a version. Every verdict keeps the numbers it saw."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import msgspec

from services.contracts.errors import Invalid, TooLarge
from services.contracts.evaluations import Gate, GateKind, GateOutcome, GatesEvaluated, GateVerdict

NAME_LENGTH = 100
METRIC_LENGTH = 250
MANY = 50
MANY_DOCUMENTS = 20
WITH_METRIC: tuple[GateKind, ...] = (
    "minimum", "beats_baseline", "beats_champion", "worst_slice", "overfitting", "constraint",
)  # fmt: skip
TRAINING, VALIDATION = ("train_", "training_"), ("val_", "valid_", "validation_", "eval_", "test_")


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """A statistical test of the version against another on the same `rows`; one-sided: is it better?"""

    name: str
    rows: int
    p_value: float


SHOWS_EXPERT = frozenset({"minimum", "beats_baseline", "beats_champion"})


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """All that gates may look at. `slices` maps a slice's name, `feature=value`, to its metrics; `reproducibility` is a
    score of 0 to 1; `expert` is what experts reach, which no gate asks for; `test_uses` counts the evaluations that
    used the sealed test split. `champion_tests` and `baseline_tests` are by measure."""

    metrics: Mapping[str, float] = {}
    baseline: Mapping[str, float] = {}
    champion: Mapping[str, float] = {}
    has_champion: bool = True
    slices: Mapping[str, Mapping[str, float]] = {}
    reproducibility: float | None = None
    test_uses: int | None = None
    documents: frozenset[str] = frozenset()
    expert: Mapping[str, float] = {}
    champion_tests: Mapping[str, Comparison] = {}
    baseline_tests: Mapping[str, Comparison] = {}


def checked(gates: Sequence[Gate]) -> list[Gate]:
    """Raises Invalid for a gate that makes no sense, TooLarge for too many."""
    if len(gates) > MANY:
        raise TooLarge(f"at most {MANY} gates", field="gates")
    names = [gate.name for gate in gates]
    for number, gate in enumerate(gates):
        path = f"gates[{number}]"
        if not gate.name.strip() or len(gate.name) > NAME_LENGTH:
            raise Invalid(f"a gate's name has 1 to {NAME_LENGTH} characters", field=f"{path}.name")
        if names.count(gate.name) > 1:
            raise Invalid(f"two gates are called {gate.name!r}", field=f"{path}.name")
        if gate.kind in WITH_METRIC and not gate.metric:
            raise Invalid("which metric?", field=f"{path}.metric")
        if not math.isfinite(gate.threshold):
            raise Invalid("the threshold isn't a finite number", field=f"{path}.threshold")
        if gate.kind == "reproducible" and not 0 <= gate.threshold <= 1:
            raise Invalid("a reproducibility score lies between 0 and 1", field=f"{path}.threshold")
        if gate.kind == "documents" and not gate.documents:
            raise Invalid("which documents?", field=f"{path}.documents")
        if len(gate.documents) > MANY_DOCUMENTS or any(len(name) > NAME_LENGTH for name in gate.documents):
            raise TooLarge(f"at most {MANY_DOCUMENTS} documents of {NAME_LENGTH} characters", field=f"{path}.documents")
        if not 0 <= gate.significance < 1:
            raise Invalid("a significance is at least 0 and less than 1", field=f"{path}.significance")
        for part, text in (("metric", gate.metric), ("slice_by", gate.slice_by)):
            if len(text) > METRIC_LENGTH:
                raise TooLarge(f"at most {METRIC_LENGTH} characters", field=f"{path}.{part}")
    return list(gates)


def effective(gates: Sequence[Gate], derived: Sequence[Gate]) -> list[Gate]:
    """The gates that apply: those derived from answers, unless people set one of the same name, and theirs."""
    named = {gate.name for gate in gates}
    return [*(gate for gate in derived if gate.name not in named), *gates]


def evaluated(
    model_name: str,
    version: str,
    digest: str,
    gates: Sequence[Gate],
    seen: Seen,
    *,
    number: int = 1,
    project_id: str = "",
    policy_revision: int = 0,
    by: str = "",
    evaluation_id: str = "",
) -> GatesEvaluated:
    """The verdict on a version. No gates at all let nothing through: somebody has to say what is worth shipping."""
    verdicts = [verdict(gate, seen) for gate in gates]
    return GatesEvaluated(
        model_name=model_name,
        version=version,
        digest=digest,
        passed=bool(verdicts) and all(entry.outcome == "passed" for entry in verdicts),
        verdicts=verdicts,
        number=number,
        project_id=project_id,
        policy_revision=policy_revision,
        by=by,
        evaluation_id=evaluation_id,
    )


def verdict(gate: Gate, seen: Seen) -> GateVerdict:
    numbers, passed, words = _JUDGES[gate.kind](gate, seen)
    expert = seen.expert.get(gate.metric) if gate.kind in SHOWS_EXPERT else None
    if expert is not None and passed is not None:
        numbers, words = {**numbers, "expert": expert}, f"{words}; experts reach {expert:.6g}"
    finite = {name: value for name, value in numbers.items() if value is not None and math.isfinite(value)}
    outcome: GateOutcome = "unknown" if passed is None else "passed" if passed else "failed"
    return GateVerdict(gate=gate, outcome=outcome, numbers=finite, words=words)


Judged = tuple[dict[str, float | None], bool | None, str]
_NOT_THERE = "the number isn't there"


def _known(*values: float | None) -> bool:
    return all(value is not None and math.isfinite(value) for value in values)


def _minimum(gate: Gate, seen: Seen) -> Judged:
    value = seen.metrics.get(gate.metric)
    if value is None or not _known(value):
        return {gate.metric: value}, None, f"{gate.metric}: {_NOT_THERE}"
    passed = value >= gate.threshold if gate.higher_is_better else value <= gate.threshold
    bound = "at least" if gate.higher_is_better else "at most"
    numbers: dict[str, float | None] = {gate.metric: value, "threshold": gate.threshold}
    return numbers, passed, f"{gate.metric} {value:.6g}, {bound} {gate.threshold:.6g} wanted"


def _beats(other: str, gate: Gate, seen: Seen, theirs: Mapping[str, float], tests: Mapping[str, Comparison]) -> Judged:
    ours, their = seen.metrics.get(gate.metric), theirs.get(gate.metric)
    numbers: dict[str, float | None] = {gate.metric: ours, other: their, "margin": gate.threshold}
    if ours is None or their is None or not _known(ours, their):
        return numbers, None, f"{gate.metric} of the version or of the {other}: {_NOT_THERE}"
    won_by = ours - their if gate.higher_is_better else their - ours
    words = f"{gate.metric} {ours:.6g}, {other} {their:.6g}: better by {won_by:.6g}, {gate.threshold:.6g} wanted"
    won = won_by > gate.threshold or (won_by == gate.threshold != 0)
    if gate.significance == 0:
        return numbers, won, words
    test = tests.get(gate.metric) or (next(iter(tests.values())) if len(tests) == 1 else None)
    if test is None:
        return numbers, won, f"{words}; not tested: no scores of the same rows"
    numbers |= {"p_value": test.p_value, "rows": float(test.rows), "significance": gate.significance}
    by_chance = test.p_value >= gate.significance
    told = f"{test.name} on {test.rows} rows: p = {test.p_value:.3g}"
    return numbers, won and not by_chance, f"{words}; {told}" + (", which chance explains" if by_chance else "")


def _beats_baseline(gate: Gate, seen: Seen) -> Judged:
    return _beats("baseline", gate, seen, seen.baseline, seen.baseline_tests)


def _beats_champion(gate: Gate, seen: Seen) -> Judged:
    if not seen.has_champion:
        return {}, True, "there is no champion yet"
    return _beats("champion", gate, seen, seen.champion, seen.champion_tests)


def _worst_slice(gate: Gate, seen: Seen) -> Judged:
    values = {
        name: metrics[gate.metric]
        for name, metrics in seen.slices.items()
        if gate.metric in metrics and (not gate.slice_by or name.startswith(f"{gate.slice_by}="))
    }
    if not values or not _known(*values.values()):
        return {}, None, f"{gate.metric} by slice: {_NOT_THERE}"
    pick = min if gate.higher_is_better else max
    worst = pick(sorted(values), key=lambda name: values[name])
    value = values[worst]
    passed = value >= gate.threshold if gate.higher_is_better else value <= gate.threshold
    return {worst: value, "threshold": gate.threshold}, passed, f"worst slice {worst}: {gate.metric} {value:.6g}"


def _overfitting(gate: Gate, seen: Seen) -> Judged:
    training = next((seen.metrics[p + gate.metric] for p in TRAINING if p + gate.metric in seen.metrics), None)
    validation = next((seen.metrics[p + gate.metric] for p in VALIDATION if p + gate.metric in seen.metrics), None)
    numbers = {"training": training, "validation": validation, "threshold": gate.threshold}
    if training is None or validation is None or not _known(training, validation):
        return numbers, None, f"{gate.metric} in training and validation: {_NOT_THERE}"
    scale = max(abs(training), abs(validation))
    gap = abs(training - validation) / scale if scale else 0.0
    return (
        {**numbers, "gap": gap},
        gap <= gate.threshold,
        f"relative gap {gap:.3g}, at most {gate.threshold:.3g} allowed",
    )


def _constraint(gate: Gate, seen: Seen) -> Judged:
    return _minimum(msgspec.structs.replace(gate, higher_is_better=False), seen)


def _reproducible(gate: Gate, seen: Seen) -> Judged:
    score = seen.reproducibility
    if score is None:
        return {}, None, f"reproducibility score: {_NOT_THERE}"
    return {"score": score, "threshold": gate.threshold}, score >= gate.threshold, f"reproducibility {score:.0%}"


def _sealed_test_once(gate: Gate, seen: Seen) -> Judged:
    if seen.test_uses is None:
        return {}, None, "nothing was evaluated on the sealed test split"
    uses = float(seen.test_uses)
    return {"uses": uses}, seen.test_uses == 1, f"the sealed test split was used {seen.test_uses} times"


def _documents(gate: Gate, seen: Seen) -> Judged:
    missing = [document for document in gate.documents if document not in seen.documents]
    return {"missing": float(len(missing))}, not missing, f"missing: {', '.join(missing)}" if missing else "all there"


_JUDGES: dict[GateKind, Callable[[Gate, Seen], Judged]] = {
    "minimum": _minimum,
    "beats_baseline": _beats_baseline,
    "beats_champion": _beats_champion,
    "worst_slice": _worst_slice,
    "overfitting": _overfitting,
    "constraint": _constraint,
    "reproducible": _reproducible,
    "sealed_test_once": _sealed_test_once,
    "documents": _documents,
}


def from_answers(minimum: Mapping[str, str], constraints: Mapping[str, str]) -> list[Gate]:
    """The gates that follow from the answers of stages 1 and 3: `meets_minimum` and `meets_constraints`."""
    gates = []
    if minimum.get("metric") and minimum.get("value"):
        higher = minimum.get("direction", "higher") == "higher"
        gates.append(
            Gate(
                name="meets_minimum",
                kind="minimum",
                metric=minimum["metric"],
                threshold=float(minimum["value"]),
                higher_is_better=higher,
            )
        )
    gates += [
        Gate(name=f"meets_constraints:{metric}", kind="constraint", metric=metric, threshold=float(constraints[metric]))
        for metric in ("latency_ms", "size_mb")
        if constraints.get(metric)
    ]
    return gates
