"""Samples of rows that add up, and drift that no single feature shows."""

import numpy as np
import pytest

from services.monitor.counts.columns import Codes, Columns, Numbers
from services.monitor.references.rules import Reference, build_reference
from services.monitor.samples.rules import (
    RowSample,
    encoded,
    merged,
    multivariate,
    own_wander,
    pack_sample,
    principal,
    sampled,
    unpack_sample,
)


def columns(rows: int, seed: int, *, together: bool = True) -> Columns:
    """Three numbers that hang together (or not, each with the same distribution) and a category."""
    made = np.random.default_rng(seed)
    base = made.standard_normal(rows)
    numbers = {}
    for i in range(3):
        common = base if together else made.standard_normal(rows)
        numbers[f"n{i}"] = Numbers(0.9 * common + 0.3 * made.standard_normal(rows))
    codes = made.choice(3, rows, p=[0.6, 0.3, 0.1]).astype(np.int32)
    return Columns(rows, {**numbers, "c": Codes(codes, ["a", "b", "c"])})


def ids(first: int, rows: int) -> np.ndarray:
    return np.random.default_rng(first).integers(0, 2**63, rows).astype(np.uint64)


@pytest.fixture(scope="module")
def reference() -> Reference:
    return build_reference(columns(5_000, 1))


def test_a_sample_is_the_same_however_batches_are_cut(reference: Reference) -> None:
    rows, keys = columns(2_000, 2), ids(3, 2_000)
    whole = sampled(reference, keys, rows)
    parts = [sampled(reference, keys[s], rows.pick(s)) for s in (slice(0, 700), slice(700, 750), slice(750, 2_000))]
    for order in ((0, 1, 2), (2, 0, 1)):
        together = merged(merged(parts[order[0]], parts[order[1]]), parts[order[2]])
        np.testing.assert_array_equal(together.hashes, whole.hashes)
        np.testing.assert_array_equal(together.rows, whole.rows)
    assert len(whole) == 256
    again = merged(whole, whole)
    np.testing.assert_array_equal(again.hashes, whole.hashes)


def test_rows_are_standardised_and_gaps_are_nothing(reference: Reference) -> None:
    rows = columns(5_000, 1)
    made = encoded(reference, rows)
    np.testing.assert_allclose(made.mean(axis=0), 0, atol=0.05)
    np.testing.assert_allclose(made.std(axis=0), 1, atol=0.05)
    odd = Columns(3, {"n0": Numbers(np.array([np.nan, np.inf, 1e300])), "c": Codes(np.array([-1, 0, 1]), ["new", "a"])})
    made = encoded(reference, odd)
    assert made[:, 0].tolist() == [0.0, 10.0, 10.0]
    assert made[0, 3] == 0.0
    assert (made[:, 1:3] == 0).all()


def test_features_that_no_longer_hang_together_are_drift_though_each_is_as_before(reference: Reference) -> None:
    sample = RowSample(np.arange(2_000, dtype=np.uint64), encoded(reference, columns(2_000, 4)))
    model = principal(unpack_sample(pack_sample(sample)))
    assert model is not None
    quiet = [multivariate(model, sampled(reference, ids(9, 900), columns(900, seed))) for seed in range(10, 40)]
    assert not any(figures is None or figures.drifted for figures in quiet)
    found = multivariate(model, sampled(reference, ids(9, 900), columns(900, 5, together=False)))
    assert found is not None
    assert found.drifted
    assert found.z > 5
    assert found.error > 1.2 * found.expected


def test_without_drift_at_most_one_window_in_a_thousand_fires() -> None:
    rng = np.random.default_rng(20)

    def plain(rows: int) -> Columns:
        numbers = {
            f"n{i}": Numbers(rng.standard_normal(rows) if i % 2 else rng.lognormal(size=rows)) for i in range(15)
        }
        codes = {f"c{i}": Codes(rng.integers(0, 3 + i, rows), [f"v{j}" for j in range(3 + i)]) for i in range(5)}
        return Columns(rows, {**numbers, **codes})

    whole = plain(6_000)
    own = build_reference(whole)
    sample = RowSample(np.arange(2_000, dtype=np.uint64), encoded(own, whole.pick(slice(0, 2_000))))
    model = principal(sample)
    assert model is not None
    fired = 0
    for _ in range(1_000):
        figures = multivariate(model, RowSample(np.arange(256, dtype=np.uint64), encoded(own, plain(256))))
        assert figures is not None
        fired += figures.drifted
    assert fired <= 1


def test_windows_that_wander_in_the_reference_are_nothing_new(reference: Reference) -> None:
    made = np.random.default_rng(21)
    mixed = [columns(256, 30 + i, together=i % 4 != 0) for i in range(12)]  # every fourth day is another world
    rows = np.concatenate([encoded(reference, part) for part in mixed])
    plain = principal(RowSample(np.arange(len(rows), dtype=np.uint64), rows))
    assert plain is not None
    wander = own_wander(plain, [rows[i : i + 256] for i in range(0, len(rows), 256)])
    model = principal(RowSample(np.arange(len(rows), dtype=np.uint64), rows), wander)
    assert model is not None
    odd = sampled(reference, made.integers(0, 2**63, 600).astype(np.uint64), columns(600, 99, together=False))
    before, after = multivariate(plain, odd), multivariate(model, odd)
    assert before is not None
    assert after is not None
    assert (before.drifted, after.drifted) == (True, False)
    assert own_wander(plain, [rows[:256], rows[256:300]]) == 0.0, "too few windows to say"


def test_too_little_says_nothing(reference: Reference) -> None:
    few = RowSample(np.arange(50, dtype=np.uint64), encoded(reference, columns(50, 6)))
    assert principal(few) is None
    constant = RowSample(np.arange(200, dtype=np.uint64), np.zeros((200, 4), np.float32))
    assert principal(constant) is None
    model = principal(RowSample(np.arange(500, dtype=np.uint64), encoded(reference, columns(500, 7))))
    assert model is not None
    assert multivariate(model, few) is None
    with pytest.raises(ValueError, match="packed sample"):
        unpack_sample(b"nonsense")
