"""Batches cut into messages that fit, the same way on every repeat."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from services.contracts.errors import Invalid
from services.monitor.batches.messages import (
    MAX_MESSAGE_BYTES,
    checked_batch_id,
    message_id,
    parts_of,
    subject_of,
)


def rows_in(body: bytes) -> pa.Table:
    return pa.ipc.open_stream(body).read_all()


def test_a_small_batch_is_one_message() -> None:
    batch = pa.record_batch({"a": pa.array(range(100))})
    [(body, rows)] = list(parts_of(batch))
    assert rows == 100
    assert rows_in(body)["a"].to_pylist() == list(range(100))


def test_a_large_batch_is_cut_without_losing_or_moving_a_row() -> None:
    batch = pa.record_batch({"a": pa.array(np.arange(1_500_000.0))})
    parts = list(parts_of(batch))
    assert len(parts) > 2
    assert all(len(body) <= MAX_MESSAGE_BYTES for body, _ in parts)
    assert (np.concatenate([rows_in(body)["a"].to_numpy() for body, _ in parts]) == np.arange(1_500_000.0)).all()
    assert [body for body, _ in parts] == [body for body, _ in parts_of(batch)]


def test_large_dictionaries_do_not_travel_with_every_part() -> None:
    texts = [f"{i}-" + "x" * 100 for i in range(60_000)]
    batch = pa.record_batch({"c": pa.array(texts).dictionary_encode()})
    parts = list(parts_of(batch))
    assert all(len(body) <= MAX_MESSAGE_BYTES for body, _ in parts)
    assert [text for body, _ in parts for text in rows_in(body)["c"].to_pylist()] == texts


def test_a_row_that_fits_in_no_message_is_refused() -> None:
    batch = pa.record_batch({"c": pa.array(["x" * (MAX_MESSAGE_BYTES + 1)]).dictionary_encode()})
    with pytest.raises(Invalid, match="doesn't fit"):
        list(parts_of(batch))


def test_message_ids_tell_kinds_versions_batches_and_parts_apart() -> None:
    made = {
        message_id("predictions", "m/1", "b", 0),
        message_id("labels", "m/1", "b", 0),
        message_id("predictions", "m/2", "b", 0),
        message_id("predictions", "m/1", "c", 0),
        message_id("predictions", "m/1", "b", 1),
    }
    assert len(made) == 5
    assert message_id("labels", "m/1", "b\r\nX: y", 0).isalnum()


def test_a_subject_holds_any_name() -> None:
    assert subject_of("labels", "late flights", "1") == "ingest.labels.late%20flights.1"
    assert subject_of("predictions", "a.b>*", "1").count(".") == 3


@pytest.mark.parametrize("bad", ["", "x" * 129])
def test_batch_ids_have_a_length(bad: str) -> None:
    with pytest.raises(Invalid):
        checked_batch_id(bad)
