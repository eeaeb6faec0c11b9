"""A reference built from rows: its features, how they are counted, and how much they vary by themselves."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from functools import cached_property
from itertools import pairwise

import msgspec
import numpy as np
import numpy.typing as npt

from services.contracts.errors import Invalid
from services.monitor.counts.columns import Codes, Column, Columns, Kind, Numbers, as_codes, as_numbers
from services.monitor.counts.counting import BatchCounts, count_columns, merge
from services.monitor.counts.drift import Sample
from services.monitor.counts.grid import CategoricalFeature, Feature, Grid, NumericFeature, after
from services.monitor.counts.packing import pack, unpack
from services.monitor.counts.segments import SegmentGrid
from services.monitor.references.binning import cut
from services.monitor.references.variability import FEWEST_CHUNKS, Variability, chunk_variability, window_variability

VALUES_KEPT = 1_000
"""Most frequent values of a category that are counted by name; the rest share one cell."""

CHUNKS = 10
"""Consecutive parts of the reference whose distance from the rest shows its own variability."""

ROWS_PER_CHUNK = 100
"""A part smaller than this says nothing; fewer than three parts say nothing either."""

MOST_WINDOWS = 1_000
"""Windows of a reference that are counted one by one; a longer one is cut into CHUNKS parts."""

LARGEST_ENCODED = 15 * 1024 * 1024
"""An encoded reference stays below MongoDB's document limit of 16 MiB."""


class FeatureSchema(msgspec.Struct, frozen=True, kw_only=True):
    """What is stated about a feature; None: inferred from the rows. `low`/`high` and `allowed` bound valid values."""

    name: str
    kind: Kind | None = None
    low: float | None = None
    high: float | None = None
    allowed: list[str] | None = None
    nullable: bool = True


