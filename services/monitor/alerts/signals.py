"""What fires in one window, by each kind of rule: subjects with their causes, or None where a window says nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import sqrt
from statistics import median
from typing import Final

import msgspec

from services.contracts.alert_rules import AlertRule
from services.contracts.alerts import AlertCause, RuleMetric
from services.contracts.monitor import EstimatedPerformance, FeatureDrift, MultivariateDrift, WindowView
from services.monitor.alerts.wording import in_words
from services.monitor.performance.measures import BELIEVED_Z, default_effect, main_measure
from services.monitor.performance.measures import Change as PerformanceChange
from services.monitor.performance.measures import change as performance_change
from services.monitor.performance.rules import PerformanceCounts
from services.monitor.references.shares import ReferenceShares
from services.monitor.samples.rules import DRIFT_EFFECT, DRIFT_Z

Causes = dict[str, AlertCause]
"""By subject."""

BROAD: Final = "several features"
"""Subject of many features that moved a little at once."""
BROAD_FEATURES: Final = 3
PREDICTION: Final = "prediction"
SEGMENT_FACTOR: Final = 2.0
"""How many times what is large for a feature must be reached within a segment: the reference's own windows say how much
the whole varies by itself, and a part varies more."""
_OUTPUTS: Final = ("score", "prediction")
TOGETHER: Final = "all features"
ROWS: Final = "rows"

SEGMENT_Z: Final = 4.8
"""Standard errors at which one of up to 66 segments is believed to have lost: together a chance of 1 in 20,000."""
SHARE_Z: Final = 4.5
"""A share must exceed the reference's by so many standard errors: chance below 1 in 100,000 for each feature."""
MISSING_EFFECT: Final = 0.05
UNSEEN_EFFECT: Final = 0.05
OUT_OF_RANGE_EFFECT: Final = 0.05
TYPE_ERROR_EFFECT: Final = 0.01
"""Smallest growth of a share that matters, in points of 1."""
VOLUME_EFFECT: Final = 0.5
"""Smallest loss of rows that matters, as a share of the usual; the same factor upwards (half: twice the rows)."""
VOLUME_Z: Final = 5.0
USUAL_AFTER: Final = 7
"""Windows that must have been seen before one can be unusual: a week of days."""


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """All that a closed window says. `usual_rows`: of the windows before it, oldest first. `expected`: the estimate for
    the reference's own rows, where there is one."""

    view: WindowView
    reference: Mapping[str, ReferenceShares]
    usual_rows: Sequence[int]
    expected: EstimatedPerformance | None = None


def window_causes(rule: AlertRule, evidence: Evidence) -> Causes | None:
    """The subjects that fire; None: too few rows to say anything. Raises KeyError for a metric of another occasion."""
    if rule.metric != "volume" and evidence.view.rows < rule.minimum_rows:
        return None
    return _BY_METRIC[rule.metric](rule, evidence)


def performance_causes(
    rule: AlertRule, now: PerformanceCounts, base: PerformanceCounts, positive: str | None
) -> Causes | None:
    """A loss that is both believable (BELIEVED_Z standard errors) and large enough."""
    if now.labelled < rule.minimum_rows:
        return None
    name = rule.measure or main_measure(now)
    found = performance_change(now, base, name, positive)
    if found is None:
        return None
    effect = _effect(rule, default_effect(name))
    causes: Causes = {}
    if found.errors >= BELIEVED_Z and found.loss >= effect:
        causes[name] = _loss_cause(name, name, found, now.labelled)
    causes |= _segment_loss(rule, now, base, name, positive, effect)
    return causes


def _segment_loss(
    rule: AlertRule, now: PerformanceCounts, base: PerformanceCounts, name: str, positive: str | None, effect: float
) -> Causes:
    """The segment that lost most beyond chance, if any did: one of many is believed at SEGMENT_Z."""
    worst: tuple[float, AlertCause] | None = None
    for (column, value), part in now.segments.items():
        before = base.segments.get((column, value))
        if before is None or min(part.labelled, before.labelled) < rule.minimum_rows:
            continue
        found = performance_change(part, before, name, positive)
        if found is None or found.errors < SEGMENT_Z or found.loss < effect:
            continue
        if worst is None or found.loss > worst[0]:
            subject = f"{name} where {column} is {value}"
            worst = found.loss, _loss_cause(subject, name, found, part.labelled)
    return {} if worst is None else {worst[1].subject: worst[1]}


