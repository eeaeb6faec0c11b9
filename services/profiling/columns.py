"""One column, batch by batch: numbers, times, and everything that is told apart by its text."""

from __future__ import annotations

import math

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from services.contracts.profiles import ColumnProfile, ColumnType, ValueCount
from services.profiling.hashing import Digests, as_text, is_encoded, text_digests
from services.profiling.sketches import Frequent, Histogram, Sample, Smallest

DISTINCT_SIZE = 4096
BINS = 40
TOP_OF_CATEGORIES = 100
TOP_OF_OTHERS = 10
VALUE_LENGTH = 100
FEW_VALUES = 1000
"""Numbers with more different values than this have no top ones; texts with more are no categories."""
PROBABILITIES = (0.0, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 1.0)
FENCE = 1.5
"""Interquartile ranges beyond the quartiles: Tukey, Exploratory Data Analysis, 1977."""


class NumberColumn:
    """Numbers, booleans excepted, and moments in seconds since 1970."""

    def __init__(self, field: pa.Field, sample: int, random: np.random.Generator) -> None:
        self.field = field
        self.rows = self.missing = self.infinite = 0
        self._mean = self._squares = 0.0
        self._count = 0
        self._low, self._high = math.inf, -math.inf
        self._distinct = Smallest(DISTINCT_SIZE)
        self._sample = Sample(sample, random)
        self._histogram = Histogram()
        self._top: Frequent | None = Frequent(FEW_VALUES)

    def add(self, column: pa.Array, digests: Digests) -> NDArray[np.float64]:
        """Takes the batch in; returns its values, NaN where there is no finite one."""
        values = numbers(column)
        finite = np.isfinite(values)
        infinite = int(np.isinf(values).sum())
        self.rows += len(values)
        self.infinite += infinite
        self.missing += len(values) - int(finite.sum()) - infinite
        there = values[finite]
        self._distinct.add(digests[~np.isnan(values)])
        if len(there):
            self._moments(there)
            self._low, self._high = min(self._low, float(there.min())), max(self._high, float(there.max()))
            self._sample.add(there)
            self._histogram.add(there)
            self._frequent(there)
        return np.where(finite, values, np.nan)

    def _moments(self, there: NDArray[np.float64]) -> None:
        """Chan, Golub and LeVeque's pairwise update (1979)."""
        with np.errstate(over="ignore", invalid="ignore"):
            count, mean = len(there), float(there.mean())
            squares = float(((there - mean) ** 2).sum())
            total = self._count + count
            delta = mean - self._mean
            self._mean += delta * count / total
            self._squares += squares + delta * delta * self._count * count / total
            self._count = total

    def _frequent(self, there: NDArray[np.float64]) -> None:
        if self._top is None:
            return
        values, counts = np.unique(there, return_counts=True)
        if len(values) <= FEW_VALUES:
            names = pa.array([_plain(value) for value in values], pa.large_string())
            self._top.add(names, text_digests(names), counts)
        if len(values) > FEW_VALUES or not self._top.complete:
            self._top = None

    def profile(self) -> ColumnProfile:
        ordered = self._sample.sorted()
        low, high, outliers = fences(ordered)
        share = outliers / len(ordered) if len(ordered) else 0.0
        edges, counts = self._histogram.bins(BINS)
        kind = self.field.type
        return ColumnProfile(
            name=self.field.name,
            type=_type_of(kind),
            stored_as=str(kind),
            rows=self.rows,
            missing=self.missing,
            distinct=min(self._distinct.estimate(), self.rows - self.missing),
            distinct_approximate=not self._distinct.complete,
            infinite=self.infinite,
            mean=_finite(self._mean) if self._count else None,
            deviation=_finite(math.sqrt(self._squares / (self._count - 1))) if self._count > 1 else None,
            minimum=self._low if self._count else None,
            maximum=self._high if self._count else None,
            quantiles=self._quantiles(ordered),
            quantiles_approximate=not self._sample.complete,
            edges=edges,
            counts=counts,
            outliers=outliers if self._sample.complete else round(share * self._count),
            outliers_approximate=not self._sample.complete,
            low_fence=low,
            high_fence=high,
            top=[] if self._top is None else _top(self._top, TOP_OF_CATEGORIES if _is_whole(kind) else TOP_OF_OTHERS),
        )

    def _quantiles(self, ordered: NDArray[np.float64]) -> dict[str, float]:
        if not len(ordered):
            return {}
        found = {f"{p:g}": float(np.quantile(ordered, p)) for p in PROBABILITIES}
        return {**found, "0": self._low, "1": self._high}


