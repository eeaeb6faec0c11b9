"""Plays April to December to the monitor: predictions in event-time order, labels a simulated day behind."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
import pyarrow as pa

from deploy.demo.flights import TIMESTAMP
from deploy.demo.ingest import Ingest
from deploy.demo.messages import labels, predictions, reference
from deploy.demo.splits import split
from deploy.demo.timeline import Step, due, timeline

REFERENCE: Final = "training-2013-q1"
OPTIONS: Final = {
    "window": "1d",
    "task": "binary",
    "score": "score",
    "prediction": "prediction",
    "label": "label",
    "segments": "origin,carrier",
}
YEAR_SECONDS: Final = 180.0  # how long April to December take at speed 1


class Position(msgspec.Struct, frozen=True):
    """How far a replay has come: `steps` of the timeline are acknowledged, and so is the reference."""

    reference: bool = False
    steps: int = 0
    predictions: int = 0
    labels: int = 0


@dataclass(frozen=True, slots=True)
class Passed:
    """What a watcher sees: how much of the timeline is done, the simulated moment, and the rows acknowledged so far."""

    done: int
    total: int
    moment: datetime
    predictions: int
    labels: int


class Bookmark:
    """Keeps the position of one champion's replay in a file. Losing the last step is harmless: its batch id repeats."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> Position:
        """The position, at the beginning if there is none."""
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=Position)
        except FileNotFoundError:
            return Position()

    def write(self, position: Position) -> None:
        """Replaces the file at once: a reader finds the old or the new position, whole."""
        partial = self._path.with_suffix(".partial")
        partial.write_bytes(msgspec.json.encode(position))
        partial.replace(self._path)


@dataclass(frozen=True, slots=True)
class Replay:
    """One champion's replay. `run_id` marks its batches, so a champion of another registry never shares their ids."""

    flights: pa.Table
    scores: pa.Table
    run_id: str
    steps: Sequence[Step] = field(init=False)
    _from: int = field(init=False)

    def __post_init__(self) -> None:
        start = split(self.flights).replayed_from
        moments = self.flights[TIMESTAMP].slice(start).cast(pa.int64()).to_numpy()
        object.__setattr__(self, "_from", start)
        object.__setattr__(self, "steps", timeline(moments.astype(np.int64)))

    def reference(self) -> pa.Table:
        """The training period with the champion's scores."""
        return reference(self.flights, self.scores)

    def batch(self, step: Step) -> tuple[str, pa.Table]:
        """Id and rows of a step's batch."""
        start, length = self._from + step.start, step.stop - step.start
        flights, scores = self.flights.slice(start, length), self.scores.slice(start, length)
        rows = predictions(flights, scores) if step.kind == "predictions" else labels(flights)
        return f"demo-{self.run_id}-{step.kind}-{step.slot}", rows


async def play(
    replay: Replay, ingest: Ingest, bookmark: Bookmark, speed: float, watch: Callable[[Passed], None]
) -> Position:
    """Sends what is still missing, at `speed` times the usual pace; returns the final position.

    A monitor that can't keep up slows the replay down: one batch is under way at a time.
    """
    position = bookmark.read()
    if not position.reference:
        await ingest.set_reference(REFERENCE, await asyncio.to_thread(replay.reference), OPTIONS)
        position = msgspec.structs.replace(position, reference=True)
        bookmark.write(position)
    moments = due(replay.steps, YEAR_SECONDS / speed)
    first = min(position.steps, len(moments) - 1)
    begin = time.monotonic() - moments[first]
    for step, at in zip(replay.steps[position.steps :], moments[position.steps :], strict=True):
        await asyncio.sleep(max(0.0, begin + at - time.monotonic()))
        position = await _send(replay, ingest, step, position)
        bookmark.write(position)
        watch(Passed(position.steps, len(replay.steps), step.moment, position.predictions, position.labels))
    return position


async def _send(replay: Replay, ingest: Ingest, step: Step, position: Position) -> Position:
    batch_id, rows = replay.batch(step)
    done = msgspec.structs.replace(position, steps=position.steps + 1)
    if step.kind == "predictions":
        await ingest.send_predictions(batch_id, rows)
        return msgspec.structs.replace(done, predictions=position.predictions + rows.num_rows)
    if rows.num_rows:
        await ingest.send_labels(batch_id, rows)
    return msgspec.structs.replace(done, labels=position.labels + rows.num_rows)