def _loss_cause(subject: str, name: str, found: PerformanceChange, labelled: int) -> AlertCause:
    return AlertCause(
        subject=subject,
        figure=name,
        value=found.now.value,
        limit=None,
        expected=found.base.value,
        text=f"{in_words(subject, name)} {found.now.value:.3f} ({found.now.low:.3f} to {found.now.high:.3f}) against "
        f"{found.base.value:.3f} in the baseline, over {labelled} labelled rows",
    )


def multivariate_causes(rule: AlertRule, figures: MultivariateDrift) -> Causes | None:
    """Rows that lie farther from (or nearer to) the reference's principal components than its own, believably and by
    enough. `minimum_effect`: share of the expected distance."""
    if figures.rows < rule.minimum_rows:
        return None
    change = figures.error - figures.expected
    limit = _effect(rule, DRIFT_EFFECT) * figures.expected
    if rule.minimum_effect is None and figures.limit is not None:
        limit = figures.limit
    if abs(figures.z) < DRIFT_Z or abs(change) < limit:
        return {}
    farther = "farther from" if change > 0 else "nearer to"
    return {
        TOGETHER: AlertCause(
            subject=TOGETHER,
            figure="reconstruction_error",
            value=figures.error,
            expected=figures.expected,
            text=f"{figures.rows} sampled rows lie {farther} what the reference's features do together: "
            f"{figures.error:.2f} against {figures.expected:.2f}, {abs(figures.z):.0f} standard errors",
        )
    }


def window_evidence(rule: AlertRule, evidence: Evidence) -> tuple[dict[str, float], Causes]:
    """P-values for the sequential detectors, by subject, and the cause each would be; none for rules with an effect of
    their own, over sliding windows (the same rows would count several times), and for metrics other than drift."""
    if rule.minimum_effect is not None or rule.windows > 1 or evidence.view.rows < rule.minimum_rows:
        return {}, {}
    if rule.metric == "feature_drift":
        chosen = {f.feature: f for f in evidence.view.features if _chosen(rule, f.feature)}
    elif rule.metric == "prediction_drift" and evidence.view.prediction is not None:
        chosen = {PREDICTION: evidence.view.prediction}
    else:
        return {}, {}
    return (
        {name: f.psi_limit_p for name, f in chosen.items() if f.psi_limit_p is not None},
        {name: msgspec.structs.replace(drift_cause(f), subject=name) for name, f in chosen.items()},
    )


def stale_causes(rule: AlertRule, silent_seconds: float, limit: float) -> Causes:
    """No row has come for longer than `limit`."""
    if silent_seconds <= limit:
        return {}
    return {
        ROWS: AlertCause(
            subject=ROWS,
            figure="seconds_without_rows",
            value=silent_seconds,
            limit=limit,
            text=f"no prediction for {_duration(silent_seconds)}; expected at least every {_duration(limit)}",
        )
    }


def ranked(causes: Causes, lasting: Sequence[str]) -> list[AlertCause]:
    """Those that have lasted first, each group in the order in which they were found (the largest first)."""
    firm = set(lasting)
    return [*(causes[s] for s in causes if s in firm), *(causes[s] for s in causes if s not in firm)]


def _estimated(rule: AlertRule, evidence: Evidence) -> Causes:
    """An estimated loss against the reference's own estimate, large enough and beyond chance."""
    now, base = evidence.view.estimated, evidence.expected
    name = rule.measure or "roc_auc"
    if now is None or base is None or now.calibration_drift or now.rows < rule.minimum_rows:
        return {}
    value, before = getattr(now, name), getattr(base, name)
    if value is None or before is None:
        return {}
    spread = sqrt(sum(((getattr(e, f"{name}_high") - getattr(e, f"{name}_low")) / 3.92) ** 2 for e in (now, base)))
    if before - value < _effect(rule, default_effect(name)) or before - value < BELIEVED_Z * spread:
        return {}
    words = name.replace("_", " ")
    return {
        name: AlertCause(
            subject=name,
            figure=f"estimated_{name}",
            value=value,
            expected=before,
            text=f"{words} is estimated at {value:.3f} without labels, against {before:.3f} for the reference",
        )
    }