class TextColumn:
    """Texts, categories, booleans, and whatever else can be written down."""

    def __init__(self, field: pa.Field, values: int) -> None:
        self.field = field
        self.rows = self.missing = 0
        self._distinct = Smallest(DISTINCT_SIZE)
        self._frequent = Frequent(values)
        self._shortest: int | None = None
        self._longest: int | None = None

    def add(self, column: pa.Array, digests: Digests) -> None:
        self.rows += len(column)
        self.missing += column.null_count
        self._distinct.add(digests[np.asarray(column.is_valid())] if column.null_count else digests)
        if not is_encoded(column.type):
            column = as_text(column.dictionary_decode() if pa.types.is_dictionary(column.type) else column)
            column = column.dictionary_encode()
        texts, there = column.dictionary, np.asarray(column.is_valid())
        if not len(texts):
            return
        places = column.indices.drop_null().to_numpy()
        of_texts = np.zeros(len(texts), dtype=np.uint64)
        of_texts[places] = digests[there]
        lengths = pc.min_max(pc.utf8_length(texts)).as_py()
        self._shortest = min(lengths["min"], lengths["min"] if self._shortest is None else self._shortest)
        self._longest = max(lengths["max"], self._longest or 0)
        if lengths["max"] > VALUE_LENGTH:
            texts = pc.utf8_slice_codeunits(texts, 0, VALUE_LENGTH)
            of_texts = text_digests(texts)
        self._frequent.add(texts, of_texts, np.bincount(places, minlength=len(texts)))

    def profile(self) -> ColumnProfile:
        distinct = min(self._distinct.estimate(), self.rows - self.missing)
        kind = self.field.type
        boolean = pa.types.is_boolean(kind)
        textual = pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_dictionary(kind)
        few = distinct <= FEW_VALUES and distinct <= max((self.rows - self.missing) / 2, 1)
        found: ColumnType = "boolean" if boolean else "other" if not textual else "category" if few else "text"
        return ColumnProfile(
            name=self.field.name,
            type=found,
            stored_as=str(kind),
            rows=self.rows,
            missing=self.missing,
            distinct=distinct,
            distinct_approximate=not self._distinct.complete,
            top=_top(self._frequent, TOP_OF_CATEGORIES if few else TOP_OF_OTHERS),
            top_approximate=not self._frequent.complete,
            shortest=self._shortest,
            longest=self._longest,
        )


def is_number(kind: pa.DataType) -> bool:
    """Whether a column of this type has a mean: numbers, and moments as seconds."""
    return bool(
        pa.types.is_integer(kind)
        or pa.types.is_floating(kind)
        or pa.types.is_decimal(kind)
        or pa.types.is_timestamp(kind)
        or pa.types.is_date(kind)
    )


def numbers(column: pa.Array) -> NDArray[np.float64]:
    """As floats, NaN where there is none; moments as seconds since 1970."""
    kind = column.type
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        moments = column.cast(pa.timestamp("us"), safe=False).cast(pa.int64()).cast(pa.float64(), safe=False)
        return np.asarray(moments.to_numpy(zero_copy_only=False), dtype=np.float64) / 1e6
    return np.asarray(column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False), dtype=np.float64)


def fences(ordered: NDArray[np.float64]) -> tuple[float | None, float | None, int]:
    """Tukey's fences of sorted values, and how many lie outside of them."""
    if not len(ordered):
        return None, None, 0
    with np.errstate(over="ignore", invalid="ignore"):
        first, third = np.quantile(ordered, [0.25, 0.75])
        low, high = first - FENCE * (third - first), third + FENCE * (third - first)
    if not (math.isfinite(low) and math.isfinite(high)):
        return None, None, 0
    inside = np.searchsorted(ordered, high, "right") - np.searchsorted(ordered, low, "left")
    return float(low), float(high), len(ordered) - int(inside)


def _type_of(kind: pa.DataType) -> ColumnType:
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        return "time"
    return "integer" if pa.types.is_integer(kind) else "number"


def _is_whole(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind))


def _top(frequent: Frequent, count: int) -> list[ValueCount]:
    return [ValueCount(value=value, count=number) for value, number in frequent.top(count)]


def _plain(value: float) -> str:
    return str(int(value)) if value == math.floor(value) and abs(value) < 1e15 else repr(float(value))


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
