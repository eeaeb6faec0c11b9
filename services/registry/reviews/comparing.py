"""A candidate beside another version, number by number: what a reviewer looks at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from services.contracts.evaluations import Importance, SliceScore
from services.contracts.reviews import FigureRow, ParamRow, SliceRow
from services.registry.evaluations.paired import Paired
from services.registry.evaluations.rules import lower_is_better

MOST_SLICES = 500
MOST_IMPORTANCES = 200


def metric_rows(
    candidate: Mapping[str, float],
    champion: Mapping[str, float],
    tests: Mapping[str, Paired],
    errors: Sequence[str] = (),
) -> list[FigureRow]:
    """Every metric of either, by name."""
    return [
        _figure(name, candidate.get(name), champion.get(name), tests.get(name), errors)
        for name in sorted({*candidate, *champion})
    ]


def _figure(
    name: str, ours: float | None, theirs: float | None, test: Paired | None, errors: Sequence[str]
) -> FigureRow:
    return FigureRow(
        name=name,
        candidate=ours,
        champion=theirs,
        difference=None if ours is None or theirs is None else ours - theirs,
        better=_better(name, ours, theirs, errors),
        p_value=None if test is None else test.p_value,
        test="" if test is None else test.test,
    )


def _better(metric: str, ours: float | None, theirs: float | None, errors: Sequence[str]) -> bool | None:
    if ours is None or theirs is None or ours == theirs:
        return None
    return (ours < theirs) == lower_is_better(metric, errors)


def param_rows(candidate: Mapping[str, str], champion: Mapping[str, str]) -> list[ParamRow]:
    """Those that differ, by name."""
    return [
        ParamRow(name=name, candidate=candidate.get(name), champion=champion.get(name))
        for name in sorted({*candidate, *champion})
        if candidate.get(name) != champion.get(name)
    ]


def slice_rows(
    candidate: Sequence[SliceScore], champion: Sequence[SliceScore], errors: Sequence[str] = ()
) -> list[SliceRow]:
    """Every slice and metric of either, by feature, value and metric."""
    ours = {(entry.feature, entry.value): entry for entry in candidate}
    theirs = {(entry.feature, entry.value): entry for entry in champion}
    rows = []
    for feature, value in sorted({*ours, *theirs}):
        mine, other = ours.get((feature, value)), theirs.get((feature, value))
        mine_metrics = {} if mine is None else mine.metrics
        other_metrics = {} if other is None else other.metrics
        for metric in sorted({*mine_metrics, *other_metrics}):
            a, b = mine_metrics.get(metric), other_metrics.get(metric)
            rows.append(
                SliceRow(
                    feature=feature,
                    value=value,
                    metric=metric,
                    candidate=a,
                    champion=b,
                    candidate_rows=None if mine is None else mine.rows,
                    champion_rows=None if other is None else other.rows,
                    better=_better(metric, a, b, errors),
                )
            )
    return rows[:MOST_SLICES]


def importance_rows(candidate: Sequence[Importance], champion: Sequence[Importance]) -> list[FigureRow]:
    """The features of either, the candidate's most important first. No side is better."""
    ours = {entry.feature: entry.value for entry in candidate}
    theirs = {entry.feature: entry.value for entry in champion}
    order = sorted({*ours, *theirs}, key=lambda name: (-abs(ours.get(name, 0.0)), -abs(theirs.get(name, 0.0)), name))
    return [
        FigureRow(
            name=name,
            candidate=ours.get(name),
            champion=theirs.get(name),
            difference=ours[name] - theirs[name] if name in ours and name in theirs else None,
        )
        for name in order[:MOST_IMPORTANCES]
    ]
