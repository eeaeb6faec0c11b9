"""What a window consists of, or a coarser one of several: heads of documents, whose counts are loaded when needed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, TypeVar

from services.monitor.rollups.handlers import Rollups
from services.monitor.rollups.rules import HOUR, Kind, Mark, levels_of, start_of_newest, width_for
from services.monitor.versions.rules import Watched
from services.monitor.windows.store import MongoWindows

FOREVER_MS: Final = 1 << 53
CHUNK: Final = 64
"""Documents whose counts are in memory at the same time."""
Heads = Sequence[Mapping[str, Any]]
T = TypeVar("T")


@dataclass(slots=True)
class Bucket:
    """The documents of one window, or of several merged into a coarser one; without counts until they are loaded."""

    start_ms: int
    width_ms: int
    counts: list[dict[str, Any]] = field(default_factory=list)
    performances: list[dict[str, Any]] = field(default_factory=list)
    closed: bool = False
    coarse: bool = False

    @property
    def place(self) -> tuple[int, int]:
        return self.start_ms, self.width_ms

    @property
    def tokens(self) -> list[str]:
        """Of all its documents, sorted; others whenever a figure of the window can be another."""
        return sorted(row["token"] for row in (*self.counts, *self.performances))

    @property
    def fingerprint(self) -> tuple[Any, ...]:
        """Changes whenever anything can change that is said of the window."""
        return (self.closed, *self.tokens)

    @property
    def updated_at(self) -> datetime:
        """When the last row or label came into it."""
        newest: datetime = max(row["updated_at"] for row in (*self.counts, *self.performances))
        return newest

    def windows_of(self, window_ms: int) -> int:
        """How many windows of this length are as long."""
        return max(1, self.width_ms // window_ms)

    @property
    def windows(self) -> int:
        """How many windows it holds."""
        return windows_in(self.counts)


class Buckets:
    """Reads windows and what is stored of many of them; one per process."""

    def __init__(self, windows: MongoWindows, rows: Rollups, labels: Rollups) -> None:
        self._windows = windows
        self._kinds: Mapping[Kind, Rollups] = {"rows": rows, "labels": labels}
        self._rows = rows

    async def fine(self, watched: Watched, starts: Sequence[int]) -> list[Bucket]:
        """The windows that start at `starts` (ascending)."""
        return await self.between(watched, starts[0], starts[-1] + 1) if starts else []

    async def between(self, watched: Watched, start_ms: int, end_ms: int) -> list[Bucket]:
        """The windows that start within [start, end), each by itself."""
        counts, performances = await self._windows.both_heads(watched.key, start_ms, end_ms)
        width = watched.active.window_ms if watched.active else 1
        return _parted(width, counts, performances, await self._open(watched.key, counts), coarse=False)

    async def newest(
        self,
        watched: Watched,
        start_ms: int | None,
        end_ms: int | None,
        last: int,
        width_ms: int,
        marks: Sequence[Mark] | None = None,
    ) -> list[Bucket]:
        """The `last` newest columns of `width_ms` that hold windows which start within [start, end). `marks`: of that
        time, if they are known already."""
        window_ms = watched.active.window_ms if watched.active else 1
        if width_ms <= window_ms:
            return await self.fine(watched, await self._windows.newest(watched.key, start_ms, end_ms, last))
        first, end = start_ms or 0, FOREVER_MS if end_ms is None else end_ms
        if width_ms % HOUR == 0:
            if marks is None:
                marks = await self._rows.marks.between(watched.key, start_ms, end_ms)
            first = start_of_newest(marks, first, end, width_ms, last)
        else:
            starts = await self._windows.newest(watched.key, start_ms, end_ms, last, width_ms)
            first = starts[0] if starts else end
        return await self.coarse(watched, first, end, width_ms, marks)

    async def coarse(
        self, watched: Watched, start_ms: int, end_ms: int, width_ms: int, marks: Sequence[Mark] | None = None
    ) -> list[Bucket]:
        """The windows that start within [start, end), in columns of `width_ms`."""
        counts, performances = await self._heads(watched, start_ms, end_ms, width_ms, marks)
        return _parted(width_ms, counts, performances, await self._open(watched.key, counts), coarse=True)

    async def columns(self, watched: Watched, start_ms: int, end_ms: int, widths: Sequence[int]) -> list[Bucket]:
        """As `coarse` for each width; which of them are closed isn't said."""
        alike: dict[tuple[int, ...], list[int]] = {}  # what fits into these widths is the same, and read once
        for width in widths:
            alike.setdefault(levels_of(watched.active.window_ms if watched.active else 1, width), []).append(width)
        found = []
        for some in alike.values():
            counts, performances = await self._heads(watched, start_ms, end_ms, some[0])
            for width in some:
                found += _parted(width, counts, performances, (), coarse=True)
        return found

    async def whole(self, watched: Watched, start_ms: int | None, end_ms: int | None) -> Bucket | None:
        """All windows that start within [start, end) together; None without any."""
        start, end = start_ms or 0, FOREVER_MS if end_ms is None else end_ms
        counts, performances = await self._heads(watched, start, end, None)
        if not counts:
            return None
        first = min(row["w"] for row in counts)
        return Bucket(first, 0, counts, performances, coarse=True)

    async def width_of(
        self, watched: Watched, start_ms: int | None, end_ms: int | None, most: int
    ) -> tuple[int, Sequence[Mark]] | None:
        """The width of at most `most` columns for the windows within [start, end), and the marks of that time; None if
        there are no more windows than that."""
        window_ms = watched.active.window_ms if watched.active else 1
        if len(await self._windows.newest(watched.key, start_ms, end_ms, most + 1)) <= most:
            return None
        marks = await self._rows.marks.between(watched.key, start_ms, end_ms)
        spans = [span for mark in (marks[0], marks[-1]) for span, _ in mark.spans()]
        after = spans[-1] + HOUR if end_ms is None else min(end_ms, spans[-1] + HOUR)
        return width_for(after - max(start_ms or 0, spans[0]), window_ms, most), marks

    async def heads(
        self,
        kind: Kind,
        key: str,
        start_ms: int,
        end_ms: int,
        levels: Sequence[int],
        marks: Sequence[Mark] | None = None,
    ) -> list[dict[str, Any]]:
        """Roll-ups of `levels` that hold windows which start within [start, end), and what they leave as it is."""
        fine = self._windows.heads if kind == "rows" else self._windows.performance_heads
        found = await self._kinds[kind].found(key, start_ms, end_ms, levels, marks)
        heads = found.heads
        for first, after in found.spans:
            heads.extend(await fine(key, first, after))
        return heads

    async def load(self, kind: Kind, heads: Heads) -> dict[str, bytes]:
        """Packed counts by document id: of predictions, or of labelled rows."""
        fine = self._windows.load if kind == "rows" else self._windows.load_performances
        rolled = await self._kinds[kind].stored.load([head["_id"] for head in heads if "windows" in head])
        return rolled | await fine([head["_id"] for head in heads if "windows" not in head])

    async def together(self, kind: Kind, heads: Heads, total: T, add: Callable[[T, Iterable[bytes]], T]) -> T:
        """`total` with the counts of all these documents, some of which are in memory at a time."""
        for i in range(0, len(heads), CHUNK):
            packed = await self.load(kind, heads[i : i + CHUNK])
            if packed:
                total = await asyncio.to_thread(add, total, packed.values())
        return total

    async def _heads(
        self, watched: Watched, start_ms: int, end_ms: int, width_ms: int | None, marks: Sequence[Mark] | None = None
    ) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        levels = levels_of(watched.active.window_ms, width_ms) if watched.active else ()
        return await asyncio.gather(
            self.heads("rows", watched.key, start_ms, end_ms, levels, marks),
            self.heads("labels", watched.key, start_ms, end_ms, levels),
        )

    async def _open(self, key: str, counts: Heads) -> set[int]:
        """Windows that nobody has closed. Closing takes the mark from all documents that a window has then; one that
        comes later brings it again."""
        marked = {int(row["w"]) for row in counts if "open" in row}
        rolled = [row for row in counts if "windows" in row]
        if rolled:
            first, after = min(row["w"] for row in rolled), max(row["w"] + row["l"] for row in rolled)
            spans = {row["w"] // row["l"] * row["l"]: row["l"] for row in rolled}
            marked |= {w for w in await self._windows.open_within(key, first, after) if _covered(w, spans)}
        return marked - await self._windows.closed(key, min(marked), max(marked) + 1) if marked else set()


def _parted(
    width_ms: int,
    counts: list[dict[str, Any]],
    performances: list[dict[str, Any]],
    unclosed: Iterable[int],
    *,
    coarse: bool,
) -> list[Bucket]:
    """By column, in order of time. `unclosed`: starts of windows that nobody has closed."""
    buckets: dict[int, Bucket] = {}
    for row in counts:
        start = row["w"] // width_ms * width_ms if coarse else row["w"]
        bucket = buckets.setdefault(start, Bucket(start, width_ms, closed=True, coarse=coarse))
        bucket.counts.append(row)
    for row in performances:
        start = row["w"] // width_ms * width_ms if coarse else row["w"]
        if start in buckets:
            buckets[start].performances.append(row)
    for start in unclosed:
        buckets[start // width_ms * width_ms if coarse else start].closed = False
    return [buckets[start] for start in sorted(buckets)]


def windows_in(heads: Heads) -> int:
    """How many windows there are: a roll-up says how many it holds."""
    rolled = {head["w"]: int(head["windows"]) for head in heads if "windows" in head}
    return sum(rolled.values()) + len({head["w"] for head in heads if "windows" not in head})


def _covered(start: int, spans: Mapping[int, int]) -> bool:
    """Whether a window lies in one of these spans (start, length)."""
    return any(spans.get(start // length * length) == length for length in set(spans.values()))
