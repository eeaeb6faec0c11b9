"""The profile of a table that comes in batches, in memory that doesn't grow with its rows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from services.contracts.errors import Invalid, TooLarge
from services.contracts.profiles import MAX_PROFILE_COLUMNS, SKETCH_SIZE, Profile
from services.profiling.columns import NumberColumn, TextColumn, is_number
from services.profiling.correlations import Correlations
from services.profiling.hashing import digests_of, encoded, row_digests
from services.profiling.sketches import Smallest

SAMPLE = 100_000
LEAST_SAMPLE = 2_000
SAMPLED_VALUES = 5_000_000
"""Values kept over all columns (80 MB); a table with more than fifty numeric columns keeps fewer of each."""
TRACKED = 20_000
LEAST_TRACKED = 1_000
TRACKED_VALUES = 1_000_000


class Profiler:
    """`add` each batch, then ask for `profile`, `rows` and `keys`."""

    def __init__(self, schema: pa.Schema, *, keys: Sequence[str] = (), target: str | None = None) -> None:
        """Raises Invalid for keys or a target that no column has, or names that occur twice, TooLarge for too many
        columns."""
        self._check(schema, keys, target)
        self.schema = schema
        self.rows = 0
        self.row_digests = Smallest(SKETCH_SIZE)
        self.key_digests = Smallest(SKETCH_SIZE) if keys else None
        self._keys = list(keys)
        self._target = target
        self._columns = _columns(schema)
        self._numeric = [field.name for field in schema if is_number(field.type)]
        self._correlations = Correlations(self._numeric)

    @staticmethod
    def _check(schema: pa.Schema, keys: Sequence[str], target: str | None) -> None:
        names = schema.names
        if not names:
            raise Invalid("the table has no columns", field="columns")
        if len(names) > MAX_PROFILE_COLUMNS:
            raise TooLarge(f"{len(names)} columns; the most is {MAX_PROFILE_COLUMNS}", field="columns")
        twice = sorted({name for name in names if names.count(name) > 1}) if len(set(names)) < len(names) else []
        if twice:
            raise Invalid(f"several columns are called {twice[0]!r}", field="columns", fix="Give each its own name.")
        for field, wanted in (("keys", keys), ("target", [target] if target else [])):
            absent = [name for name in wanted if name not in names]
            if absent:
                raise Invalid(f"there is no column {absent[0]!r}", field=field, fix=f"The columns are: {_few(names)}.")

    def add(self, batch: pa.RecordBatch) -> None:
        columns = [encoded(column) for column in batch.columns]
        digests = [digests_of(column) for column in columns]
        names = self.schema.names
        self.rows += batch.num_rows
        rows = row_digests(digests, names)
        self.row_digests.add(rows)
        if self.key_digests is not None:
            chosen = [(found, name) for found, name in zip(digests, names, strict=True) if name in self._keys]
            self.key_digests.add(row_digests([found for found, _ in chosen], [name for _, name in chosen]))
        values = []
        for accumulator, column, found in zip(self._columns, columns, digests, strict=True):
            taken = accumulator.add(column, found)
            if taken is not None:
                values.append(taken)
        self._correlations.add(values)

    def profile(self) -> Profile:
        columns = [column.profile() for column in self._columns]
        return Profile(
            rows=self.rows,
            column_count=len(columns),
            missing_cells=sum(column.missing for column in columns),
            columns=columns,
            correlations=self._correlations.strongest(),
            correlated_columns=len(self._correlations.names),
            duplicate_rows=self._duplicates(),
            duplicates_approximate=not self.row_digests.complete,
            target=self._target,
        )

    def _duplicates(self) -> int:
        """Repeats of earlier rows; an estimate within three standard errors of none counts as none."""
        found = max(self.rows - self.row_digests.estimate(), 0)
        noise = 0.0 if self.row_digests.complete else 3 * self.rows / SKETCH_SIZE**0.5
        return found if found > noise else 0


def _columns(schema: pa.Schema) -> list[NumberColumn | TextColumn]:
    numeric = sum(is_number(field.type) for field in schema)
    sample = int(np.clip(SAMPLED_VALUES // max(numeric, 1), LEAST_SAMPLE, SAMPLE))
    tracked = int(np.clip(TRACKED_VALUES // max(len(schema) - numeric, 1), LEAST_TRACKED, TRACKED))
    random = np.random.default_rng(0)  # the same file always has the same profile
    return [
        NumberColumn(field, sample, random) if is_number(field.type) else TextColumn(field, tracked) for field in schema
    ]


def _few(names: Sequence[str]) -> str:
    return ", ".join(names[:20]) + (f" and {len(names) - 20} more" if len(names) > 20 else "")
