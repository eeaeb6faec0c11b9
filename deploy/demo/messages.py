"""What is sent to the monitor: the reference, and batches of predictions and labels, as Arrow tables."""

from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from deploy.demo.flights import FEATURES, ID, LABEL, TIMESTAMP
from deploy.demo.splits import split

SCORE: Final = "score"
PREDICTION: Final = "prediction"
TRUTH: Final = "label"
THRESHOLD: Final = 0.5  # scikit-learn's own


def scores_path(cache: Path, run_id: str) -> Path:
    """Where the scores of a run's model for every flight are kept."""
    return cache / f"scores-{run_id}.arrow"


def predictions(flights: pa.Table, scores: pa.Table) -> pa.Table:
    """One row a flight: `id`, `timestamp`, `score`, `prediction` and one column a feature."""
    columns = {ID: flights[ID], TIMESTAMP: flights[TIMESTAMP], SCORE: scores[SCORE], PREDICTION: scores[PREDICTION]}
    return pa.table(columns | {name: flights[name] for name in FEATURES})


def labels(flights: pa.Table) -> pa.Table:
    """`id`, `label` and `timestamp` (of the prediction) of the flights whose end is known.

    A cancelled or diverted flight never gets a label.
    """
    known = flights.select([ID, LABEL, TIMESTAMP]).filter(flights[LABEL].is_valid())
    return known.rename_columns([ID, TRUTH, TIMESTAMP])


def reference(flights: pa.Table, scores: pa.Table) -> pa.Table:
    """The training period as `predictions`, with `label` where the model has not seen it.

    Rows the model was trained on have no label here: the reference's performance is that of the holdout, not the
    flattering one of the training rows.
    """
    splits = split(flights)
    rows = predictions(flights, scores).slice(0, splits.replayed_from)
    held_out = pc.is_in(pa.array(range(splits.replayed_from)), value_set=splits.holdout)
    label = flights[LABEL].slice(0, splits.replayed_from)
    return rows.append_column(TRUTH, pc.if_else(held_out, label, pa.scalar(None, label.type)))


def encoded(table: pa.Table) -> bytes:
    """The table as an Arrow IPC stream."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())
