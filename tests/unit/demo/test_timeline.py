"""Predictions in event-time order, each slot's labels a simulated day later."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest

from deploy.demo.flights import TIMESTAMP
from deploy.demo.splits import split
from deploy.demo.timeline import LABEL_DELAY, SLOT, due, timeline

HOUR = 3_600_000


def test_labels_follow_their_predictions_by_one_day() -> None:
    steps = timeline(np.array([0, HOUR, 4 * HOUR]))
    assert [(step.kind, step.slot, step.start, step.stop) for step in steps] == [
        ("predictions", "1970-01-01T00", 0, 2),
        ("predictions", "1970-01-01T03", 2, 3),
        ("labels", "1970-01-01T00", 0, 2),
        ("labels", "1970-01-01T03", 2, 3),
    ]
    assert steps[0].moment == datetime(1970, 1, 1, 3, tzinfo=UTC)
    assert steps[2].moment == steps[0].moment + timedelta(days=1)


def test_at_the_same_moment_predictions_go_first() -> None:
    steps = timeline(np.array([0, 24 * HOUR]))
    assert [(step.kind, step.slot) for step in steps if step.moment == datetime(1970, 1, 2, 3, tzinfo=UTC)] == [
        ("predictions", "1970-01-02T00"),
        ("labels", "1970-01-01T00"),
    ]


def test_an_empty_slot_has_no_step() -> None:
    assert {step.slot for step in timeline(np.array([0, 9 * HOUR]))} == {"1970-01-01T00", "1970-01-01T09"}


def test_no_row_is_sent_before_it_happened_and_each_is_sent_once(flights: pa.Table) -> None:
    replayed = flights[TIMESTAMP].slice(split(flights).replayed_from).cast(pa.int64()).to_numpy()
    steps = timeline(replayed)
    assert [step.moment for step in steps] == sorted(step.moment for step in steps)
    for kind, delay in (("predictions", SLOT), ("labels", SLOT + LABEL_DELAY)):
        ranges = [(step.start, step.stop) for step in steps if step.kind == kind]
        assert ranges[0][0] == 0
        assert ranges[-1][1] == len(replayed) == 255_987
        assert all(before[1] == after[0] for before, after in pairwise(ranges))
        assert all(
            step.moment.timestamp() * 1000 - replayed[step.start] <= delay / timedelta(milliseconds=1)
            and replayed[step.stop - 1] < step.moment.timestamp() * 1000
            for step in steps
            if step.kind == kind
        )


def test_all_steps_take_the_seconds_asked_for_in_proportion_to_simulated_time() -> None:
    steps = timeline(np.array([0, 24 * HOUR, 48 * HOUR]))
    moments = due(steps, 10.0)
    assert moments[0] == 0.0
    assert moments[-1] == pytest.approx(10.0)
    assert moments == pytest.approx([0, 10 / 3, 10 / 3, 20 / 3, 20 / 3, 10])


def test_nothing_to_replay_is_due_at_no_time() -> None:
    assert due([], 10.0) == []
