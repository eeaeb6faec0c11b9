"""From predictions joined with their labels to mergeable counts, and from counts to the figures of a window."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import msgspec
import numpy as np
import numpy.typing as npt

from services.contracts.monitor import ClassPerformance, Performance
from services.monitor.counts.columns import MISSING, Codes, Column, Numbers, as_codes, as_numbers
from services.monitor.performance.binary import (
    BinaryCounts,
    at_threshold,
    brier,
    calibration_error,
    count_binary,
    log_loss,
    no_binary,
    pr_auc,
    roc_auc,
)
from services.monitor.performance.classes import ClassCounts, accuracy, by_class, count_classes, macro_f1
from services.monitor.performance.intervals import Estimate
from services.monitor.performance.regression import (
    RegressionCounts,
    bias,
    count_regression,
    interval_coverage,
    mae,
    mape,
    no_regression,
    r2,
    rmse,
)

Task: TypeAlias = Literal["binary", "multiclass", "regression"]

POSITIVE_TEXTS = frozenset({"1", "true"})
"""The positive class where none is stated."""

MOST_CLASSES = 20
"""Classes shown one by one, the most frequent ones."""

FORMAT = 1


@dataclass(slots=True, eq=False)
class PerformanceCounts:
    """Counts over the labelled rows of one model version. Additive and signed: a corrected label is `c - old + new`.

    `segments`: the same by (column, value), without segments of their own.
    binary: rows with a score; classes: rows with a predicted class; regression: rows with a predicted value.
    """

    task: Task
    labelled: int
    binary: BinaryCounts
    classes: ClassCounts
    regression: RegressionCounts
    segments: dict[tuple[str, str], PerformanceCounts] = field(default_factory=dict)

    def __add__(self, other: PerformanceCounts) -> PerformanceCounts:
        return PerformanceCounts(
            self._same_task(other),
            self.labelled + other.labelled,
            self.binary + other.binary,
            self.classes + other.classes,
            self.regression + other.regression,
            self._segments(other, 1),
        )

    def __sub__(self, other: PerformanceCounts) -> PerformanceCounts:
        return PerformanceCounts(
            self._same_task(other),
            self.labelled - other.labelled,
            self.binary - other.binary,
            self.classes - other.classes,
            self.regression - other.regression,
            self._segments(other, -1),
        )

    def _segments(self, other: PerformanceCounts, sign: int) -> dict[tuple[str, str], PerformanceCounts]:
        result = dict(self.segments)
        for key, counts in other.segments.items():
            before = result.get(key) or no_performance(counts.task, counts.regression.center)
            result[key] = before + counts if sign > 0 else before - counts
        return result

    def _same_task(self, other: PerformanceCounts) -> Task:
        if self.task != other.task:
            raise ValueError(f"counts of a {self.task} and of a {other.task} model don't add up")
        return self.task


def no_performance(task: Task, center: float = 0.0) -> PerformanceCounts:
    return PerformanceCounts(task, 0, no_binary(), ClassCounts(), no_regression(center))


def count_performance(
    task: Task,
    labels: Column,
    *,
    score: Column | None = None,
    predicted: Column | None = None,
    low: Column | None = None,
    high: Column | None = None,
    positive: str | None = None,
    center: float = 0.0,
) -> PerformanceCounts:
    """Counts of rows joined with their labels (equal lengths, in one order).

    binary: `score` is the probability of the positive class, `predicted` the class if the model states one; labels are
    0/1, booleans, or texts of which `positive` names the positive one. multiclass: `predicted` class. regression:
    `predicted` value, with the bounds `low` and `high` of its interval if the model states one; `center`: a typical
    label, the same for all counts that are to be added.
    """
    counts = no_performance(task, center)
    counts.labelled = _labelled(labels)
    if task == "regression":
        if predicted is not None:
            bounds = [None if bound is None else as_numbers(bound).values for bound in (low, high)]
            counts.regression = count_regression(
                as_numbers(predicted).values, as_numbers(labels).values, center, *bounds
            )
        return counts
    if task == "binary" and score is not None:
        counts.binary = count_binary(as_numbers(score).values, binary_labels(labels, positive))
    if predicted is not None:
        counts.classes = count_classes(as_codes(predicted), as_codes(labels))
    return counts


def binary_labels(labels: Column, positive: str | None = None) -> npt.NDArray[np.float64]:
    """1.0 for the positive class, 0.0 for any other, NaN where missing. Numbers other than 0 and 1 stay as they are
    (and are counted as invalid) unless `positive` is stated."""
    if isinstance(labels, Numbers) and positive is None:
        return labels.values
    coded = as_codes(labels)
    wanted = POSITIVE_TEXTS if positive is None else {positive}
    worth = np.array([1.0 if text in wanted else 0.0 for text in coded.values] + [np.nan])
    result: npt.NDArray[np.float64] = worth[coded.codes]  # code −1 picks the NaN at the end
    return result


def merge_performance(counts: Iterable[PerformanceCounts]) -> PerformanceCounts:
    """The counts of all rows together. Raises ValueError without any, or of different tasks."""
    parts = iter(counts)
    try:
        total = next(parts)
    except StopIteration:
        raise ValueError("nothing to merge: start from no_performance(task)") from None
    for part in parts:
        total = total + part
    return total


def performance(
    counts: PerformanceCounts, predictions: int, *, positive: str | None = None, threshold: float = 0.5
) -> Performance:
    """The figures of a window of `predictions` rows; None where undefined. Intervals are at 95 %.

    binary: accuracy, precision, recall and F1 of the stated class where the model states one, else of score ≥
    `threshold`. multiclass: precision and recall averaged over the classes (macro), as F1.
    """
    coverage = min(counts.labelled / predictions, 1.0) if predictions > 0 else 0.0
    base = Performance(labelled=counts.labelled, coverage=coverage)
    if counts.task == "regression":
        return msgspec.structs.replace(
            base,
            **_bounded("mae", mae(counts.regression)),
            rmse=_value(rmse(counts.regression)),
            r2=r2(counts.regression),
            mape=_value(mape(counts.regression)),
            bias=_value(bias(counts.regression)),
            interval_coverage=interval_coverage(counts.regression),
        )
    if counts.task == "multiclass":
        return _with_classes(base, counts.classes)
    scored = msgspec.structs.replace(
        base,
        **_bounded("roc_auc", roc_auc(counts.binary)),
        **_bounded("pr_auc", pr_auc(counts.binary)),
        calibration_error=calibration_error(counts.binary),
        log_loss=_value(log_loss(counts.binary)),
        brier=_value(brier(counts.binary)),
    )
    if counts.classes.rows:
        return _with_positive(scored, counts.classes, positive)
    at = at_threshold(counts.binary, threshold)
    return msgspec.structs.replace(
        scored,
        **_bounded("accuracy", at.accuracy),
        precision=_value(at.precision),
        recall=_value(at.recall),
        f1=at.f1,
    )


def pack_performance(counts: PerformanceCounts) -> bytes:
    """Compressed MessagePack, about 1–3 KB; `unpack_performance` reads it."""
    binary, regression = counts.binary, counts.regression
    packed = _Packed(
        FORMAT,
        counts.task,
        counts.labelled,
        (
            binary.histogram.astype("<i8").tobytes(),
            binary.scores.tolist(),
            binary.sums.tolist(),
            binary.invalid,
        ),
        [(label, predicted, rows) for (label, predicted), rows in counts.classes.pairs.items()],
        (
            regression.center,
            regression.rows,
            regression.nonzero,
            regression.covered,
            regression.interval_rows,
            regression.sums.tolist(),
            regression.invalid,
        ),
        [(column, value, pack_performance(counts)) for (column, value), counts in counts.segments.items()],
    )
    return zlib.compress(msgspec.msgpack.encode(packed), 1)


def unpack_performance(data: bytes) -> PerformanceCounts:
    """Raises ValueError on anything that `pack_performance` of this format didn't write."""
    try:
        packed = msgspec.msgpack.decode(zlib.decompress(data), type=_Packed)
    except (zlib.error, msgspec.MsgspecError) as error:
        raise ValueError(f"not packed performance counts: {error}") from error
    if packed.format != FORMAT:
        raise ValueError(f"packed performance counts of format {packed.format}, this version reads {FORMAT}")
    histogram, scores, sums, invalid = packed.binary
    center, rows, nonzero, covered, interval_rows, error_sums, bad = packed.regression
    return PerformanceCounts(
        packed.task,
        packed.labelled,
        BinaryCounts(
            np.frombuffer(histogram, "<i8").reshape(2, -1).astype(np.int64), np.array(scores), np.array(sums), invalid
        ),
        ClassCounts({(label, predicted): rows for label, predicted, rows in packed.classes}),
        RegressionCounts(center, rows, nonzero, covered, interval_rows, np.array(error_sums), bad),
        {(column, value): unpack_performance(part) for column, value, part in packed.segments},
    )


