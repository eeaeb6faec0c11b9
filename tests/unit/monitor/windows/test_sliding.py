"""Windows looked at together: what is too slow for one is found, what hangs on one odd window isn't."""

from itertools import pairwise

import numpy as np
import pytest

from services.monitor.alerts.judging import due
from services.monitor.alerts.rules import Span
from services.monitor.counts.columns import Codes, Columns, Numbers
from services.monitor.counts.counting import BatchCounts
from services.monitor.references.rules import Reference, build_reference
from services.monitor.windows.rules import count_batch, drift
from services.monitor.windows.sliding import lasting_drift

DAYS = 90
ROWS = 400


def day(rng: np.random.Generator, *, shift: float = 0.0, wander: float = 0.0) -> Columns:
    """x wanders from day to day by a normal amount, y, lognormal z and the category don't."""
    level = rng.normal(0, wander) if wander else 0.0
    codes = rng.choice(4, ROWS, p=[0.5, 0.3, 0.15, 0.05]).astype(np.int32)
    return Columns(
        ROWS,
        {
            "x": Numbers(rng.standard_normal(ROWS) + level + shift),
            "y": Numbers(rng.standard_normal(ROWS)),
            "z": Numbers(rng.lognormal(size=ROWS)),
            "c": Codes(codes, list("abcd")),
        },
    )


def reference_of(wander: float, seed: int) -> Reference:
    rng = np.random.default_rng(seed)
    days = [day(rng, wander=wander).by_name for _ in range(DAYS)]
    numbers = {n: Numbers(np.concatenate([d[n].values for d in days])) for n in "xyz"}
    codes = Codes(np.concatenate([d["c"].codes for d in days]), list("abcd"))  # type: ignore[union-attr]
    windows = np.repeat(np.arange(DAYS), ROWS)
    return build_reference(Columns(DAYS * ROWS, {**numbers, "c": codes}), windows=windows)


@pytest.fixture(scope="module")
def wandering() -> Reference:
    return reference_of(0.4, 1)


def drifted(reference: Reference, parts: list[BatchCounts]) -> set[str]:
    return {figure.feature for figure in lasting_drift(reference, parts, len(parts)) if figure.drifted}


def test_a_level_that_wanders_alike_never_fires_over_a_week(wandering: Reference) -> None:
    rng = np.random.default_rng(2)
    days = [count_batch(wandering, day(rng, wander=0.4)) for _ in range(306)]
    fired = [drifted(wandering, days[i - 6 : i + 1]) for i in range(6, len(days))]
    assert sum(map(bool, fired)) <= 3, "in 300 windows, on a level that truly wanders"
    in_a_row = sum(bool(a & b) for a, b in pairwise(fired))
    assert in_a_row <= 2


def test_without_drift_at_most_one_look_in_a_thousand_fires() -> None:
    reference, rng = reference_of(0.0, 3), np.random.default_rng(4)
    days = [count_batch(reference, day(rng)) for _ in range(606)]
    fired = sum(bool(drifted(reference, days[i - 6 : i + 1])) for i in range(6, len(days)))
    assert fired <= 1


def test_a_season_that_no_day_shows_is_found_over_a_week(wandering: Reference) -> None:
    rng = np.random.default_rng(5)
    spring = [count_batch(wandering, day(rng, shift=0.9, wander=0.4)) for _ in range(40)]
    by_day = sum("x" in {f.feature for f in drift(wandering, one) if f.drifted} for one in spring)
    by_week = [drifted(wandering, spring[i - 6 : i + 1]) for i in range(6, 40)]
    assert by_day <= 12, "most days lie within what days of the reference did"
    assert sum(found == {"x"} for found in by_week) >= 28


def test_one_odd_day_is_no_drift_of_a_week() -> None:
    reference, rng = reference_of(0.0, 6), np.random.default_rng(7)
    week = [count_batch(reference, day(rng, shift=6.0 if i == 3 else 0.0)) for i in range(7)]
    assert "x" in {figure.feature for figure in drift(reference, week[3]) if figure.drifted}
    assert drifted(reference, week) == set()
    assert drifted(reference, [count_batch(reference, day(rng, shift=0.5)) for _ in range(7)]) == {"x"}


def test_a_rule_over_many_windows_looks_seven_times_while_they_pass() -> None:
    width = 86_400_000

    def looks(windows: int) -> int:
        return sum(due(Span(i * width, (i + 1) * width), width, windows) for i in range(windows))

    assert [looks(windows) for windows in (2, 7, 13, 28)] == [2, 7, 13, 7]
