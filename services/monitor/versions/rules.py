"""What the monitor knows of a model version, and how what is compared is named inside the monitor."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

import msgspec

from services.monitor.counts.columns import Kind
from services.monitor.counts.segments import VALUES
from services.monitor.performance.rules import Task
from services.monitor.references.rules import Reference

OUTPUT_MARK: Final = "@"
"""Columns whose name starts with it are the monitor's own; a feature's name can't."""
SCORE: Final = "@score"
PREDICTION: Final = "@prediction"
LOW: Final = "@low"
HIGH: Final = "@high"
"""Bounds of a regression model's predicted interval, which its labels should lie in."""
LABEL: Final = "@label"
ID: Final = "@id"
TIME: Final = "@time"

SEGMENT_MARK: Final = "@segment:"
"""Before the name of a feature that is kept beside a prediction, so that its label counts in the feature's segment."""

OUTPUT_NAMES: Final = {SCORE: "score", PREDICTION: "prediction"}
"""How the model's own outputs are called outside."""


def key_of(model_name: str, version: str) -> str:
    """The aggregate id of a monitored version."""
    return f"{model_name}/{version}"


class ActiveReference(msgspec.Struct, frozen=True, kw_only=True):
    """A reference with what was stated when it was set. `center`: a typical label (regression), about which is summed.

    `positive`: the positive class's text of a binary model; None: 1 or true. `performance`: packed counts of the
    reference's own labelled rows, None without labels. `segments`: categories by which performance is parted.
    `sample`: packed rows of the reference, if windows are to be compared with it over all features together;
    `sample_wander`: how far its own windows lie from the whole there.
    """

    id: str
    name: str
    set_at: datetime
    window_ms: int
    lateness_ms: int
    task: Task
    positive: str | None
    center: float
    reference: Reference
    performance: bytes | None = None
    segments: list[str] = []
    sample: bytes | None = None
    sample_wander: float = 0.0

    @property
    def kinds(self) -> Mapping[str, Kind]:
        return self.reference.kinds

    @property
    def features(self) -> list[str]:
        """The model's inputs, in the reference's order."""
        return [name for name in self.reference.grid.tally_row if not name.startswith(OUTPUT_MARK)]

    @property
    def segment_values(self) -> dict[str, list[str]]:
        """The most frequent values of each segment column, which are told apart; all others count together."""
        kept = {f.name: f.values for f in self.reference.grid.categorical}
        return {name: kept[name][:VALUES] for name in self.segments}

    @property
    def outputs(self) -> list[str]:
        """The model's outputs that the reference knows."""
        return [name for name in OUTPUT_NAMES if name in self.reference.grid.tally_row]


class Watched(msgspec.Struct, frozen=True, kw_only=True):
    """A model version; `v` counts the events the monitor has told about it."""

    key: str
    model_name: str
    version: str
    v: int
    active: ActiveReference | None = None
