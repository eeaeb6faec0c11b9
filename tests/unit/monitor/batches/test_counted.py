"""Large batches that travel counted say what their rows would have said."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pytest

from services.contracts.errors import Invalid
from services.contracts.monitor import BatchHeader
from services.monitor.batches.counted import COUNTED_ROWS, messages_of
from services.monitor.batches.deliveries import Predictions, predictions_of
from services.monitor.batches.messages import parts_of
from services.monitor.batches.predictions import normalised_predictions
from services.monitor.batches.references import ReferenceOptions, made_reference
from services.monitor.batches.tables import Rows
from services.monitor.labels.keeping import _made
from services.monitor.versions.rules import ActiveReference
from services.monitor.windows.handlers import _counted
from services.runtime.inbox import Delivery
from tests.integration.monitor import rows

NOW = rows.START + 10 * rows.HOUR


@pytest.fixture(scope="module")
def active() -> ActiveReference:
    options = ReferenceOptions(window="1h", segments="site")
    return made_reference(Rows(table=rows.reference()), "training", options, "the reference", datetime.now(UTC))


def normalised(active: ActiveReference, count: int) -> pa.RecordBatch:
    return normalised_predictions(Rows(table=rows.predictions(count, every_ms=200)), active, NOW)


def taken(active: ActiveReference, messages: list[bytes]) -> list[Predictions]:
    header = BatchHeader(
        batch_id="b", model_name="m", version="1", rows=1, actor="a", correlation_id="c", received_at=datetime.now(UTC)
    )
    return predictions_of([Delivery(str(i), header, body, 1) for i, body in enumerate(messages)], active, NOW)


def test_counts_made_at_the_edge_are_those_of_the_rows(active: ActiveReference) -> None:
    batch = normalised(active, 40_000)
    [(body, sent)] = list(messages_of(batch, active))
    plain = [part for part, _ in parts_of(batch)]
    assert sent == 40_000
    assert len(body) < sum(map(len, plain)) * 0.75
    [early] = taken(active, [body])
    late = taken(active, plain)
    assert early.shares is not None
    assert early.reference_id == active.id
    ours, theirs = _counted([("k", active, [early])]), _counted([("k", active, late)])
    assert [part.start_ms for part in ours] == [part.start_ms for part in theirs]
    assert [part.largest for part in ours] == [part.largest for part in theirs]
    assert len(ours) == 3
    for one, other in zip(ours, theirs, strict=True):
        assert one.counts.rows == other.counts.rows
        for name in ("cells", "categories", "tallies", "segments"):
            assert (getattr(one.counts, name) == getattr(other.counts, name)).all(), name
        assert one.counts.moments == pytest.approx(other.counts.moments)


def test_what_labels_need_goes_along(active: ActiveReference) -> None:
    batch = normalised(active, 40_000)
    early = taken(active, [body for body, _ in messages_of(batch, active)])
    late = taken(active, [body for body, _ in parts_of(batch)])
    one, other = _made(early, active, [], {}), _made(late, active, [], {})
    assert one is not None
    assert other is not None
    assert (one.rows.ids == other.rows.ids).all()
    assert (one.rows.windows == other.rows.windows).all()
    assert set(one.rows.outputs.by_name) == set(other.rows.outputs.by_name) >= {"@score", "@prediction"}


@pytest.mark.parametrize("count", [1, COUNTED_ROWS - 1])
def test_a_small_batch_goes_as_it_is(active: ActiveReference, count: int) -> None:
    batch = normalised(active, count)
    assert list(messages_of(batch, active)) == list(parts_of(batch))


def test_rows_over_many_windows_go_as_they_are(active: ActiveReference) -> None:
    table = rows.predictions(COUNTED_ROWS * 2, every_ms=rows.HOUR // COUNTED_ROWS * 2)
    batch = normalised_predictions(Rows(table=table), active, NOW)
    assert list(messages_of(batch, active)) == list(parts_of(batch))


def test_two_counted_batches_add_up_and_a_repeat_is_cut_alike(active: ActiveReference) -> None:
    batch = normalised(active, 20_000)
    messages = [body for body, _ in messages_of(batch, active)]
    assert messages == [body for body, _ in messages_of(batch, active)]
    [both] = taken(active, messages * 2)
    assert both.shares is not None
    assert sum(share.counts.rows for share in both.shares) == len(both.ids) == 40_000


def test_counts_over_other_bins_and_broken_ones_are_refused(active: ActiveReference) -> None:
    made = np.random.default_rng(1)
    other = made_reference(
        Rows(table=rows.reference(seed=3)), "other", ReferenceOptions(window="1h"), "other", datetime.now(UTC)
    )
    batch = normalised(active, 20_000)
    [(body, _)] = list(messages_of(batch, active))
    with pytest.raises(Invalid, match="other bins"):
        _counted([("k", other, taken(active, [body]))])
    broken = pa.record_batch({"@id": pa.array(made.integers(0, 9, 3).astype(np.uint64))})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, broken.schema.with_metadata({"lifecycle.counts": b"?"})) as writer:
        writer.write_batch(broken.replace_schema_metadata({"lifecycle.counts": b"?"}))
    with pytest.raises(Invalid, match="can't be read"):
        taken(active, [sink.getvalue().to_pybytes()])
