"""A reference's rows and options from an HTTP request, made into a reference."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

from services.contracts.errors import Invalid
from services.monitor.batches.identities import read_times
from services.monitor.batches.outcomes import class_column, read_value
from services.monitor.batches.predictions import BOUNDS, reserved_name
from services.monitor.batches.tables import Rows
from services.monitor.counts.columns import MISSING, Column, Columns, Kind, Numbers, as_codes
from services.monitor.counts.segments import VALUES
from services.monitor.labels.rules import segments_of
from services.monitor.performance.rules import PerformanceCounts, Task, count_performance, pack_performance
from services.monitor.references.rules import CHUNKS, FeatureSchema, Reference, build_reference
from services.monitor.samples.rules import (
    REFERENCE_ROWS,
    WINDOW_ROWS,
    RowSample,
    encoded,
    own_wander,
    pack_sample,
    principal,
)
from services.monitor.versions.rules import HIGH, LABEL, LOW, OUTPUT_MARK, PREDICTION, SCORE, ActiveReference
from services.monitor.windows.rules import split_rows

SHORTEST_WINDOW_MS: Final = 1_000
LONGEST_WINDOW_MS: Final = 366 * 24 * 3600 * 1000
LONGEST_LATENESS_MS: Final = 3600 * 1000
MOST_SEGMENTS: Final = 3
LATENESS_SHARE: Final = 0.1
"""Default allowed lateness: a tenth of the window, at most an hour."""

_DURATION = re.compile(r"(\d{1,9})(ms|s|m|h|d)")
_UNITS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_TASKS: dict[str, Task] = {"binary": "binary", "multiclass": "multiclass", "regression": "regression"}
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._ -]{0,127}")


class ReferenceOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What the query of a PUT says; `score`, `prediction`, `label`, `id`, `timestamp` name columns of the rows."""

    window: str = "1d"
    lateness: str | None = None
    task: str = "binary"
    score: str = "score"
    prediction: str = "prediction"
    label: str = "label"
    id: str = "id"
    timestamp: str = "timestamp"
    positive: str | None = None
    segments: str = ""
    schema: str = ""
    multivariate: str = "off"


def duration_ms(text: str, field: str) -> int:
    """`30s`, `5m`, `1h`, `1d` in milliseconds. Raises Invalid."""
    match = _DURATION.fullmatch(text)
    if match is None:
        raise Invalid(
            f"{text!r} is no duration", code="BAD_DURATION", field=field, fix="Write 30s, 5m, 1h or 1d, for example."
        )
    return int(match[1]) * _UNITS[match[2]]


