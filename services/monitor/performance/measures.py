"""Figures of performance that can be compared with a baseline: each with an interval and a direction."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import sqrt
from typing import Final, NamedTuple

from services.monitor.performance.binary import at_threshold, brier, log_loss, pr_auc, roc_auc
from services.monitor.performance.classes import accuracy, by_class
from services.monitor.performance.intervals import CONFIDENCE_Z, Estimate
from services.monitor.performance.regression import bias, mae, mape, rmse
from services.monitor.performance.rules import POSITIVE_TEXTS, PerformanceCounts

SHARE_EFFECT: Final = 0.05
"""Smallest loss that matters of a share (ROC-AUC, accuracy, …), in points of 1."""
ERROR_EFFECT: Final = 0.1
"""Smallest growth that matters of an error (log loss, MAE, …), as a share of the baseline's."""
BELIEVED_Z: Final = 3.7
"""One-sided chance of about 1 in 10,000 that a change of so many standard errors is none."""

Measure = Callable[[PerformanceCounts, str | None], Estimate | None]


class Change(NamedTuple):
    """How much worse a measure is than the baseline: `loss` > 0 is worse, in the unit of `effect` (points of 1, or a
    share of the baseline). `errors`: in standard errors of the difference."""

    now: Estimate
    base: Estimate
    loss: float
    errors: float


def _accuracy(counts: PerformanceCounts, positive: str | None) -> Estimate | None:
    if counts.task == "binary" and not counts.classes.rows:
        return at_threshold(counts.binary).accuracy
    return accuracy(counts.classes)


def _precision(counts: PerformanceCounts, positive: str | None) -> Estimate | None:
    if not counts.classes.rows:
        return at_threshold(counts.binary).precision
    return next((f.precision for f in by_class(counts.classes) if _is_positive(f.name, positive)), None)


def _recall(counts: PerformanceCounts, positive: str | None) -> Estimate | None:
    if not counts.classes.rows:
        return at_threshold(counts.binary).recall
    return next((f.recall for f in by_class(counts.classes) if _is_positive(f.name, positive)), None)


def _is_positive(name: str, positive: str | None) -> bool:
    return name in POSITIVE_TEXTS if positive is None else name == positive


_HIGHER_IS_BETTER: Final[Mapping[str, Measure]] = {
    "roc_auc": lambda counts, _: roc_auc(counts.binary),
    "pr_auc": lambda counts, _: pr_auc(counts.binary),
    "accuracy": _accuracy,
    "precision": _precision,
    "recall": _recall,
}
_LOWER_IS_BETTER: Final[Mapping[str, Measure]] = {
    "log_loss": lambda counts, _: log_loss(counts.binary),
    "brier": lambda counts, _: brier(counts.binary),
    "mae": lambda counts, _: mae(counts.regression),
    "rmse": lambda counts, _: rmse(counts.regression),
    "mape": lambda counts, _: mape(counts.regression),
    "bias": lambda counts, _: bias(counts.regression),
}
MEASURES: Final[Mapping[str, tuple[str, ...]]] = {
    "binary": ("roc_auc", "pr_auc", "accuracy", "precision", "recall", "log_loss", "brier"),
    "multiclass": ("accuracy",),
    "regression": ("mae", "rmse", "mape", "bias"),
}
"""Per task, the main one first."""


def measured(counts: PerformanceCounts, name: str, positive: str | None) -> Estimate | None:
    """The figure with its 95 % interval; None where undefined."""
    return (_HIGHER_IS_BETTER.get(name) or _LOWER_IS_BETTER[name])(counts, positive)


def main_measure(counts: PerformanceCounts) -> str:
    """ROC-AUC where scores are there, else accuracy; the mean absolute error of a regression."""
    names = MEASURES[counts.task]
    return "accuracy" if counts.task == "binary" and not counts.binary.rows else names[0]


def lower_is_better(name: str) -> bool:
    return name in _LOWER_IS_BETTER


def default_effect(name: str) -> float:
    return SHARE_EFFECT if name in _HIGHER_IS_BETTER else ERROR_EFFECT


def change(now: PerformanceCounts, base: PerformanceCounts, name: str, positive: str | None) -> Change | None:
    """How much worse `now` is; None where the measure is undefined on either side.

    Bias is compared by size: any growth away from 0 is worse, as a share of the baseline's mean absolute error.
    """
    current, before = measured(now, name, positive), measured(base, name, positive)
    if current is None or before is None:
        return None
    error = sqrt(_standard_error(current) ** 2 + _standard_error(before) ** 2)
    if name in _HIGHER_IS_BETTER:
        difference = loss = before.value - current.value
    elif name == "bias":
        difference = abs(current.value) - abs(before.value)
        unit = mae(base.regression)
        loss = difference / unit.value if unit and unit.value > 0 else difference
    else:
        difference = current.value - before.value
        loss = difference / before.value if before.value > 0 else difference
    return Change(current, before, loss, difference / error if error > 0 else 0.0)


def _standard_error(estimate: Estimate) -> float:
    return (estimate.high - estimate.low) / (2 * CONFIDENCE_Z)