class Reference(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """Immutable once built. `counts`: the reference's own rows, counted over its own grid (packed).

    `ignored`: columns that can't be compared, each with the reason. `segments`: columns by whose values rows are
    counted besides. About 0.2 MB encoded for 20 features.
    """

    rows: int
    features: list[Feature]
    counts: bytes
    variability: list[Variability] = []
    ignored: dict[str, str] = {}
    segments: list[str] = []

    @cached_property
    def grid(self) -> Grid:
        return Grid(self.features)

    @cached_property
    def own(self) -> BatchCounts:
        """The reference's rows as counts."""
        return unpack(self.counts)

    @cached_property
    def sample(self) -> Sample:
        return Sample.of(self.own)

    @cached_property
    def segment_grid(self) -> SegmentGrid | None:
        return SegmentGrid(self.grid, self.segments) if self.segments else None

    @property
    def kinds(self) -> Mapping[str, Kind]:
        return self.grid.kinds


def build_reference(
    columns: Columns,
    schema: Sequence[FeatureSchema] = (),
    chunks: int = CHUNKS,
    windows: npt.NDArray[np.int64] | None = None,
    segments: Sequence[str] = (),
) -> Reference:
    """A reference over all columns given (features, prediction score or class, latency: leave out ids and times).

    `windows`: per row the number of its window, where times are known: the reference's own variability is then that of
    windows. Without, rows in event order make the variability meaningful: it is that of `chunks` consecutive parts.
    `segments`: categories by whose values rows are counted besides. Raises Invalid without rows, without a usable
    column, for a stated feature or segment that isn't there, or when the result would not fit a database document.
    """
    if not columns.rows:
        raise Invalid("A reference needs rows.", code="EMPTY_REFERENCE", field="columns", fix="Send at least one row.")
    stated = {feature.name: feature for feature in schema}
    for name in stated:
        if name not in columns.by_name:
            raise Invalid(
                f"The schema states {name!r}, which the rows don't hold.",
                code="UNKNOWN_FEATURE",
                field=f"schema.{name}",
                fix="Leave it out of the schema or send its column.",
            )
    features: list[Feature] = []
    ignored: dict[str, str] = {}
    for name, column in columns.by_name.items():
        made = _feature(name, column, stated.get(name) or FeatureSchema(name=name))
        if isinstance(made, str):
            ignored[name] = made
        else:
            features.append(made)
    if not features:
        raise Invalid(
            "No column holds a usable value.", code="EMPTY_REFERENCE", field="columns", fix=f"Reasons: {ignored}"
        )
    grid = Grid(features)
    categories = [feature.name for feature in grid.categorical]
    for name in segments:
        if name not in categories:
            raise Invalid(
                f"{name!r} is no category of the reference",
                code="BAD_SEGMENT",
                field="segments",
                fix=f"One of: {', '.join(categories[:30]) or 'none is there'}",
            )
    own, variability = _counted(grid, columns, chunks, windows)
    if segments:
        own.segments = SegmentGrid(grid, segments).count(columns)
    reference = Reference(
        rows=columns.rows,
        features=features,
        counts=pack(own),
        variability=variability,
        ignored=ignored,
        segments=list(segments),
    )
    if len(encode_reference(reference)) > LARGEST_ENCODED:
        raise Invalid(
            f"{len(features)} features make a reference too large for the database.",
            code="REFERENCE_TOO_LARGE",
            field="columns",
            fix="Watch fewer features.",
        )
    return reference


def _counted(
    grid: Grid, columns: Columns, chunks: int, windows: npt.NDArray[np.int64] | None
) -> tuple[BatchCounts, list[Variability]]:
    if windows is not None:
        numbers = np.unique(windows)
        if FEWEST_CHUNKS <= len(numbers) <= MOST_WINDOWS:
            order = np.argsort(windows, kind="stable")
            starts = np.searchsorted(windows[order], numbers).tolist()
            parts = [
                (int(number), count_columns(grid, columns.pick(order[start:stop])))
                for number, (start, stop) in zip(numbers, pairwise([*starts, columns.rows]), strict=True)
            ]
            own = merge(counts for _, counts in parts)
            variability = window_variability(grid, own, parts)
            if variability:
                return own, variability
    counted = [count_columns(grid, columns.pick(part)) for part in _parts(columns.rows, chunks)]
    own = merge(counted)
    return own, chunk_variability(grid, own, counted)


def infer_schema(columns: Columns) -> list[FeatureSchema]:
    """What `build_reference` takes each column for when nothing is stated."""
    return [FeatureSchema(name=name, kind=_kind(column)) for name, column in columns.by_name.items()]


def encode_reference(reference: Reference) -> bytes:
    """Compressed MessagePack; `decode_reference` reads it."""
    return zlib.compress(msgspec.msgpack.encode(reference), 1)


def decode_reference(data: bytes) -> Reference:
    """Raises ValueError on anything that `encode_reference` didn't write."""
    try:
        return msgspec.msgpack.decode(zlib.decompress(data), type=Reference)
    except (zlib.error, msgspec.MsgspecError) as error:
        raise ValueError(f"not an encoded reference: {error}") from error


def _kind(column: Column) -> Kind:
    if isinstance(column, Codes):
        return "boolean" if column.boolean else "categorical"
    return "integer" if column.integral else "numeric"


def _feature(name: str, column: Column, schema: FeatureSchema) -> Feature | str:
    """The feature, or why there is none."""
    kind = schema.kind or _kind(column)
    if kind in ("numeric", "integer"):
        return _numeric_feature(name, kind, as_numbers(column), schema)
    return _categorical_feature(name, kind, as_codes(column), schema)


def _numeric_feature(name: str, kind: Kind, column: Numbers, schema: FeatureSchema) -> Feature | str:
    ordered = np.sort(column.values[np.isfinite(column.values)])
    if not len(ordered):
        return "no finite number in the reference"
    bounds = [bound for bound in (schema.low, schema.high) if bound is not None]
    above = [float(after(schema.high))] if schema.high is not None else []
    cuts = cut(ordered, (*bounds, *above))
    with np.errstate(over="ignore", invalid="ignore"):
        center, deviation = float(ordered.mean()), float(ordered.std())
    if not (np.isfinite(center) and np.isfinite(deviation)):  # values near float64's limit: no unit to measure in
        center, deviation = float(ordered[len(ordered) // 2]), 0.0
    return NumericFeature(
        name=name,
        kind=kind,
        edges=cuts.edges.astype("<f8").tobytes(),
        psi_bins=cuts.psi_bins,
        doane_bins=cuts.doane_bins,
        low=float(ordered[0]) if schema.low is None else schema.low,
        high=float(ordered[-1]) if schema.high is None else schema.high,
        center=center,
        deviation=deviation,
        distinct=cuts.distinct,
        nullable=schema.nullable,
    )


def _categorical_feature(name: str, kind: Kind, column: Codes, schema: FeatureSchema) -> Feature | str:
    by_code = np.bincount(column.codes + 1, minlength=len(column.values) + 1)[1:]
    seen = sorted(np.flatnonzero(by_code).tolist(), key=lambda code: (-int(by_code[code]), column.values[code]))
    values = list(dict.fromkeys(column.values[code] for code in seen))
    if not values:
        return "no value in the reference"
    kept = values[:VALUES_KEPT]
    if kind == "boolean":
        kept = list(dict.fromkeys((*kept, "false", "true")))
    kept.extend(value for value in dict.fromkeys(schema.allowed or ()) if value not in kept)
    return CategoricalFeature(
        name=name,
        kind=kind,
        values=kept,
        capped=len(values) > VALUES_KEPT,
        allowed=schema.allowed,
        nullable=schema.nullable,
    )


def _parts(rows: int, chunks: int) -> list[slice]:
    parts = min(chunks, rows // ROWS_PER_CHUNK) or 1
    bounds = np.linspace(0, rows, parts + 1).astype(int).tolist()
    return [slice(start, stop) for start, stop in pairwise(bounds)]
