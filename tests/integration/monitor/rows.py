"""Rows for tests: a reference, predictions and labels of a made-up binary model, in all forms that go over HTTP."""

from __future__ import annotations

import io
from collections.abc import Mapping
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

ARROW = "application/vnd.apache.arrow.stream"
HOUR = 3_600_000
START = int(datetime(2026, 3, 1, tzinfo=UTC).timestamp() * 1000)
"""First event time of predictions, in milliseconds."""


def reference(rows: int = 2_000, seed: int = 7) -> pa.Table:
    """temp, load (numeric), site (category), with score, prediction and label."""
    made = np.random.default_rng(seed)
    score = made.uniform(size=rows)
    return pa.table(
        {
            "temp": made.normal(20, 5, rows),
            "load": made.integers(0, 100, rows),
            "site": made.choice(["north", "south", "west"], rows),
            "score": score,
            "prediction": (score >= 0.5).astype(np.int64),
            "label": (made.uniform(size=rows) < score).astype(np.int64),
        }
    )


def predictions(
    rows: int, *, first: int = 0, at: int = START, every_ms: int = 1_000, shift: float = 0.0, seed: int = 11
) -> pa.Table:
    """Ids `r{first}` and on, `every_ms` apart from `at` on; `shift` moves temp by so many degrees."""
    made = np.random.default_rng([seed, first])
    score = made.uniform(size=rows)
    return pa.table(
        {
            "id": [f"r{i}" for i in range(first, first + rows)],
            "timestamp": at + np.arange(rows) * every_ms,
            "score": score,
            "prediction": (score >= 0.5).astype(np.int64),
            "temp": made.normal(20 + shift, 5, rows),
            "load": made.integers(0, 100, rows),
            "site": made.choice(["north", "south", "west"], rows),
        }
    )


def labels(sent: pa.Table, *, seed: int = 13) -> pa.Table:
    """A label for each prediction, likelier 1 the higher its score."""
    made = np.random.default_rng(seed)
    label = (made.uniform(size=sent.num_rows) < sent["score"].to_numpy()).astype(np.int64)
    return pa.table({"id": sent["id"], "label": label})


def arrow(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


def parquet(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    pyarrow.parquet.write_table(table, sink)
    return sink.getvalue()


def csv(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    pyarrow.csv.write_csv(table, sink)
    return sink.getvalue()


def json_columns(
    table: pa.Table, outer: tuple[str, ...] = ("id", "timestamp", "score", "prediction", "label")
) -> Mapping[str, object]:
    """The JSON form: features in an object of their own."""
    columns = table.to_pydict()
    body: dict[str, object] = {name: columns.pop(name) for name in outer if name in columns}
    if columns:
        body["features"] = columns
    return body
