"""Blocks of prediction rows: packed and back, merged, absorbed, let go; labels put in their place."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from services.monitor.counts.columns import Codes, Columns, Numbers
from services.monitor.labels.blocks import (
    LabelRows,
    PredictionRows,
    merged_rows,
    no_labels,
    pack_labels,
    pack_rows,
    sorted_rows,
    unpack_labels,
    unpack_rows,
    unpack_waiting,
)
from services.monitor.labels.hashing import hash_ids
from services.monitor.labels.keeping import FULL_ROWS, _absorbed
from services.monitor.labels.retention import expired
from services.monitor.labels.rules import Scoring, figures_moved, find, labelled, newest_first, put
from services.monitor.labels.store import Block
from services.monitor.performance.rules import (
    merge_performance,
    pack_performance,
    performance,
    unpack_performance,
)
from services.monitor.performance.segments import by_segment, worst_segment
from services.monitor.versions.rules import PREDICTION, SCORE, SEGMENT_MARK


def made(first: int, rows: int) -> PredictionRows:
    chance = np.random.default_rng(first)
    score = chance.uniform(size=rows)
    outputs = Columns(rows, {SCORE: Numbers(score), PREDICTION: Codes((score > 0.5).astype(np.int32), ["0", "1"])})
    ids = hash_ids(pa.array([str(i) for i in range(first, first + rows)]))
    return sorted_rows(ids, np.arange(rows, dtype=np.int64) // 10 * 1_000, outputs)


def texts(column: object) -> list[str | None]:
    assert isinstance(column, Codes)
    return [None if code < 0 else column.values[code] for code in column.codes.tolist()]


def block(number: int, rows: int, *, slot: int = 0, last: int = 0, reference: str = "r") -> Block:
    return Block(f"b{slot}-{number}", "m/1", slot, number, rows, last, last, reference, "t")


def test_rows_come_back_as_they_were_packed() -> None:
    rows = made(0, 500)
    back = unpack_rows(pack_rows(rows))
    assert (back.ids == rows.ids).all()
    assert (np.diff(rows.ids.astype(object)) > 0).all()
    assert (back.windows == rows.windows).all()
    assert texts(back.outputs.by_name[PREDICTION]) == texts(rows.outputs.by_name[PREDICTION])


def test_a_row_takes_some_twenty_bytes() -> None:
    rows = made(0, 20_000)
    assert len(pack_rows(rows)) / len(rows) < 26


def test_merged_blocks_hold_all_rows_in_order_with_their_outputs() -> None:
    parts = [made(0, 30), made(30, 50), made(80, 7)]
    whole, source = merged_rows(parts)
    assert (np.diff(whole.ids.astype(object)) > 0).all()
    laid = np.concatenate([part.ids for part in parts])
    assert (laid[source] == whole.ids).all()
    position = {int(i): n for n, i in enumerate(parts[1].ids)}
    for i, window in zip(whole.ids.tolist(), whole.windows.tolist(), strict=True):
        if i in position:
            assert window == parts[1].windows[position[i]]


def test_labels_come_back_with_and_without_ids() -> None:
    rows = LabelRows(Codes(np.array([0, -1, 1], np.int32), ["0", "1"]), np.array([5, 0, 6]))
    back = unpack_labels(pack_labels(rows))
    assert texts(back.labels) == ["0", None, "1"]
    ids, waiting = unpack_waiting(pack_labels(rows, np.array([3, 4, 5], np.uint64)))
    assert ids.tolist() == [3, 4, 5]
    assert waiting.order.tolist() == [5, 0, 6]


def test_of_several_labels_for_an_id_the_last_received_stays() -> None:
    ids = np.array([7, 3, 7, 7], np.uint64)
    rows = LabelRows(Numbers(np.array([1.0, 2.0, 3.0, 4.0])), np.array([10, 10, 30, 20]))
    kept, newest = newest_first(ids, rows)
    assert kept.tolist() == [3, 7]
    assert isinstance(newest.labels, Numbers)
    assert newest.labels.values.tolist() == [2.0, 3.0]


def test_ids_are_found_or_not() -> None:
    found, at = find(np.array([2, 4, 6], np.uint64), np.array([1, 2, 6, 9], np.uint64))
    assert found.tolist() == [False, True, True, False]
    assert at.tolist() == [0, 2]


def test_an_older_label_does_not_replace_a_newer_one() -> None:
    rows = no_labels(Numbers(np.empty(0)), 3)
    rows, where, _ = put(rows, np.array([0, 2]), LabelRows(Numbers(np.array([1.0, 2.0])), np.array([50, 50])))
    assert where.tolist() == [0, 2]
    rows, where, _ = put(rows, np.array([0, 1]), LabelRows(Numbers(np.array([9.0, 8.0])), np.array([40, 40])))
    assert where.tolist() == [1]
    assert isinstance(rows.labels, Numbers)
    assert rows.labels.values.tolist() == [1.0, 8.0, 2.0]
    assert labelled(rows) == 3


def test_a_corrected_label_moves_the_figures_as_if_it_had_been_the_first() -> None:
    rows = made(0, 200)
    scoring = Scoring("binary", None, 0.0)
    at = np.arange(200)
    first = LabelRows(Codes((np.arange(200) % 2).astype(np.int32), ["0", "1"]), np.full(200, 1))
    then = LabelRows(Codes((np.arange(200) % 3 == 0).astype(np.int32), ["0", "1"]), np.full(200, 2))
    none = no_labels(first.labels, 200)
    one, where, _ = put(none, at, first)
    early = figures_moved(scoring, rows, none, one, where)
    two, where, _ = put(one, at, then)
    late = figures_moved(scoring, rows, one, two, where)
    direct, where, _ = put(none, at, then)
    alone = figures_moved(scoring, rows, none, direct, where)
    for window in alone:
        corrected = performance(early[window] + late[window], 10)
        straight = performance(alone[window], 10)
        assert corrected.labelled == straight.labelled
        assert corrected.roc_auc == straight.roc_auc
        assert corrected.accuracy == straight.accuracy
        assert corrected.log_loss == pytest.approx(straight.log_loss)
    whole = merge_performance(alone.values())
    assert whole.labelled == 200


def test_segments_hold_the_figures_of_their_rows_and_a_corrected_label_leaves_no_trace() -> None:
    plain = made(0, 200)
    sites = Codes((np.arange(200) % 4 - 1).astype(np.int32), ["north", "south", "rare"])  # a quarter has none
    outputs = Columns(200, {**plain.outputs.by_name, SEGMENT_MARK + "site": sites})
    rows = unpack_rows(pack_rows(PredictionRows(plain.ids, np.zeros(200, dtype=np.int64), outputs)))
    scoring = Scoring("binary", None, 0.0, {"site": ["north", "south"]})
    at = np.arange(200)
    first = LabelRows(Codes((at % 2).astype(np.int32), ["0", "1"]), np.full(200, 1))
    then = LabelRows(Codes((at % 3 == 0).astype(np.int32), ["0", "1"]), np.full(200, 2))
    none = no_labels(first.labels, 200)
    one, where, _ = put(none, at, first)
    early = figures_moved(scoring, rows, none, one, where)[0]
    two, where, _ = put(one, at, then)
    corrected = unpack_performance(pack_performance(early + figures_moved(scoring, rows, one, two, where)[0]))
    direct, where, _ = put(none, at, then)
    alone = figures_moved(scoring, rows, none, direct, where)[0]
    names = {("site", "north"), ("site", "south"), ("site", "(others)"), ("site", "(missing)")}
    assert set(corrected.segments) == set(alone.segments) == names
    for name in names:
        assert corrected.segments[name].labelled == alone.segments[name].labelled == 50
        assert performance(corrected.segments[name], 0).roc_auc == performance(alone.segments[name], 0).roc_auc
    worst = worst_segment(corrected, None)
    assert worst is not None
    by_hand = min(names, key=lambda name: performance(alone.segments[name], 0).roc_auc_high or 1.0)
    assert (worst.column, worst.value) == by_hand
    assert by_segment(corrected, None)[0].value == by_hand[1]


def test_small_blocks_are_absorbed_once_there_are_a_few_and_large_ones_left() -> None:
    tail = [block(9, 40), block(8, 100), block(7, 150), block(6, 5_000), block(5, 10)]
    assert [b.number for b in _absorbed(tail, 60, "r")] == [9, 8, 7]
    assert _absorbed(tail[1:], 60, "r") == [], "two aren't worth it"
    assert _absorbed([block(1, FULL_ROWS)], FULL_ROWS, "r") == []
    assert _absorbed([block(1, 10, reference="other")], 60, "r") == []


def test_a_stream_of_small_groups_leaves_few_blocks() -> None:
    sizes: list[int] = []
    for _ in range(5_000):
        tail = [block(i, size) for i, size in enumerate(reversed(sizes))]
        taken = len(_absorbed(tail[:24], 10, "r"))
        merged = 10 + sum(sizes[len(sizes) - taken :])
        sizes = [*sizes[: len(sizes) - taken], merged]
    assert sum(sizes) == 50_000
    assert len(sizes) <= 16


def test_old_blocks_are_let_go_but_never_a_slots_newest() -> None:
    directory = [
        block(1, 5, last=100),
        block(2, 5, last=900),
        block(3, 5, last=1_000),
        block(1, 5, slot=1, last=50),
    ]
    assert [b.id for b in expired(directory, 500)] == ["b0-1"]
    assert expired([], 500) == []
