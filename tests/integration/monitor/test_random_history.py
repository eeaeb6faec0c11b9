"""A random history of predictions, labels, corrections, repeats and strangers ends in the figures of a plain table."""

from __future__ import annotations

import random
from collections import defaultdict

import pyarrow as pa
import pytest
from sklearn.metrics import accuracy_score, roc_auc_score

from services.contracts.monitor import WindowView
from tests.integration.monitor import rows
from tests.integration.monitor.conftest import Monitor
from tests.support.waiting import until

STEPS = 60


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_any_history_ends_in_the_figures_of_a_plain_table(monitor: Monitor, seed: int) -> None:
    await monitor.set_reference()
    chance = random.Random(seed)
    window_of: dict[str, int] = {}
    score_of: dict[str, float] = {}
    label_of: dict[str, int] = {}
    sent: list[tuple[str, pa.Table, str]] = []
    planned = [
        rows.predictions(chance.randrange(1, 120), first=1_000 * i, at=rows.START + chance.randrange(0, 5 * rows.HOUR))
        for i in range(STEPS)
    ]
    coming = list(planned)
    for step in range(STEPS * 2):
        deed = chance.random()
        if deed < 0.5 and coming:
            table = coming.pop(0)
            what, batch = "predictions", f"p{step}"
            for row, time, score in zip(
                *(table[name].to_pylist() for name in ("id", "timestamp", "score")), strict=True
            ):
                window_of[row] = (time - rows.START) // rows.HOUR
                score_of[row] = score
        elif deed < 0.9:
            ids = [i for table in chance.sample(planned, 3) for i in table["id"].to_pylist() if chance.random() < 0.6]
            ids += [f"stranger-{step}"]
            labels = [chance.randrange(2) for _ in ids]
            table = pa.table({"id": ids, "label": labels})
            what, batch = "labels", f"l{step}"
            label_of.update(zip(ids, labels, strict=True))
        elif sent:
            what, table, batch = chance.choice(sent)  # a repeat: without effect
        else:
            continue
        sent.append((what, table, batch))
        assert (await monitor.send(what, table, batch=batch)).status_code == 202
    for number, table in enumerate(coming):
        await monitor.send("predictions", table, batch=f"rest{number}")
        for row, time, score in zip(*(table[name].to_pylist() for name in ("id", "timestamp", "score")), strict=True):
            window_of[row] = (time - rows.START) // rows.HOUR
            score_of[row] = score

    expected: dict[int, tuple[int, list[float], list[int]]] = defaultdict(lambda: (0, [], []))
    for row, window in window_of.items():
        count, scores, labels = expected[window]
        if row in label_of:
            scores.append(score_of[row])
            labels.append(label_of[row])
        expected[window] = (count + 1, scores, labels)
    joined = sum(row in label_of for row in window_of)
    views = await monitor.counted(len(window_of), labelled=joined, within=40)

    async def agree() -> bool:
        return all(_agrees(view, expected) for view in await monitor.windows())

    await until(agree, 10, f"figures of a plain table; {[(v.rows, v.performance) for v in views]}")
    assert {_window(view) for view in views} == set(expected)


def _window(view: WindowView) -> int:
    return (int(view.start.timestamp() * 1000) - rows.START) // rows.HOUR


def _agrees(view: WindowView, expected: dict[int, tuple[int, list[float], list[int]]]) -> bool:
    count, scores, labels = expected[_window(view)]
    if not labels:
        return view.rows == count and (view.performance is None or view.performance.labelled == 0)
    performance = view.performance
    if view.rows != count or performance is None or performance.labelled != len(labels):
        return False
    both = len(set(labels)) == 2
    return performance.accuracy == pytest.approx(accuracy_score(labels, [score >= 0.5 for score in scores])) and (
        not both or performance.roc_auc == pytest.approx(roc_auc_score(labels, scores), abs=3e-3)
    )
