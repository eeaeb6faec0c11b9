"""Samples of rows as numbers, which add up; and drift in how features hang together, by reconstruction error."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

from services.contracts.monitor import MultivariateDrift
from services.monitor.counts.columns import Codes, Columns, Numbers
from services.monitor.counts.grid import NumericFeature
from services.monitor.references.rules import Reference
from services.monitor.versions.rules import OUTPUT_MARK

WINDOW_ROWS: Final = 256
REFERENCE_ROWS: Final = 2_000
MOST_DEVIATIONS: Final = 10.0
"""Values count as no farther from the reference's mean: one broken value doesn't make a window."""
EXPLAINED: Final = 0.65
"""Share of the variance that is kept (NannyML's default)."""
FEWEST_ROWS: Final = 100
DRIFT_Z: Final = 5.0
DRIFT_EFFECT: Final = 0.1
"""Drift: a mean error so many standard errors from the reference's, and by so much of it, either way."""
WANDER_FACTOR: Final = 1.25
WANDER_CHANCE: Final = 2.5
"""And by so many times the farthest that one of the reference's own windows lies from the whole, beyond so many
standard errors of it (as for single features, detectors/effect.py)."""
FEWEST_WINDOWS: Final = 3
FORMAT: Final = 1

Hashes = npt.NDArray[np.uint64]
Rows = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class RowSample:
    """`hashes` (k,) ascending, of the ids; `rows` (k, F): numbers in deviations from the reference's mean, categories
    by how frequent they are there (standardised); 0 where missing."""

    hashes: Hashes
    rows: Rows

    def __len__(self) -> int:
        return len(self.hashes)


def sampled(reference: Reference, ids: Hashes, columns: Columns, most: int = WINDOW_ROWS) -> RowSample:
    """The rows with the lowest hashes: a random sample that is the same however batches are cut and merged."""
    unique, first = np.unique(ids, return_index=True)
    chosen = first[:most]
    return RowSample(unique[:most], encoded(reference, columns.pick(chosen)))


def merged(a: RowSample, b: RowSample, most: int = WINDOW_ROWS) -> RowSample:
    hashes, first = np.unique(np.concatenate([a.hashes, b.hashes]), return_index=True)
    return RowSample(hashes[:most], np.concatenate([a.rows, b.rows])[first[:most]])


def encoded(reference: Reference, columns: Columns) -> Rows:
    """(n, F) in the reference's order of features; a column that isn't there, or is an output of the model, is 0."""
    made = np.zeros((columns.rows, len(reference.features)), dtype=np.float32)
    categories = {feature.name: i for i, feature in enumerate(reference.grid.categorical)}
    for position, feature in enumerate(reference.features):
        column = None if feature.name.startswith(OUTPUT_MARK) else columns.by_name.get(feature.name)
        if isinstance(feature, NumericFeature):
            if isinstance(column, Numbers) and feature.deviation > 0:
                with np.errstate(invalid="ignore", over="ignore"):
                    values = (column.values - feature.center) / feature.deviation
                values = np.nan_to_num(values, nan=0.0, posinf=MOST_DEVIATIONS, neginf=-MOST_DEVIATIONS)
                made[:, position] = np.clip(values, -MOST_DEVIATIONS, MOST_DEVIATIONS)
        elif isinstance(column, Codes):
            counts = reference.own.categories[categories[feature.name]][: len(feature.values)].astype(np.float64)
            share = counts / max(counts.sum(), 1.0)
            mean = float(share @ share)
            spread = float(np.sqrt(max(share @ (share - mean) ** 2, 0.0)))
            if spread > 0:
                worth = dict(zip(feature.values, ((share - mean) / spread).tolist(), strict=True))
                lookup = np.array([*(worth.get(text, -mean / spread) for text in column.values), 0.0])
                made[:, position] = np.clip(lookup[column.codes], -MOST_DEVIATIONS, MOST_DEVIATIONS)
    return made


@dataclass(frozen=True, slots=True, eq=False)
class Principal:
    """Principal components of a reference's sample. `components` (C, F), `mean` (F,), `error` and its `deviation`: of
    the sample's own rows, cross-fitted so that they compare with new rows. `wander`: see `own_wander`."""

    mean: npt.NDArray[np.float64]
    components: npt.NDArray[np.float64]
    error: float
    deviation: float
    rows: int
    wander: float = 0.0


def principal(sample: RowSample, wander: float = 0.0) -> Principal | None:
    """None with too few rows, or features that don't vary. Source: NannyML, data reconstruction with PCA."""
    rows = sample.rows.astype(np.float64)
    if len(rows) < FEWEST_ROWS or rows.shape[1] < 2:
        return None
    whole = _components(rows)
    if whole is None:
        return None
    halves = rows[::2], rows[1::2]
    fits = [
        _components(half, len(whole[1])) for half in halves
    ]  # with one component more or less, errors don't compare
    if fits[0] is None or fits[1] is None:
        return None
    errors = np.concatenate([_errors(halves[1], *fits[0]), _errors(halves[0], *fits[1])])
    return Principal(*whole, float(errors.mean()), float(errors.std(ddof=1)), len(rows), wander)


def own_wander(model: Principal, windows: Iterable[Rows]) -> float:
    """How far the farthest of the reference's own windows, each by (n, F) encoded rows, lies from the whole beyond
    chance: that is nothing new. 0 with fewer than FEWEST_WINDOWS of FEWEST_ROWS rows."""
    beyond = []
    for rows in windows:
        if len(rows) >= FEWEST_ROWS:
            errors = _errors(rows.astype(np.float64), model.mean, model.components)
            chance = WANDER_CHANCE * float(errors.std(ddof=1)) / len(errors) ** 0.5
            beyond.append(max((float(errors.mean()) - model.error) ** 2 - chance**2, 0.0))
    return max(beyond) ** 0.5 if len(beyond) >= FEWEST_WINDOWS else 0.0


def multivariate(model: Principal, sample: RowSample) -> MultivariateDrift | None:
    """How well the window's rows fit how the reference's features hang together; None with too few rows."""
    if len(sample) < FEWEST_ROWS or sample.rows.shape[1] != len(model.mean):
        return None
    errors = _errors(sample.rows.astype(np.float64), model.mean, model.components)
    error = float(errors.mean())
    # A sample that happens to hold none of the rare far rows looks too sure of itself: never below the reference's.
    deviation = max(model.deviation, float(errors.std(ddof=1)))
    spread = np.sqrt(model.deviation**2 / model.rows + deviation**2 / len(errors))
    z = (error - model.error) / float(spread) if spread > 0 else 0.0
    limit = max(DRIFT_EFFECT * model.error, WANDER_FACTOR * model.wander)
    drifted = abs(z) >= DRIFT_Z and abs(error - model.error) >= limit
    return MultivariateDrift(
        rows=len(sample), error=error, expected=model.error, z=z, drifted=bool(drifted), limit=limit
    )


def pack_sample(sample: RowSample) -> bytes:
    packed = (FORMAT, sample.hashes.astype("<u8").tobytes(), sample.rows.astype("<f4").tobytes())
    return zlib.compress(msgspec.msgpack.encode(packed), 1)


def unpack_sample(data: bytes) -> RowSample:
    """Raises ValueError on anything that `pack_sample` didn't write."""
    try:
        form, hashes, rows = msgspec.msgpack.decode(zlib.decompress(data), type=tuple[int, bytes, bytes])
    except (zlib.error, msgspec.MsgspecError) as error:
        raise ValueError(f"not a packed sample: {error}") from error
    if form != FORMAT:
        raise ValueError(f"a packed sample of format {form}, this version reads {FORMAT}")
    ids = np.frombuffer(hashes, "<u8").astype(np.uint64)
    return RowSample(ids, np.frombuffer(rows, "<f4").reshape(len(ids), -1).astype(np.float32))


def _components(
    rows: npt.NDArray[np.float64], kept: int | None = None
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]] | None:
    """The mean and the first `kept` components; None: as many as explain EXPLAINED. None for rows that don't vary."""
    mean = rows.mean(axis=0)
    _, singular, components = np.linalg.svd(rows - mean, full_matrices=False)
    variance = singular**2
    total = float(variance.sum())
    if total <= 0:
        return None
    if kept is None:
        kept = int(np.searchsorted(np.cumsum(variance) / total, EXPLAINED)) + 1
    return mean, components[: min(kept, rows.shape[1] - 1)]


def _errors(
    rows: npt.NDArray[np.float64], mean: npt.NDArray[np.float64], components: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Euclidean distance of each row from its reconstruction."""
    centred = rows - mean
    rest = centred - centred @ components.T @ components
    result: npt.NDArray[np.float64] = np.sqrt((rest * rest).sum(axis=1))
    return result
