"""What the monitor is sent."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.ipc
import pytest

from deploy.demo.flights import FEATURES, LABEL
from deploy.demo.messages import encoded, labels, predictions, reference
from deploy.demo.splits import split


@pytest.fixture(scope="module")
def scores(flights: pa.Table) -> pa.Table:
    """A made-up score for every flight."""
    score = np.linspace(0, 1, flights.num_rows)
    return pa.table({"score": score, "prediction": pa.array(score >= 0.5).cast(pa.int8())})


def test_a_prediction_row_has_id_time_score_prediction_and_every_feature(flights: pa.Table, scores: pa.Table) -> None:
    table = predictions(flights, scores)
    assert table.column_names == ["id", "timestamp", "score", "prediction", *FEATURES]
    assert table.schema.field("timestamp").type == pa.timestamp("ms", tz="UTC")


def test_a_flight_that_never_arrived_gets_no_label(flights: pa.Table) -> None:
    table = labels(flights)
    assert table.column_names == ["id", "label", "timestamp"]
    assert table.num_rows == flights.num_rows - flights[LABEL].null_count
    assert table["label"].null_count == 0


def test_the_reference_is_the_training_period_with_labels_on_the_holdout_only(
    flights: pa.Table, scores: pa.Table
) -> None:
    table, parts = reference(flights, scores), split(flights)
    assert table.num_rows == parts.replayed_from
    known = pc.indices_nonzero(table["label"].is_valid())
    assert known.to_pylist() == parts.holdout.to_pylist()
    assert table["label"].take(known).equals(flights[LABEL].take(known))


def test_an_encoded_batch_reads_back_the_same(flights: pa.Table, scores: pa.Table) -> None:
    batch = predictions(flights, scores).slice(100_000, 250)
    assert pa.ipc.open_stream(encoded(batch)).read_all().equals(batch)
    assert len(encoded(batch)) < 64_000
