import msgspec
import numpy as np
import pytest

from services.contracts.errors import Invalid
from services.monitor.counts.columns import Columns, Numbers, columns_from_lists
from services.monitor.counts.grid import CategoricalFeature, NumericFeature
from services.monitor.references import rules
from services.monitor.references.rules import (
    VALUES_KEPT,
    FeatureSchema,
    Reference,
    build_reference,
    decode_reference,
    encode_reference,
    infer_schema,
)
from services.monitor.windows.rules import count_batch, drift, quality


def numbers(**columns: object) -> Columns:
    arrays = {name: np.asarray(values, dtype=np.float64) for name, values in columns.items()}
    return Columns(len(next(iter(arrays.values()))), {name: Numbers(values) for name, values in arrays.items()})


def mixed(rows: int = 2_000, seed: int = 7) -> Columns:
    rng = np.random.default_rng(seed)
    return columns_from_lists(
        {
            "amount": rng.lognormal(0, 1, rows).tolist(),
            "age": rng.integers(18, 90, rows).tolist(),
            "doors": rng.integers(2, 6, rows).tolist(),
            "colour": rng.choice(["red", "green", "blue"], rows).tolist(),
            "member": (rng.random(rows) < 0.3).tolist(),
        }
    )


def feature(reference: Reference, name: str) -> NumericFeature | CategoricalFeature:
    return next(f for f in reference.features if f.name == name)


def test_the_schema_is_inferred_from_the_rows() -> None:
    kinds = {f.name: f.kind for f in infer_schema(mixed())}
    assert kinds == {
        "amount": "numeric",
        "age": "integer",
        "doors": "integer",
        "colour": "categorical",
        "member": "boolean",
    }
    assert build_reference(mixed()).kinds == kinds


def test_a_reference_comes_back_from_its_bytes_and_counts_alike() -> None:
    reference = build_reference(mixed())
    back = decode_reference(encode_reference(reference))
    assert back == reference
    assert back.grid.digest == reference.grid.digest
    assert drift(back, count_batch(back, mixed(seed=8))) == drift(reference, count_batch(reference, mixed(seed=8)))


def test_bytes_that_are_no_reference_are_refused() -> None:
    with pytest.raises(ValueError, match="not an encoded reference"):
        decode_reference(b"nonsense")


def test_a_reference_of_twenty_features_takes_a_fifth_of_a_megabyte() -> None:
    rng = np.random.default_rng(9)
    reference = build_reference(numbers(**{f"n{i}": rng.normal(size=20_000) for i in range(20)}))
    assert len(encode_reference(reference)) < 300_000


def test_a_reference_has_no_drift_from_itself() -> None:
    reference = build_reference(mixed())
    for figures in drift(reference, reference.own):
        assert figures.psi == figures.js == figures.hellinger == 0.0
        assert not figures.drifted
        assert figures.out_of_range_share == figures.unseen_share == figures.missing_share == 0.0


def test_few_distinct_numbers_are_counted_one_by_one() -> None:
    reference = build_reference(numbers(doors=[2, 3, 3, 5, 5, 5]))
    doors = feature(reference, "doors")
    assert isinstance(doors, NumericFeature)
    assert doors.distinct == [2.0, 3.0, 5.0]
    bins = reference.grid.psi_bins.gather(reference.own.cells)[0]
    assert bins.tolist() == [1, 2, 3, 0]
    seen = count_batch(reference, numbers(doors=[3, 4, 4.5, 5]))
    assert reference.grid.psi_bins.gather(seen.cells)[0].tolist() == [0, 1, 1, 2]


def test_psi_bins_hold_equal_shares_of_a_continuous_reference() -> None:
    reference = build_reference(numbers(x=np.random.default_rng(10).normal(size=10_000)))
    bins = reference.grid.psi_bins.gather(reference.own.cells)[0]
    assert bins.tolist() == [1_000] * 10 + [0]


def test_a_value_that_fills_most_of_the_reference_gets_its_own_psi_bin() -> None:
    rng = np.random.default_rng(11)
    rain = np.where(rng.random(20_000) < 0.95, 0.0, rng.exponential(1.0, 20_000))
    reference = build_reference(numbers(rain=rain))
    bins = reference.grid.psi_bins.gather(reference.own.cells)[0]
    assert bins[0] == (rain == 0).sum()
    assert len(bins) - 1 >= 4
    assert (bins[:-1] > 0).all()


def test_no_psi_bin_is_empty_in_the_reference() -> None:
    rng = np.random.default_rng(12)
    for heavy in (0.0, 0.5, 3.0):
        values = np.where(rng.random(5_000) < 0.4, heavy, rng.gamma(2.0, 1.0, 5_000))
        reference = build_reference(numbers(x=values))
        assert (reference.grid.psi_bins.gather(reference.own.cells)[0][:-1] > 0).all()