def _feature_drift(rule: AlertRule, evidence: Evidence) -> Causes:
    chosen = [figure for figure in evidence.view.features if _chosen(rule, figure.feature)]
    fired = [figure for figure in chosen if _drifts(rule, figure)]
    causes = {figure.feature: drift_cause(figure, rule.minimum_effect) for figure in sorted(fired, key=_size)}
    moved = [figure for figure in chosen if figure.moved]
    each_window = rule.minimum_effect is None and rule.windows == 1
    if each_window and len(moved) >= BROAD_FEATURES and not causes:
        names = ", ".join(figure.feature for figure in sorted(moved, key=_size)[:5])
        causes[BROAD] = AlertCause(
            subject=BROAD,
            figure="features_moved",
            value=float(len(moved)),
            limit=float(BROAD_FEATURES),
            text=f"{len(moved)} features moved a little at once: {names}",
        )
    if each_window:  # parts change that the whole doesn't show: only a rule that names its features opens for one
        causes |= _segment_drift(evidence, lambda name: name in causes or name in rule.features)
    return causes


def _segment_drift(evidence: Evidence, wanted: Callable[[str], bool]) -> Causes:
    """The segment that has drifted most, if one has: chance is bounded over all of them."""
    worst = evidence.view.worst_drift
    if worst is None or not worst.drifted or not wanted(worst.feature):
        return {}
    if (worst.psi_excess or 0.0) < SEGMENT_FACTOR * (worst.psi_limit or 0.0):
        return {}
    subject = f"{worst.feature} where {worst.column} is {worst.value}"
    text = f"{subject}: PSI {worst.psi or 0.0:.3f} over {worst.rows} rows"
    return {
        subject: AlertCause(subject=subject, figure="psi", value=worst.psi or 0.0, limit=worst.psi_limit, text=text)
    }


def _prediction_drift(rule: AlertRule, evidence: Evidence) -> Causes:
    figure = evidence.view.prediction
    causes: Causes = {}
    if figure is not None and _drifts(rule, figure):
        causes[PREDICTION] = msgspec.structs.replace(drift_cause(figure, rule.minimum_effect), subject=PREDICTION)
    if causes and rule.minimum_effect is None and rule.windows == 1:
        causes |= _segment_drift(evidence, lambda name: name in _OUTPUTS)
    return causes


def _drifts(rule: AlertRule, figure: FeatureDrift) -> bool:
    if rule.minimum_effect is None:
        return figure.drifted
    return (figure.drifted or figure.moved) and (figure.psi or 0.0) >= rule.minimum_effect


def _size(figure: FeatureDrift) -> tuple[float, str]:
    return (-(figure.psi or 0.0), figure.feature)


def drift_cause(figure: FeatureDrift, minimum_effect: float | None = None) -> AlertCause:
    """Told by its PSI; by how far its values moved, where that alone has reached what counts as drift."""
    psi, move = figure.psi or 0.0, figure.wasserstein
    moved = "" if move is None else f", values moved by {move:.2f} standard deviations"
    cause = AlertCause(
        subject=figure.feature,
        figure="psi",
        value=psi,
        limit=figure.psi_limit if minimum_effect is None else minimum_effect,
        text=f"{figure.feature}: PSI {psi:.3f}{moved}",
    )
    if minimum_effect is not None or move is None or figure.wasserstein_limit is None:
        return cause
    if move < figure.wasserstein_limit or (figure.psi_excess or 0.0) >= (figure.psi_limit or 0.0):
        return cause
    return msgspec.structs.replace(cause, figure="wasserstein", value=move, limit=figure.wasserstein_limit)


def _missing(rule: AlertRule, evidence: Evidence) -> Causes:
    """What varies much by itself may grow by as much again: from the most that a chunk of the reference had."""

    def expected(shares: ReferenceShares) -> float:
        most = max(shares.missing, shares.missing_most)
        return most + max(most - shares.missing - _effect(rule, MISSING_EFFECT), 0.0)

    stated = {name for name, shares in evidence.reference.items() if not shares.nullable}
    causes = _shares(rule, evidence, "missing_share", MISSING_EFFECT, expected, "missing")
    if stated and rule.minimum_effect is None:  # where none may be missing, one beyond chance is too many
        strict = msgspec.structs.replace(rule, minimum_effect=0.0)
        found = _shares(strict, evidence, "missing_share", 0.0, lambda _: 0.0, "missing")
        causes |= {name: cause for name, cause in found.items() if name in stated}
    return causes


