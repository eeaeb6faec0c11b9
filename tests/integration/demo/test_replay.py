"""The replay against a monitor that records: order, completeness, and what a second or interrupted replay sends."""

from pathlib import Path

import httpx
import pyarrow.compute as pc
import pytest

from deploy.demo.flights import FEATURES, ID, LABEL
from deploy.demo.ingest import Ingest, IngestRefused
from deploy.demo.replay import Bookmark, Passed, Position, Replay, play
from deploy.demo.splits import split
from tests.integration.demo.recorder import Answer, Received, RecordingMonitor

AT_ONCE = 1e6  # speed


async def _play(replay: Replay, monitor: RecordingMonitor, state: Path) -> tuple[Position, list[Passed]]:
    seen: list[Passed] = []
    async with httpx.AsyncClient(base_url=monitor.url) as http:
        position = await play(replay, Ingest(http, "flight-delay", "3"), Bookmark(state / "b"), AT_ONCE, seen.append)
    return position, seen


async def test_the_training_period_is_the_reference_and_comes_first(
    replay: Replay, monitor: RecordingMonitor, tmp_path: Path
) -> None:
    await _play(replay, monitor, tmp_path)
    first = monitor.received[0]
    assert (first.method, first.path) == ("PUT", "/v1/models/flight-delay/versions/3/references/training-2013-q1")
    assert {name: value for name, [value] in first.query.items()} == {
        "window": "1d",
        "task": "binary",
        "score": "score",
        "prediction": "prediction",
        "label": "label",
        "segments": "origin,carrier",
    }
    assert first.content_type == "application/vnd.apache.arrow.stream"
    assert first.table.num_rows == split(replay.flights).replayed_from == 1_800


async def test_every_flight_is_predicted_once_in_event_time_order(
    replay: Replay, monitor: RecordingMonitor, tmp_path: Path
) -> None:
    position, seen = await _play(replay, monitor, tmp_path)
    batches = monitor.taken("predictions")
    expected = replay.flights.slice(1_800)
    assert _all(batches, ID) == expected[ID].to_pylist()
    assert _all(batches, "timestamp") == expected["timestamp"].to_pylist()
    assert batches[0].table.column_names == ["id", "timestamp", "score", "prediction", *FEATURES]
    assert len({batch.batch_id for batch in batches}) == len(batches)
    assert position.predictions == seen[-1].predictions == expected.num_rows
    assert seen[-1].done == seen[-1].total == len(replay.steps)


async def test_labels_of_arrived_flights_follow_after_all_predictions_of_the_next_day(
    replay: Replay, monitor: RecordingMonitor, tmp_path: Path
) -> None:
    position, _ = await _play(replay, monitor, tmp_path)
    arrived = replay.flights.slice(1_800)
    arrived = arrived.filter(arrived[LABEL].is_valid())
    batches = monitor.taken("labels")
    assert list(zip(_all(batches, "id"), _all(batches, "label"), strict=True)) == list(
        zip(arrived[ID].to_pylist(), arrived[LABEL].to_pylist(), strict=True)
    )
    assert position.labels == arrived.num_rows
    first_label = next(number for number, one in enumerate(monitor.received) if one.kind == "labels")
    before = [one for one in monitor.received[:first_label] if one.kind == "predictions"]
    newest = max(pc.max(one.table["timestamp"]).as_py() for one in before)
    oldest = pc.min(before[0].table["timestamp"]).as_py()
    assert (newest - oldest).total_seconds() > 86_400 - 10_800


async def test_a_second_replay_sends_nothing(replay: Replay, monitor: RecordingMonitor, tmp_path: Path) -> None:
    first, _ = await _play(replay, monitor, tmp_path)
    sent = len(monitor.received)
    second, seen = await _play(replay, monitor, tmp_path)
    assert (second, seen, len(monitor.received)) == (first, [], sent)


async def test_an_interrupted_replay_goes_on_with_the_batch_that_failed(
    replay: Replay, monitor: RecordingMonitor, tmp_path: Path
) -> None:
    monitor.answers.extend([*[None] * 9, Answer(400, body=b"{}")])
    with pytest.raises(IngestRefused):
        await _play(replay, monitor, tmp_path)
    refused = monitor.received[-1]
    monitor.received.clear()
    position, _ = await _play(replay, monitor, tmp_path)
    assert monitor.received[0].batch_id == refused.batch_id
    assert monitor.received[0].table.equals(refused.table)
    assert not [one for one in monitor.received if one.kind == "references"]
    assert position.steps == len(replay.steps)
    assert position.predictions == 2_000


async def test_another_replay_of_the_same_champion_uses_the_same_batch_ids(
    replay: Replay, monitor: RecordingMonitor, tmp_path: Path
) -> None:
    for state in ("one", "other"):
        (tmp_path / state).mkdir()
        await _play(replay, monitor, tmp_path / state)
    ids = [one.batch_id for one in monitor.taken("predictions")]
    assert ids[: len(ids) // 2] == ids[len(ids) // 2 :]


def _all(batches: list[Received], column: str) -> list[object]:
    return [value for batch in batches for value in batch.table[column].to_pylist()]
