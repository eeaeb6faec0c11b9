"""Reading a long time: whole hours and days from what is stored of them, the rest window by window."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from services.monitor.rollups.rules import DAY, HOUR, Cover, Mark, cover
from services.monitor.rollups.store import MongoMarks, MongoRollups


@dataclass(slots=True)
class Found:
    """Heads of roll-ups in order of time, and the spans [start, end) in ms that they don't cover."""

    heads: list[dict[str, Any]] = field(default_factory=list)
    spans: list[tuple[int, int]] = field(default_factory=list)


class Rollups:
    """Of one kind: predictions or labels. One per process."""

    def __init__(self, marks: MongoMarks, rollups: MongoRollups) -> None:
        self.marks = marks
        self.stored = rollups

    async def found(
        self, key: str, start_ms: int, end_ms: int, levels: Sequence[int], marks: Sequence[Mark] | None = None
    ) -> Found:
        """What covers every window that starts within [start, end). `marks`: if they are known already."""
        if marks is None:
            marks = await self.marks.between(key, start_ms, end_ms)
        if not marks:
            return Found()
        known: dict[tuple[int, int], list[dict[str, Any]]] = {}

        def stands(level: int, start: int, seal: str) -> bool:
            heads = known.get((level, start))
            return heads is not None and heads[0]["seal"] == seal

        plan = Cover(spans=[(start_ms, end_ms)])
        for level in levels:  # hours only for the days that aren't there
            if not plan.spans:
                break
            first, after = plan.spans[0][0], plan.spans[-1][1]
            heads = await self.stored.heads(key, level, first, after)
            known |= {(level, start): rows for start, rows in heads.items()}
            plan = cover(marks, start_ms, end_ms, levels, stands)
        if not levels:
            plan = cover(marks, start_ms, end_ms, (), stands)
        return Found([head for place in plan.rolled for head in known[place]], plan.spans)

    async def again(self) -> None:
        """Puts all days on the background job's list."""
        await self.marks.again()

    async def missing(self, key: str, day: Mark, level: int) -> list[tuple[int, str]]:
        """Start and seal of the day's spans of this level that there is no roll-up of as they are now."""
        spans = list(day.spans()) if level == HOUR else [(day.start_ms, day.seal)]
        heads = await self.stored.heads(key, level, day.start_ms, day.start_ms + DAY)
        return [(start, seal) for start, seal in spans if start not in heads or heads[start][0]["seal"] != seal]


class Totals:
    """How much there is of versions, without a look at their windows."""

    def __init__(self, rows: MongoMarks, labels: MongoMarks) -> None:
        self._rows = rows
        self._labels = labels

    async def of(self, keys: Sequence[str]) -> dict[str, tuple[int, int, int | None]]:
        """Per version: rows, labelled rows, the newest event time in milliseconds (None: no rows)."""
        rows, labels = await asyncio.gather(self._rows.totals(keys), self._labels.totals(keys))
        return {key: (count, labels.get(key, (0, None))[0], last_ms) for key, (count, last_ms) in rows.items()}