def _unseen(rule: AlertRule, evidence: Evidence) -> Causes:
    return _shares(rule, evidence, "unseen_share", UNSEEN_EFFECT, lambda _: 0.0, "values the reference never had")


def _out_of_range(rule: AlertRule, evidence: Evidence) -> Causes:
    return _shares(
        rule, evidence, "out_of_range_share", OUT_OF_RANGE_EFFECT, lambda shares: shares.out_of_range, "out of range"
    )


def _type_errors(rule: AlertRule, evidence: Evidence) -> Causes:
    return _shares(rule, evidence, "invalid_share", TYPE_ERROR_EFFECT, lambda _: 0.0, "not of the feature's type")


def _shares(
    rule: AlertRule,
    evidence: Evidence,
    figure: str,
    default: float,
    expected_of: Callable[[ReferenceShares], float],
    words: str,
) -> Causes:
    """Features whose share exceeds the reference's by the effect and beyond chance, the largest growth first."""
    effect = _effect(rule, default)
    rows = evidence.view.rows
    found: list[tuple[float, AlertCause]] = []
    for feature in evidence.view.features:
        if not _chosen(rule, feature.feature):
            continue
        shares = evidence.reference.get(feature.feature)
        if shares is None:
            continue
        share, expected = getattr(feature, figure), expected_of(shares)
        growth = share - expected
        if growth < effect or growth < SHARE_Z * _share_error(expected, shares.rows, rows):
            continue
        cause = AlertCause(
            subject=feature.feature,
            figure=figure,
            value=share,
            limit=expected + effect,
            expected=expected,
            text=f"{feature.feature}: {share:.1%} {words}, where at most {expected:.1%} are usual",
        )
        found.append((-growth, cause))
    return {cause.subject: cause for _, cause in sorted(found, key=lambda pair: (pair[0], pair[1].subject))}


def _effect(rule: AlertRule, default: float) -> float:
    return default if rule.minimum_effect is None else rule.minimum_effect


def _share_error(share: float, reference_rows: int, rows: int) -> float:
    """Standard error of the difference of two shares; half a row keeps it above 0 where the reference has none."""
    p = (share * reference_rows + 0.5) / (reference_rows + 1)
    return sqrt(p * (1 - p) * (1 / max(reference_rows, 1) + 1 / max(rows, 1)))


def _volume(rule: AlertRule, evidence: Evidence) -> Causes:
    """Fewer rows than ever lately and far below the middle of what is usual, or as far above."""
    usual = evidence.usual_rows
    if len(usual) < USUAL_AFTER:
        return {}
    middle = float(median(usual))
    if middle < rule.minimum_rows:
        return {}
    effect = _effect(rule, VOLUME_EFFECT)
    rows = evidence.view.rows
    spread = VOLUME_Z * sqrt(middle)
    few = rows < min(usual) and rows <= middle * (1 - min(effect, 1.0)) and middle - rows > spread
    many = rows > max(usual) and rows >= middle * (1 + 2 * effect) and rows - middle > spread
    if not (few or many):
        return {}
    return {
        ROWS: AlertCause(
            subject=ROWS,
            figure="rows",
            value=float(rows),
            limit=middle * (1 - min(effect, 1.0)) if few else middle * (1 + 2 * effect),
            expected=middle,
            text=f"{rows} rows; usual are {middle:.0f} (between {min(usual)} and {max(usual)} lately)",
        )
    }


def _chosen(rule: AlertRule, feature: str) -> bool:
    return (not rule.features or feature in rule.features) and feature not in rule.except_features


_BY_METRIC: Final[Mapping[RuleMetric, Callable[[AlertRule, Evidence], Causes]]] = {
    "feature_drift": _feature_drift,
    "prediction_drift": _prediction_drift,
    "missing": _missing,
    "unseen": _unseen,
    "out_of_range": _out_of_range,
    "type_errors": _type_errors,
    "volume": _volume,
    "estimated_performance": _estimated,
}

AT_CLOSING: Final = frozenset(_BY_METRIC)
"""Metrics that are judged when a window closes."""


def _duration(seconds: float) -> str:
    for unit, name in ((86_400, "days"), (3_600, "hours"), (60, "minutes")):
        if seconds >= 2 * unit:
            return f"{seconds / unit:.0f} {name}"
    return f"{seconds:.0f} seconds"