class _Packed(msgspec.Struct, frozen=True, array_like=True):
    format: int
    task: Task
    labelled: int
    binary: tuple[bytes, list[float], list[float], int]
    classes: list[tuple[str, str, int]]
    regression: tuple[float, int, int, int, int, list[float], int]
    segments: list[tuple[str, str, bytes]] = []


def _labelled(labels: Column) -> int:
    if isinstance(labels, Codes):
        return int(np.count_nonzero(labels.codes != MISSING))
    return int(np.count_nonzero(~np.isnan(labels.values)))


def _with_classes(base: Performance, counts: ClassCounts) -> Performance:
    figures = by_class(counts)
    precisions = [f.precision.value if f.precision else 0.0 for f in figures]
    recalls = [f.recall.value if f.recall else 0.0 for f in figures]
    return msgspec.structs.replace(
        base,
        **_bounded("accuracy", accuracy(counts)),
        precision=sum(precisions) / len(figures) if figures else None,
        recall=sum(recalls) / len(figures) if figures else None,
        f1=macro_f1(counts),
        by_class=[
            ClassPerformance(
                name=f.name, support=f.support, precision=_value(f.precision), recall=_value(f.recall), f1=f.f1
            )
            for f in sorted(figures, key=lambda f: (-f.support, f.name))[:MOST_CLASSES]
        ],
    )


def _with_positive(base: Performance, counts: ClassCounts, positive: str | None) -> Performance:
    wanted = POSITIVE_TEXTS if positive is None else {positive}
    figures = next((f for f in by_class(counts) if f.name in wanted), None)
    return msgspec.structs.replace(
        base,
        **_bounded("accuracy", accuracy(counts)),
        precision=_value(figures.precision) if figures else None,
        recall=_value(figures.recall) if figures else None,
        f1=figures.f1 if figures else None,
    )


def _bounded(name: str, estimate: Estimate | None) -> dict[str, float | None]:
    if estimate is None:
        return {name: None}
    return {name: estimate.value, f"{name}_low": estimate.low, f"{name}_high": estimate.high}


def _value(estimate: Estimate | None) -> float | None:
    return estimate.value if estimate else None
