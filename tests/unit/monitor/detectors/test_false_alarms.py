"""Simulation: how often the default rules speak up without drift, and how soon they find some (issue's figures).

Independent rows of 20 features: 15 numeric (normal, lognormal, exponential), 5 categories with Zipf shares of 3 to 60
values. Seeded, through the whole path from rows to verdict.
"""

from collections.abc import Callable

import msgspec
import numpy as np
import pytest

from services.monitor.counts.columns import Codes, Columns, Numbers
from services.monitor.references.rules import Reference, build_reference
from services.monitor.windows.rules import count_batch, judge

CATEGORIES = (3, 5, 10, 20, 60)
DRAWS: tuple[Callable[[np.random.Generator, int], np.ndarray], ...] = (
    lambda rng, n: rng.standard_normal(n),
    lambda rng, n: rng.lognormal(0.0, 1.0, n),
    lambda rng, n: rng.standard_exponential(n),
)
SHIFTABLE = [f"n{i}" for i in range(0, 15, 3)]
"""The normal features (σ = 1)."""


def rows(rng: np.random.Generator, n: int, **shifts: float) -> Columns:
    columns: dict[str, Numbers | Codes] = {}
    for i in range(15):
        columns[f"n{i}"] = Numbers(DRAWS[i % 3](rng, n) + shifts.get(f"n{i}", 0.0))
    for i, size in enumerate(CATEGORIES):
        weights = 1 / np.arange(1, size + 1)
        codes = rng.choice(size, n, p=weights / weights.sum()).astype(np.int32)
        columns[f"c{i}"] = Codes(codes, [f"v{code}" for code in range(size)])
    return Columns(n, columns)


@pytest.fixture(scope="module")
def reference() -> Reference:
    return build_reference(rows(np.random.default_rng(90), 50_000))


@pytest.mark.parametrize(("size", "windows"), [(100, 1_000), (1_000, 500), (5_000, 100)])
def test_without_drift_at_most_one_window_in_a_thousand_fires(reference: Reference, size: int, windows: int) -> None:
    rng = np.random.default_rng(91)
    fired = sum(judge(reference, count_batch(reference, rows(rng, size))).firing for _ in range(windows))
    assert fired <= 1


def test_independent_rows_show_no_variability_of_their_own(reference: Reference) -> None:
    for variability in reference.variability:
        assert variability.psi_excess < 0.001
        assert variability.wasserstein_excess < 0.02


def test_a_fifth_of_a_deviation_in_one_feature_is_found_within_five_thousand_rows(reference: Reference) -> None:
    rng = np.random.default_rng(92)
    found = 0
    for i in range(40):
        name = SHIFTABLE[i % len(SHIFTABLE)]
        verdict = judge(reference, count_batch(reference, rows(rng, 5_000, **{name: 0.2})))
        found += verdict.drifted == [name]
    assert found >= 38


def test_a_tenth_of_a_deviation_in_three_features_is_found_within_ten_thousand_rows(reference: Reference) -> None:
    rng = np.random.default_rng(93)
    shifts = dict.fromkeys(SHIFTABLE[:3], 0.1)
    found = 0
    for _ in range(40):
        verdict = judge(reference, count_batch(reference, rows(rng, 10_000, **shifts)))
        found += verdict.broad
        assert set(verdict.moved) <= set(shifts)
    assert found >= 38


def test_a_reference_that_wanders_is_not_drift_when_the_current_rows_wander_alike() -> None:
    rng = np.random.default_rng(94)

    def wandering(parts: int) -> Columns:
        values = np.concatenate([rng.normal(rng.normal(0, 0.3), 1, 2_000) for _ in range(parts)])
        return Columns(len(values), {"x": Numbers(values)})

    reference = build_reference(wandering(20), chunks=20)
    assert reference.variability[0].psi_excess > 0.02
    fired = [judge(reference, count_batch(reference, wandering(1))).firing for _ in range(100)]
    assert np.mean(fired) <= 0.05
    naive = msgspec.structs.replace(reference, variability=[])
    assert np.mean([judge(naive, count_batch(naive, wandering(1))).firing for _ in range(100)]) >= 0.4
    gone = Columns(2_000, {"x": Numbers(rng.normal(2.0, 1, 2_000))})
    assert judge(reference, count_batch(reference, gone)).drifted == ["x"]
