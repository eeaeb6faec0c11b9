"""Evaluations of model versions, and the gates that they must pass."""

from __future__ import annotations

from typing import Literal

from services.contracts.base import Event, Message

GateKind = Literal[
    "minimum", "beats_baseline", "beats_champion", "worst_slice", "overfitting", "constraint", "reproducible",
    "sealed_test_once", "documents",
]  # fmt: skip
GateOutcome = Literal["passed", "failed", "unknown"]
"""`unknown`: a number that the gate needs isn't there. It doesn't let a version through."""


class Gate(Message, frozen=True, kw_only=True):
    """One condition, as data. `threshold` means: for `minimum` and `worst_slice` the value to reach, for
    `beats_*` the margin to win by, for `overfitting` the widest relative gap, for `constraint` the most allowed, for
    `reproducible` the least score (0 to 1). `documents` names what must exist."""

    name: str
    kind: GateKind
    metric: str = ""
    threshold: float = 0.0
    higher_is_better: bool = True
    documents: list[str] = []


class GateVerdict(Message, frozen=True, kw_only=True):
    """`numbers` are those that the gate saw, by name: they stay whatever becomes of the metrics."""

    gate: Gate
    outcome: GateOutcome
    numbers: dict[str, float] = {}
    words: str = ""


class GatesEvaluated(Event, frozen=True, kw_only=True):
    """All gates of the version's project at once; `passed` only if each one did. `digest`: of the version's content."""

    service = "registry"
    aggregate = "gate_verdict"
    name = "evaluated"
    key = ("model_name", "version")

    model_name: str
    version: str
    digest: str
    passed: bool
    verdicts: list[GateVerdict]
