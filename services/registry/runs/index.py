"""All runs as columns in memory: any filter with any order over a million runs within milliseconds (docs/adr/0011)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from services.registry.runs.comparing import answers_of, numbers_compared, test_of
from services.registry.runs.grouping import Groupable
from services.registry.runs.near import Likeness, Normalised, nearest
from services.registry.runs.places import Place, number_kept
from services.registry.runs.rules import ENDED, Run
from services.registry.runs.store import Wanted
from services.registry.search.columns import (
    Array,
    Coded,
    Column,
    Dictionary,
    Mask,
    Rows,
    having,
    numbers,
    numeric,
    same,
)
from services.registry.search.ranking import Key, descending, descending_ranks, sorts_before, window
from services.registry.search.syntax import MATCHERS, And, Comparison, Field, Node, Operator, Order, Section, fields_of
from services.registry.values import ACTIVE

_LOW = (1 << 64) - 1
LOCATION = Field(Section.ATTRIBUTE, "artifact_uri")
LEARNT_AT_ONCE = 5000
"""Values that a question may make the index learn, a few microseconds each; more are learnt beside it."""
ROW_BYTES = 200
"""About what a run takes besides its columns: its id, as text and in the table of rows."""


class RunIndex:
    """Holds what filters and orders ask of each run. It isn't for several threads."""

    def __init__(self) -> None:
        self._rows: dict[str, int] = {}
        self._height = 0
        self._free: list[int] = []
        self._versions = Column("i4", 0)
        self._high, self._low = Column("u8", 0), Column("u8", 0)
        self._starts = Column("i8", 0)
        self._ends = numbers()
        self._named = Column("i4", 0)
        names = Dictionary()
        self._names = Coded(names)
        self._texts = {key: Coded() for key in ("experiment_id", "lifecycle_stage", "user", "status")}
        self._datasets = Coded()
        self._tag_keys = Coded()
        self._metrics: dict[str, Column] = {}
        self._params: dict[str, Coded] = {}
        self._tags: dict[str, Coded] = {"mlflow.runName": Coded(names)}

    # ------------------------------------------------------------ keeping

    def __len__(self) -> int:
        return len(self._rows)

    def version(self, run_id: str) -> int:
        """The version that the index knows; 0 if it doesn't know the run."""
        row = self._rows.get(run_id)
        return 0 if row is None else int(self._versions.read(slice(row, row + 1), self._height)[0])

    def put(self, runs: Iterable[Run]) -> None:
        """Takes in runs that are new or newer than what it holds; each run at most once."""
        chosen = [run for run in runs if run.v > self.version(run.id)]
        if not chosen:
            return
        rows = [self._row_of(run) for run in chosen]
        height = self._height
        self._forget_tags(rows, chosen)
        ids = [int(run.id, 16) for run in chosen]
        self._versions.put(rows, [run.v for run in chosen], height)
        self._high.put(rows, [number >> 64 for number in ids], height)
        self._low.put(rows, [number & _LOW for number in ids], height)
        self._starts.put(rows, [run.start_time for run in chosen], height)
        self._ends.put(rows, [float("nan") if run.end_time is None else float(run.end_time) for run in chosen], height)
        self._named.put(rows, [len(run.params) for run in chosen], height)
        self._names.put(rows, [run.name for run in chosen], height)
        for name, column in self._texts.items():
            column.put(rows, [_text(run, name) for run in chosen], height)
        self._datasets.put(rows, [_datasets(run) for run in chosen], height)
        self._tag_keys.put(rows, [tuple(sorted(tag.k for tag in run.tags)) for run in chosen], height)
        self._put_pairs(rows, chosen, height)

    def _put_pairs(self, rows: Sequence[int], runs: Sequence[Run], height: int) -> None:
        metrics: dict[str, tuple[list[int], list[float]]] = {}
        texts: dict[tuple[bool, str], tuple[list[int], list[str]]] = {}
        for row, run in zip(rows, runs, strict=True):
            for metric in run.metrics:
                at, values = metrics.setdefault(metric.k, ([], []))
                at.append(row)
                values.append(numeric(metric.v))
            for is_tag, pairs in ((False, run.params), (True, run.tags)):
                for pair in pairs:
                    at, words = texts.setdefault((is_tag, pair.k), ([], []))
                    at.append(row)
                    words.append(pair.v)
        for key, (at, values) in metrics.items():
            self._metrics.setdefault(key, numbers()).put(at, values, height)
        for (is_tag, key), (at, words) in texts.items():
            columns = self._tags if is_tag else self._params
            if key not in columns:
                columns[key] = Coded()
            columns[key].put(at, words, height)

    def remove(self, run_id: str) -> None:
        """Forgets a run that exists no more."""
        row = self._rows.pop(run_id, None)
        if row is None:
            return
        self._texts["lifecycle_stage"].put([row], [None], self._height)
        for key in self._tag_keys.value(row, self._height) or ():
            self._tags[key].put([row], [None], self._height)
        for metric in self._metrics.values():
            metric.put([row], [float("nan")], self._height)
        for param in self._params.values():
            param.put([row], [None], self._height)
        self._tag_keys.put([row], [None], self._height)
        self._free.append(row)

    def _row_of(self, run: Run) -> int:
        row = self._rows.get(run.id)
        if row is None:
            if self._free:
                row = self._free.pop()
            else:
                row, self._height = self._height, self._height + 1
            self._rows[run.id] = row
        return row

    def _forget_tags(self, rows: Sequence[int], runs: Sequence[Run]) -> None:
        """Of what a run logs, only tags can go again."""
        for row, run in zip(rows, runs, strict=True):
            former = self._tag_keys.value(row, self._height)
            if former:
                for key in set(former) - {tag.k for tag in run.tags}:
                    self._tags[key].put([row], [None], self._height)

    def prepare(self) -> None:
        """Sorts what has many different values, so that the first order by it needn't."""
        for column in self._coded():
            column.dictionary.ranks()

    def _coded(self) -> list[Coded]:
        """The columns of texts, which may be ordered by."""
        return [self._names, *self._texts.values(), *self._params.values(), *self._tags.values()]

    @property
    def nbytes(self) -> int:
        """About what the index takes."""
        coded = [*self._coded(), self._datasets, self._tag_keys]
        plain = [self._versions, self._high, self._low, self._starts, self._ends, self._named, *self._metrics.values()]
        dictionaries = {id(column.dictionary): column.dictionary.nbytes for column in coded}
        columns = sum(column.nbytes for column in plain) + sum(column.nbytes for column in coded)
        return columns + sum(dictionaries.values()) + ROW_BYTES * len(self._rows)

    # ------------------------------------------------------------ finding

    def covers(self, wanted: Wanted) -> bool:
        """Whether it can answer: it doesn't keep where artifacts lie, a long text of its own for each run."""
        return LOCATION not in {order.field for order in wanted.orders} and LOCATION not in set(fields_of(wanted.node))

    def find(self, wanted: Wanted, skip: int, limit: int) -> list[str]:
        """Ids from position `skip` on, at most `limit`."""
        return self._ids(window(self._matching(wanted), self._keys(wanted.orders), skip, skip + limit))

    def _ids(self, rows: Rows) -> list[str]:
        high, low = self._high.read(rows, self._height).tolist(), self._low.read(rows, self._height).tolist()
        return [f"{(one << 64) | other:032x}" for one, other in zip(high, low, strict=True)]

    def beyond(self, wanted: Wanted, place: Place, limit: int, *, backward: bool) -> list[str]:
        """Ids of the nearest runs behind a place, or before it; at most `limit`, in their order."""
        rows, keys = self._matching(wanted), self._keys(wanted.orders)
        before = np.zeros(len(rows), dtype=np.bool_)
        level = np.arange(len(rows))  # those that are equal in all keys so far
        for key, edge in zip(keys, self._edges(wanted.orders, place), strict=True):
            values = key(rows[level])
            before[level[sorts_before(values, edge)]] = True
            level = level[same(values, edge)]
        if backward:
            rows = rows[before]
            return self._ids(window(rows, keys, max(len(rows) - limit, 0), len(rows)))
        before[level] = True
        return self._ids(window(rows[~before], keys, 0, limit))

    def count(self, wanted: Wanted) -> int:
        return len(self._matching(wanted))

    def gathered(self, wanted: Wanted, by: Sequence[Field], metrics: Sequence[str]) -> Groupable:
        """What groups of the wanted runs are made of, copied out of the index. `by`: fields with texts."""
        rows, height = self._matching(wanted), self._height
        columns = [self._column(about) or Coded() for about in by]
        coded = [column for column in columns if isinstance(column, Coded)]
        return Groupable(
            [column.codes(rows, height) for column in coded],
            [column.dictionary for column in coded],
            self._starts.read(rows, height),
            {key: self._metrics.get(key, numbers()).read(rows, height) for key in metrics},
        )

    def near(self, wanted: Likeness, normalised: Normalised) -> list[str]:
        """Ids of the active runs that ended and are nearest to what is wanted, nearest first."""
        everywhere, height = slice(0, self._height), self._height
        mask = self._among("lifecycle_stage", (ACTIVE,), everywhere) & self._among("status", tuple(ENDED), everywhere)
        if wanted.digests is not None:
            mask &= having(self._datasets.codes(everywhere, height), self._digests_used(wanted.digests))
        return self._ids(nearest(wanted, mask, self._params, (self._named, self._starts), normalised, height))

    def unknown(self, keys: Iterable[str], normalised: Normalised) -> dict[str, Dictionary]:
        """Of some parameters, the dictionaries with many values that `normalised` hasn't seen."""
        found = {key: self._params[key].dictionary for key in keys if key in self._params}
        return {key: one for key, one in found.items() if normalised.unknown(key, one) > LEARNT_AT_ONCE}

    def _digests_used(self, digests: Sequence[str]) -> Mask:
        """By code of the datasets column, which are exactly these."""
        wanted = set(digests)
        answers = self._datasets.dictionary.passing(
            ("digests", tuple(digests)), lambda used: {entry[1] for entry in used if entry[1]} == wanted
        ).copy()
        answers[0] = not wanted
        return answers

    def _matching(self, wanted: Wanted) -> Rows:
        everywhere = slice(0, self._height)
        mask = self._among("lifecycle_stage", wanted.stages, everywhere)
        if wanted.experiment_ids is not None:
            mask = mask & self._among("experiment_id", wanted.experiment_ids, everywhere)
        rows = np.flatnonzero(mask)
        parts = wanted.node.parts if isinstance(wanted.node, And) else (wanted.node,)
        for part in parts:
            rows = rows[self._passing(part, rows)]
        return rows

    def _among(self, name: str, values: Sequence[str], rows: Rows | slice) -> Mask:
        column = self._texts[name]
        table = np.zeros(len(column.dictionary.values), dtype=np.bool_)
        table[column.dictionary.known(values)] = True
        return having(column.codes(rows, self._height), table)

    def _passing(self, node: Node, rows: Rows) -> Mask:
        """Which of `rows` pass."""
        if isinstance(node, Comparison):
            return self._compared(node, rows)
        mask = np.full(len(rows), isinstance(node, And))
        for part in node.parts:
            mask = mask & self._passing(part, rows) if isinstance(node, And) else mask | self._passing(part, rows)
        return mask

    def _compared(self, comparison: Comparison, rows: Rows) -> Mask:
        about = comparison.field
        if about.section is Section.DATASET:
            return self._datasets_compared(comparison, rows)
        if about == Field(Section.ATTRIBUTE, "run_id"):
            return self._ids_compared(comparison, rows)
        column = self._filtered(about)
        if column is None:
            return np.full(len(rows), comparison.operator is Operator.IS_NULL)
        if isinstance(column, Column):
            return numbers_compared(column.read(rows, self._height), comparison.operator, comparison.value)
        passing = answers_of(column.dictionary, comparison.operator, comparison.value)
        found: Mask = passing[column.codes(rows, self._height)]
        return found

    def _filtered(self, about: Field) -> Column | Coded | None:
        """The column that a filter asks about: a run's name is its name tag there."""
        if about == Field(Section.ATTRIBUTE, "run_name"):
            return self._tags["mlflow.runName"]
        return self._column(about)

    def _column(self, about: Field) -> Column | Coded | None:
        if about.section is Section.METRIC:
            return self._metrics.get(about.key)
        if about.section is Section.PARAM:
            return self._params.get(about.key)
        if about.section is Section.TAG:
            return self._tags.get(about.key)
        attributes: dict[str, Column | Coded] = {
            "run_name": self._names,
            "user_id": self._texts["user"],
            "status": self._texts["status"],
            "start_time": self._starts,
            "end_time": self._ends,
        }
        return attributes[about.key]

    def _datasets_compared(self, comparison: Comparison, rows: Rows) -> Mask:
        place = ("name", "digest", "context").index(comparison.field.key)
        passes = test_of(comparison.operator, comparison.value)
        answers = self._datasets.dictionary.passing(
            (place, comparison.operator, comparison.value),
            lambda used: any(entry[place] is not None and passes(entry[place]) for entry in used),
        )
        found: Mask = answers[self._datasets.codes(rows, self._height)]
        return found

    def _ids_compared(self, comparison: Comparison, rows: Rows) -> Mask:
        operator, value = comparison.operator, comparison.value
        if operator in MATCHERS:
            passes = test_of(operator, value)
            table = np.zeros(self._height, dtype=np.bool_)
            table[[row for run_id, row in self._rows.items() if passes(run_id)]] = True
        else:
            values = value if isinstance(value, tuple) else (value,)
            table = np.zeros(self._height, dtype=np.bool_)
            table[[self._rows[str(run_id)] for run_id in values if run_id in self._rows]] = True
            if operator in (Operator.NE, Operator.NOT_IN):
                table = ~table
        found: Mask = table[rows]
        return found

    # ------------------------------------------------------------ ordering

    def _keys(self, orders: Sequence[Order]) -> list[Key]:
        """By `orders`; equal runs by start time, newest first, and by id."""
        keys = [self._key(order) for order in orders]
        keys.append(lambda rows: ~self._starts.read(rows, self._height))  # as minus, but never too large
        keys.append(lambda rows: self._high.read(rows, self._height))
        keys.append(lambda rows: self._low.read(rows, self._height))
        return keys

    def _key(self, order: Order) -> Key:
        if order.field == Field(Section.ATTRIBUTE, "run_id"):
            return self._id_key(order)
        column = self._column(order.field)
        if column is None:
            return lambda rows: np.zeros(len(rows), dtype=np.int8)
        if isinstance(column, Coded):
            coded = column
            if order.ascending:
                return lambda rows: coded.ranks(rows, self._height)
            return lambda rows: descending_ranks(coded.ranks(rows, self._height))
        plain = column
        if order.ascending:
            return lambda rows: plain.read(rows, self._height)
        return lambda rows: descending(plain.read(rows, self._height))

    def _edges(self, orders: Sequence[Order], place: Place) -> Iterator[Any]:
        """What a place is in each key."""
        for order, value in zip(orders, place, strict=False):
            if order.field == Field(Section.ATTRIBUTE, "run_id"):
                yield self._id_edge(value, order)
                continue
            column = self._column(order.field)
            if column is None:
                yield 0
            elif isinstance(column, Coded):
                rank = column.dictionary.place(value)
                yield rank if order.ascending or value is None else -rank
            else:
                number = np.array([value]) if column is self._starts else np.array([number_kept(value)])
                yield (number if order.ascending else descending(number))[0]
        start, whole = place[-2], int(place[-1], 16)
        yield ~start
        yield from (np.uint64(whole >> 64), np.uint64(whole & _LOW))

    def _id_edge(self, run_id: str, order: Order) -> float:
        """Where an id stands among all ids; between two of them, if it is gone."""
        number, everywhere = int(run_id, 16), slice(0, self._height)
        first, second = np.uint64(number >> 64), np.uint64(number & _LOW)
        high, low = self._high.read(everywhere, self._height), self._low.read(everywhere, self._height)
        smaller = int(np.count_nonzero((high < first) | ((high == first) & (low < second))))
        there = bool(np.any((high == first) & (low == second)))
        edge = smaller if there else smaller - 0.5
        return edge if order.ascending else -edge

    def _id_key(self, order: Order) -> Key:
        """Where a run's id stands among all ids."""

        def key(rows: Rows) -> Array:
            height = self._height
            everywhere = slice(0, height)
            places = np.empty(height, dtype=np.int64)
            places[np.lexsort([self._low.read(everywhere, height), self._high.read(everywhere, height)])] = np.arange(
                height
            )
            return places[rows] if order.ascending else -places[rows]

        return key


def _text(run: Run, name: str) -> str:
    text: str = getattr(run, name)
    return text


def _datasets(run: Run) -> tuple[tuple[str, str, str | None], ...] | None:
    return tuple((entry.name, entry.digest, entry.context) for entry in run.inputs) or None