def test_doane_bins_are_numpys() -> None:
    values = np.random.default_rng(13).gamma(2.0, 3.0, 8_000)
    reference = build_reference(numbers(x=values))
    expected, _ = np.histogram(values, bins=np.histogram_bin_edges(values, bins="doane"))
    assert reference.grid.doane_bins.gather(reference.own.cells)[0].tolist() == [*expected.tolist(), 0]


def test_the_extremes_of_the_reference_are_edges() -> None:
    values = np.random.default_rng(14).normal(size=50_000)
    edges = build_reference(numbers(x=values)).grid.edge_rows[0]
    ordered = np.sort(values)
    assert np.isin(ordered[:256], edges).all()
    assert np.isin(ordered[-256:], edges).all()
    assert len(edges) < 1_600


def test_the_most_frequent_categories_are_kept_and_the_rest_share_a_cell() -> None:
    values = [f"v{i}" for i in range(VALUES_KEPT + 50)] + ["v7"] * 5
    reference = build_reference(columns_from_lists({"id": values}))
    kept = feature(reference, "id")
    assert isinstance(kept, CategoricalFeature)
    assert len(kept.values) == VALUES_KEPT
    assert kept.values[0] == "v7"
    assert kept.capped
    assert reference.own.categories[0, VALUES_KEPT] == 50
    assert quality(reference, reference.own).features[0].unseen is None


def test_columns_without_a_usable_value_are_ignored_with_the_reason() -> None:
    reference = build_reference(columns_from_lists({"x": [1.0, 2.0], "gone": [None, None]}))
    assert list(reference.ignored) == ["gone"]
    assert [f.name for f in reference.features] == ["x"]


@pytest.mark.parametrize(
    ("columns", "schema", "code"),
    [
        ({}, (), "EMPTY_REFERENCE"),
        ({"x": []}, (), "EMPTY_REFERENCE"),
        ({"x": [None]}, (), "EMPTY_REFERENCE"),
        ({"x": [1.0]}, (FeatureSchema(name="y"),), "UNKNOWN_FEATURE"),
    ],
)
def test_what_makes_no_reference_is_refused_with_a_fix(columns: dict, schema: tuple, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        build_reference(columns_from_lists(columns), schema)
    assert refused.value.code == code
    assert refused.value.field
    assert refused.value.fix


def test_a_stated_schema_overrides_what_is_inferred() -> None:
    schema = [
        FeatureSchema(name="zone", kind="categorical", allowed=["1", "2", "9"]),
        FeatureSchema(name="speed", low=0.0, high=100.0, nullable=False),
    ]
    reference = build_reference(columns_from_lists({"zone": [1, 2, 2, 3], "speed": [10, 20, 30, 40]}), schema)
    current = columns_from_lists({"zone": [9, 3, 4, 1], "speed": [100.0, 100.5, -1.0, None]}, reference.kinds)
    zone, speed = quality(reference, count_batch(reference, current)).features
    assert zone.not_allowed == 2
    assert zone.unseen == 1
    assert zone.unseen_values == ["4"]
    assert (speed.below, speed.above) == (1, 1)
    assert speed.forbidden_missing


@pytest.mark.parametrize(
    "values",
    [
        [5.0] * 300,
        [1e308, -1e308, 0.0] * 100,
        [np.finfo(float).max] * 3,
        [5e-324, 0.0, -0.0],
        [1e300, np.nextafter(1e300, np.inf)] * 200,
        [0.0] * 299 + [1e-300],
    ],
)
def test_extreme_and_constant_references_count_without_a_failure(values: list[float]) -> None:
    reference = build_reference(numbers(x=values))
    counts = count_batch(reference, numbers(x=[*values, 1.0, -1e300, np.inf]))
    assert counts.cells.sum() == len(values) + 2
    assert len(drift(reference, counts)) == 1


def test_variability_shows_how_far_the_references_own_chunks_lie_apart() -> None:
    rng = np.random.default_rng(15)
    steady = rng.normal(size=20_000)
    wandering = rng.normal(size=20_000) + np.repeat(rng.normal(0, 0.5, 10), 2_000)
    reference = build_reference(numbers(steady=steady, wandering=wandering))
    by_name = {v.feature: v for v in reference.variability}
    assert by_name["steady"].psi_excess < 0.002
    assert by_name["steady"].wasserstein_excess < 0.02
    assert by_name["wandering"].psi_excess > 0.1
    assert by_name["wandering"].wasserstein_excess > 0.2
    assert by_name["wandering"].chunks == 10
    assert by_name["wandering"].chunk_rows == 2_000


def test_a_small_reference_claims_no_variability() -> None:
    assert build_reference(numbers(x=np.arange(250.0))).variability == []


def test_a_reference_is_a_plain_document() -> None:
    reference = build_reference(mixed())
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(reference), type=Reference) == reference


def test_a_reference_too_large_for_the_database_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "LARGEST_ENCODED", 1_000)
    with pytest.raises(Invalid) as refused:
        build_reference(mixed())
    assert refused.value.code == "REFERENCE_TOO_LARGE"
