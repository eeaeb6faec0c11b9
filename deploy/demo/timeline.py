"""In which order, and when in simulated time, batches of predictions and labels are sent. Pure: no clock, no I/O."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

SLOT: Final = timedelta(hours=3)
LABEL_DELAY: Final = timedelta(days=1)

Kind = Literal["predictions", "labels"]


@dataclass(frozen=True, slots=True)
class Step:
    """Rows [start, stop) sent at `moment` of simulated time. `slot` names the batch: the same for the same rows."""

    kind: Kind
    slot: str
    moment: datetime
    start: int
    stop: int


def timeline(timestamps: npt.NDArray[np.int64], slot: timedelta = SLOT, delay: timedelta = LABEL_DELAY) -> list[Step]:
    """Steps in order of their moments, for ascending event times in milliseconds since 1970.

    A slot's predictions go out when it is over, their labels `delay` later; an empty slot has no step.
    """
    width = slot // timedelta(milliseconds=1)
    numbers, starts = np.unique(timestamps // width, return_index=True)
    stops = [*starts[1:].tolist(), len(timestamps)]
    steps = []
    for number, start, stop in zip(numbers.tolist(), starts.tolist(), stops, strict=True):
        begin = datetime.fromtimestamp(number * width / 1000, UTC)
        name = begin.strftime("%Y-%m-%dT%H")
        steps.append(Step("predictions", name, begin + slot, start, stop))
        steps.append(Step("labels", name, begin + slot + delay, start, stop))
    return sorted(steps, key=lambda step: (step.moment, step.kind == "labels"))


def due(steps: Sequence[Step], seconds: float) -> list[float]:
    """Seconds after the first step at which each step is due, when all of them take `seconds`."""
    if not steps:
        return []
    first = steps[0].moment
    span = (steps[-1].moment - first).total_seconds() or 1.0
    return [(step.moment - first).total_seconds() / span * seconds for step in steps]
