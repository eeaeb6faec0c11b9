"""The join: which rows the labels belong to, which replace an earlier one, and what that does to the figures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from services.monitor.counts.columns import MISSING, Codes, Column, Columns, Numbers, concatenate
from services.monitor.counts.segments import NONE, OTHERS
from services.monitor.labels.blocks import LabelRows, Positions, PredictionRows, picked
from services.monitor.labels.hashing import Hashes
from services.monitor.performance.rules import PerformanceCounts, Task, count_performance
from services.monitor.versions.rules import HIGH, LABEL, LOW, PREDICTION, SCORE, SEGMENT_MARK
from services.monitor.windows.rules import split_rows


@dataclass(frozen=True, slots=True)
class Scoring:
    """How a model version's labels and predictions are compared. `segments`: by column, the values told apart."""

    task: Task
    positive: str | None
    center: float
    segments: Mapping[str, Sequence[str]] = field(default_factory=dict)


def newest_first(ids: Hashes, rows: LabelRows) -> tuple[Hashes, LabelRows]:
    """One row for each id, ascending: of several the one received last, of equals the later in the stream."""
    order = np.lexsort((rows.order, ids))
    ordered = ids[order]
    last = np.flatnonzero(np.append(ordered[1:] != ordered[:-1], True))
    return ordered[last], picked(rows, order[last])


def find(block: Hashes, wanted: Hashes) -> tuple[npt.NDArray[np.bool_], Positions]:
    """Of ascending `wanted` ids: which are in the ascending `block`, and at which (first) position those are."""
    at = np.minimum(block.searchsorted(wanted), len(block) - 1)
    found = block[at] == wanted
    return found, at[found]


def put(block: LabelRows, at: Positions, new: LabelRows) -> tuple[LabelRows, Positions, Positions]:
    """The block's labels with `new` at the positions `at`; (labels, positions changed, which of `new` they came from).

    A label received earlier than the one in place changes nothing.
    """
    taken = np.flatnonzero(new.order >= block.order[at])
    where = at[taken]
    order = block.order.copy()
    order[where] = new.order[taken]
    return LabelRows(_replaced(block.labels, where, new.labels.pick(taken)), order), where, taken


def _replaced(column: Column, at: Positions, new: Column) -> Column:
    if isinstance(column, Numbers) and isinstance(new, Numbers):
        values = column.values.copy()
        values[at] = new.values
        return Numbers(values)
    if isinstance(column, Codes) and isinstance(new, Codes):
        rows = len(column.codes)
        both = concatenate([Columns(rows, {LABEL: column}), Columns(len(at), {LABEL: new})]).by_name[LABEL]
        assert isinstance(both, Codes)
        codes = both.codes[:rows].copy()
        codes[at] = both.codes[rows:]
        return Codes(codes, both.values)
    raise ValueError("labels of different forms can't stand in one block")


def figures_moved(
    scoring: Scoring, rows: PredictionRows, before: LabelRows, after: LabelRows, at: Positions
) -> dict[int, PerformanceCounts]:
    """By window start: what the labels at the positions `at` add, less what the ones they replace had added."""
    moved: dict[int, PerformanceCounts] = {}
    for start, which in split_rows(rows.windows[at], 1):
        where = at[which]
        counts = _counted(scoring, rows, after.labels.pick(where), where)
        replaced = where[_present(before.labels.pick(where))]
        if len(replaced):
            counts = counts - _counted(scoring, rows, before.labels.pick(replaced), replaced)
        moved[start] = counts
    return moved


def _counted(scoring: Scoring, rows: PredictionRows, labels: Column, at: Positions) -> PerformanceCounts:
    score = rows.outputs.by_name.get(SCORE)
    predicted = rows.outputs.by_name.get(PREDICTION)
    low, high = rows.outputs.by_name.get(LOW), rows.outputs.by_name.get(HIGH)

    def counted(labels: Column, at: Positions) -> PerformanceCounts:
        return count_performance(
            scoring.task,
            labels,
            score=None if score is None else score.pick(at),
            predicted=None if predicted is None else predicted.pick(at),
            low=None if low is None else low.pick(at),
            high=None if high is None else high.pick(at),
            positive=scoring.positive,
            center=scoring.center,
        )

    counts = counted(labels, at)
    for name, values in scoring.segments.items():
        column = rows.outputs.by_name.get(SEGMENT_MARK + name)
        if isinstance(column, Codes):
            for value, which in segments_of(column.pick(at), values):
                counts.segments[name, value] = counted(labels.pick(which), at[which])
    return counts


def segments_of(column: Codes, values: Sequence[str]) -> Iterator[tuple[str, Positions]]:
    """(value, its rows); rare values are OTHERS together, rows without one NONE."""
    known = {value: i for i, value in enumerate(values)}
    names = [*values, OTHERS, NONE]
    translate = np.array([known.get(text, len(values)) for text in column.values] + [len(values) + 1], dtype=np.int64)
    codes = translate[column.codes]  # code −1 picks the last entry
    for code in np.unique(codes).tolist():
        yield names[code], np.flatnonzero(codes == code)


def _present(labels: Column) -> npt.NDArray[np.bool_]:
    if isinstance(labels, Codes):
        held: npt.NDArray[np.bool_] = labels.codes != MISSING
        return held
    present: npt.NDArray[np.bool_] = ~np.isnan(labels.values)
    return present


def labelled(rows: LabelRows) -> int:
    return int(np.count_nonzero(_present(rows.labels)))