def checked_name(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise Invalid(
            f"{name!r} can't name a reference",
            code="BAD_NAME",
            field="reference",
            fix="Use up to 128 letters, digits, dots, dashes, spaces and underscores.",
        )
    return name


def made_reference(
    rows: Rows, name: str, options: ReferenceOptions, reference_id: str, now: datetime
) -> ActiveReference:
    """Builds the reference from all columns but ids, times and labels. Takes seconds for millions of rows."""
    task = _TASKS.get(options.task)
    if task is None:
        raise Invalid(
            f"{options.task!r} is no task", code="BAD_TASK", field="task", fix=f"One of: {', '.join(_TASKS)}."
        )
    window_ms = duration_ms(options.window, "window")
    if not SHORTEST_WINDOW_MS <= window_ms <= LONGEST_WINDOW_MS:
        raise Invalid("a window lasts between 1 s and 366 d", code="OUT_OF_RANGE", field="window", fix="Try 1d.")
    if options.lateness is None:
        lateness_ms = min(int(window_ms * LATENESS_SHARE), LONGEST_LATENESS_MS)
    else:
        lateness_ms = duration_ms(options.lateness, "lateness")
    aside = {options.id, options.timestamp, options.label, options.score, options.prediction}
    if task == "regression":
        aside.update(BOUNDS.values())
    for column in rows.names:
        if column.startswith(OUTPUT_MARK):
            raise reserved_name(column)
    features = [column for column in rows.names if column not in aside]
    if not features:
        raise Invalid(
            "there is no feature column", code="EMPTY_REFERENCE", field="columns", fix="Send the model's inputs, too."
        )
    columns: dict[str, Column] = dict(rows.columns(features).by_name)
    outputs = _outputs(rows, options, task)
    columns.update(outputs)
    windows = None
    if options.timestamp in rows.names:
        windows = read_times(rows, int(now.timestamp() * 1000), options.timestamp) // window_ms
    segments = _segments(options)
    reference = build_reference(Columns(rows.rows, columns), stated(options), windows=windows, segments=segments)
    for output in outputs:
        if output in reference.ignored:
            raise Invalid(
                f"the column of {output.removeprefix(OUTPUT_MARK)}s is empty: {reference.ignored[output]}",
                code="EMPTY_OUTPUT",
                field=f"columns.{output.removeprefix(OUTPUT_MARK)}",
                fix="Send the model's outputs for the reference rows, or leave the column out.",
            )
    center = _center(rows, options, task, outputs)
    sample, wander = _sample(rows, options, reference, windows)
    return ActiveReference(
        id=reference_id,
        name=name,
        set_at=now,
        window_ms=window_ms,
        lateness_ms=lateness_ms,
        task=task,
        positive=options.positive,
        center=center,
        reference=reference,
        performance=_performance(rows, options, task, outputs, center, reference),
        segments=segments,
        sample=sample,
        sample_wander=wander,
    )


class _Stated(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the option `schema` says of a feature."""

    kind: Kind | None = None
    low: float | None = None
    high: float | None = None
    allowed: list[str] | None = None
    nullable: bool = True


def stated(options: ReferenceOptions) -> list[FeatureSchema]:
    """`{"temp": {"low": -40, "high": 60, "nullable": false}, "site": {"kind": "categorical", "allowed": ["north"]}}`.

    Raises Invalid.
    """
    if not options.schema:
        return []
    try:
        found = msgspec.json.decode(options.schema, type=dict[str, _Stated])
    except msgspec.DecodeError as error:
        raise Invalid(
            f"the schema can't be read: {error}",
            code="BAD_SCHEMA",
            field="schema",
            fix='Write {"FEATURE": {"kind": "numeric", "low": 0, "high": 1, "allowed": ["a"], "nullable": false}}.',
        ) from error
    for name, feature in found.items():
        if feature.low is not None and feature.high is not None and feature.low > feature.high:
            raise Invalid(
                f"{name!r} can't lie between {feature.low:g} and {feature.high:g}", code="BAD_SCHEMA", field="schema"
            )
    return [FeatureSchema(name=name, **msgspec.structs.asdict(feature)) for name, feature in found.items()]


def _segments(options: ReferenceOptions) -> list[str]:
    """Names of the columns by whose values rows are told apart, as stated."""
    names = [name for name in (part.strip() for part in options.segments.split(",")) if name]
    if len(names) > MOST_SEGMENTS:
        raise Invalid(f"at most {MOST_SEGMENTS} segment columns", code="TOO_MANY_SEGMENTS", field="segments")
    for name in names:
        if name.startswith(OUTPUT_MARK):
            raise reserved_name(name)
    return list(dict.fromkeys(names))


def _sample(
    rows: Rows, options: ReferenceOptions, reference: Reference, windows: npt.NDArray[np.int64] | None
) -> tuple[bytes | None, float]:
    """Evenly spaced rows, packed, if multivariate drift is wanted, and how far the rows' own windows (else ten
    consecutive parts) lie from them."""
    if options.multivariate not in ("on", "off"):
        raise Invalid("multivariate is on or off", code="OUT_OF_RANGE", field="multivariate")
    if options.multivariate == "off":
        return None, 0.0
    chosen = np.unique(np.linspace(0, rows.rows - 1, min(REFERENCE_ROWS, rows.rows)).astype(np.intp))
    names = [feature.name for feature in reference.features if not feature.name.startswith(OUTPUT_MARK)]
    columns = rows.columns(names)
    sample = RowSample(np.arange(len(chosen), dtype=np.uint64), encoded(reference, columns.pick(chosen)))
    model = principal(sample)
    if model is None:
        return pack_sample(sample), 0.0
    if windows is None:
        windows = np.arange(rows.rows) * CHUNKS // max(rows.rows, 1)
    parts = (encoded(reference, columns.pick(_evenly(which))) for _, which in split_rows(windows, 1))
    return pack_sample(sample), own_wander(model, parts)


def _evenly(which: slice | npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
    """At most WINDOW_ROWS of these rows."""
    rows = np.arange(which.start, which.stop) if isinstance(which, slice) else which
    return rows[np.unique(np.linspace(0, len(rows) - 1, min(WINDOW_ROWS, len(rows))).astype(np.intp))]


def _outputs(rows: Rows, options: ReferenceOptions, task: Task) -> dict[str, Column]:
    outputs: dict[str, Column] = {}
    if options.score in rows.names:
        outputs[SCORE] = read_value(rows, options.score)
    if options.prediction in rows.names:
        outputs[PREDICTION] = (
            read_value(rows, options.prediction)
            if task == "regression"
            else class_column(rows, options.prediction, task, options.positive)
        )
    if not outputs:
        raise Invalid(
            f"neither a column {options.score!r} (score) nor {options.prediction!r} (prediction) is there",
            code="MISSING_COLUMN",
            field="score",
            fix="Send the model's outputs for the reference rows; name their columns with score= and prediction=.",
        )
    _present(outputs, rows, options)
    return outputs


def _present(outputs: dict[str, Column], rows: Rows, options: ReferenceOptions) -> None:
    """A task's own output must be there: without it no figure of performance can follow."""
    if options.task == "binary":
        return
    if PREDICTION not in outputs:
        raise Invalid(
            f"a {options.task} model's rows need the column {options.prediction!r}",
            code="MISSING_COLUMN",
            field=f"columns.{options.prediction}",
            fix="Send the predicted class or value; name its column with prediction=.",
        )


def _performance(
    rows: Rows, options: ReferenceOptions, task: Task, outputs: dict[str, Column], center: float, reference: Reference
) -> bytes | None:
    """Packed counts of the rows that have a label: what later performance is compared with. None without any."""
    if options.label not in rows.names:
        return None
    if task == "regression":
        label: Column = read_value(rows, options.label)
    else:
        label = class_column(rows, options.label, task, options.positive)
    known = ~np.isnan(label.values) if isinstance(label, Numbers) else label.codes != MISSING
    if not known.any():
        return None
    bounds = {
        mark: read_value(rows, name) for mark, name in BOUNDS.items() if task == "regression" and name in rows.names
    }
    inside = Columns(rows.rows, {LABEL: label, **outputs, **bounds}).pick(np.flatnonzero(known))

    def counted(columns: Columns) -> PerformanceCounts:
        by_name = columns.by_name
        return count_performance(
            task,
            by_name[LABEL],
            score=by_name.get(SCORE),
            predicted=by_name.get(PREDICTION),
            low=by_name.get(LOW),
            high=by_name.get(HIGH),
            positive=options.positive,
            center=center,
        )

    counts = counted(inside)
    told_apart = {feature.name: feature.values[:VALUES] for feature in reference.grid.categorical}
    for name in reference.segments:
        column = as_codes(rows.columns([name], {name: "categorical"}).by_name[name]).pick(np.flatnonzero(known))
        for value, which in segments_of(column, told_apart[name]):
            counts.segments[name, value] = counted(inside.pick(which))
    return pack_performance(counts)


def _center(rows: Rows, options: ReferenceOptions, task: Task, outputs: dict[str, Column]) -> float:
    if task != "regression":
        return 0.0
    known = read_value(rows, options.label) if options.label in rows.names else outputs[PREDICTION]
    assert isinstance(known, Numbers)
    values = known.values[np.isfinite(known.values)]
    return float(values.mean()) if len(values) else 0.0
